/** Largest and smallest elements, their positions, and order. */

import { ShapeError } from "../../../base/errors.ts";
import type { Call, Forms } from "../../../base/params/call_types.ts";
import { formatShape, normalizeDim, normalizeDims, numel } from "../../../base/shape.ts";
import { emit, emitAll, type OpDefinition, type Value } from "../../../graph/node.ts";
import { full } from "../../../ops/creation.ts";
import * as elementwise from "../../../ops/elementwise/elementwise.ts";
import * as ops from "../../../ops/reduction/ordering.ts";
import { amax, amaxOp, amin, aminOp } from "../../../ops/reduction/reduction.ts";
import { gather } from "../../../ops/shape/indexing.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import { sliceDim } from "../../../ops/shape/slicing.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { inWideNumbers } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { maximum, minimum } from "../elementwise/arithmetic.ts";
import type { UnaryParameters } from "../elementwise/unary.ts";

/** Values and where they stood: an array of two that also has names. */
export type ValuesAndIndices = [Tensor, Tensor] & { readonly values: Tensor; readonly indices: Tensor };

export function named(values: Value, indices: Value): ValuesAndIndices {
  const pair = [new Tensor(values), new Tensor(indices)] as [Tensor, Tensor];
  return Object.assign(pair, { values: pair[0], indices: pair[1] });
}

export interface ExtremeOfTwoParameters {
  /** The first tensor. */
  input: Tensor;
  /** The second tensor, broadcast against the first. */
  other: Tensor;
}

export interface ExtremeAlongParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Whether the reduced dimension stays, with size 1. @default false */
  keepdim?: boolean;
}

/** Of all elements; element by element of two tensors; along a dimension, with positions. */
type Extreme = Forms<
  Call<UnaryParameters, readonly ["input"], [input: Tensor], Tensor>,
  Call<ExtremeOfTwoParameters, readonly ["input", "other"], [input: Tensor, other: Tensor], Tensor>,
  Along
>;

/** Along a dimension, with positions. */
export type Along = Call<
  ExtremeAlongParameters,
  readonly ["input", "dim", "keepdim?"],
  [input: Tensor, dim: number, keepdim?: boolean],
  ValuesAndIndices
>;

interface AnyExtreme extends Partial<ExtremeAlongParameters>, Partial<ExtremeOfTwoParameters> {
  input: Tensor;
}

function extreme(
  name: string,
  ofAll: OpDefinition,
  position: OpDefinition,
  ofTwo: (input: Tensor, other: Tensor) => Tensor,
): Extreme {
  return defineCall<AnyExtreme, Tensor | ValuesAndIndices>(name)(
    ["input", "dim?", "keepdim?:boolean", "other?"],
    (
      input: Tensor,
      dim?: number | Tensor | null,
      keepdim = false,
      second?: Tensor,
    ): Tensor | ValuesAndIndices => {
      const other = second ?? dim;
      if (other instanceof Tensor) return ofTwo(input, other);
      const value = valueOf(input, "input", name);
      if (dim === undefined || dim === null) {
        const flat = reshape(value, [numel(value.shape)]);
        const best = (x: Value) => emit(ofAll, [x], { dims: [0], keepdim: false, nanShares: true });
        return new Tensor(inWideNumbers(flat, best));
      }
      const at = normalizeDim(dim as number, value.shape.length, name);
      if (value.shape.length === 0) return named(value, full([], 0, "int64"));
      const searched = value.dtype === "bool" ? elementwise.cast(value, "uint8") : value;
      const indices = ops.argExtreme(position, searched, at, true);
      const values = gather(value, at, indices);
      if (keepdim) return named(values, indices);
      const shape = value.shape.filter((_, d) => d !== at);
      return named(reshape(values, shape), reshape(indices, shape));
    },
  ) as unknown as Extreme;
}

/**
 * The largest of all elements; with `dim`, the largest along it and (the first of) their positions; with a
 * second tensor, the larger of both, element by element. NaN counts as largest.
 *
 * @example
 * ```ts
 * max(tensor([3, 7, 5])).item(); // 7
 * const { values, indices } = max(tensor([[1, 9], [8, 2]]), 1);
 * indices.tolist(); // [1, 0]
 * ```
 */
export const max = extreme("max", amaxOp, ops.argmaxOp, maximum);
/**
 * The smallest; see `max`. NaN counts as smallest too.
 *
 * @example
 * ```ts
 * min(tensor([3, 7, 5])).item(); // 3
 * const [values] = min(tensor([[1, 9], [8, 2]]), { dim: 1, keepdim: true });
 * values.tolist(); // [[1], [2]]
 * ```
 */
export const min = extreme("min", aminOp, ops.argminOp, minimum);

