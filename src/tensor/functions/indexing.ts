/** Reading and writing elements at positions that a tensor gives. */
import { ArgumentError, DTypeError, IndexError, ShapeError } from "../../base/errors.ts";
import { formatShape, normalizeDim, numel } from "../../base/shape.ts";
import { emit, type Value } from "../../graph/node.ts";
import { cast, mul } from "../../ops/elementwise.ts";
import * as ops from "../../ops/indexing.ts";
import { expand, reshape } from "../../ops/shape_ops.ts";
import { defineFunction } from "../define.ts";
import { type Operand, scalarValue } from "../operands.ts";
import { Tensor, valueOf } from "../tensor.ts";

export interface Gather {
  (input: Tensor, dim: number, index: Tensor): Tensor;
  (input: Tensor, dim: number, options: { index: Tensor }): Tensor;
}

/** out[i][j] = input[index[i][j]][j] along dimension 0, and likewise along any other. */
export const gather: Gather = defineFunction("gather", ["input", "dim", "index"], ({ input, dim, index }) => {
  const value = valueOf(input, "input", "gather");
  const at = normalizeDim(dim, value.shape.length, "gather");
  return new Tensor(ops.gather(value, at, valueOf(index, "index", "gather")));
});

export interface Scatter {
  (input: Tensor, dim: number, index: Tensor, src: Tensor | number): Tensor;
  (input: Tensor, dim: number, index: Tensor, options: { src?: Tensor; value?: number }): Tensor;
}

/** The input with out[index[i][j]][j] = src[i][j] (or a number): `gather` the other way round. */
export const scatter: Scatter = defineFunction(
  "scatter",
  ["input", "dim", "index", "src?", "value?"],
  ({ input, dim, index, src, value = src }) => {
    const into = valueOf(input, "input", "scatter");
    const where = valueOf(index, "index", "scatter");
    const at = normalizeDim(dim, into.shape.length, "scatter");
    if (value === undefined) throw new ArgumentError("scatter: expected `src` or `value`");
    const source =
      typeof value === "number"
        ? expand(scalarValue(value, into.dtype), where.shape)
        : valueOf(value, "src", "scatter");
    return new Tensor(ops.scatter(into, at, where, source));
  },
);

export interface ScatterAdd {
  (input: Tensor, dim: number, index: Tensor, src: Tensor): Tensor;
  (input: Tensor, dim: number, index: Tensor, options: { src: Tensor }): Tensor;
}

/** The input with src[i][j] added to out[index[i][j]][j]. */
export const scatterAdd: ScatterAdd = defineFunction(
  "scatterAdd",
  ["input", "dim", "index", "src"],
  ({ input, dim, index, src }) => {
    const into = valueOf(input, "input", "scatterAdd");
    const at = normalizeDim(dim, into.shape.length, "scatterAdd");
    return new Tensor(
      ops.scatterAdd(into, at, valueOf(index, "index", "scatterAdd"), valueOf(src, "src", "scatterAdd")),
    );
  },
);

/** A list of positions; a single one counts as a list of one. */
function listOf(index: unknown, of: string): Value {
  const value = valueOf(index, "index", of);
  return value.shape.length === 0 ? reshape(value, [1]) : value;
}

/** The slices along a dimension at the positions of a list. */
export const indexSelect: Gather = defineFunction(
  "indexSelect",
  ["input", "dim", "index"],
  ({ input, dim, index }) => {
    const value = valueOf(input, "input", "indexSelect");
    const at = normalizeDim(dim, value.shape.length, "indexSelect");
    const list = listOf(index, "indexSelect");
    if (value.shape.length > 0) return new Tensor(ops.indexSelect(value, at, list));
    return new Tensor(reshape(ops.indexSelect(reshape(value, [1]), 0, list), []));
  },
);

export interface IndexAdd {
  (input: Tensor, dim: number, index: Tensor, source: Tensor, alpha?: number): Tensor;
  (input: Tensor, dim: number, index: Tensor, source: Tensor, options: { alpha?: number }): Tensor;
}

/** The input with alpha times the slices of `source` added at the positions of a list. */
export const indexAdd: IndexAdd = defineFunction(
  "indexAdd",
  ["input", "dim", "index", "source", "alpha?"],
  ({ input, dim, index, source, alpha = 1 }) => {
    const into = valueOf(input, "input", "indexAdd");
    const at = normalizeDim(dim, into.shape.length, "indexAdd");
    const added = valueOf(source, "source", "indexAdd");
    const scaled = alpha === 1 ? added : mul(scalarValue(alpha, added.dtype), added);
    return new Tensor(ops.indexAdd(into, at, listOf(index, "indexAdd"), scaled));
  },
);

