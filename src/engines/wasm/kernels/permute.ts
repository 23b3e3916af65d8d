/**
 * permute: the dimensions in another order.
 *
 * Dimensions of size 1 are dropped and neighbours that stay neighbours are merged; what is left is one of:
 * - Nothing to do: one copy.
 * - The innermost dimension stays: copies of whole runs.
 * - The innermost dimension moves: blocks of 4 by 4 turned over in registers, in narrow strips, so that
 *   the lines being written stay in the first cache.
 */

import { contiguousStrides, numel } from "../../../base/shape.ts";
import type { Attributes, TensorSpec } from "../../engine.ts";
import type { KernelExports, KernelPlan } from "../kernel.ts";
import { split } from "./memory_layout.ts";

/** Rows that are copied at a time. */
const STRIP = 64;
/** Columns of the source that are turned over at a time: a cache line, for long columns. */
const NARROW_STRIP = 16;
/** Elements that make a unit worth its while. */
const UNIT_ELEMENTS = 16_384;

/** A dimension of the result: its size, and the elements between its steps in the source and in the result. */
interface Dimension {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Plans `permute` for elements of 4 bytes: output dimension i is input dimension dims[i]. */
export function planPermute(
  attributes: Attributes,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): KernelPlan | null {
  const { dtype, shape } = inputs[0];
  const dims = attributes.dims;
  if ((dtype !== "float32" && dtype !== "int32") || outputs[0].dtype !== dtype || numel(shape) === 0)
    return null;
  if (!Array.isArray(dims) || dims.length !== shape.length) return null;
  const dimensions = simplify(shape, dims);
  const last = dimensions[dimensions.length - 1];
  return last.from === 1 ? planRuns(dimensions) : planTurns(dimensions);
}

/** The dimensions of the result, without those of size 1 and with neighbours merged; at least one. */
function simplify(shape: readonly number[], dims: readonly number[]): Dimension[] {
  const strides = contiguousStrides(shape);
  const kept = dims.filter((d) => shape[d] !== 1).map((d) => ({ size: shape[d], from: strides[d] }));
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
  if (merged.length === 0) merged.push({ size: 1, from: 1 });
  const to = contiguousStrides(merged.map((d) => d.size));
  return merged.map((d, i) => ({ ...d, to: to[i] }));
}

/** The innermost dimension stays: runs of it are copied, row after row of the dimension around it. */
function planRuns(dimensions: readonly Dimension[]): KernelPlan {
  const run = dimensions[dimensions.length - 1];
  if (dimensions.length === 1) {
    const parts = split(run.size, Math.min(16, Math.floor(run.size / UNIT_ELEMENTS)), 16);
    return onlyStage(parts.units, parts.size, run.size, (exports, from, to, begin, end) => {
      exports.copy(to + begin * 4, from + begin * 4, (end - begin) * 4);
    });
  }
  const rows = dimensions[dimensions.length - 2];
  const outer = dimensions.slice(0, -2);
  const strips = Math.ceil(rows.size / STRIP);
  const items = outer.reduce((count, d) => count * d.size, strips);
  const parts = split(items, Math.min(64, Math.floor((items * STRIP * run.size) / UNIT_ELEMENTS)));
  return onlyStage(parts.units, parts.size, items, (exports, from, to, begin, end) => {
    for (let item = begin; item < end; item++) {
      const place = locate(outer, Math.floor(item / strips));
      const first = (item % strips) * STRIP;
      const target = to + (place.to + first * rows.to) * 4;
      const source = from + (place.from + first * rows.from) * 4;
      const count = Math.min(STRIP, rows.size - first);
      exports.copyRows(target, rows.to * 4, source, rows.from * 4, count, run.size * 4);
    }
  });
}

/** The innermost dimension moves: matrices of (new innermost, old innermost) are turned over. */
function planTurns(dimensions: readonly Dimension[]): KernelPlan {
  const inner = dimensions[dimensions.length - 1];
  const column = dimensions.find((d) => d.from === 1) as Dimension;
  const outer = dimensions.slice(0, -1).filter((d) => d !== column);
  const strip = inner.size >= STRIP ? NARROW_STRIP : STRIP;
  const strips = Math.ceil(column.size / strip);
  const items = outer.reduce((count, d) => count * d.size, strips);
  const elements = items * Math.min(strip, column.size) * inner.size;
  const parts = split(items, Math.min(64, Math.floor(elements / UNIT_ELEMENTS)));
  return onlyStage(parts.units, parts.size, items, (exports, from, to, begin, end) => {
    for (let item = begin; item < end; item++) {
      const place = locate(outer, Math.floor(item / strips));
      const first = (item % strips) * strip;
      const source = from + (place.from + first) * 4;
      const target = to + (place.to + first * column.to) * 4;
      const count = Math.min(strip, column.size - first);
      exports.transpose(source, inner.from * 4, target, column.to * 4, inner.size, count);
    }
  });
}

/** Offsets, in elements, of number `index` of the combinations of the outer dimensions. */
function locate(outer: readonly Dimension[], index: number): { from: number; to: number } {
  let [from, to, rest] = [0, 0, index];
  for (let i = outer.length - 1; i >= 0; i--) {
    const at = rest % outer[i].size;
    rest = Math.floor(rest / outer[i].size);
    from += at * outer[i].from;
    to += at * outer[i].to;
  }
  return { from, to };
}

function onlyStage(
  units: number,
  size: number,
  items: number,
  work: (exports: KernelExports, from: number, to: number, begin: number, end: number) => void,
): KernelPlan {
  return {
    stages: [
      {
        units,
        run(exports, { inputs, outputs }, begin, end) {
          work(exports, inputs[0], outputs[0], begin * size, Math.min(items, end * size));
        },
      },
    ],
    scratchBytes: 0,
    threadScratchBytes: 0,
  };
}