export interface ArgExtremeParameters extends InputParameter {
  /** The dimension. @default null */
  dim?: number | null;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
}

const argExtreme = (name: string, op: OpDefinition) =>
  defineCall<ArgExtremeParameters>(name)(
    ["input", "dim?", "keepdim?:boolean"],
    (input, dim = null, keepdim = false) => {
      const value = valueOf(input, "input", name);
      if (dim === null) {
        const index = ops.argExtreme(op, reshape(value, [numel(value.shape)]), 0, false);
        return new Tensor(
          keepdim
            ? reshape(
                index,
                value.shape.map(() => 1),
              )
            : index,
        );
      }
      const at = normalizeDim(dim, value.shape.length, name);
      if (value.shape.length === 0) return new Tensor(full([], 0, "int64"));
      return new Tensor(ops.argExtreme(op, value, at, keepdim));
    },
  );

/**
 * Position of the first largest element, along a dimension or (without) in the flattened tensor.
 *
 * @example
 * ```ts
 * argmax(tensor([[1, 9], [8, 2]]), 1).tolist(); // [1, 0]
 * ```
 */
export const argmax = argExtreme("argmax", ops.argmaxOp);
/**
 * Position of the first smallest element, along a dimension or (without) in the flattened tensor.
 *
 * @example
 * ```ts
 * argmin(tensor([3, 7, 1])).item(); // 2
 * ```
 */
export const argmin = argExtreme("argmin", ops.argminOp);

export interface TopKParameters extends InputParameter {
  /** How many. */
  k: number;
  /** The dimension. @default -1 */
  dim?: number;
  /** Whether the largest are taken, or the smallest. @default true */
  largest?: boolean;
  /** Whether they come in order, as they always do. @default true */
  sorted?: boolean;
}

/**
 * The k largest (or smallest) elements along a dimension, in order, and where they stood.
 *
 * @throws ArgumentError if there are fewer than k elements.
 * @example
 * ```ts
 * const { values, indices } = topk(tensor([1, 4, 3]), 2);
 * values.tolist(); // [4, 3]
 * indices.tolist(); // [1, 2]
 * ```
 */
export const topk = defineCall<TopKParameters, ValuesAndIndices>("topk")(
  ["input", "k", "dim?", "largest?:boolean", "sorted?:boolean"],
  (input, k, dim = -1, largest = true) => {
    const value = valueOf(input, "input", "topk");
    const [values, indices] = ops.topk(value, k, normalizeDim(dim, value.shape.length, "topk"), largest);
    return named(values, indices);
  },
);

export interface SortParameters extends InputParameter {
  /** The dimension. @default -1 */
  dim?: number;
  /** Whether the largest come first. @default false */
  descending?: boolean;
  /** Changes nothing: equal elements always keep their order. */
  stable?: boolean | null;
}

const SORT = ["input", "dim?", "descending?:boolean", "stable?:boolean|null"] as const;

function sorted(name: string, input: Tensor, dim: number, descending: boolean): readonly Value[] {
  const value = valueOf(input, "input", name);
  return ops.sort(value, normalizeDim(dim, value.shape.length, name), descending);
}

/**
 * Elements in order along a dimension, and where they stood. Always stable; NaN comes last.
 *
 * @example
 * ```ts
 * const { values, indices } = sort(tensor([3, 1, 2]), { descending: true });
 * values.tolist(); // [3, 2, 1]
 * ```
 */
export const sort = defineCall<SortParameters, ValuesAndIndices>("sort")(
  SORT,
  (input, dim = -1, descending = false) => {
    const [values, indices] = sorted("sort", input, dim, descending);
    return named(values, indices);
  },
);

/**
 * The positions that would sort the tensor along a dimension.
 *
 * @example
 * ```ts
 * argsort(tensor([3, 1, 2])).tolist(); // [1, 2, 0]
 * ```
 */
export const argsort = defineCall<SortParameters>("argsort")(
  SORT,
  (input, dim = -1, descending = false) => new Tensor(sorted("argsort", input, dim, descending)[1]),
);

export interface KthValueParameters extends InputParameter {
  /** Which: 1 is the smallest. */
  k: number;
  /** The dimension. @default -1 */
  dim?: number;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
}

/**
 * The k-th smallest element (counted from 1) along a dimension, and where it stood.
 *
 * @example
 * ```ts
 * const [value, index] = kthvalue(tensor([5, 1, 3]), 2);
 * value.item(); // 3
 * ```
 */
export const kthvalue = defineCall<KthValueParameters, ValuesAndIndices>("kthvalue")(
  ["input", "k", "dim?", "keepdim?:boolean"],
  (input, k, dim = -1, keepdim = false) =>
    nthSmallest("kthvalue", valueOf(input, "input", "kthvalue"), k, dim, keepdim),
);

