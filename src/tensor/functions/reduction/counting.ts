/** Counting elements by value, and finding values in sets and between boundaries. */

import { type DType, isFloating } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../base/errors.ts";
import type { Call, Forms } from "../../../base/params/call_types.ts";
import { formatShape, normalizeDim, numel, sameShape } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import { constantValue, emit, isGradientModeOn, type Value } from "../../../graph/node.ts";
import { constant, full } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import { amax, amin, sum } from "../../../ops/reduction/reduction.ts";
import { gather, indexSelect, scatterAdd } from "../../../ops/shape/indexing.ts";
import { permute, reshape } from "../../../ops/shape/shape_ops.ts";
import { defaultSession } from "../../../runtime/runtime.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { type Operand, promote, requireTensors } from "../../operands.ts";
import { positionsOf } from "../../positions.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { onTape } from "../../views/cell.ts";
import type { UnaryParameters } from "../elementwise/unary.ts";

export interface IsInParameters {
  /** The elements that are looked up. */
  elements: Operand;
  /** The elements among which they are looked up. */
  testElements: Operand;
  /** Whether both are known to hold no element twice; changes nothing here. */
  assumeUnique?: boolean;
  /** Whether it is none of them instead. @default false */
  invert?: boolean;
}

/**
 * Whether each element is one of the test elements.
 *
 * @param invert - whether it is none of them instead.
 * @example
 * ```ts
 * isin(tensor([1, 2, 3]), tensor([3, 1])).tolist(); // [true, false, true]
 * ```
 */
export const isin = defineCall<IsInParameters>("isin")(
  ["elements", "testElements", "assumeUnique?:boolean", "invert?:boolean"],
  (elements, testElements, _assumeUnique, invert = false) => {
    requireTensors("isin", elements, testElements, "one");
    const [values, wanted] = promote("isin", [elements, testElements]);
    const count = numel(wanted.shape);
    if (count === 0) return new Tensor(full(values.shape, invert ? 1 : 0, "bool"));
    const pairs = ops.eq(reshape(values, [...values.shape, 1]), reshape(wanted, [count]));
    const hits = sum(ops.cast(pairs, "int64"), [values.shape.length]);
    return new Tensor(emit(invert ? ops.eqOp : ops.neOp, [hits, constant(0, "int64")]));
  },
);

export interface BucketizeParameters {
  /** The tensor. */
  input: Operand;
  /** Ascending boundaries, [n]. */
  boundaries: Tensor;
  /** Int32 instead of int64. @default false */
  outInt32?: boolean;
  /** Whether a boundary counts as below an element that equals it. @default false */
  right?: boolean;
}

export interface SearchSortedParameters {
  /** An ascending vector, or ascending sequences along the last dimension, one for each row of values. */
  sortedSequence: Tensor;
  /** The values. */
  input: Operand;
  /** Int32 instead of int64. @default false */
  outInt32?: boolean;
  /** Whether a value goes behind the elements that equal it. @default false */
  right?: boolean;
  /** `"right"` is `right: true`; null leaves it to `right`. @default null */
  side?: "left" | "right" | null;
  /** Positions that bring the sequence into order; null when it is. @default null */
  sorter?: Tensor | null;
}

/** How many elements of the last dimension of `ordered` come before each value. NaN comes after all numbers. */
function placesOf(of: string, ordered: Value, values: Value, right: boolean): Value {
  const [a, b] = promote(of, [new Tensor(ordered), new Tensor(values)]);
  const line = a.shape.length === 1;
  const boundaries = line ? a : reshape(a, [...a.shape.slice(0, -1), 1, a.shape[a.shape.length - 1]]);
  const wanted = reshape(b, [...b.shape, 1]);
  let before = emit(right ? ops.leOp : ops.ltOp, [boundaries, wanted]);
  if (isFloating(b.dtype)) {
    const missing = emit(ops.isnanOp, [wanted]);
    const counts = right
      ? missing
      : emit(ops.logicalAndOp, [missing, emit(ops.logicalNotOp, [emit(ops.isnanOp, [boundaries])])]);
    before = emit(ops.logicalOrOp, [before, counts]);
  }
  return sum(ops.cast(before, "int64"), [b.shape.length]);
}