export interface Take {
  (input: Tensor, index: Tensor): Tensor;
  (input: Tensor, options: { index: Tensor }): Tensor;
}

/** Elements of the flattened tensor at the positions given (below 0: from the end). */
export const take: Take = defineFunction("take", ["input", "index"], ({ input, index }) => {
  const value = valueOf(input, "input", "take");
  const positions = valueOf(index, "index", "take");
  if (positions.dtype !== "int64")
    throw new DTypeError(`take: expected an index of dtype int64, got ${positions.dtype}`);
  const size = numel(value.shape);
  if (size === 0 && numel(positions.shape) > 0)
    throw new IndexError("take: the tensor has no elements to take");
  const wrapped = emit(ops.wrapIndexOp, [reshape(positions, [numel(positions.shape)])], { size });
  return new Tensor(reshape(ops.indexSelect(reshape(value, [size]), 0, wrapped), positions.shape));
});

export interface TakeAlongDim {
  (input: Tensor, indices: Tensor, dim?: number | null): Tensor;
  (input: Tensor, indices: Tensor, options: { dim?: number | null }): Tensor;
}

/** `gather` with the shapes broadcast first: what goes with argmax and argsort. */
export const takeAlongDim: TakeAlongDim = defineFunction(
  "takeAlongDim",
  ["input", "indices", "dim?"],
  ({ input, indices, dim = null }) => {
    if (dim === null) return take(input, indices);
    const value = valueOf(input, "input", "takeAlongDim");
    const index = valueOf(indices, "indices", "takeAlongDim");
    const at = normalizeDim(dim, value.shape.length, "takeAlongDim");
    if (index.shape.length !== value.shape.length) {
      throw new ShapeError(
        `takeAlongDim: expected as many dimensions on both sides, got ${formatShape(value.shape)} and ${formatShape(index.shape)}`,
      );
    }
    const common = (own: readonly number[], others: readonly number[]) =>
      own.map((s, d) => (d === at ? s : Math.max(s, others[d])));
    return new Tensor(
      ops.gather(
        expand(value, common(value.shape, index.shape)),
        at,
        expand(index, common(index.shape, value.shape)),
      ),
    );
  },
);

export interface IndexFill {
  (input: Tensor, dim: number, index: Tensor, value: Operand): Tensor;
  (input: Tensor, dim: number, index: Tensor, options: { value: Operand }): Tensor;
}

/** The input with a number in all slices at the positions of a list. */
export const indexFill: IndexFill = defineFunction(
  "indexFill",
  ["input", "dim", "index", "value"],
  ({ input, dim, index, value }) => {
    const into = valueOf(input, "input", "indexFill");
    const at = normalizeDim(dim, into.shape.length, "indexFill");
    const list = listOf(index, "indexFill");
    const shape = into.shape.map((size, d) => (d === at ? list.shape[0] : size));
    const beside = reshape(
      list,
      into.shape.map((_, d) => (d === at ? list.shape[0] : 1)),
    );
    const filling =
      value instanceof Tensor ? cast(value.value, into.dtype) : scalarValue(Number(value), into.dtype);
    return new Tensor(ops.scatter(into, at, expand(beside, shape), expand(filling, shape)));
  },
);

export interface OneHot {
  (input: Tensor, numClasses?: number): Tensor;
  (input: Tensor, options: { numClasses?: number }): Tensor;
}

/**
 * 1 at the class of each element, 0 elsewhere, as int64, along a new last dimension.
 *
 * @param numClasses - may be left out (-1) only for a tensor whose values are here already; it is then the
 * largest class + 1.
 * @throws IndexError for a class outside 0 .. numClasses - 1.
 */
export const oneHot: OneHot = defineFunction(
  "oneHot",
  ["input", "numClasses?"],
  ({ input, numClasses = -1 }) => {
    const value = valueOf(input, "input", "oneHot");
    let classes = numClasses;
    if (classes === -1) {
      if (value.data === null || value.data.length === 0) {
        throw new ArgumentError(
          "oneHot: expected `numClasses`: it follows from the values only where these are known already",
        );
      }
      classes = 0;
      for (const at of value.data) classes = Math.max(classes, at + 1);
    }
    if (!Number.isInteger(classes) || classes < 1)
      throw new ArgumentError(`oneHot: expected \`numClasses\` above 0, got ${numClasses}`);
    return new Tensor(emit(ops.oneHotOp, [value], { numClasses: classes }));
  },
);
