/**
 * slice and unslice with any steps, for any dtype: every second row, an image from right to left, and the zeros with
 * such a piece in them. What lies behind the last dimension with a step is moved as one run, a dimension without a step
 * behind none in steps of an element; `unslice` clears the whole first.
 */
import { bytesOf } from "../../../base/dtype.ts";
import { numel } from "../../../base/shape.ts";
import type { Attributes, StepSpec, TensorSpec } from "../../contract/engine.ts";
import type { KernelPlan } from "../../cpu/kernel.ts";
import { planItems, planRunCopies, UNIT_BYTES } from "./run_copies.ts";

/** A dimension of the piece: its size, and the bytes between two of its elements in the whole and in the piece. */
interface Step {
  readonly size: number;
  readonly whole: number;
  readonly piece: number;
}

interface Pieces {
  /** Dimensions around the runs. */
  readonly steps: readonly Step[];
  /** Bytes of a run. */
  readonly run: number;
  /** The first byte of the piece in the whole. */
  readonly start: number;
}

/** Plans `slice`: output[i] = input[starts + i * steps]. */
export function planStridedSlice({
  attributes,
  inputs: [input],
  outputs: [output],
}: StepSpec): KernelPlan | null {
  const pieces = piecesOf(attributes, input, output);
  if (pieces === null) return null;
  const dimensions = pieces.steps.map(({ size, whole, piece }) => ({ size, from: whole, to: piece }));
  return planRunCopies(dimensions, pieces.run, pieces.start);
}

/** Plans `unslice`: zeros, and output[starts + i * steps] = input[i]. */
export function planStridedUnslice({
  attributes,
  inputs: [input],
  outputs: [output],
}: StepSpec): KernelPlan | null {
  const pieces = piecesOf(attributes, output, input);
  if (pieces === null) return null;
  const dimensions = pieces.steps.map(({ size, whole, piece }) => ({ size, from: piece, to: whole }));
  const copies = planRunCopies(dimensions, pieces.run, 0, pieces.start);
  const clear = planClear(numel(output.shape) * bytesOf(output.dtype));
  return { ...copies, stages: [...clear.stages, ...copies.stages] };
}

function planClear(bytes: number): KernelPlan {
  const items = Math.ceil(bytes / UNIT_BYTES);
  return planItems(items, bytes, (exports, _inputs, to, begin, end) => {
    const first = begin * UNIT_BYTES;
    exports.zeroBytes(to + first, Math.min(bytes, end * UNIT_BYTES) - first);
  });
}

function piecesOf(attributes: Attributes, whole: TensorSpec, piece: TensorSpec): Pieces | null {
  const { starts, steps } = attributes as { starts?: readonly number[]; steps?: readonly number[] };
  const rank = whole.shape.length;
  if (starts?.length !== rank || steps?.length !== rank || piece.shape.length !== rank) return null;
  if (whole.dtype !== piece.dtype || numel(piece.shape) === 0) return null;
  const bytes = bytesOf(whole.dtype);
  const around: Step[] = [];
  let [wholeBytes, pieceBytes, run, start] = [bytes, bytes, bytes, 0];
  let together = true;
  for (let d = rank - 1; d >= 0; d--) {
    const [size, taken] = [whole.shape[d], piece.shape[d]];
    const last = starts[d] + (taken - 1) * steps[d];
    if (Math.min(starts[d], last) < 0 || Math.max(starts[d], last) >= size) return null;
    start += starts[d] * wholeBytes;
    if (together && (steps[d] === 1 || taken === 1)) run *= taken;
    else around.unshift({ size: taken, whole: steps[d] * wholeBytes, piece: pieceBytes });
    // A part of a dimension is a run, but the next part does not lie behind it.
    together &&= steps[d] === 1 && taken === size;
    wholeBytes *= size;
    pieceBytes *= taken;
  }
  return { steps: around, run, start };
}
