/** Functions that give a tensor another shape. Nothing is computed; the results are views of their inputs. */

import { ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim, normalizeDims, numel, type Shape } from "../../../base/shape.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { defineCall, type Tensor, valueOf } from "../../tensor.ts";
import { permuteStep } from "../../views/steps.ts";
import { requireViewable, reshapedView, viewOf } from "../../views/view.ts";
import type { UnaryParameters } from "../elementwise/unary.ts";

/** Sizes as a list or one by one. */
export type Sizes = number[] | [readonly number[]];

/** A function that takes sizes or dimensions, as a list or one by one. */
export interface WithSizesParameters extends InputParameter {
  /** The dimensions; -1 for one that follows from the others. */
  shape?: readonly number[];
}

/** The sizes with -1 replaced by what is left of `count` elements. */
export function inferSizes(of: string, sizes: readonly number[], count: number, from: Shape): number[] {
  const unknown = sizes.indexOf(-1);
  for (const size of sizes) {
    if (!Number.isInteger(size) || size < -1)
      throw new ShapeError(`${of}: expected sizes of 0 or more (or one -1), got ${formatShape(sizes)}`);
  }
  if (unknown < 0) {
    if (numel(sizes) === count) return [...sizes];
    throw new ShapeError(
      `${of}: cannot give ${formatShape(from)} (${count} elements) the shape ${formatShape(sizes)} (${numel(sizes)} elements)`,
    );
  }
  if (sizes.indexOf(-1, unknown + 1) >= 0)
    throw new ShapeError(`${of}: expected at most one -1, got ${formatShape(sizes)}`);
  const rest = sizes.reduce((product, size) => (size === -1 ? product : product * size), 1);
  if (rest === 0 || count % rest !== 0) {
    throw new ShapeError(
      `${of}: cannot give ${formatShape(from)} (${count} elements) the shape ${formatShape(sizes)}`,
    );
  }
  return sizes.map((size) => (size === -1 ? count / rest : size));
}

function reshaped(of: string, input: unknown, shape: readonly number[]): Tensor {
  const value = valueOf(input, "input", of);
  return reshapedView(input as Tensor, inferSizes(of, shape, numel(value.shape), value.shape));
}

/** The same when a copy will not do. */
function viewed(of: string, input: unknown, shape: readonly number[]): Tensor {
  const value = valueOf(input, "input", of);
  const sizes = inferSizes(of, shape, numel(value.shape), value.shape);
  requireViewable(of, input as Tensor, sizes);
  return reshapedView(input as Tensor, sizes);
}

/**
 * The same elements in the same order under another shape; one size may be -1. A view of the input if its layout in
 * memory allows that (always, unless it was transposed, expanded or sliced before), else a copy, as in PyTorch.
 *
 * @throws ShapeError if the numbers of elements differ.
 * @example
 * ```ts
 * reshape(arange(6), 2, -1).tolist(); // [[0, 1, 2], [3, 4, 5]]
 * ```
 */
export const reshape = defineCall<WithSizesParameters>("reshape")(
  ["input", "*shape:integers|null"],
  (input, shape = []) => reshaped("reshape", input, shape),
);

/**
 * As `reshape`, but always a view: what is written to one is seen in the other.
 *
 * @throws ShapeError if the numbers of elements differ, or the layout in memory asks for a copy: `x.t().view(-1)`.
 * @example
 * ```ts
 * arange(6).view(3, 2).shape; // [3, 2]
 * ```
 */
export const view = defineCall<WithSizesParameters>("view")(
  ["input", "*shape:integers|null"],
  (input, shape = []) => viewed("view", input, shape),
);

export interface ToShapeOfParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Tensor;
}

/**
 * `input.view(other.shape)`
 *
 * @example
 * ```ts
 * viewAs(arange(4), zeros(2, 2)).tolist(); // [[0, 1], [2, 3]]
 * ```
 */
export const viewAs = defineCall<ToShapeOfParameters>("viewAs")(["input", "other"], (input, other) =>
  viewed("viewAs", input, valueOf(other, "other", "viewAs").shape),
);
/**
 * `input.reshape(other.shape)`
 *
 * @example
 * ```ts
 * reshapeAs(arange(4), zeros(2, 2)).tolist(); // [[0, 1], [2, 3]]
 * ```
 */
