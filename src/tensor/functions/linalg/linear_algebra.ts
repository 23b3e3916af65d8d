/** Matrix multiplication: matmul, mm, bmm, mv, dot and their like. */

import { isFloating } from "../../../base/dtype.ts";
import { DTypeError, ShapeError } from "../../../base/errors.ts";
import { broadcastShapes, formatShape, numel } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { add, mul } from "../../../ops/elementwise/elementwise.ts";
import * as ops from "../../../ops/matmul.ts";
import { sum } from "../../../ops/reduction/reduction.ts";
import { expand, reshape } from "../../../ops/shape/shape_ops.ts";
import { productOperands } from "../../autocast.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { promote, scalarValue } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";

/** Values of one dtype: matmul does not convert, as in PyTorch, unless autocast rounds them. */
function sameDType(of: string, tensors: Readonly<Record<string, unknown>>): Value[] {
  return sameAsGiven(
    of,
    productOperands(Object.entries(tensors).map(([name, one]) => valueOf(one, name, of))),
  );
}

/** The same for products with vectors, which autocast leaves alone. */
function sameAsGiven(of: string, values: Value[]): Value[] {
  for (const value of values) {
    if (value.dtype !== values[0].dtype) {
      throw new DTypeError(
        `${of}: expected operands of one dtype, got ${values[0].dtype} and ${value.dtype}; convert one with .to("${values[0].dtype}")`,
      );
    }
  }
  return values;
}

export interface MatrixProductParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Tensor;
}

/**
 * Matrix multiplication with PyTorch's rules: vectors are rows on the left and columns on the right, leading
 * dimensions are batches and broadcast.
 *
 * @throws ShapeError if the inner sizes differ; DTypeError if the dtypes do.
 * @example
 * ```ts
 * matmul(tensor([[1, 2], [3, 4]]), tensor([10, 1])).tolist(); // [12, 34]
 * matmul(randn(8, 1, 2, 3), randn(4, 3, 5)).shape; // [8, 4, 2, 5]
 * ```
 */
export const matmul = defineCall<MatrixProductParameters>("matmul")(["input", "other"], (input, other) => {
  const [a, b] = sameDType("matmul", { input, other });
  return new Tensor(product(a, b));
});

function product(a: Value, b: Value): Value {
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError(
      `matmul: expected at least one dimension on both sides, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  if (a.shape.length === 1 && b.shape.length === 1) return dotted("matmul", a, b);
  if (a.shape.length === 1) return dropDim(product(reshape(a, [1, a.shape[0]]), b), -2);
  if (b.shape.length === 1) return dropDim(product(a, reshape(b, [b.shape[0], 1])), -1);
  if (a.shape.length === 2 && b.shape.length === 2) return ops.matmul(a, b);
  // A batch against one matrix is one tall product.
  if (b.shape.length === 2) {
    const rows = a.shape.slice(0, -1);
    const flat = ops.matmul(reshape(a, [numel(rows), a.shape[a.shape.length - 1]]), b);
    return reshape(flat, [...rows, b.shape[1]]);
  }
  const batch = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)], "matmul");
  const flatten = (v: Value) => {
    const matrix = v.shape.slice(-2);
    return reshape(expand(v, [...batch, ...matrix]), [numel(batch), ...matrix]);
  };
  const out = ops.matmul(flatten(a), flatten(b));
  return reshape(out, [...batch, ...out.shape.slice(1)]);
}

function dropDim(value: Value, dim: -1 | -2): Value {
  const shape = [...value.shape];
  shape.splice(shape.length + dim, 1);
  return reshape(value, shape);
}

function dotted(of: string, a: Value, b: Value): Value {
  if (a.shape[0] !== b.shape[0])
    throw new ShapeError(`${of}: vectors of sizes ${a.shape[0]} and ${b.shape[0]} differ`);
  return sum(mul(a, b), [0]);
}

function requireRank(of: string, value: Value, rank: number, argument: string): void {
  if (value.shape.length === rank) return;
  const kinds = ["a number", "a vector", "a matrix", "a batch of matrices"];
  throw new ShapeError(
    `${of}: expected \`${argument}\` to be ${kinds[rank]} (${rank} dimensions), got shape ${formatShape(value.shape)}`,
  );
}

export interface MatrixPairParameters {
  /** The first matrix, [m, k]; of `bmm` a batch of them. */
  input: Tensor;
  /** The second matrix, [k, n]; of `bmm` a batch of them. */
  mat2: Tensor;
}

export interface MatrixVectorParameters {
  /** The matrix, [m, n]. */
  input: Tensor;
  /** The vector, [n]. */
  vec: Tensor;
}

