/** Products of tensors over chosen dimensions, and distances between the rows of two matrices. */

import { isFloating } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../base/errors.ts";
import { broadcastShapes, formatShape, normalizeDim, numel, sameShape } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { mul, sub } from "../../../ops/elementwise/elementwise.ts";
import { matmul } from "../../../ops/matmul.ts";
import { sum } from "../../../ops/reduction/reduction.ts";
import { expand, permute, reshape } from "../../../ops/shape/shape_ops.ts";
import { cat, sliceDim } from "../../../ops/shape/slicing.ts";
import { productOperands } from "../../autocast.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { promote } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import type { BinaryOfTensorsParameters } from "../elementwise/arithmetic.ts";
import { norm } from "../reduction/statistics.ts";

function oneDType(of: string, input: unknown, other: unknown): [Value, Value] {
  const [a, b] = productOperands([valueOf(input, "input", of), valueOf(other, "other", of)]);
  if (a.dtype !== b.dtype)
    throw new DTypeError(`${of}: expected tensors of one dtype, got ${a.dtype} and ${b.dtype}`);
  return [a, b];
}

/** Sums over those of `dims` for which the other side has the size 1: its single element counts for all. */
function narrowed(value: Value, dims: readonly number[], other: Value, others: readonly number[]): Value {
  const single = dims.filter((d, i) => value.shape[d] !== 1 && other.shape[others[i]] === 1);
  return single.length === 0 ? value : sum(value, single, true);
}

/** The sum of products over `from` of a and `to` of b; the dimensions that are left follow each other. */
function contracted(
  of: string,
  first: Value,
  second: Value,
  from: readonly number[],
  to: readonly number[],
): Value {
  const a = narrowed(first, from, second, to);
  const b = narrowed(second, to, first, from);
  const sizes = from.map((d) => a.shape[d]);
  const match = from.length === to.length && sizes.every((size, i) => size === b.shape[to[i]]);
  if (!match) {
    throw new ShapeError(
      `${of}: expected dimensions [${from.join(", ")}] of ${formatShape(first.shape)} to have the sizes of [${to.join(", ")}] of ${formatShape(second.shape)}`,
    );
  }
  const rest = (value: Value, taken: readonly number[]) =>
    value.shape.map((_, d) => d).filter((d) => !taken.includes(d));
  const [left, right] = [rest(a, from), rest(b, to)];
  const rows = left.map((d) => a.shape[d]);
  const columns = right.map((d) => b.shape[d]);
  const shared = numel(sizes);
  const x = reshape(permute(a, [...left, ...from]), [numel(rows), shared]);
  const y = reshape(permute(b, [...to, ...right]), [shared, numel(columns)]);
  return reshape(matmul(x, y), [...rows, ...columns]);
}

export interface TensorDotParameters {
  /** First tensor. */
  a: Tensor;
  /** Second tensor. */
  b: Tensor;
  /** The dimensions. @default 2 */
  dims?: number | readonly [number | readonly number[], number | readonly number[]];
}

/**
 * The sum of products over the last `dims` dimensions of a and the first of b, or over those listed for each.
 *
 * @example
 * ```ts
 * tensordot(randn(2, 3, 4), randn(3, 4, 5)).shape; // [2, 5]
 * tensordot(randn(2, 3, 4), randn(4, 2), [[0, 2], [1, 0]]).shape; // [3]
 * ```
 */
export const tensordot = defineCall<TensorDotParameters>("tensordot")(
  ["a", "b", "dims?:any"],
  (a, b, dims = 2) => {
    const [x, y] = oneDType("tensordot", a, b);
    if (typeof dims === "number") {
      if (!Number.isInteger(dims) || dims < 0 || dims > Math.min(x.shape.length, y.shape.length)) {
        throw new ArgumentError(
          `tensordot: expected \`dims\` from 0 to the smaller rank of ${formatShape(x.shape)} and ${formatShape(y.shape)}, got ${dims}`,
        );
      }
      const first = Array.from({ length: dims }, (_, i) => i);
      const shift = x.shape.length - dims;
      return new Tensor(
        contracted(
          "tensordot",
          x,
          y,
          first.map((d) => d + shift),
          first,
        ),
      );
    }
    if (!Array.isArray(dims) || dims.length !== 2)
      throw new ArgumentError("tensordot: expected `dims` to be a number or two lists of dimensions");
    const [from, to] = dims.map((list, i) =>
      [list].flat().map((d: number) => normalizeDim(d, [x, y][i].shape.length, "tensordot")),
    );
    return new Tensor(contracted("tensordot", x, y, from, to));
  },
);

/**
 * The sum of products over the last dimension of both; with a number, the product.
 *
 * @example
 * ```ts
 * inner(tensor([[1, 2], [3, 4]]), tensor([10, 1])).tolist(); // [12, 34]
 * ```
 */
