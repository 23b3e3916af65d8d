/** Differences of neighbours, areas under them, distances of tensors. */

import { isFloating } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim } from "../../../base/shape.ts";
import { emit, type Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import { sum } from "../../../ops/reduction/reduction.ts";
import { cumsum } from "../../../ops/reduction/scan.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import { sliceDim } from "../../../ops/shape/slicing.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { promote } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { cat } from "../shape/joining.ts";
import { norm } from "./statistics.ts";

export interface DiffParameters extends InputParameter {
  /** How many times the difference is taken. @default 1 */
  n?: number;
  /** The dimension. @default -1 */
  dim?: number;
  /** Elements to put in front first. @default null */
  prepend?: Tensor | null;
  /** Elements to put at the end first. @default null */
  append?: Tensor | null;
}

/** All but the last, and all but the first along a dimension. */
function neighbours(value: Value, dim: number): [Value, Value] {
  const count = Math.max(0, value.shape[dim] - 1);
  return [sliceDim(value, dim, 0, count), sliceDim(value, dim, Math.min(1, value.shape[dim]), count)];
}

/**
 * y[i] = x[i + 1] - x[i] along a dimension, `n` times over; of bools, whether the two differ.
 *
 * @param prepend - elements to put in front first; `append`: at the end.
 * @example
 * ```ts
 * diff(tensor([1, 4, 9])).tolist(); // [3, 5]
 * ```
 */
export const diff = defineCall<DiffParameters>("diff")(
  ["input", "n?:integer", "dim?", "prepend?", "append?"],
  (input, n = 1, dim = -1, prepend = null, append = null) => {
    const { shape } = valueOf(input, "input", "diff");
    if (shape.length === 0) throw new ShapeError("diff: expected at least one dimension");
    if (n < 0) throw new ArgumentError(`diff: expected \`n\` of 0 or more, got ${n}`);
    const at = normalizeDim(dim, shape.length, "diff");
    if (n === 0) return new Tensor(input.value);
    const parts = [prepend, input, append].filter((part) => part !== null);
    for (const [argument, part] of Object.entries({ prepend, append })) {
      if (part !== null && valueOf(part, argument, "diff").shape.length !== shape.length) {
        throw new ShapeError(
          `diff: expected \`${argument}\` with as many dimensions as ${formatShape(shape)}, got ${formatShape(part.shape)}`,
        );
      }
    }
    let value: Value = parts.length === 1 ? input.value : cat(parts, at).value;
    for (let i = 0; i < n; i++) {
      const [before, after] = neighbours(value, at);
      value = value.dtype === "bool" ? emit(ops.neOp, [after, before]) : ops.sub(after, before);
    }
    return new Tensor(value);
  },
);

export interface TrapezoidParameters {
  /** Function values. */
  y: Tensor;
  /** Their places; null for equal distances of `dx`. @default null */
  x?: Tensor | null;
  /** Distance between the places. @default 1 */
  dx?: number;
  /** The dimension. @default -1 */
  dim?: number;
}

const trapezoids = (name: string, together: (areas: Value, dim: number) => Value) =>
  defineCall<TrapezoidParameters>(name)(
    ["y", "x?", "dx?:number", "dim?"],
    (y, x = null, dx = 1, dim = -1) => {
      const given = valueOf(y, "y", name);
      if (given.dtype === "bool") throw new DTypeError(`${name}: expected numbers, got bool`);
      const [heights, places] = x === null ? [given, null] : alike(name, y, x);
      const at = normalizeDim(dim, heights.shape.length, name);
      const [left, right] = neighbours(heights, at);
      const wide = (value: Value) => (isFloating(value.dtype) ? value : ops.cast(value, "float32"));
      const total = wide(ops.add(left, right));
      let width = constant(dx, total.dtype);
      if (places !== null) {
        // One row of places serves all rows.
        const own =
          places.shape.length === 1 && heights.shape.length > 1
            ? reshape(
                places,
                heights.shape.map((_, d) => (d === at ? places.shape[0] : 1)),
              )
            : places;
        const along =
          own.shape.length === heights.shape.length ? at : at - heights.shape.length + own.shape.length;
        const [from, to] = neighbours(own, along);
        width = ops.cast(ops.sub(to, from), total.dtype);
      }
      return new Tensor(together(ops.mul(ops.mul(total, width), constant(0.5, total.dtype)), at));
    },
  );

function alike(of: string, y: Tensor, x: unknown): Value[] {
  valueOf(x, "x", of);
  return promote(of, [y, x]);
}

/**
 * The area under y by the trapezoidal rule, along a dimension: the sum of (y[i] + y[i + 1]) / 2 times the width of each
 * piece. The area under a ROC curve, say.
 *
 * @param x - where the y stand; without it they are `dx` (1) apart.
 * @example
 * ```ts
 * trapezoid(tensor([1.5, 5, 10])).item(); // 10.75
 * trapezoid(tensor([1.5, 5, 10]), tensor([1.5, 3.5, 6])).item(); // 25.25
 * ```
 */
export const trapezoid = trapezoids("trapezoid", (areas, dim) => sum(areas, [dim]));
/**
 * The area under y up to each place; see `trapezoid`.
 *
 * @example
 * ```ts
 * cumulativeTrapezoid(tensor([1.5, 5, 10])).tolist(); // [3.25, 10.75]
 * ```
 */
export const cumulativeTrapezoid = trapezoids("cumulativeTrapezoid", cumsum);

export interface DistanceParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Tensor;
  /** Exponent of the norm. @default 2 */
  p?: number;
}

/**
 * The p-norm of input - other, which broadcast.
 *
 * @example
 * ```ts
 * dist(tensor([1.5, 5]), tensor([4.5, 1])).item(); // 5
 * ```
 */
export const dist = defineCall<DistanceParameters>("dist")(
  ["input", "other", "p?:number"],
  (input, other, p = 2) => {
    valueOf(other, "other", "dist");
    valueOf(input, "input", "dist");
    const [a, b] = promote("dist", [input, other]);
    return norm(new Tensor(ops.sub(a, b)), p);
  },
);
