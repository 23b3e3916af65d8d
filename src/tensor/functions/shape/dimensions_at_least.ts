/** Tensors brought to at least one, two or three dimensions. */
import type { Call } from "../../../base/params/call_types.ts";
import type { Value } from "../../../graph/node.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import { defineCall, type Tensor, valueOf } from "../../tensor.ts";
import { reshapedView } from "../../views/view.ts";

export interface AtLeastParameters {
  /** The tensors. */
  tensors?: readonly Tensor[];
}

/** Of one tensor, or of several. */
type AtLeast = ((input: Tensor) => Tensor) &
  Call<AtLeastParameters, readonly ["*tensors"], [tensors?: readonly Tensor[]], Tensor[]>;

function atLeast(name: string, grow: (value: Value) => Value): AtLeast {
  return defineCall<AtLeastParameters, Tensor | Tensor[]>(name)(
    ["*tensors"],
    (tensors: readonly Tensor[] = []): Tensor | Tensor[] => {
      const grown = tensors.map((one) => {
        const own = valueOf(one, "tensors", name);
        const { shape } = grow(own);
        return shape.length === own.shape.length ? one : reshapedView(one, shape);
      });
      return grown.length === 1 ? grown[0] : grown;
    },
  ) as unknown as AtLeast;
}

/** A number or vector as a row. */
export function asRows(value: Value): Value {
  if (value.shape.length >= 2) return value;
  return reshape(value, [1, value.shape[0] ?? 1]);
}

/** A vector [n] as [1, n, 1], a matrix [m, n] as [m, n, 1]. */
export function inThreeDimensions(value: Value): Value {
  if (value.shape.length >= 3) return value;
  const rows = asRows(value);
  return reshape(rows, [...rows.shape, 1]);
}

/**
 * A number as a vector of one; anything else as it is. Of several tensors, a list.
 *
 * @example
 * ```ts
 * atleast1d(tensor(5)).shape; // [1]
 * ```
 */
export const atleast1d = atLeast("atleast1d", (value) =>
  value.shape.length === 0 ? reshape(value, [1]) : value,
);
/**
 * A number or vector as a matrix of one row; anything else as it is. Of several tensors, a list.
 *
 * @example
 * ```ts
 * atleast2d(tensor([1, 2])).tolist(); // [[1, 2]]
 * ```
 */
export const atleast2d = atLeast("atleast2d", asRows);
/**
 * At least three dimensions: a vector [n] becomes [1, n, 1], a matrix [m, n] becomes [m, n, 1]. Of several tensors, a
 * list.
 *
 * @example
 * ```ts
 * atleast3d(tensor([[1, 2]])).shape; // [1, 2, 1]
 * ```
 */
export const atleast3d = atLeast("atleast3d", inThreeDimensions);
