/** Ops that order elements along a dimension. NaN counts as larger than every number, as in PyTorch. */
import { DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import type { TensorSpec } from "../../engines/contract/engine.ts";
import { emit, emitAll, type OpDefinition, type Value } from "../../graph/node.ts";
import { reducedShape } from "../core.ts";
import { zerosLike } from "../creation.ts";
import { scatterAdd } from "../shape/indexing.ts";

type GradientRule = NonNullable<OpDefinition["gradient"]>;

/** The values' gradient goes back to where the values came from. */
const fromIndices: GradientRule = ({ grads, inputs: [input], outputs, attributes }) => {
  const g = grads[0];
  return [g === null ? null : scatterAdd(zerosLike(input), attributes.dim as number, outputs[1], g)];
};

/** Values in order along `attributes.dim` (`descending` or not) and where they stood. Stable. */
export const sortOp: OpDefinition = {
  name: "sort",
  infer: ([input]) => [
    { shape: input.shape, dtype: input.dtype },
    { shape: input.shape, dtype: "int64" },
  ],
  gradient: fromIndices,
};

/** The `attributes.k` largest (or smallest) values along `attributes.dim`, in order, and where they stood. */
export const topkOp: OpDefinition = {
  name: "topk",
  infer([input], attributes) {
    const dim = attributes.dim as number;
    const k = attributes.k as number;
    const size = input.shape.length === 0 ? 1 : input.shape[dim];
    if (!Number.isInteger(k) || k < 0 || k > size) {
      throw new ShapeError(
        `expected k from 0 to ${size}, the size of dimension ${dim} of ${formatShape(input.shape)}, got ${k}`,
      );
    }
    const shape = input.shape.map((s, d) => (d === dim ? k : s));
    return [
      { shape, dtype: input.dtype },
      { shape, dtype: "int64" },
    ];
  },
  gradient: fromIndices,
};

/** The largest of x[0] ... x[i] along `attributes.dim`, and where the last of it stands; NaN from the first one on. */
export const cummaxOp: OpDefinition = { ...sortOp, name: "cummax" };
/** The smallest likewise. */
export const cumminOp: OpDefinition = { ...sortOp, name: "cummin" };

/** The most frequent element along `attributes.dim`, the smallest of several, and where its last one stands. */
export const modeOp: OpDefinition = {
  name: "mode",
  infer([input], attributes) {
    const dim = attributes.dim as number;
    if (input.shape[dim] === 0) {
      throw new ShapeError(
        `expected at least one element along dimension ${dim} of ${formatShape(input.shape)}`,
      );
    }
    const shape = input.shape.map((s, d) => (d === dim ? 1 : s));
    return [
      { shape, dtype: input.dtype },
      { shape, dtype: "int64" },
    ];
  },
  gradient: fromIndices,
};

function inferExtremePosition(
  [input]: readonly TensorSpec[],
  attributes: Readonly<Record<string, unknown>>,
): TensorSpec[] {
  if (input.dtype === "bool") throw new DTypeError("expected numbers, got bool");
  const dim = attributes.dim as number;
  if (input.shape[dim] === 0) {
    throw new ShapeError(
      `expected at least one element along dimension ${dim} of ${formatShape(input.shape)}`,
    );
  }
  return [{ shape: reducedShape(input.shape, [dim], attributes.keepdim as boolean), dtype: "int64" }];
}

/** Position of the first largest element along `attributes.dim`. */
export const argmaxOp: OpDefinition = { name: "argmax", infer: inferExtremePosition };
/** Position of the first smallest element along `attributes.dim`. */
export const argminOp: OpDefinition = { name: "argmin", infer: inferExtremePosition };

/** Values and positions. */
export function sort(value: Value, dim: number, descending: boolean): readonly Value[] {
  return emitAll(sortOp, [value], { dim, descending });
}

export function topk(value: Value, k: number, dim: number, largest: boolean): readonly Value[] {
  return emitAll(topkOp, [value], { k, dim, largest });
}

export function argExtreme(op: OpDefinition, value: Value, dim: number, keepdim: boolean): Value {
  return emit(op, [value], { dim, keepdim });
}