/**
 * The number of the interval between ascending boundaries in which each element lies: that of the boundaries below it.
 *
 * @param right - whether a boundary counts as below an element that equals it.
 * @param outInt32 - int32 instead of int64.
 * @example
 * ```ts
 * bucketize(tensor([0.5, 3, 9]), tensor([1, 3, 5])).tolist(); // [0, 1, 3]
 * bucketize(tensor([0.5, 3, 9]), tensor([1, 3, 5]), { right: true }).tolist(); // [0, 2, 3]
 * ```
 */
export const bucketize = defineCall<BucketizeParameters>("bucketize")(
  ["input", "boundaries", "outInt32?:boolean", "right?:boolean"],
  (input, boundaries, outInt32 = false, right = false) => {
    const ordered = valueOf(boundaries, "boundaries", "bucketize");
    if (ordered.shape.length !== 1)
      throw new ShapeError(`bucketize: expected a vector of boundaries, got ${formatShape(ordered.shape)}`);
    const [values] = input instanceof Tensor ? [input.value] : promote("bucketize", [input]);
    return new Tensor(ops.cast(placesOf("bucketize", ordered, values, right), outInt32 ? "int32" : "int64"));
  },
);

/**
 * Where each value would have to be put into an ascending sequence: before the elements that equal it, or with
 * `side: "right"` (or `right: true`) behind them.
 *
 * @param sortedSequence - a vector, or sequences along the last dimension, one for each row of values.
 * @param sorter - positions that bring the sequence into order, if it is not.
 * @example
 * ```ts
 * searchsorted(tensor([1, 3, 5]), tensor([3, 6])).tolist(); // [1, 3]
 * ```
 */
export const searchsorted = defineCall<SearchSortedParameters>("searchsorted")(
  ["sortedSequence", "input", "outInt32?:boolean", "right?:boolean", "side?", "sorter?"],
  (sortedSequence, input, outInt32 = false, right = false, side = null, sorter = null) => {
    const given = valueOf(sortedSequence, "sortedSequence", "searchsorted");
    if (side !== null && side !== "left" && side !== "right")
      throw new ArgumentError(`searchsorted: expected \`side\` "left" or "right", got ${shownText(side)}`);
    if (side === "left" && right)
      throw new ArgumentError('searchsorted: `side` "left" and `right` true contradict each other');
    if (given.shape.length === 0)
      throw new ShapeError("searchsorted: expected a sequence of at least one dimension");
    const ordered = sorter === null ? given : inOrder(given, sorter);
    const [values] = input instanceof Tensor ? [input.value] : promote("searchsorted", [input]);
    const rows = given.shape.slice(0, -1);
    if (given.shape.length > 1 && !sameShape(rows, values.shape.slice(0, -1))) {
      throw new ShapeError(
        `searchsorted: expected the sequences ${formatShape(given.shape)} and the values ${formatShape(values.shape)} to agree but for the last dimension`,
      );
    }
    const places = placesOf("searchsorted", ordered, values, right || side === "right");
    return new Tensor(ops.cast(places, outInt32 ? "int32" : "int64"));
  },
);

function inOrder(sequence: Value, sorter: unknown): Value {
  const positions = positionsOf("searchsorted", "sorter", sorter);
  if (!sameShape(positions.shape, sequence.shape)) {
    throw new ShapeError(
      `searchsorted: expected a \`sorter\` of the sequence's shape ${formatShape(sequence.shape)}, got ${formatShape(positions.shape)}`,
    );
  }
  return gather(sequence, sequence.shape.length - 1, positions);
}

export interface HistogramParameters extends InputParameter {
  /** How many bins. @default 100 */
  bins?: number;
  /** Lower end of the range; with `max` equal to it, that of the data. @default 0 */
  min?: number;
  /** Upper end of the range. @default 0 */
  max?: number;
}

/**
 * How many elements lie in each of `bins` equal intervals from `min` to `max`; what lies outside is not counted. With
 * min = max the smallest and the largest element take their place.
 *
 * @example
 * ```ts
 * histc(tensor([0.5, 1.5, 1.7, 4]), { bins: 4, min: 0, max: 4 }).tolist(); // [1, 2, 0, 1]
 * ```
 */
