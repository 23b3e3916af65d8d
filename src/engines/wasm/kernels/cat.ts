/**
 * cat: inputs one behind the other, of any dtype. Each row of the result (what follows the dimension of `cat`) is
 * one run of each input.
 *
 * Fast paths:
 * - Rows that fit the first cache: strips of rows, all inputs of a strip before the next, so that every line of the
 *   result is written while it is near. This is channels put together, in either layout.
 * - Longer rows (examples put together): each input's run in segments, row after row.
 */
import { bytesOf } from "../../../base/dtype.ts";
import { numel } from "../../../base/shape.ts";
import type { StepSpec } from "../../contract/engine.ts";
import type { KernelPlan } from "../../cpu/kernel.ts";
import { cutRuns, planItems, UNIT_BYTES } from "./run_copies.ts";

/** A run of one input in each row, or a segment of it; places in bytes. */
interface Piece {
  readonly input: number;
  /** Bytes of the input's whole run. */
  readonly run: number;
  /** Where the piece begins in it. */
  readonly skip: number;
  readonly bytes: number;
  /** Where it begins in the row of the result. */
  readonly to: number;
}

/** Plans `cat` along `attributes.dim`. */
export function planCat({ attributes, inputs, outputs }: StepSpec): KernelPlan | null {
  const [{ dtype, shape }] = outputs;
  const dim = attributes.dim;
  if (typeof dim !== "number" || !(dim >= 0 && dim < shape.length) || numel(shape) === 0) return null;
  if (inputs.some((input) => input.dtype !== dtype)) return null;
  const rows = numel(shape.slice(0, dim));
  const row = numel(shape.slice(dim)) * bytesOf(dtype);
  const pieces = piecesOf(inputs.map((input) => numel(input.shape.slice(dim)) * bytesOf(dtype)));
  // Pieces that are moved one after the other, for the same rows.
  const groups = row > UNIT_BYTES ? pieces.map((piece) => [piece]) : [pieces];
  const { strip, strips } = cutRuns(rows, row);
  return planItems(strips * groups.length, rows * row, (exports, from, to, begin, end) => {
    for (let item = begin; item < end; item++) {
      const first = Math.floor(item / groups.length) * strip;
      const count = Math.min(strip, rows - first);
      for (const piece of groups[item % groups.length]) {
        const source = from[piece.input] + first * piece.run + piece.skip;
        exports.copyRuns(to + first * row + piece.to, row, source, piece.run, count, piece.bytes);
      }
    }
  });
}

/** Runs of these bytes one behind the other, long ones in segments. */
function piecesOf(runs: readonly number[]): Piece[] {
  const pieces: Piece[] = [];
  let to = 0;
  runs.forEach((run, input) => {
    for (let skip = 0; skip < run; skip += UNIT_BYTES) {
      const bytes = Math.min(UNIT_BYTES, run - skip);
      pieces.push({ input, run, skip, bytes, to: to + skip });
    }
    to += run;
  });
  return pieces;
}
