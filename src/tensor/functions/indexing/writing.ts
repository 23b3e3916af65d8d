/** Copies of a tensor with other elements in some places: slices, diagonals, positions, and reductions into positions. */

import { isFloating } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../base/errors.ts";
import { broadcastShapes, formatShape, normalizeDim, numel, sameShape } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import { emit, type Value } from "../../../graph/node.ts";
import { arange, constant, full } from "../../../ops/creation.ts";
import { cast, div, maximumOp, mul, sub, where } from "../../../ops/elementwise/elementwise.ts";
import { floorDivideOp } from "../../../ops/elementwise/math.ts";
import { cumsum } from "../../../ops/reduction/scan.ts";
import {
  type SumlessReduction,
  scatterReduce as scatterReduced,
} from "../../../ops/reduction/scatter_reduce.ts";
import { indexSelect, scatter, scatterAdd, wrapIndexOp } from "../../../ops/shape/indexing.ts";
import { expand, reshape } from "../../../ops/shape/shape_ops.ts";
import { slice as sliced } from "../../../ops/shape/slicing.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { type Operand, toValue } from "../../operands.ts";
import { type Positions, positionsOf } from "../../positions.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { at, type Index } from "../shape/at.ts";
import { diagonal, select, slice } from "../shape/slicing.ts";

/** The positions 0, 1, 2, ... of a tensor's elements, in its shape. */
function positionsIn(value: Value): Tensor {
  return new Tensor(reshape(arange(numel(value.shape), "int64"), value.shape));
}

/** `source` (which broadcasts) put into, or added to, the elements at the positions given. */
function written(of: string, value: Value, places: Value, source: Value, add = false): Value {
  const together = broadcastShapes([source.shape, places.shape], of);
  if (!sameShape(together, places.shape)) {
    throw new ShapeError(
      `${of}: ${formatShape(source.shape)} does not broadcast to the ${formatShape(places.shape)} that are to be set`,
    );
  }
  const count = numel(places.shape);
  const filling = reshape(expand(source, places.shape), [count]);
  const line = reshape(value, [numel(value.shape)]);
  return reshape((add ? scatterAdd : scatter)(line, 0, reshape(places, [count]), filling), value.shape);
}

/** `input` with `source` (a number or a tensor that broadcasts) at the positions that `at(...indices)` reads. */
export function withAt(input: Tensor, indices: readonly Index[], source: Operand): Tensor {
  const { value } = input;
  const places = at(positionsIn(value), ...indices).value;
  return new Tensor(written("setAt_", value, places, toValue(source, value.dtype)));
}

export interface IndexPutParameters extends InputParameter {
  /** One index for each dimension, as `at` takes them. */
  indices: readonly Index[];
  /** What is put there; broadcast to the positions. */
  values: Tensor;
  /** Whether they are added to what is there, each as often as its position is named. @default false */
  accumulate?: boolean;
}

/**
 * The input with `values` (which broadcast) at the positions that `at(...indices)` reads.
 *
 * @param accumulate - whether they are added to what is there, each as often as its position is named.
 * @example
 * ```ts
 * indexPut(zeros(3), [tensor([0, 2])], tensor([5, 6]).float()).tolist(); // [5, 0, 6]
 * ```
 */
export const indexPut = defineCall<IndexPutParameters>("indexPut")(
  ["input", "indices", "values", "accumulate?:boolean"],
  (input, indices, values, accumulate = false) => {
    const value = valueOf(input, "input", "indexPut");
    const source = sameDType("indexPut", value, values, "values");
    if (!Array.isArray(indices)) throw new ArgumentError("indexPut: expected a list of `indices`");
    const places = at(positionsIn(value), ...indices.map((i) => (i === null ? ":" : i))).value;
    return new Tensor(written("indexPut", value, places, source, accumulate));
  },
);

function sameDType(of: string, value: Value, other: unknown, argument: string): Value {
  const source = valueOf(other, argument, of);
  if (source.dtype === value.dtype) return source;
  throw new DTypeError(
    `${of}: expected \`${argument}\` of the input's dtype ${value.dtype}, got ${source.dtype}`,
  );
}

export interface PutParameters extends InputParameter {
  /** Positions in the flattened tensor. */
  index: Positions;
  /** What is put there. */
  source: Tensor;
  /** Whether it is added instead. @default false */
  accumulate?: boolean;
}

/**
 * The input with the elements of `source` at positions (below 0: from the end) in the flattened tensor: `take` the other
 * way round.
 *
 * @example
 * ```ts
 * put(zeros(2, 2), tensor([1, -1]), tensor([5, 6]).float()).tolist(); // [[0, 5], [0, 6]]
 * ```
 */