export const histc = defineCall<HistogramParameters>("histc")(
  ["input", "bins?:integer", "min?:number", "max?:number"],
  (input, bins = 100, min = 0, max = 0) => {
    const value = valueOf(input, "input", "histc");
    if (!isFloating(value.dtype))
      throw new DTypeError(
        `histc: expected a floating-point input, got ${value.dtype}; convert it with .float()`,
      );
    if (bins < 1) throw new ArgumentError(`histc: expected \`bins\` of 1 or more, got ${bins}`);
    if (!(min <= max) || !Number.isFinite(min) || !Number.isFinite(max))
      throw new ArgumentError(`histc: expected finite \`min\` <= \`max\`, got ${min} and ${max}`);
    const x = reshape(value, [numel(value.shape)]);
    if (x.shape[0] === 0) return new Tensor(full([bins], 0, x.dtype));
    const number = (n: number) => constant(n, x.dtype);
    let [low, high] = [number(min), number(max)];
    if (min === max) {
      const own = [amin(x, [0]), amax(x, [0])];
      const flat = ops.eq(own[0], own[1]);
      low = ops.where(flat, ops.sub(own[0], number(1)), own[0]);
      high = ops.where(flat, ops.add(own[1], number(1)), own[1]);
    }
    const inside = emit(ops.logicalAndOp, [ops.ge(x, low), ops.le(x, high)]);
    const share = ops.div(ops.sub(ops.where(inside, x, low), low), ops.sub(high, low));
    const bin = emit(ops.floorOp, [ops.mul(share, number(bins))]);
    const last = ops.cast(emit(ops.minimumOp, [bin, number(bins - 1)]), "int64");
    return new Tensor(scatterAdd(full([bins], 0, x.dtype), 0, last, ops.cast(inside, x.dtype)));
  },
);

export interface BinCountParameters extends InputParameter {
  /** What each element counts, in place of 1. @default null */
  weights?: Tensor | null;
  /** Least number of results: the number of classes. @default 0 */
  minlength?: number;
}

/**
 * How often each integer 0, 1, 2, ... occurs in a vector, or the sum of its `weights` there. As many as the largest
 * number needs, hence the promise.
 *
 * @param minlength - least number of results: the number of classes.
 * @example
 * ```ts
 * await (await bincount(tensor([1, 3, 1]))).tolist(); // [0, 2, 0, 1]
 * ```
 */
export const bincount = defineCall<BinCountParameters, Promise<Tensor>>("bincount")(
  ["input", "weights?", "minlength?:integer"],
  async (input, weights = null, minlength = 0) => {
    const value = positionsOf("bincount", "input", input);
    if (value.shape.length !== 1)
      throw new ShapeError(`bincount: expected a vector, got shape ${formatShape(value.shape)}`);
    if (minlength < 0)
      throw new ArgumentError(`bincount: expected \`minlength\` of 0 or more, got ${minlength}`);
    const given = weights === null ? null : valueOf(weights, "weights", "bincount");
    if (given !== null && !sameShape(given.shape, value.shape)) {
      throw new ShapeError(
        `bincount: expected as many weights as elements, got ${formatShape(given.shape)} for ${formatShape(value.shape)}`,
      );
    }
    const tape = isGradientModeOn();
    const numbers = await defaultSession().fetch(value);
    let length = minlength;
    for (const n of numbers) {
      if (n < 0) throw new ArgumentError(`bincount: expected numbers of 0 or more, got ${n}`);
      length = Math.max(length, n + 1);
    }
    const dtype: DType = given === null ? "int64" : given.dtype === "float32" ? "float32" : "float64";
    const count = () => {
      const added = given === null ? full(value.shape, 1, dtype) : ops.cast(given, dtype);
      return scatterAdd(full([length], 0, dtype), 0, ops.cast(value, "int64"), added);
    };
    return new Tensor(onTape(count, tape));
  },
);

export interface UniqueConsecutiveParameters extends InputParameter {
  /** Also, where in the result each element stands. @default false */
  returnInverse?: boolean;
  /** Also, how often each of the result occurs. @default false */
  returnCounts?: boolean;
  /** The dimension whose slices are compared; null for single elements. @default null */
  dim?: number | null;
}

export interface UniqueParameters extends UniqueConsecutiveParameters {
  /** Changes nothing: the result is always in order. */
  sorted?: boolean;
}

/** The elements alone; with what else is asked for. */
type Unique<Doc, N extends readonly string[], P extends readonly unknown[]> = Forms<
  Call<UnaryParameters, readonly ["input"], [input: Tensor], Promise<Tensor>>,
  Call<Doc, N, P, Promise<Tensor | Tensor[]>>