export interface DotParameters {
  /** The first vector, [n]. */
  input: Tensor;
  /** The second vector, [n]. */
  tensor: Tensor;
}

export interface OuterParameters {
  /** The first vector, [m]. */
  input: Tensor;
  /** The second vector, [n]. */
  vec2: Tensor;
}

/**
 * Matrix multiplication of two matrices.
 *
 * @throws ShapeError if one is not a matrix, or the inner sizes differ.
 * @example
 * ```ts
 * mm(tensor([[1, 2]]), tensor([[3], [4]])).tolist(); // [[11]]
 * ```
 */
export const mm = defineCall<MatrixPairParameters>("mm")(["input", "mat2"], (input, mat2) => {
  const [a, b] = sameDType("mm", { input, mat2 });
  requireRank("mm", a, 2, "input");
  requireRank("mm", b, 2, "mat2");
  return new Tensor(ops.matmul(a, b));
});

/**
 * Batched matrix multiplication: of the matrices of two batches, pair by pair.
 *
 * @example
 * ```ts
 * bmm(randn(8, 2, 3), randn(8, 3, 5)).shape; // [8, 2, 5]
 * ```
 */
export const bmm = defineCall<MatrixPairParameters>("bmm")(["input", "mat2"], (input, mat2) => {
  const [a, b] = sameDType("bmm", { input, mat2 });
  requireRank("bmm", a, 3, "input");
  requireRank("bmm", b, 3, "mat2");
  return new Tensor(ops.matmul(a, b));
});

/**
 * Matrix-vector product.
 *
 * @example
 * ```ts
 * mv(tensor([[1, 2], [3, 4]]), tensor([1, 1])).tolist(); // [3, 7]
 * ```
 */
export const mv = defineCall<MatrixVectorParameters>("mv")(["input", "vec"], (input, vec) => {
  const [a, b] = sameAsGiven("mv", [valueOf(input, "input", "mv"), valueOf(vec, "vec", "mv")]);
  requireRank("mv", a, 2, "input");
  requireRank("mv", b, 1, "vec");
  return new Tensor(product(a, b));
});

/**
 * Inner product of two vectors.
 *
 * @example
 * ```ts
 * dot(tensor([1, 2]), tensor([3, 4])).item(); // 11
 * ```
 */
export const dot = defineCall<DotParameters>("dot")(["input", "tensor"], (input, tensor) => {
  const [a, b] = sameAsGiven("dot", [valueOf(input, "input", "dot"), valueOf(tensor, "tensor", "dot")]);
  requireRank("dot", a, 1, "input");
  requireRank("dot", b, 1, "tensor");
  return new Tensor(dotted("dot", a, b));
});

/**
 * input[i] * vec2[j]
 *
 * @example
 * ```ts
 * outer(tensor([1, 2]), tensor([3, 4])).tolist(); // [[3, 4], [6, 8]]
 * ```
 */
export const outer = defineCall<OuterParameters>("outer")(["input", "vec2"], (input, vec2) => {
  const [a, b] = [valueOf(input, "input", "outer"), valueOf(vec2, "vec2", "outer")];
  requireRank("outer", a, 1, "input");
  requireRank("outer", b, 1, "vec2");
  const [x, y] = promote("outer", [input, vec2]);
  return new Tensor(mul(reshape(x, [x.shape[0], 1]), y));
});

export interface AddedProductParameters {
  /** What is added to the product; broadcast to its shape. */
  input: Tensor;
  /** Factor of the input. @default 1 */
  beta?: number;
  /** Factor of the product. @default 1 */
  alpha?: number;
}

export interface AddMmParameters extends AddedProductParameters {
  /** The first matrix, [m, k]. */
  mat1: Tensor;
  /** The second matrix, [k, n]. */
  mat2: Tensor;
}

export interface AddMvParameters extends AddedProductParameters {
  /** The matrix, [m, n]. */
  mat: Tensor;
  /** The vector, [n]. */
  vec: Tensor;
}

export interface AddBmmParameters extends AddedProductParameters {
  /** The first matrices, [b, m, k]. */
  batch1: Tensor;
  /** The second matrices, [b, k, n]. */
  batch2: Tensor;
}

export interface AddRParameters extends AddedProductParameters {
  /** The first vector, [m]. */
  vec1: Tensor;
  /** The second vector, [n]. */
  vec2: Tensor;
}

/** The first of three operands, and the product of the others, which have `rank` dimensions. */
function withProduct(of: string, rank: number, operands: Readonly<Record<string, unknown>>): [Value, Value] {
  const [base, a, b] = sameDType(of, operands);
  const [, first, second] = Object.keys(operands);
  requireRank(of, a, rank, first);
  requireRank(of, b, rank, second);
  return [base, ops.matmul(a, b)];
}