export const put = defineCall<PutParameters>("put")(
  ["input", "index", "source", "accumulate?:boolean"],
  (input, index, source, accumulate = false) => {
    const value = valueOf(input, "input", "put");
    const positions = positionsOf("put", "index", index);
    const given = sameDType("put", value, source, "source");
    if (numel(given.shape) !== numel(positions.shape)) {
      throw new ShapeError(
        `put: expected as many elements as positions, got ${formatShape(given.shape)} for ${formatShape(positions.shape)}`,
      );
    }
    const places = emit(wrapIndexOp, [positions], { size: numel(value.shape) });
    return new Tensor(written("put", value, places, reshape(given, positions.shape), accumulate));
  },
);

export interface MaskedScatterParameters extends InputParameter {
  /** Which elements are replaced or taken: a bool tensor that broadcasts with the input. */
  mask: Tensor;
  /** Where the new elements come from, in order. */
  source: Tensor;
}

/**
 * The input with the elements of `source`, one after the other, where the mask is true. There must be enough of them.
 *
 * @throws IndexError if there are too few, once it runs.
 * @example
 * ```ts
 * maskedScatter(zeros(3), tensor([true, false, true]), tensor([5.5, 6])).tolist(); // [5.5, 0, 6]
 * ```
 */
export const maskedScatter = defineCall<MaskedScatterParameters>("maskedScatter")(
  ["input", "mask", "source"],
  (input, mask, source) => {
    const value = valueOf(input, "input", "maskedScatter");
    const chosen = valueOf(mask, "mask", "maskedScatter");
    if (chosen.dtype !== "bool")
      throw new DTypeError(`maskedScatter: expected \`mask\` of dtype bool, got ${chosen.dtype}`);
    const given = sameDType("maskedScatter", value, source, "source");
    const shape = broadcastShapes([value.shape, chosen.shape], "maskedScatter");
    const flags = reshape(expand(chosen, shape), [numel(shape)]);
    const supply = numel(given.shape);
    if (supply === 0) return new Tensor(expand(value, shape));
    const number = sub(cumsum(cast(flags, "int64"), 0), constant(1, "int64"));
    const taken = where(flags, number, constant(0, "int64"));
    const filling = reshape(indexSelect(reshape(given, [supply]), 0, taken), shape);
    return new Tensor(where(reshape(flags, shape), filling, expand(value, shape)));
  },
);

/** A function that puts `src` where another function reads. */
function writeWhere(name: string, value: Value, src: unknown, read: (positions: Tensor) => Tensor): Tensor {
  const source = valueOf(src, "src", name);
  const places = read(positionsIn(value)).value;
  if (!sameShape(source.shape, places.shape)) {
    throw new ShapeError(
      `${name}: expected \`src\` of shape ${formatShape(places.shape)}, got ${formatShape(source.shape)}`,
    );
  }
  return new Tensor(written(name, value, places, cast(source, value.dtype)));
}

export interface SelectScatterParameters extends InputParameter {
  /** What is put there. */
  src: Tensor;
  /** The dimension. */
  dim: number;
  /** Position along the dimension. */
  index: number;
}

/**
 * The input with `src` at one position along a dimension: where `select` reads.
 *
 * @example
 * ```ts
 * selectScatter(zeros(2, 2), ones(2), 0, 1).tolist(); // [[0, 0], [1, 1]]
 * ```
 */
export const selectScatter = defineCall<SelectScatterParameters>("selectScatter")(
  ["input", "src", "dim", "index"],
  (input, src, dim, index) =>
    writeWhere("selectScatter", valueOf(input, "input", "selectScatter"), src, (all) =>
      select(all, dim, index),
    ),
);

export interface SliceScatterParameters extends InputParameter {
  /** What is put into the slice. */
  src: Tensor;
  /** The dimension. @default 0 */
  dim?: number;
  /** First position; negative ones count from the end. @default null */
  start?: number | null;
  /** Position behind the last; negative ones count from the end, null for the end. @default null */
  end?: number | null;
  /** Distance between the positions. @default 1 */
  step?: number;
}

/**
 * The input with `src` in a slice along a dimension: where `slice` reads.
 *
 * @example
 * ```ts
 * sliceScatter(zeros(4), ones(2), { start: 1, end: 3 }).tolist(); // [0, 1, 1, 0]
 * ```
 */