function nthSmallest(name: string, value: Value, k: number, dim: number, keepdim: boolean): ValuesAndIndices {
  const at = normalizeDim(dim, value.shape.length, name);
  const size = value.shape.length === 0 ? 1 : value.shape[at];
  if (!Number.isInteger(k) || k < 1 || k > size) {
    throw new ShapeError(
      `${name}: expected k from 1 to ${size}, the size of dimension ${at} of ${formatShape(value.shape)}, got ${k}`,
    );
  }
  const [values, indices] = ops.sort(value, at, false);
  if (value.shape.length === 0) return named(values, indices);
  const shape = value.shape.filter((_, d) => d !== at);
  const pick = (all: Value) => {
    const one = sliceDim(all, at, k - 1, 1);
    return keepdim ? one : reshape(one, shape);
  };
  return named(pick(values), pick(indices));
}

export interface MinAndMaxParameters extends InputParameter {
  /** The dimension; null for all elements. @default null */
  dim?: number | null;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
}

/** The smallest and the largest: an array of two that also has names. */
export type MinAndMax = [Tensor, Tensor] & { readonly min: Tensor; readonly max: Tensor };

/**
 * The smallest and the largest of all elements, or along a dimension.
 *
 * @example
 * ```ts
 * const [low, high] = aminmax(tensor([3, 7, 5]));
 * high.item(); // 7
 * ```
 */
export const aminmax = defineCall<MinAndMaxParameters, MinAndMax>("aminmax")(
  ["input", "dim?", "keepdim?:boolean"],
  (input, dim = null, keepdim = false) => {
    const value = valueOf(input, "input", "aminmax");
    const dims = normalizeDims(dim, value.shape.length, "aminmax");
    const pair: [Tensor, Tensor] = [
      new Tensor(amin(value, dims, keepdim)),
      new Tensor(amax(value, dims, keepdim)),
    ];
    return Object.assign(pair, { min: pair[0], max: pair[1] });
  },
);

/**
 * In order along the first dimension; see `sort`.
 *
 * @example
 * ```ts
 * msort(tensor([3, 1, 2])).tolist(); // [1, 2, 3]
 * ```
 */
export const msort = defineCall<UnaryParameters>("msort")(["input"], (input: Tensor): Tensor => {
  return new Tensor(sorted("msort", input, 0, false)[0]);
});

export interface RunningExtremeParameters extends InputParameter {
  /** The dimension. */
  dim: number;
}

const running = (name: string, op: OpDefinition) =>
  defineCall<RunningExtremeParameters, ValuesAndIndices>(name)(["input", "dim"], (input, dim) => {
    const value = valueOf(input, "input", name);
    const at = normalizeDim(dim, value.shape.length, name);
    if (value.shape.length === 0) return named(value, full([], 0, "int64"));
    const [values, indices] = emitAll(op, [value], { dim: at });
    return named(values, indices);
  });

/**
 * The largest of x[0] ... x[i] along a dimension, and where (the last of) it stands.
 *
 * @example
 * ```ts
 * cummax(tensor([1, 3, 2, 3]), 0).indices.tolist(); // [0, 1, 1, 3]
 * ```
 */
export const cummax = running("cummax", ops.cummaxOp);
/**
 * The smallest of x[0] ... x[i] along a dimension, and where (the last of) it stands.
 *
 * @example
 * ```ts
 * cummin(tensor([2, 3, 1]), 0).values.tolist(); // [2, 2, 1]
 * ```
 */
export const cummin = running("cummin", ops.cumminOp);

export interface ModeParameters extends InputParameter {
  /** The dimension. @default -1 */
  dim?: number;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
}

/**
 * The most frequent element along a dimension (the smallest of several), and where the last of them stands: the vote of a
 * majority.
 *
 * @example
 * ```ts
 * const { values, indices } = mode(tensor([2, 5, 5, 2, 5]));
 * values.item(); // 5
 * indices.item(); // 4
 * ```
 */
export const mode = defineCall<ModeParameters, ValuesAndIndices>("mode")(
  ["input", "dim?", "keepdim?:boolean"],
  (input, dim = -1, keepdim = false) => {
    const value = valueOf(input, "input", "mode");
    const at = normalizeDim(dim, value.shape.length, "mode");
    if (value.shape.length === 0) return named(value, full([], 0, "int64"));
    const [values, indices] = emitAll(ops.modeOp, [value], { dim: at });
    if (keepdim) return named(values, indices);
    const shape = value.shape.filter((_, d) => d !== at);
    return named(reshape(values, shape), reshape(indices, shape));
  },
);
