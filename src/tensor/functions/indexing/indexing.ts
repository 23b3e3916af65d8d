/** Reading and writing elements at positions that a tensor gives. */

import { ArgumentError, IndexError, ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim, numel } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import { emit, type Value } from "../../../graph/node.ts";
import { full } from "../../../ops/creation.ts";
import { cast, mul, where } from "../../../ops/elementwise/elementwise.ts";
import * as ops from "../../../ops/shape/indexing.ts";
import { expand, reshape } from "../../../ops/shape/shape_ops.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { type Operand, scalarValue } from "../../operands.ts";
import { type Positions, positionsOf } from "../../positions.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";

export interface GatherParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Integers, as a tensor or as lists; as many dimensions as the input. */
  index: Positions;
}

/**
 * out[i][j] = input[index[i][j]][j] along dimension 0, and likewise along any other.
 *
 * @param index - integers, as a tensor or as lists; as many dimensions as the input.
 * @throws IndexError if a position lies outside the input, once it runs.
 * @example
 * ```ts
 * gather(tensor([[1, 2], [3, 4]]), 1, tensor([[1], [0]])).tolist(); // [[2], [3]]
 * ```
 */
export const gather = defineCall<GatherParameters>("gather")(
  ["input", "dim", "index"],
  (input, dim, index) => {
    const value = valueOf(input, "input", "gather");
    const places = positionsOf("gather", "index", index);
    const at = normalizeDim(dim, value.shape.length, "gather");
    // A number and a list of one are alike here, and an empty index may have any shape.
    const [rank, own] = [value.shape.length, places.shape.length];
    if (rank !== own && (rank + own === 1 || numel(places.shape) === 0)) {
      const line = reshape(value, [numel(value.shape)]);
      return new Tensor(reshape(ops.gather(line, 0, reshape(places, [numel(places.shape)])), places.shape));
    }
    return new Tensor(ops.gather(value, at, places));
  },
);

function aLine(value: Value): Value {
  return value.shape.length === 0 ? reshape(value, [1]) : value;
}

export interface ScatterParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Positions along the dimension, as integers. */
  index: Positions;
  /** What is written: a tensor, or one number for all positions; this or `value`. */
  src?: Tensor | number;
  /** The number that is written, in place of `src`. */
  value?: number;
  /** `"add"` or `"multiply"` changes the input's element by the source's instead. @default null */
  reduce?: "add" | "multiply" | null;
}

const REDUCTIONS: ReadonlyMap<unknown, typeof ops.scatter> = new Map([
  ["add", ops.scatterAdd],
  ["multiply", ops.scatterMultiply],
]);

/**
 * The input with out[index[i][j]][j] = src[i][j] (or a number): `gather` the other way round.
 *
 * @param reduce - `"add"` or `"multiply"` changes the input's element by the source's instead.
 * @example
 * ```ts
 * scatter(zeros(2, 3), 1, tensor([[2], [0]]), 1).tolist(); // [[0, 0, 1], [1, 0, 0]]
 * ```
 */
export const scatter = defineCall<ScatterParameters>("scatter")(
  ["input", "dim", "index", "src?", "value?", "reduce?"],
  (input, dim, index, src, number, reduce = null): Tensor => {
    const value: Tensor | number | undefined = number ?? src;
    const into = valueOf(input, "input", "scatter");
    const places = positionsOf("scatter", "index", index);
    const at = normalizeDim(dim, into.shape.length, "scatter");
    if (value === undefined) throw new ArgumentError("scatter: expected `src` or `value`");
    const put = reduce === null ? ops.scatter : REDUCTIONS.get(reduce);
    if (put === undefined) {
      throw new ArgumentError(
        `scatter: expected \`reduce\` to be "add" or "multiply" if it is given, got ${shownText(reduce)}`,
      );
    }
    const source: Value =
      typeof value === "number"
        ? expand(scalarValue(value, into.dtype), places.shape)
        : valueOf(value, "src", "scatter");
    return new Tensor(put(into, at, places, source));
  },
);

export interface ScatterAddParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Positions along the dimension, as integers. */
  index: Positions;
  /** What is added. */
  src: Tensor;
}

/**
 * The input with src[i][j] added to out[index[i][j]][j].
 *
 * @example
 * ```ts
 * const index = tensor([0, 0, 1]);
 * scatterAdd(zeros(2), 0, index, tensor([0.5, 2, 3])).tolist(); // [2.5, 3]
 * ```
 */
export const scatterAdd = defineCall<ScatterAddParameters>("scatterAdd")(
  ["input", "dim", "index", "src"],
  (input, dim, index, src) => {
    const into = valueOf(input, "input", "scatterAdd");
    const at = normalizeDim(dim, into.shape.length, "scatterAdd");
    return new Tensor(
      ops.scatterAdd(into, at, positionsOf("scatterAdd", "index", index), valueOf(src, "src", "scatterAdd")),
    );
  },
);

/** A list of positions; a single one counts as a list of one. */
function listOf(index: unknown, of: string): Value {
  return aLine(positionsOf(of, "index", index));
}

/**
 * The slices along a dimension at the positions of a list.
 *
 * @example
 * ```ts
 * indexSelect(tensor([[1], [2], [3]]), 0, [2, 0]).tolist(); // [[3], [1]]
 * ```
 */
export const indexSelect = defineCall<GatherParameters>("indexSelect")(
  ["input", "dim", "index"],
  (input, dim, index) => {
    const value = valueOf(input, "input", "indexSelect");
    const at = normalizeDim(dim, value.shape.length, "indexSelect");
    const list = listOf(index, "indexSelect");
    if (value.shape.length > 0) return new Tensor(ops.indexSelect(value, at, list));
    return new Tensor(reshape(ops.indexSelect(reshape(value, [1]), 0, list), []));
  },
);