export const sliceScatter = defineCall<SliceScatterParameters>("sliceScatter")(
  ["input", "src", "dim?", "start?", "end?", "step?"],
  (input, src, dim = 0, start = null, end = null, step = 1) =>
    writeWhere("sliceScatter", valueOf(input, "input", "sliceScatter"), src, (all) =>
      slice(all, dim, start, end, step),
    ),
);

export interface DiagonalScatterParameters extends InputParameter {
  /** The new diagonal. */
  src: Tensor;
  /** Which diagonal: 0 is the main one, above it positive, below it negative. @default 0 */
  offset?: number;
  /** First dimension of the planes. @default 0 */
  dim1?: number;
  /** Second dimension of the planes. @default 1 */
  dim2?: number;
}

/**
 * The input with `src` on a diagonal: where `diagonal` reads.
 *
 * @example
 * ```ts
 * diagonalScatter(zeros(2, 2), ones(2)).tolist(); // [[1, 0], [0, 1]]
 * ```
 */
export const diagonalScatter = defineCall<DiagonalScatterParameters>("diagonalScatter")(
  ["input", "src", "offset?:integer", "dim1?", "dim2?"],
  (input, src, offset = 0, dim1 = 0, dim2 = 1) =>
    writeWhere("diagonalScatter", valueOf(input, "input", "diagonalScatter"), src, (all) =>
      diagonal(all, offset, dim1, dim2),
    ),
);

export interface IndexCopyParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Positions along the dimension, as integers. */
  index: Positions;
  /** What is copied to these positions. */
  source: Tensor;
}

/** A number as a vector of one. */
const line = (value: Value) => (value.shape.length === 0 ? reshape(value, [1]) : value);

/** A list of positions along `dim` as an index as large as the source. */
function spreadIndex(of: string, into: Value, dim: number, index: unknown, source: Value): Value {
  const list = line(positionsOf(of, "index", index));
  const expected = into.shape.map((size, d) => (d === dim ? numel(list.shape) : size));
  if (list.shape.length !== 1 || !sameShape(source.shape, expected)) {
    throw new ShapeError(
      `${of}: expected a list of positions and a \`source\` of shape ${formatShape(expected)}, got ${formatShape(list.shape)} and ${formatShape(source.shape)}`,
    );
  }
  const alone = expected.map((size, d) => (d === dim ? size : 1));
  return expand(reshape(list, alone), source.shape);
}

/**
 * The input with the slices of `source` at the positions of a list.
 *
 * @example
 * ```ts
 * indexCopy(zeros(3), 0, tensor([2, 0]), tensor([0.5, 6])).tolist(); // [6, 0, 0.5]
 * ```
 */
export const indexCopy = defineCall<IndexCopyParameters>("indexCopy")(
  ["input", "dim", "index", "source"],
  (input, dim, index, source) => {
    const value = valueOf(input, "input", "indexCopy");
    const along = normalizeDim(dim, value.shape.length, "indexCopy");
    const given = line(sameDType("indexCopy", value, source, "source"));
    const into = line(value);
    const places = spreadIndex("indexCopy", into, along, index, given);
    return new Tensor(reshape(scatter(into, along, places, given), value.shape));
  },
);

/** How the elements that go to one position are put together. */
export type ScatterReduction = "sum" | "mean" | SumlessReduction;

export interface ScatterReduceParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Positions along the dimension, as integers. */
  index: Positions;
  /** What is combined with the elements. */
  src: Tensor;
  /** How: `"sum"`, `"prod"`, `"mean"`, `"amax"` or `"amin"`. */
  reduce: ScatterReduction;
  /** Whether the input's own elements count where others go. @default true */
  includeSelf?: boolean;
}

function reducedInto(
  of: string,
  into: Value,
  dim: number,
  index: Value,
  src: Value,
  reduce: unknown,
  includeSelf: boolean,
): Value {
  if (reduce === "prod" || reduce === "amax" || reduce === "amin")
    return scatterReduced(into, dim, index, src, reduce, includeSelf);
  if (reduce !== "sum" && reduce !== "mean") {
    throw new ArgumentError(
      `${of}: expected \`reduce\` to be "sum", "prod", "mean", "amax" or "amin", got ${shownText(reduce)}`,
    );
  }
  const emptied = (value: Value) =>
    includeSelf ? value : scatter(value, dim, index, full(index.shape, 0, value.dtype));
  const total = scatterAdd(emptied(into), dim, index, src);
  if (reduce === "sum") return total;
  const ones = full(into.shape, 1, into.dtype);
  const counted = scatterAdd(emptied(ones), dim, index, full(index.shape, 1, into.dtype));
  const count = emit(maximumOp, [counted, constant(1, into.dtype)]);
  return isFloating(into.dtype) ? div(total, count) : emit(floorDivideOp, [total, count]);
}

