/** The part of a pipeline that gives the same bytes for the same image every time: what a cache can hold. */
import type { TransformSpec } from "../transforms/transform_spec.ts";

/** Transforms of bytes into bytes that draw nothing. (ToTensor draws nothing either, but makes four bytes of one.) */
const STEADY: ReadonlySet<TransformSpec["kind"]> = new Set(["Resize", "CenterCrop", "Pad", "Grayscale"]);

/** A pipeline cut in two. */
export interface CutPipeline {
  /** Steady transforms at its start. */
  readonly leading: readonly TransformSpec[];
  /** The rest. */
  readonly following: readonly TransformSpec[];
}

/** Cuts a pipeline behind its steady start. */
export function cutPipeline(spec: TransformSpec | null): CutPipeline {
  const all = spec === null ? [] : flat(spec);
  const steady = all.findIndex(({ kind }) => !STEADY.has(kind));
  const cut = steady < 0 ? all.length : steady;
  return { leading: all.slice(0, cut), following: all.slice(cut) };
}

function flat(spec: TransformSpec): TransformSpec[] {
  return spec.kind === "Compose" ? spec.transforms.flatMap(flat) : [spec];
}

/** Height and width of what these transforms make of any image; undefined if that depends on the image. */
export function sizeAfter(
  leading: readonly TransformSpec[],
): readonly [height: number, width: number] | undefined {
  let size: readonly [number, number] | undefined;
  for (const spec of leading) {
    if (spec.kind === "CenterCrop") size = spec.size;
    else if (spec.kind === "Resize") size = typeof spec.size === "number" ? undefined : spec.size;
    else if (spec.kind === "Pad" && size !== undefined) {
      const [left, top, right, bottom] = spec.padding;
      size = [size[0] + top + bottom, size[1] + left + right];
    }
  }
  return size;
}
