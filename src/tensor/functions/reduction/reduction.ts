/** Sums, means, products and their like over dimensions. */
import { type DType, isFloating } from "../../../base/dtype.ts";
import { DTypeError } from "../../../base/errors.ts";
import { normalizeDim, normalizeDims, numel } from "../../../base/shape.ts";
import { emit, type Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import { cast, div, eq, isnanOp, logicalNotOp, neOp, where } from "../../../ops/elementwise/elementwise.ts";
import * as ops from "../../../ops/reduction/reduction.ts";
import * as scan from "../../../ops/reduction/scan.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";

/** Dimensions: one, several, or (absent or null) all. */
export type Dims = number | readonly number[] | null;

export interface ReduceParameters {
  /** The tensor to reduce. */
  input: Tensor;
  /** One dimension, several, or null for all. @default null */
  dim?: Dims;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
}

export interface ReduceWithDTypeParameters extends ReduceParameters {
  /** Dtype to which the input is converted first; null keeps its own. @default null */
  dtype?: DType | null;
}

const REDUCE = ["input", "dim?", "keepdim?:boolean"] as const;
const REDUCE_WITH_DTYPE = [...REDUCE, "dtype?:dtype|null"] as const;

/** Integers and bools are added and multiplied as int64. */
function summable(value: Value, dtype: DType | null): Value {
  return cast(value, dtype ?? (isFloating(value.dtype) ? value.dtype : "int64"));
}

/**
 * Sum over dimensions; integers and bools are summed as int64.
 *
 * @param dim - one dimension, several, or (left out) all.
 * @param keepdim - whether the dimensions summed stay, with size 1.
 * @throws ArgumentError for a dimension that does not exist.
 * @example
 * ```ts
 * sum(tensor([[1, 2], [3, 4]])).item(); // 10
 * tensor([[1, 2], [3, 4]]).sum(1, true).tolist(); // [[3], [7]]
 * ```
 */
export const sum = defineCall<ReduceWithDTypeParameters>("sum")(
  REDUCE_WITH_DTYPE,
  (input, dim = null, keepdim = false, dtype = null) => {
    const value = valueOf(input, "input", "sum");
    return new Tensor(
      ops.sum(summable(value, dtype), normalizeDims(dim, value.shape.length, "sum"), keepdim),
    );
  },
);

/**
 * Sum over dimensions divided by the number of elements summed; NaN of none.
 *
 * @throws DTypeError for integers, unless `dtype` is a floating-point one.
 * @example
 * ```ts
 * mean(tensor([[1.5, 2], [3.5, 4]]), { dim: 0 }).tolist(); // [2.5, 3]
 * ```
 */
export const mean = defineCall<ReduceWithDTypeParameters>("mean")(
  REDUCE_WITH_DTYPE,
  (input, dim = null, keepdim = false, dtype = null) => {
    const value = valueOf(input, "input", "mean");
    if (!isFloating(dtype ?? value.dtype)) {
      throw new DTypeError(
        `mean: expected a floating-point input, got ${value.dtype}; convert it with .float()`,
      );
    }
    const dims = normalizeDims(dim, value.shape.length, "mean");
    return new Tensor(ops.mean(cast(value, dtype ?? value.dtype), dims, keepdim));
  },
);

/**
 * Sum over dimensions in which NaN counts as 0.
 *
 * @example
 * ```ts
 * nansum(tensor([1, NaN, 2])).item(); // 3
 * ```
 */
export const nansum = defineCall<ReduceWithDTypeParameters>("nansum")(
  REDUCE_WITH_DTYPE,
  (input, dim = null, keepdim = false, dtype = null) => {
    const value = summable(valueOf(input, "input", "nansum"), dtype);
    const numbers = isFloating(value.dtype)
      ? where(emit(isnanOp, [value]), constant(0, value.dtype), value)
      : value;
    return new Tensor(ops.sum(numbers, normalizeDims(dim, value.shape.length, "nansum"), keepdim));
  },
);

/**
 * Mean over dimensions of the elements that are not NaN; NaN of none.
 *
 * @example
 * ```ts
 * nanmean(tensor([1, NaN, 2])).item(); // 1.5
 * ```
 */
export const nanmean = defineCall<ReduceWithDTypeParameters>("nanmean")(
  REDUCE_WITH_DTYPE,
  (input, dim = null, keepdim = false, dtype = null) => {
    const value = valueOf(input, "input", "nanmean");
    if (!isFloating(value.dtype)) {
      throw new DTypeError(
        `nanmean: expected a floating-point input, got ${value.dtype}; convert it with .float()`,
      );
    }
    const dims = normalizeDims(dim, value.shape.length, "nanmean");
    const numbers = ops.sum(cast(emit(logicalNotOp, [emit(isnanOp, [value])]), "int64"), dims, keepdim);
    const total = nansum(input, { dim, keepdim, dtype }).value;
    return new Tensor(div(total, cast(numbers, total.dtype)));
  },
);

export interface ProdParameters extends Omit<ReduceWithDTypeParameters, "dim"> {
  /** The dimension to multiply over, or null for all elements. @default null */
  dim?: number | null;
}

/**
 * Product over one dimension, or of all elements; integers and bools are multiplied as int64.
 *
 * @example
 * ```ts
 * prod(tensor([[1, 2], [3, 4]]), 1).tolist(); // [2, 12]
 * ```
 */
export const prod = defineCall<ProdParameters>("prod")(
  REDUCE_WITH_DTYPE,
  (input, dim = null, keepdim = false, dtype = null) => {
    const value = summable(valueOf(input, "input", "prod"), dtype);
    if (dim === null) return new Tensor(scan.prod(reshape(value, [numel(value.shape)]), 0));
    const at = normalizeDim(dim, value.shape.length, "prod");
    return new Tensor(value.shape.length === 0 ? value : scan.prod(value, at, keepdim));
  },
);

/**
 * Largest elements over dimensions; equal ones share the gradient.
 *
 * @example
 * ```ts
 * amax(tensor([[1, 9], [8, 2]]), [0, 1]).item(); // 9
 * ```
 */
export const amax = defineCall<ReduceParameters>("amax")(REDUCE, (input, dim = null, keepdim = false) => {
  const value = valueOf(input, "input", "amax");
  return new Tensor(ops.amax(value, normalizeDims(dim, value.shape.length, "amax"), keepdim));
});

/**
 * Smallest elements over dimensions; equal ones share the gradient.
 *
 * @example
 * ```ts
 * amin(tensor([[1, 9], [8, 2]]), 1).tolist(); // [1, 2]
 * ```
 */
export const amin = defineCall<ReduceParameters>("amin")(REDUCE, (input, dim = null, keepdim = false) => {
  const value = valueOf(input, "input", "amin");
  return new Tensor(ops.amin(value, normalizeDims(dim, value.shape.length, "amin"), keepdim));
});

/** How many elements satisfy the op (a comparison with 0), as int64. */
function count(value: Value, nonzero: boolean, dims: readonly number[], keepdim: boolean): Value {
  const chosen = nonzero ? emit(neOp, [value, constant(0, value.dtype)]) : emit(logicalNotOp, [value]);
  return ops.sum(cast(chosen, "int64"), dims, keepdim);
}

/** bool, but uint8 of uint8: as PyTorch has it. */
function truth(value: Value, of: Value): Value {
  return of.dtype === "uint8" ? cast(value, "uint8") : value;
}

/**
 * Whether any element over dimensions is other than 0; false of none.
 *
 * @example
 * ```ts
 * any(tensor([[0, 1], [0, 0]]), 1).tolist(); // [true, false]
 * ```
 */
export const any = defineCall<ReduceParameters>("any")(REDUCE, (input, dim = null, keepdim = false) => {
  const value = valueOf(input, "input", "any");
  const found = count(value, true, normalizeDims(dim, value.shape.length, "any"), keepdim);
  return new Tensor(truth(emit(neOp, [found, constant(0, "int64")]), value));
});

/**
 * Whether all elements over dimensions are other than 0; true of none.
 *
 * @example
 * ```ts
 * all(tensor([[1, 2], [0, 3]]), 1).tolist(); // [true, false]
 * ```
 */
export const all = defineCall<ReduceParameters>("all")(REDUCE, (input, dim = null, keepdim = false) => {
  const value = valueOf(input, "input", "all");
  const found = count(value, false, normalizeDims(dim, value.shape.length, "all"), keepdim);
  return new Tensor(truth(eq(found, constant(0, "int64")), value));
});

/**
 * Number of elements other than 0.
 *
 * @example
 * ```ts
 * countNonzero(tensor([[0, 3], [5, 6]]), 1).tolist(); // [1, 2]
 * ```
 */
export const countNonzero = defineCall<Omit<ReduceParameters, "keepdim">>("countNonzero")(
  ["input", "dim?"],
  (input, dim = null) => {
    const value = valueOf(input, "input", "countNonzero");
    return new Tensor(count(value, true, normalizeDims(dim, value.shape.length, "countNonzero"), false));
  },
);

export interface CumulativeParameters {
  /** The tensor to accumulate. */
  input: Tensor;
  /** The dimension along which it is accumulated. */
  dim: number;
  /** Dtype to which the input is converted first; null keeps its own. @default null */
  dtype?: DType | null;
}

const cumulative = (name: string, op: (value: Value, dim: number) => Value) =>
  defineCall<CumulativeParameters>(name)(
    ["input", "dim", "dtype?:dtype|null"],
    (input, dim, dtype = null) => {
      const value = summable(valueOf(input, "input", name), dtype);
      const at = normalizeDim(dim, value.shape.length, name);
      return new Tensor(value.shape.length === 0 ? value : op(value, at));
    },
  );

/**
 * y[i] = x[0] + ... + x[i] along a dimension.
 *
 * @example
 * ```ts
 * cumsum(tensor([1, 2, 3]), 0).tolist(); // [1, 3, 6]
 * ```
 */
export const cumsum = cumulative("cumsum", scan.cumsum);
/**
 * y[i] = x[0] * ... * x[i] along a dimension.
 *
 * @example
 * ```ts
 * cumprod(tensor([1, 2, 3]), 0).tolist(); // [1, 2, 6]
 * ```
 */
export const cumprod = cumulative("cumprod", scan.cumprod);