>;

/** The first form is one of the second. */
const withoutOptions = <Doc, N extends readonly string[], P extends readonly unknown[]>(
  call: Call<Doc, N, P, Promise<Tensor | Tensor[]>>,
) => call as unknown as Unique<Doc, N, P>;

/** Slices of a tensor along a dimension, or single elements, as rows of numbers. */
interface Rows {
  readonly count: number;
  readonly width: number;
  readonly data: ArrayLike<number>;
}

function compareRows({ data, width }: Rows, a: number, b: number): number {
  for (let i = 0; i < width; i++) {
    const [x, y] = [data[a * width + i], data[b * width + i]];
    if (x === y) continue;
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return x < y ? -1 : 1;
  }
  return 0;
}

async function distinct(
  name: string,
  input: Tensor,
  returnInverse: boolean,
  returnCounts: boolean,
  dim: number | null,
  order: boolean,
): Promise<Tensor | Tensor[]> {
  const value = valueOf(input, "input", name);
  const at = dim === null ? 0 : normalizeDim(dim, value.shape.length, name);
  const first = [at, ...value.shape.map((_, d) => d).filter((d) => d !== at)];
  const turned =
    dim === null || value.shape.length === 0 ? reshape(value, [numel(value.shape)]) : permute(value, first);
  const count = turned.shape[0];
  const rows: Rows = {
    count,
    width: numel(turned.shape.slice(1)),
    data: await defaultSession().fetch(turned),
  };
  const sequence = Array.from({ length: count }, (_, i) => i);
  if (order) sequence.sort((a, b) => compareRows(rows, a, b));
  const kept: number[] = [];
  const counts: number[] = [];
  const inverse = new Float64Array(count);
  for (const [i, row] of sequence.entries()) {
    if (i === 0 || compareRows(rows, sequence[i - 1], row) !== 0) {
      kept.push(row);
      counts.push(0);
    }
    counts[counts.length - 1]++;
    inverse[row] = kept.length - 1;
  }
  const list = (numbers: ArrayLike<number>, shape: readonly number[]) =>
    constantValue(Float64Array.from(numbers), [...shape], "int64");
  const chosen = indexSelect(turned, 0, list(kept, [kept.length]));
  const back = value.shape.map((_, d) => first.indexOf(d));
  const values = dim === null || value.shape.length === 0 ? chosen : permute(chosen, back);
  const results = [new Tensor(values)];
  if (returnInverse) results.push(new Tensor(list(inverse, dim === null ? value.shape : [count])));
  if (returnCounts) results.push(new Tensor(list(counts, [counts.length])));
  return results.length === 1 ? results[0] : results;
}

/**
 * The different elements in ascending order, or the different slices along `dim`. How many there are is known only once
 * they are, hence the promise.
 *
 * @param returnInverse - also, where in the result each element stands.
 * @param returnCounts - also, how often each of the result occurs.
 * @returns a tensor, or a list of those asked for.
 * @example
 * ```ts
 * await (await unique(tensor([3, 1, 3, 2]))).tolist(); // [1, 2, 3]
 * ```
 */
export const unique = withoutOptions(
  defineCall<UniqueParameters, Promise<Tensor | Tensor[]>>("unique")(
    ["input", "sorted?:boolean", "returnInverse?:boolean", "returnCounts?:boolean", "dim?"],
    (input, _sorted = true, returnInverse = false, returnCounts = false, dim = null) =>
      distinct("unique", input, returnInverse, returnCounts, dim, true),
  ),
);
/**
 * The elements (or slices along `dim`) without repetitions of the one before; see `unique`.
 *
 * @example
 * ```ts
 * await (await uniqueConsecutive(tensor([1, 1, 2, 1]))).tolist(); // [1, 2, 1]
 * ```
 */
export const uniqueConsecutive = withoutOptions(
  defineCall<UniqueConsecutiveParameters, Promise<Tensor | Tensor[]>>("uniqueConsecutive")(
    ["input", "returnInverse?:boolean", "returnCounts?:boolean", "dim?"],
    (input, returnInverse = false, returnCounts = false, dim = null) =>
      distinct("uniqueConsecutive", input, returnInverse, returnCounts, dim, false),
  ),
);