/** beta * input + alpha * product; with beta 0 the input does not count, NaN or not. */
function added(of: string, input: Value, result: Value, betaGiven: number, alphaGiven: number): Tensor {
  // Integers take the whole part, as in PyTorch.
  const factor = (x: number) => (isFloating(result.dtype) ? x : Math.trunc(x));
  const [beta, alpha] = [factor(betaGiven), factor(alphaGiven)];
  const scaled = alpha === 1 ? result : mul(scalarValue(alpha, result.dtype), result);
  const together = broadcastShapes([input.shape, result.shape], of);
  if (numel(together) !== numel(result.shape) || together.length !== result.shape.length) {
    throw new ShapeError(
      `${of}: input of shape ${formatShape(input.shape)} does not broadcast to the product's ${formatShape(result.shape)}`,
    );
  }
  if (beta === 0) return new Tensor(scaled);
  return new Tensor(add(beta === 1 ? input : mul(scalarValue(beta, input.dtype), input), scaled));
}

/**
 * beta * input + alpha * (mat1 @ mat2)
 *
 * @example
 * ```ts
 * addmm(ones(1, 1), tensor([[0.5, 2]]), tensor([[3.5], [4]]), { beta: 2, alpha: 10 }).tolist(); // [[99.5]]
 * ```
 */
export const addmm = defineCall<AddMmParameters>("addmm")(
  ["input", "mat1", "mat2", "beta?:number", "alpha?:scalar"],
  (input, mat1, mat2, beta = 1, alpha = 1) => {
    const [base, product] = withProduct("addmm", 2, { input, mat1, mat2 });
    return added("addmm", base, product, beta, alpha);
  },
);

/**
 * beta * input + alpha * (mat @ vec)
 *
 * @example
 * ```ts
 * addmv(ones(2), tensor([[1.5, 2], [3, 4]]), ones(2)).tolist(); // [4.5, 8]
 * ```
 */
export const addmv = defineCall<AddMvParameters>("addmv")(
  ["input", "mat", "vec", "beta?:number", "alpha?:scalar"],
  (input, mat, vec, beta = 1, alpha = 1) => {
    const [base, a, b] = sameAsGiven("addmv", [
      valueOf(input, "input", "addmv"),
      valueOf(mat, "mat", "addmv"),
      valueOf(vec, "vec", "addmv"),
    ]);
    requireRank("addmv", a, 2, "mat");
    requireRank("addmv", b, 1, "vec");
    return added("addmv", base, product(a, b), beta, alpha);
  },
);

/**
 * beta * input + alpha * (batch1 @ batch2), pair by pair.
 *
 * @example
 * ```ts
 * baddbmm(ones(8, 2, 5), randn(8, 2, 3), randn(8, 3, 5)).shape; // [8, 2, 5]
 * ```
 */
export const baddbmm = defineCall<AddBmmParameters>("baddbmm")(
  ["input", "batch1", "batch2", "beta?:number", "alpha?:scalar"],
  (input, batch1, batch2, beta = 1, alpha = 1) => {
    const [base, product] = withProduct("baddbmm", 3, { input, batch1, batch2 });
    return added("baddbmm", base, product, beta, alpha);
  },
);

/**
 * beta * input + alpha * (the sum of batch1 @ batch2 over the pairs)
 *
 * @example
 * ```ts
 * addbmm(ones(2, 5), randn(8, 2, 3), randn(8, 3, 5)).shape; // [2, 5]
 * ```
 */
export const addbmm = defineCall<AddBmmParameters>("addbmm")(
  ["input", "batch1", "batch2", "beta?:number", "alpha?:scalar"],
  (input, batch1, batch2, beta = 1, alpha = 1) => {
    const [base, product] = withProduct("addbmm", 3, { input, batch1, batch2 });
    return added("addbmm", base, sum(product, [0]), beta, alpha);
  },
);

/**
 * beta * input + alpha * (the outer product of two vectors)
 *
 * @example
 * ```ts
 * addr(ones(1, 2), tensor([2.5]), tensor([3.5, 4])).tolist(); // [[9.75, 11]]
 * ```
 */
export const addr = defineCall<AddRParameters>("addr")(
  ["input", "vec1", "vec2", "beta?:number", "alpha?:scalar"],
  (input, vec1, vec2, beta = 1, alpha = 1) => {
    for (const [argument, one] of Object.entries({ input, vec1, vec2 })) valueOf(one, argument, "addr");
    const [base, x, y] = promote("addr", [input, vec1, vec2]);
    requireRank("addr", x, 1, "vec1");
    requireRank("addr", y, 1, "vec2");
    return added("addr", base, mul(reshape(x, [x.shape[0], 1]), y), beta, alpha);
  },
);