export const reshapeAs = defineCall<ToShapeOfParameters>("reshapeAs")(["input", "other"], (input, other) =>
  reshaped("reshapeAs", input, valueOf(other, "other", "reshapeAs").shape),
);

/**
 * All elements in one dimension.
 *
 * @example
 * ```ts
 * ravel(tensor([[1, 2], [3, 4]])).tolist(); // [1, 2, 3, 4]
 * ```
 */
export const ravel = defineCall<UnaryParameters>("ravel")(
  ["input"],
  (input: Tensor): Tensor => reshaped("ravel", input, [-1]),
);

export interface PermuteParameters extends InputParameter {
  /** The dimensions. */
  dims?: readonly number[];
}

/**
 * Dimensions in another order.
 *
 * @example
 * ```ts
 * permute(zeros(8, 28, 28, 3), 0, 3, 1, 2).shape; // [8, 3, 28, 28]
 * ```
 */
export const permute = defineCall<PermuteParameters>("permute")(
  ["input", "*dims:integers|null"],
  (input, dims = []) => {
    const value = valueOf(input, "input", "permute");
    const rank = value.shape.length;
    const order = (dims as number[]).map((d) => normalizeDim(d, rank, "permute"));
    if (order.length !== rank || new Set(order).size !== rank) {
      throw new ShapeError(
        `permute: expected each of the ${rank} dimensions of ${formatShape(value.shape)} once, got ${formatShape(dims)}`,
      );
    }
    return viewOf(input, permuteStep(order));
  },
);

export interface TransposeParameters extends InputParameter {
  /** One dimension. */
  dim0: number;
  /** First dimension of the planes. */
  dim1: number;
}

function swapped(input: Tensor, first: number, second: number): Tensor {
  const order = input.value.shape.map((_, d) => (d === first ? second : d === second ? first : d));
  return viewOf(input, permuteStep(order));
}

/**
 * Two dimensions exchanged.
 *
 * @example
 * ```ts
 * transpose(tensor([[1, 2], [3, 4]]), 0, 1).tolist(); // [[1, 3], [2, 4]]
 * ```
 */
export const transpose = defineCall<TransposeParameters>("transpose")(
  ["input", "dim0", "dim1"],
  (input, dim0, dim1) => {
    const rank = valueOf(input, "input", "transpose").shape.length;
    return swapped(input, normalizeDim(dim0, rank, "transpose"), normalizeDim(dim1, rank, "transpose"));
  },
);

/**
 * The transposed matrix; vectors and single numbers stay as they are.
 *
 * @example
 * ```ts
 * t(tensor([[1, 2, 3]])).shape; // [3, 1]
 * ```
 */
export const t = defineCall<UnaryParameters>("t")(["input"], (input: Tensor): Tensor => {
  const value = valueOf(input, "input", "t");
  if (value.shape.length > 2)
    throw new ShapeError(
      `t: expected at most 2 dimensions, got ${formatShape(value.shape)}; use transpose or mT`,
    );
  return viewOf(input, permuteStep(value.shape.map((_, d) => value.shape.length - 1 - d)));
});

/** The last two dimensions exchanged: `x.mT`. */
export function matrixTranspose(input: Tensor): Tensor {
  if (input.ndim < 2)
    throw new ShapeError(`mT: expected at least 2 dimensions, got ${formatShape(input.shape)}`);
  return transpose(input, -2, -1);
}

export interface MoveDimParameters extends InputParameter {
  /** Dimensions to move. */
  source: number | readonly number[];
  /** Where they go. */
  destination: number | readonly number[];
}

/**
 * Dimensions moved to other places; the rest keep their order.
 *
 * @example
 * ```ts
 * movedim(zeros(8, 28, 28, 3), -1, 1).shape; // [8, 3, 28, 28]
 * ```
 */
