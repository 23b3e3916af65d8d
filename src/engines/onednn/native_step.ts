import type { Attributes, TensorSpec } from "../engine.ts";
import type { KernelStage } from "../wasm/kernel.ts";
import type { Descriptor, DnnlScope } from "./dnnl.ts";

/** A step for which kernels are to be made. */
export interface NativeStep {
  readonly attributes: Attributes;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** What the plan has set aside. */
  readonly scratchBytes: number;
  /** Address of the engine's memory: kernels' addresses count from it. */
  readonly base: number;
  /** Leaves nothing to other kernels that the library can do. */
  readonly everything: boolean;
}

/** A batch cut into slices: all of `size` but perhaps the last. */
export interface Slices {
  readonly count: number;
  readonly size: number;
  /** Size of the last. */
  readonly last: number;
}

/** Cuts `total` into at most `wanted` slices whose size is a multiple of `grain`. */
export function cutSlices(total: number, wanted: number, grain = 1): Slices {
  const size = Math.min(total, Math.ceil(total / Math.max(1, wanted) / grain) * grain);
  const count = Math.ceil(total / size);
  return { count, size, last: total - (count - 1) * size };
}

/** Operations below which a slice is not worth a call of its own. */
export const SLICE_OPERATIONS = 4e6;
/** As many threads as a step can keep busy. */
export const MOST_SLICES = 16;

/** Makes something for the full size and, where it differs, for the last. */
export function perSize<T>({ size, last }: Slices, make: (size: number) => T): (index: number, count: number) => T {
  const full = make(size);
  const rest = last === size ? full : make(last);
  return (index, count) => (index === count - 1 ? rest : full);
}

/** A stage of one unit that copies between layouts; none where the layouts are the same. */
export function reorderStage(
  scope: DnnlScope,
  source: Descriptor,
  destination: Descriptor,
  run: (copy: (from: number, to: number) => void, addresses: Parameters<KernelStage["run"]>[1]) => void,
): KernelStage {
  const description = scope.reorder(source, destination);
  if (description === null) throw new Error("onednn: a layout cannot be changed");
  const primitive = scope.primitive(description, [
    ["source", source],
    ["destination", destination],
  ]);
  const copy = (from: number, to: number) => primitive.run(from, to);
  return { units: 1, run: (_exports, addresses) => run(copy, addresses) };
}