/**
 * The input with out[index[i][j]][j] = the sum, product, mean, largest or smallest of all src[i][j] that go there, and
 * of the input's own element.
 *
 * @param includeSelf - whether the input's own elements count where others go.
 * @example
 * ```ts
 * const index = tensor([0, 0, 1]);
 * scatterReduce(zeros(2), 0, index, tensor([0.5, 2, 3]), "amax").tolist(); // [2, 3]
 * ```
 */
export const scatterReduce = defineCall<ScatterReduceParameters>("scatterReduce")(
  ["input", "dim", "index", "src", "reduce", "includeSelf?:boolean"],
  (input, dim, index, src, reduce, includeSelf = true) => {
    const value = valueOf(input, "input", "scatterReduce");
    const along = normalizeDim(dim, value.shape.length, "scatterReduce");
    const places = positionsOf("scatterReduce", "index", index);
    const given = sameDType("scatterReduce", value, src, "src");
    return new Tensor(
      reducedInto("scatterReduce", value, along, places, cropped(given, places), reduce, includeSelf),
    );
  },
);

/** The part of a source that an index uses. */
function cropped(src: Value, index: Value): Value {
  const fits =
    src.shape.length === index.shape.length && index.shape.every((size, d) => size <= src.shape[d]);
  // What does not fit is complained about by the op.
  if (!fits) return src;
  const none = index.shape.map(() => 0);
  return sliced(src, { starts: none, steps: index.shape.map(() => 1), sizes: index.shape });
}

export interface IndexReduceParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Positions along the dimension, as integers. */
  index: Positions;
  /** What goes to these positions. */
  source: Tensor;
  /** What becomes of the elements that go to one position. */
  reduce: "prod" | "mean" | "amax" | "amin";
  /** Whether the input's own elements count where others go. @default true */
  includeSelf?: boolean;
}

/**
 * The input with the products, means, largest or smallest of the slices of `source` that go to the positions of a list.
 *
 * @param includeSelf - whether the input's own elements count where others go.
 * @example
 * ```ts
 * indexReduce(ones(2), 0, tensor([1, 1]), tensor([2, 3.5]), "prod").tolist(); // [1, 7]
 * ```
 */
export const indexReduce = defineCall<IndexReduceParameters>("indexReduce")(
  ["input", "dim", "index", "source", "reduce", "includeSelf?:boolean"],
  (input, dim, index, source, reduce, includeSelf = true) => {
    const value = valueOf(input, "input", "indexReduce");
    const along = normalizeDim(dim, value.shape.length, "indexReduce");
    const given = line(sameDType("indexReduce", value, source, "source"));
    const into = line(value);
    const places = spreadIndex("indexReduce", into, along, index, given);
    if ((reduce as string) === "sum")
      throw new ArgumentError('indexReduce: `reduce` "sum" is what indexAdd does');
    return new Tensor(
      reshape(reducedInto("indexReduce", into, along, places, given, reduce, includeSelf), value.shape),
    );
  },
);

export interface UnravelIndexParameters {
  /** Positions in the flattened tensor. */
  indices: Positions;
  /** The dimensions of the tensor. */
  shape: number | readonly number[];
}

/**
 * Positions in a flattened tensor as positions along each dimension of its shape: what goes with argmax.
 *
 * @example
 * ```ts
 * const [row, column] = unravelIndex(tensor([4]), [2, 3]);
 * [await row.item(), await column.item()]; // [1, 1]
 * ```
 */
export const unravelIndex = defineCall<UnravelIndexParameters, Tensor[]>("unravelIndex")(
  ["indices", "shape:integers"],
  (indices, shape) => {
    const value = positionsOf("unravelIndex", "indices", indices);
    const sizes = [shape].flat() as number[];
    if (sizes.some((size) => size < 0))
      throw new ArgumentError(`unravelIndex: expected sizes of 0 or more, got ${formatShape(sizes)}`);
    let rest = cast(value, "int64");
    const found: Tensor[] = [];
    for (let d = sizes.length - 1; d >= 0; d--) {
      const size = constant(Math.max(sizes[d], 1), "int64");
      const next = emit(floorDivideOp, [rest, size]);
      found.unshift(new Tensor(sub(rest, mul(next, size))));
      rest = next;
    }
    return found;
  },
);