export const movedim = defineCall<MoveDimParameters>("movedim")(
  ["input", "source", "destination"],
  (input, source, destination) => {
    const value = valueOf(input, "input", "movedim");
    const rank = value.shape.length;
    const list = (dims: number | readonly number[]) =>
      [dims].flat().map((d) => normalizeDim(d, rank, "movedim"));
    const [from, to] = [list(source), list(destination)];
    if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
      throw new ShapeError("movedim: expected as many sources as destinations, each once");
    }
    const rest = value.shape.map((_, d) => d).filter((d) => !from.includes(d));
    const order = value.shape.map((_, d) =>
      to.includes(d) ? from[to.indexOf(d)] : (rest.shift() as number),
    );
    return viewOf(input, permuteStep(order));
  },
);

export interface FlattenParameters extends InputParameter {
  /** First dimension that is merged. @default 0 */
  startDim?: number;
  /** Last dimension that is merged. @default -1 */
  endDim?: number;
}

/**
 * Dimensions startDim to endDim as one.
 *
 * @example
 * ```ts
 * flatten(zeros(8, 16, 5, 5), 1).shape; // [8, 400]
 * ```
 */
export const flatten = defineCall<FlattenParameters>("flatten")(
  ["input", "startDim?", "endDim?"],
  (input, startDim = 0, endDim = -1) => {
    const { shape } = valueOf(input, "input", "flatten");
    const start = normalizeDim(startDim, shape.length, "flatten");
    const end = normalizeDim(endDim, shape.length, "flatten");
    if (start > end) throw new ShapeError(`flatten: startDim ${startDim} lies behind endDim ${endDim}`);
    return reshaped("flatten", input, [
      ...shape.slice(0, start),
      numel(shape.slice(start, end + 1)),
      ...shape.slice(end + 1),
    ]);
  },
);

export interface UnflattenParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** What the dimension is divided into; -1 for one that follows from the others. */
  sizes: readonly number[];
}

/**
 * One dimension as several; one of their sizes may be -1.
 *
 * @example
 * ```ts
 * unflatten(zeros(8, 400), 1, [16, 5, -1]).shape; // [8, 16, 5, 5]
 * ```
 */
export const unflatten = defineCall<UnflattenParameters>("unflatten")(
  ["input", "dim", "sizes:list"],
  (input, dim, sizes) => {
    const { shape } = valueOf(input, "input", "unflatten");
    const at = normalizeDim(dim, shape.length, "unflatten");
    const inner = inferSizes("unflatten", sizes, shape[at], [shape[at]]);
    return viewed("unflatten", input, [...shape.slice(0, at), ...inner, ...shape.slice(at + 1)]);
  },
);

export interface SqueezeParameters extends InputParameter {
  /** The dimension; left out, all of size 1. */
  dim?: number | readonly number[];
}

/**
 * Without the dimensions of size 1: all, or those named.
 *
 * @example
 * ```ts
 * squeeze(zeros(1, 3, 1)).shape; // [3]
 * squeeze(zeros(1, 3, 1), 0).shape; // [3, 1]
 * ```
 */
export const squeeze = defineCall<SqueezeParameters>("squeeze")(["input", "dim?"], (input, dim) => {
  const { shape } = valueOf(input, "input", "squeeze");
  const dims = Array.isArray(dim) && dim.length === 0 ? [] : normalizeDims(dim, shape.length, "squeeze");
  return reshaped(
    "squeeze",
    input,
    shape.filter((size, d) => size !== 1 || !dims.includes(d)),
  );
});

export interface UnsqueezeParameters extends InputParameter {
  /** The dimension. */
  dim: number;
}

/**
 * With a new dimension of size 1 at `dim`.
 *
 * @example
 * ```ts
 * unsqueeze(tensor([1, 2]), 0).tolist(); // [[1, 2]]
 * ```
 */
export const unsqueeze = defineCall<UnsqueezeParameters>("unsqueeze")(["input", "dim"], (input, dim) => {
  const { shape } = valueOf(input, "input", "unsqueeze");
  const at = normalizeDim(dim, shape.length + 1, "unsqueeze");
  return reshaped("unsqueeze", input, [...shape.slice(0, at), 1, ...shape.slice(at)]);
});
