/** Copies of runs of bytes that lie apart, in source and result: what cutting and turning tensors comes down to. */
import type { KernelExports, KernelPlan } from "../../cpu/kernel.ts";
import { split } from "../../cpu/memory/memory_layout.ts";

/** Bytes that make a unit worth its while. */
export const UNIT_BYTES = 65_536;
const MOST_UNITS = 64;

/** A dimension of what is moved: its size, and the bytes between its steps in the source and in the result. */
export interface Dimension {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** `items` pieces of work that move `bytes` in all, dealt out to units. */
export function planItems(
  items: number,
  bytes: number,
  work: (exports: KernelExports, inputs: readonly number[], to: number, begin: number, end: number) => void,
): KernelPlan {
  const parts = split(items, Math.min(MOST_UNITS, Math.floor(bytes / UNIT_BYTES)));
  return {
    stages: [
      {
        units: parts.units,
        run(exports, { inputs, outputs }, begin, end) {
          work(exports, inputs, outputs[0], begin * parts.size, Math.min(items, end * parts.size));
        },
      },
    ],
    scratchBytes: 0,
    threadScratchBytes: 0,
  };
}

/** How runs of `run` bytes in `rows` rows are cut: strips of whole rows, or one row's long run into segments. */
export interface RunPieces {
  readonly strip: number;
  readonly strips: number;
  readonly segment: number;
  readonly segments: number;
  /** Pieces of all rows. */
  readonly pieces: number;
  /** Pieces of all dimensions, and the bytes of all. */
  readonly items: number;
  readonly bytes: number;
}

/** @param outer - the dimensions around the rows. */
export function cutRuns(
  rows: number,
  run: number,
  outer: readonly { readonly size: number }[] = [],
): RunPieces {
  const segment = run > UNIT_BYTES ? UNIT_BYTES : run;
  const strip = Math.max(1, Math.min(rows, Math.floor(UNIT_BYTES / 2 / run)));
  const [strips, segments] = [Math.ceil(rows / strip), Math.ceil(run / segment)];
  const times = outer.reduce((count, { size }) => count * size, 1);
  const pieces = strips * segments;
  return { strip, strips, segment, segments, pieces, items: times * pieces, bytes: times * rows * run };
}

/** Runs of `run` bytes, from byte `start` of the source to byte `target` of the result; `dimensions` say where each lies. */
export function planRunCopies(
  dimensions: readonly Dimension[],
  run: number,
  start = 0,
  target = 0,
): KernelPlan {
  const rows = dimensions[dimensions.length - 1] ?? { size: 1, from: 0, to: 0 };
  const outer = dimensions.slice(0, -1);
  const { strip, segment, segments, pieces, items, bytes } = cutRuns(rows.size, run, outer);
  return planItems(items, bytes, (exports, [source], result, begin, end) => {
    if (typeof PLANS_ONLY !== "undefined") return;
    for (let item = begin; item < end; item++) {
      const place = locate(outer, Math.floor(item / pieces));
      const piece = item % pieces;
      const skip = (piece % segments) * segment;
      const first = Math.floor(piece / segments) * strip;
      const to = result + target + place.to + first * rows.to + skip;
      const from = source + start + place.from + first * rows.from + skip;
      const count = Math.min(strip, rows.size - first);
      exports.copyRuns(to, rows.to, from, rows.from, count, Math.min(segment, run - skip));
    }
  });
}

/** Offsets of number `index` of the combinations of the outer dimensions. */
export function locate(outer: readonly Dimension[], index: number): { from: number; to: number } {
  let [from, to, rest] = [0, 0, index];
  for (let i = outer.length - 1; i >= 0; i--) {
    const at = rest % outer[i].size;
    rest = Math.floor(rest / outer[i].size);
    from += at * outer[i].from;
    to += at * outer[i].to;
  }
  return { from, to };
}
