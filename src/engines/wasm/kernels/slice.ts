/**
 * slice and unslice, for any dtype: a block out of a tensor, and a block in a tensor of zeros. Steps other than 1 are
 * the business of strided_slice.ts.
 *
 * Dimensions that are taken whole are merged with the one before them, so that what is left are runs:
 * - Long runs (examples, planes) go in segments, shared out among the threads.
 * - Short runs (channels that lie last) go in strips of rows; the zeros of `unslice` are written between them, so
 *   that every line of the result is written once.
 */
import { bytesOf } from "../../../base/dtype.ts";
import { numel, type Shape } from "../../../base/shape.ts";
import type { Attributes, StepSpec, TensorSpec } from "../../contract/engine.ts";
import type { KernelExports, KernelPlan } from "../../cpu/kernel.ts";
import { cutRuns, type Dimension, planItems, planRunCopies } from "./run_copies.ts";
import { planStridedSlice, planStridedUnslice } from "./strided_slice.ts";

/** A dimension of the whole: its size, and which part of it is the piece; the bytes of one step in the two. */
interface Cut {
  readonly size: number;
  readonly start: number;
  readonly taken: number;
  readonly whole: number;
  readonly piece: number;
}

/** Plans `slice`: output = input[starts : starts + sizes]. */
export function planSlice(step: StepSpec): KernelPlan | null {
  const { attributes, inputs, outputs } = step;
  const cuts = cutsOf(attributes, inputs[0], outputs[0]);
  if (cuts === null) return planStridedSlice(step);
  const last = cuts[cuts.length - 1];
  const start = cuts.reduce((bytes, { start, whole }) => bytes + start * whole, 0);
  const dimensions = cuts.slice(0, -1).map((cut): Dimension => {
    return { size: cut.taken, from: cut.whole, to: cut.piece };
  });
  return planRunCopies(dimensions, last.taken * last.piece, start);
}

/** Plans `unslice`: zeros, and the input at [starts : starts + its shape]. */
export function planUnslice(step: StepSpec): KernelPlan | null {
  const { attributes, inputs, outputs } = step;
  const cuts = cutsOf(attributes, outputs[0], inputs[0]);
  if (cuts === null) return planStridedUnslice(step);
  const last = cuts[cuts.length - 1];
  const rows = cuts[cuts.length - 2] ?? { size: 1, start: 0, taken: 1, whole: 0, piece: 0 };
  const outer = cuts.slice(0, -2);
  const row = last.size * last.whole;
  const { strip, segment, segments, pieces, items, bytes } = cutRuns(rows.size, row, outer);
  return planItems(items, bytes, (exports, [from], to, begin, end) => {
    for (let item = begin; item < end; item++) {
      const place = locateCut(outer, Math.floor(item / pieces));
      const piece = item % pieces;
      const first = Math.floor(piece / segments) * strip;
      const count = Math.min(strip, rows.size - first);
      const target = to + place.whole + first * rows.whole;
      // The rows of this strip that meet the piece.
      const top = Math.min(Math.max(rows.start - first, 0), count);
      const bottom = Math.min(Math.max(rows.start + rows.taken - first, 0), count);
      if (!place.inside || top >= bottom) {
        const skip = (piece % segments) * segment;
        exports.zeroBytes(target + skip, segments === 1 ? count * row : Math.min(segment, row - skip));
        continue;
      }
      const source = from + place.piece + (first + top - rows.start) * rows.piece;
      if (segments > 1) {
        const skip = (piece % segments) * segment;
        padSegment(exports, last, target, source, skip, Math.min(row, skip + segment));
        continue;
      }
      const run = last.taken * last.piece;
      exports.zeroBytes(target, top * row);
      exports.padRows(target + top * row, row, last.start * last.whole, source, run, bottom - top);
      exports.zeroBytes(target + bottom * row, (count - bottom) * row);
    }
  });
}

/** Bytes `begin` to `end` of a row of the result: zeros, a part of the run, zeros. */
function padSegment(
  exports: KernelExports,
  { start, taken, whole }: Cut,
  to: number,
  from: number,
  begin: number,
  end: number,
): void {
  const within = (at: number) => Math.min(Math.max(at, begin), end);
  const first = within(start * whole);
  const last = within((start + taken) * whole);
  exports.zeroBytes(to + begin, first - begin);
  exports.copyRuns(to + first, 0, from + first - start * whole, 0, 1, last - first);
  exports.zeroBytes(to + last, end - last);
}

/** The whole's dimensions, merged; at least one. Null for steps other than 1, and if there is nothing to do. */
function cutsOf(attributes: Attributes, whole: TensorSpec, piece: TensorSpec): Cut[] | null {
  const { starts, steps } = attributes as { starts?: Shape; steps?: Shape };
  const rank = whole.shape.length;
  if (starts?.length !== rank || steps?.length !== rank || piece.shape.length !== rank) return null;
  if (whole.dtype !== piece.dtype || numel(piece.shape) === 0) return null;
  if (steps.some((step, d) => step !== 1 && piece.shape[d] !== 1)) return null;
  if (piece.shape.some((size, d) => starts[d] < 0 || starts[d] + size > whole.shape[d])) return null;
  const bytes = bytesOf(whole.dtype);
  const merged: { size: number; start: number; taken: number }[] = [];
  for (let d = 0; d < rank; d++) {
    const [size, start, taken] = [whole.shape[d], starts[d], piece.shape[d]];
    const before = merged[merged.length - 1];
    if (before !== undefined && taken === size) {
      before.size *= size;
      before.start *= size;
      before.taken *= size;
    } else {
      merged.push({ size, start, taken });
    }
  }
  if (merged.length === 0) merged.push({ size: 1, start: 0, taken: 1 });
  const cuts: Cut[] = [];
  let [wholeStep, pieceStep] = [bytes, bytes];
  for (const cut of merged.reverse()) {
    cuts.unshift({ ...cut, whole: wholeStep, piece: pieceStep });
    wholeStep *= cut.size;
    pieceStep *= cut.taken;
  }
  return cuts;
}

/** Where number `index` of the combinations of the outer dimensions begins, and whether the piece reaches into it. */
function locateCut(outer: readonly Cut[], index: number): { whole: number; piece: number; inside: boolean } {
  let [whole, piece, rest, inside] = [0, 0, index, true];
  for (let i = outer.length - 1; i >= 0; i--) {
    const { size, start, taken, ...step } = outer[i];
    const at = rest % size;
    rest = Math.floor(rest / size);
    whole += at * step.whole;
    piece += (at - start) * step.piece;
    inside &&= at >= start && at < start + taken;
  }
  return { whole, piece, inside };
}
