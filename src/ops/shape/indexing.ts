/** Ops that read and write elements at positions given by another tensor. Kernels check the positions. */

import { isFloating } from "../../base/dtype.ts";
import { DTypeError, ShapeError } from "../../base/errors.ts";
import type { IntegersOf } from "../../base/integers.ts";
import { formatShape, numel } from "../../base/shape.ts";
import type { TensorSpec } from "../../engines/contract/engine.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { full, zerosLike } from "../creation.ts";
import { unslice } from "./slicing.ts";

/** Indices may be int64, int32 or uint8. */
export function requireIndex(index: TensorSpec): void {
  if (index.dtype !== "int64" && index.dtype !== "int32" && index.dtype !== "uint8") {
    throw new DTypeError(
      `expected an index of dtype int64 or int32, got ${index.dtype}; convert it with .long()`,
    );
  }
}

function requireSameRank(input: TensorSpec, index: TensorSpec): void {
  if (input.shape.length !== index.shape.length) {
    throw new ShapeError(
      `expected an index with as many dimensions as the input, got ${formatShape(index.shape)} for ${formatShape(input.shape)}`,
    );
  }
}

function requireCovers(outer: TensorSpec, index: TensorSpec, except: number, what: string): void {
  if (index.shape.some((size, d) => d !== except && size > outer.shape[d])) {
    throw new ShapeError(
      `expected an index no larger than the ${what}${except < 0 ? "" : ` (but for dimension ${except})`}, got ${formatShape(index.shape)} for ${formatShape(outer.shape)}`,
    );
  }
}

/** out[i][j] = input[index[i][j]][j] (along dimension 0; likewise along `attributes.dim`). */
export const gatherOp: OpDefinition = {
  name: "gather",
  checksData: true,
  infer([input, index], attributes) {
    requireIndex(index);
    // An index without elements may have any shape.
    if (numel(index.shape) > 0) {
      requireSameRank(input, index);
      requireCovers(input, index, attributes.dim as number, "input");
    }
    return [{ shape: index.shape, dtype: input.dtype }];
  },
  gradient({ grads, inputs: [input, index], attributes }) {
    return [scatterAdd(zerosLike(input), attributes.dim as number, index, grads[0] as Value), null];
  },
};

function scatterRule(name: string): Pick<OpDefinition, "name" | "checksData" | "infer"> {
  return {
    name,
    checksData: true,
    infer([input, index, src], attributes) {
      requireIndex(index);
      requireSameRank(input, index);
      requireSameRank(src, index);
      requireCovers(input, index, attributes.dim as number, "input");
      requireCovers(src, index, -1, "source");
      if (input.dtype !== src.dtype)
        throw new DTypeError(`expected a source of dtype ${input.dtype}, got ${src.dtype}`);
      return [{ shape: input.shape, dtype: input.dtype }];
    },
  };
}

/** The input with out[index[i][j]][j] = src[i][j]; if positions coincide the last one stays. */
export const scatterOp: OpDefinition = {
  ...scatterRule("scatter"),
  gradient({ grads, inputs: [, index, src], attributes, needs }) {
    const g = grads[0] as Value;
    const dim = attributes.dim as number;
    return [
      needs[0] ? scatter(g, dim, index, full(index.shape, 0, g.dtype)) : null,
      null,
      needs[2] ? gatherLike(g, dim, index, src) : null,
    ];
  },
};

/** The input with src[i][j] added to out[index[i][j]][j]. */
export const scatterAddOp: OpDefinition = {
  ...scatterRule("scatterAdd"),
  gradient({ grads, inputs: [, index, src], attributes, needs }) {
    const g = grads[0] as Value;
    return [g, null, needs[2] ? gatherLike(g, attributes.dim as number, index, src) : null];
  },
};

/** The input with out[index[i][j]][j] multiplied by src[i][j]. It has no gradient. */
export const scatterMultiplyOp: OpDefinition = scatterRule("scatterMultiply");