export interface IndexAddParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Positions along the dimension, as integers. */
  index: Positions;
  /** What is added at these positions. */
  source: Tensor;
  /** Factor of the second operand. @default 1 */
  alpha?: number;
}

/**
 * The input with alpha times the slices of `source` added at the positions of a list.
 *
 * @example
 * ```ts
 * indexAdd(zeros(3), 0, tensor([1, 1]), tensor([0.5, 6])).tolist(); // [0, 6.5, 0]
 * ```
 */
export const indexAdd = defineCall<IndexAddParameters>("indexAdd")(
  ["input", "dim", "index", "source", "alpha?:scalar"],
  (input, dim, index, source, alpha = 1) => {
    const into = valueOf(input, "input", "indexAdd");
    const at = normalizeDim(dim, into.shape.length, "indexAdd");
    const added = valueOf(source, "source", "indexAdd");
    const scaled = alpha === 1 ? added : mul(scalarValue(alpha, added.dtype), added);
    return new Tensor(ops.indexAdd(into, at, listOf(index, "indexAdd"), scaled));
  },
);

export interface TakeParameters extends InputParameter {
  /** Positions in the flattened tensor. */
  index: Positions;
}

/**
 * Elements of the flattened tensor at the positions given (below 0: from the end).
 *
 * @example
 * ```ts
 * take(tensor([[1, 2], [3, 4]]), tensor([3, -4])).tolist(); // [4, 1]
 * ```
 */
export const take = defineCall<TakeParameters>("take")(["input", "index"], (input, index) => {
  const value = valueOf(input, "input", "take");
  const positions = positionsOf("take", "index", index);
  const size = numel(value.shape);
  if (size === 0 && numel(positions.shape) > 0)
    throw new IndexError("take: the tensor has no elements to take");
  const wrapped = emit(ops.wrapIndexOp, [reshape(positions, [numel(positions.shape)])], { size });
  return new Tensor(reshape(ops.indexSelect(reshape(value, [size]), 0, wrapped), positions.shape));
});

export interface TakeAlongDimParameters extends InputParameter {
  /** Positions along the dimension. */
  indices: Positions;
  /** The dimension. @default null */
  dim?: number | null;
}

/**
 * `gather` with the shapes broadcast first: what goes with argmax and argsort.
 *
 * @example
 * ```ts
 * const x = tensor([[3, 1, 2]]);
 * takeAlongDim(x, argsort(x, 1), 1).tolist(); // [[1, 2, 3]]
 * ```
 */
export const takeAlongDim = defineCall<TakeAlongDimParameters>("takeAlongDim")(
  ["input", "indices", "dim?"],
  (input, indices, dim = null) => {
    if (dim === null) {
      const list = positionsOf("takeAlongDim", "indices", indices);
      return take(input, new Tensor(reshape(list, [numel(list.shape)])));
    }
    const value = valueOf(input, "input", "takeAlongDim");
    const given = positionsOf("takeAlongDim", "indices", indices);
    const index = emit(ops.wrapIndexOp, [given], {
      size: value.shape[normalizeDim(dim, value.shape.length, "takeAlongDim")] ?? 1,
    });
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

export interface IndexFillParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Positions along the dimension, as integers. */
  index: Positions;
  /** What is put at these positions: a number or a 0-dimensional tensor. */
  value: Operand;
}

/**
 * The input with a number in all slices at the positions of a list.
 *
 * @example
 * ```ts
 * indexFill(zeros(3), 0, tensor([0, 2]), 7).tolist(); // [7, 0, 7]
 * ```
 */
export const indexFill = defineCall<IndexFillParameters>("indexFill")(
  ["input", "dim", "index", "value"],
  (input, dim, index, value) => {
    const into = valueOf(input, "input", "indexFill");
    const at = normalizeDim(dim, into.shape.length, "indexFill");
    const list = listOf(index, "indexFill");
    const marks = full([into.shape[at] ?? 1], 0, "bool");
    const chosen = ops.scatter(marks, 0, list, full(list.shape, 1, "bool"));
    const mask = reshape(
      chosen,
      into.shape.map((size, d) => (d === at ? size : 1)),
    );
    const filling =
      value instanceof Tensor ? cast(numberValue(value), into.dtype) : scalarValue(value, into.dtype);
    return new Tensor(where(mask, filling, into));
  },
);

/** A number that stands in a 0-dimensional tensor. */
function numberValue(tensor: Tensor): Value {
  if (tensor.ndim === 0) return tensor.value;
  throw new ShapeError(
    `expected a number or a 0-dimensional tensor, got shape ${formatShape(tensor.shape)}`,
    { nameless: true },
  );
}

export interface OneHotParameters {
  /** The tensor. */
  input: Positions;
  /** May be left out (-1) only for a tensor whose values are here already; it is then the largest class + 1. @default -1 */
  numClasses?: number;
}

/**
 * 1 at the class of each element, 0 elsewhere, as int64, along a new last dimension.
 *
 * @param numClasses - may be left out (-1) only for a tensor whose values are here already; it is then the
 * largest class + 1.
 * @throws IndexError for a class outside 0 .. numClasses - 1.
 * @example
 * ```ts
 * nn.functional.oneHot(tensor([2, 0]), 3).tolist(); // [[0, 0, 1], [1, 0, 0]]
 * ```
 */
export const oneHot = defineCall<OneHotParameters>("oneHot")(
  ["input", "numClasses?:integer"],
  (input, numClasses = -1) => {
    const value = cast(positionsOf("oneHot", "input", input), "int64");
    let classes = numClasses;
    if (classes === -1) {
      if (value.data === null || value.data.length === 0) {
        throw new ArgumentError(
          "oneHot: expected `numClasses`: it follows from the values only if these are known already",
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