export const inner = defineCall<BinaryOfTensorsParameters>("inner")(["input", "other"], (input, other) => {
  const [a, b] = oneDType("inner", input, other);
  if (a.shape.length === 0 || b.shape.length === 0) return new Tensor(mul(a, b));
  if (a.shape[a.shape.length - 1] !== b.shape[b.shape.length - 1]) {
    throw new ShapeError(
      `inner: expected last dimensions of one size, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  return new Tensor(contracted("inner", a, b, [a.shape.length - 1], [b.shape.length - 1]));
});

/**
 * Kronecker's product: each element of the first times the whole of the second.
 *
 * @example
 * ```ts
 * kron(tensor([1, 10]), tensor([1, 2])).tolist(); // [1, 2, 10, 20]
 * ```
 */
export const kron = defineCall<BinaryOfTensorsParameters>("kron")(["input", "other"], (input, other) => {
  valueOf(input, "input", "kron");
  valueOf(other, "other", "kron");
  const [a, b] = promote("kron", [input, other]);
  const rank = Math.max(a.shape.length, b.shape.length);
  const grown = (value: Value) => [...new Array<number>(rank - value.shape.length).fill(1), ...value.shape];
  const [outer, own] = [grown(a), grown(b)];
  const product = mul(
    reshape(
      a,
      outer.flatMap((size) => [size, 1]),
    ),
    reshape(
      b,
      own.flatMap((size) => [1, size]),
    ),
  );
  return new Tensor(
    reshape(
      product,
      outer.map((size, d) => size * own[d]),
    ),
  );
});

export interface CrossParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Tensor;
  /** The dimension. @default null */
  dim?: number | null;
}

/**
 * The cross product of vectors of three along a dimension: `dim`, or the first that has the size 3.
 *
 * @example
 * ```ts
 * cross(tensor([1, 0, 0]), tensor([0, 1, 0])).tolist(); // [0, 0, 1]
 * ```
 */
export const cross = defineCall<CrossParameters>("cross")(
  ["input", "other", "dim?"],
  (input, other, dim = null) => {
    valueOf(input, "input", "cross");
    valueOf(other, "other", "cross");
    const [x, y] = promote("cross", [input, other]);
    if (x.shape.length !== y.shape.length) {
      throw new ShapeError(
        `cross: expected as many dimensions on both sides, got ${formatShape(x.shape)} and ${formatShape(y.shape)}`,
      );
    }
    const shape = broadcastShapes([x.shape, y.shape], "cross");
    const at = dim === null ? shape.indexOf(3) : normalizeDim(dim, shape.length, "cross");
    if (at < 0 || x.shape[at] !== 3 || y.shape[at] !== 3) {
      throw new ShapeError(
        `cross: expected a dimension of size 3 on both sides, got ${formatShape(x.shape)} and ${formatShape(y.shape)}`,
      );
    }
    const turned = (value: Value, by: number) =>
      cat([sliceDim(value, at, by, 3 - by), sliceDim(value, at, 0, by)], at);
    const [a, b] = [expand(x, shape), expand(y, shape)];
    return new Tensor(sub(mul(turned(a, 1), turned(b, 2)), mul(turned(a, 2), turned(b, 1))));
  },
);

export interface PairwiseDistancesParameters {
  /** First tensor. */
  x1: Tensor;
  /** Second tensor. */
  x2: Tensor;
  /** Exponent of the norm. @default 2 */
  p?: number;
  /** PyTorch's choice of an algorithm; there is one here, and every value is accepted, none by default. */
  computeMode?: string | null;
}

/**
 * The p-norm of the difference of each row of the first with each row of the second, in batches that broadcast.
 *
 * @param computeMode - PyTorch's choice of an algorithm; there is one here, and every value is accepted.
 * @example
 * ```ts
 * cdist(tensor([[0.5, 0]]), tensor([[3.5, 4], [0.5, 2]])).tolist(); // [[5, 2]]
 * ```
 */
export const cdist = defineCall<PairwiseDistancesParameters>("cdist")(
  ["x1", "x2", "p?:number", "computeMode?"],
  (x1, x2, p = 2) => {
    const [a, b] = [valueOf(x1, "x1", "cdist"), valueOf(x2, "x2", "cdist")];
    if (!isFloating(a.dtype) || a.dtype !== b.dtype)
      throw new DTypeError(
        `cdist: expected floating-point tensors of one dtype, got ${a.dtype} and ${b.dtype}`,
      );
    if (a.shape.length < 2 || b.shape.length < 2 || !sameShape(a.shape.slice(-1), b.shape.slice(-1))) {
      throw new ShapeError(
        `cdist: expected rows of one length, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    if (!(p >= 0)) throw new ArgumentError(`cdist: expected \`p\` of 0 or more, got ${p}`);
    const each = reshape(a, [...a.shape.slice(0, -1), 1, ...a.shape.slice(-1)]);
    const all = reshape(b, [...b.shape.slice(0, -2), 1, ...b.shape.slice(-2)]);
    const apart = sub(each, all);
    return norm(new Tensor(apart), p, apart.shape.length - 1);
  },
);