/** Slices of the input along `attributes.dim` at the positions of a list. */
export const indexSelectOp: OpDefinition = {
  name: "indexSelect",
  checksData: true,
  infer([input, index], attributes) {
    requireIndex(index);
    if (index.shape.length !== 1)
      throw new ShapeError(`expected a list of indices, got shape ${formatShape(index.shape)}`);
    const dim = attributes.dim as number;
    return [{ shape: input.shape.map((size, d) => (d === dim ? index.shape[0] : size)), dtype: input.dtype }];
  },
  gradient({ grads, inputs: [input, index], attributes }) {
    return [indexAdd(zerosLike(input), attributes.dim as number, index, grads[0] as Value), null];
  },
};

/** The input with slices of `source` added at the positions of a list, along `attributes.dim`. */
export const indexAddOp: OpDefinition = {
  name: "indexAdd",
  checksData: true,
  infer([input, index, source], attributes) {
    requireIndex(index);
    const dim = attributes.dim as number;
    const expected = input.shape.map((size, d) => (d === dim ? index.shape[0] : size));
    if (
      index.shape.length !== 1 ||
      expected.length !== source.shape.length ||
      expected.some((s, d) => s !== source.shape[d])
    ) {
      throw new ShapeError(
        `expected a list of indices and a source of shape ${formatShape(expected)}, got ${formatShape(index.shape)} and ${formatShape(source.shape)}`,
      );
    }
    if (input.dtype !== source.dtype) {
      throw new DTypeError(`expected a source of dtype ${input.dtype}, got ${source.dtype}`);
    }
    return [{ shape: input.shape, dtype: input.dtype }];
  },
  gradient({ grads, inputs: [, index], attributes, needs }) {
    const g = grads[0] as Value;
    return [g, null, needs[2] ? indexSelect(g, attributes.dim as number, index) : null];
  },
};

/** Positions counted from either end of `attributes.size` elements, brought to 0 .. size - 1. */
export const wrapIndexOp: OpDefinition = {
  name: "wrapIndex",
  checksData: true,
  infer([index]) {
    requireIndex(index);
    return [{ shape: index.shape, dtype: "int64" }];
  },
};

/** Floats as int64; its kernel throws a DTypeError for one that is not whole. Attributes `of` (who asks) and `what`, for the message. */
export const toIndexOp: OpDefinition = {
  name: "toIndex",
  checksData: true,
  infer([input]) {
    if (!isFloating(input.dtype)) throw new DTypeError(`expected floating-point numbers, got ${input.dtype}`);
    return [{ shape: input.shape, dtype: "int64" }];
  },
};

/** 1 at the class of each element, 0 elsewhere, along a new last dimension of `attributes.numClasses`. */
export const oneHotOp: OpDefinition = {
  name: "oneHot",
  checksData: true,
  infer([index], attributes) {
    if (index.dtype !== "int64") throw new DTypeError(`expected classes of dtype int64, got ${index.dtype}`);
    return [{ shape: [...index.shape, attributes.numClasses as number], dtype: "int64" }];
  },
};

export function toIndex(numbers: Value, { of, what }: IntegersOf): Value {
  return emit(toIndexOp, [numbers], { of, what });
}

export function gather(input: Value, dim: number, index: Value): Value {
  return emit(gatherOp, [input, index], { dim });
}

export function scatter(input: Value, dim: number, index: Value, src: Value): Value {
  return emit(scatterOp, [input, index, src], { dim });
}

export function scatterAdd(input: Value, dim: number, index: Value, src: Value): Value {
  return emit(scatterAddOp, [input, index, src], { dim });
}

export function scatterMultiply(input: Value, dim: number, index: Value, src: Value): Value {
  return emit(scatterMultiplyOp, [input, index, src], { dim });
}

export function indexSelect(input: Value, dim: number, index: Value): Value {
  return emit(indexSelectOp, [input, index], { dim });
}

export function indexAdd(input: Value, dim: number, index: Value, source: Value): Value {
  return emit(indexAddOp, [input, index, source], { dim });
}

/** The gradient of a source: zero if it is larger than the index and was not used. */
function gatherLike(grad: Value, dim: number, index: Value, src: Value): Value {
  const taken = gather(grad, dim, index);
  return taken.shape.every((size, d) => size === src.shape[d]) ? taken : padTo(taken, src);
}

/** Zeros behind the elements of `value`, up to the shape of `like`. */
function padTo(value: Value, like: Value): Value {
  const none = like.shape.map(() => 0);
  return unslice(value, like.shape, { starts: none, steps: like.shape.map(() => 1) });
}
