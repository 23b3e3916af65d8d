/**
 * permute: the dimensions in another order, for any dtype.
 *
 * Dimensions of size 1 are dropped and neighbours that stay neighbours are merged; what is left is one of:
 * - Nothing to do: one copy.
 * - The innermost dimension stays: copies of whole runs.
 * - The innermost dimension moves: blocks of 4 by 4 (8 by 8 for elements of 1 and 2 bytes, 2 by 2 for 8) turned over
 *   in registers, in narrow strips, so that the lines being written stay in the first cache. The three colours of an image
 *   become pixels four at a time.
 */

import { bytesOf } from "../../../base/dtype.ts";
import { contiguousStrides, numel } from "../../../base/shape.ts";
import type { StepSpec } from "../../contract/engine.ts";
import type { KernelPlan } from "../../cpu/kernel.ts";
import { type Dimension, locate, planItems, planRunCopies } from "./run_copies.ts";

/** Columns of the source that are turned over at a time. */
const STRIP = 64;
/** So few rows are written to a few lines only: calls cost more than they. */
const FEW_ROWS = 4;
const LONG_STRIP = 1024;
/** Rows of the source from which on no more than a cache line of columns is turned over at a time. */
const MANY_ROWS = 64;
const CACHE_LINE = 64;

const TRANSPOSE: Readonly<Record<number, string>> = {
  1: "transpose8",
  2: "transpose16",
  4: "transpose",
  8: "transpose64",
};

/** Plans `permute`: output dimension i is input dimension dims[i]. */
export function planPermute({ attributes, inputs, outputs }: StepSpec): KernelPlan | null {
  const { dtype, shape } = inputs[0];
  const dims = attributes.dims;
  if (outputs[0].dtype !== dtype || numel(shape) === 0) return null;
  if (!Array.isArray(dims) || dims.length !== shape.length) return null;
  const bytes = bytesOf(dtype);
  const dimensions = simplify(shape, dims, bytes);
  const last = dimensions[dimensions.length - 1];
  if (last.from === bytes) return planRunCopies(dimensions.slice(0, -1), last.size * bytes);
  return planTurns(dimensions, bytes);
}

/** The dimensions of the result, without those of size 1 and with neighbours merged; at least one. */
function simplify(shape: readonly number[], dims: readonly number[], bytes: number): Dimension[] {
  const strides = contiguousStrides(shape);
  const kept = dims.filter((d) => shape[d] !== 1).map((d) => ({ size: shape[d], from: strides[d] * bytes }));
  const merged: { size: number; from: number }[] = [];
  for (const dimension of kept) {
    const before = merged[merged.length - 1];
    if (before !== undefined && before.from === dimension.size * dimension.from) {
      before.size *= dimension.size;
      before.from = dimension.from;
    } else {
      merged.push({ ...dimension });
    }
  }
  if (merged.length === 0) merged.push({ size: 1, from: bytes });
  const to = contiguousStrides(merged.map((d) => d.size));
  return merged.map((d, i) => ({ ...d, to: to[i] * bytes }));
}

/** The innermost dimension moves: matrices of (new innermost, old innermost) are turned over. */
function planTurns(dimensions: readonly Dimension[], bytes: number): KernelPlan {
  const inner = dimensions[dimensions.length - 1];
  const column = dimensions.find((d) => d.from === bytes) as Dimension;
  const outer = dimensions.slice(0, -1).filter((d) => d !== column);
  const strip = inner.size >= MANY_ROWS ? CACHE_LINE / bytes : inner.size <= FEW_ROWS ? LONG_STRIP : STRIP;
  const strips = Math.ceil(column.size / strip);
  const items = outer.reduce((count, d) => count * d.size, strips);
  const moved = items * Math.min(strip, column.size) * inner.size * bytes;
  const plan = planItems(items, moved, (exports, [from], to, begin, end) => {
    for (let item = begin; item < end; item++) {
      const place = locate(outer, Math.floor(item / strips));
      const first = (item % strips) * strip;
      const source = from + place.from + first * bytes;
      const target = to + place.to + first * column.to;
      const count = Math.min(strip, column.size - first);
      exports[TRANSPOSE[bytes]](source, inner.from, target, column.to, inner.size, count);
    }
  });
  return { ...plan, late: bytes !== 4 };
}
