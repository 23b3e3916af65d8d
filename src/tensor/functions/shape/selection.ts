/** Elements chosen by their values. How many there are is known only once these are: hence the promises. */

import { DTypeError } from "../../../base/errors.ts";
import type { ByFlag, Call } from "../../../base/params/call_types.ts";
import { broadcastShapes, contiguousStrides, numel } from "../../../base/shape.ts";
import { constantValue, isGradientModeOn } from "../../../graph/node.ts";
import { indexSelect } from "../../../ops/shape/indexing.ts";
import { expand, reshape } from "../../../ops/shape/shape_ops.ts";
import { defaultSession } from "../../../runtime/runtime.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { onTape } from "../../views/cell.ts";
import type { UnaryParameters } from "../elementwise/unary.ts";

async function positionsOfTrue(mask: Tensor): Promise<number[]> {
  const data = await defaultSession().fetch(mask.value);
  const found: number[] = [];
  data.forEach((x, i) => {
    if (x !== 0) found.push(i);
  });
  return found;
}

export interface NonzeroParameters extends InputParameter {
  /** Whether the result is a list of positions for each dimension. @default false */
  asTuple?: boolean;
}

/** A call whose result depends on `asTuple`. */
const asTupleOrNot = <N extends readonly string[], P extends readonly unknown[]>(
  call: Call<NonzeroParameters, N, P, Promise<Tensor | Tensor[]>>,
) => call as unknown as ByFlag<NonzeroParameters, "asTuple", N, P, Promise<Tensor>, Promise<Tensor[]>>;

/**
 * Positions of the elements other than 0, one row each, as int64 of shape [n, dimensions]; with `asTuple` a
 * list of positions for each dimension. Reads the tensor, so it is to be awaited.
 *
 * @example
 * ```ts
 * await (await nonzero(tensor([[0, 5], [6, 0]]))).tolist(); // [[0, 1], [1, 0]]
 * ```
 */
export const nonzero = asTupleOrNot(
  defineCall<NonzeroParameters, Promise<Tensor | Tensor[]>>("nonzero")(
    ["input", "asTuple?:boolean"],
    async (input: Tensor, asTuple = false): Promise<Tensor | Tensor[]> => {
      const own = valueOf(input, "input", "nonzero").shape;
      const shape = asTuple && own.length === 0 ? [1] : own;
      const strides = contiguousStrides(shape);
      const found = await positionsOfTrue(input);
      const along = (d: number) => found.map((i) => Math.floor(i / strides[d]) % shape[d]);
      const list = (numbers: number[], ...size: number[]) =>
        new Tensor(constantValue(Float64Array.from(numbers), size, "int64"));
      if (asTuple) return shape.map((_, d) => list(along(d), found.length));
      const columns = shape.map((_, d) => along(d));
      return list(
        found.flatMap((_, row) => columns.map((column) => column[row])),
        found.length,
        shape.length,
      );
    },
  ),
);

/**
 * As `nonzero`: positions of the elements other than 0, one row each.
 *
 * @example
 * ```ts
 * await (await argwhere(tensor([0, 5, 6]))).tolist(); // [[1], [2]]
 * ```
 */
export const argwhere = defineCall<UnaryParameters, Promise<Tensor>>("argwhere")(
  ["input"],
  (input: Tensor): Promise<Tensor> => nonzero(input),
);

export interface MaskedSelectParameters extends InputParameter {
  /** Which elements are replaced or taken: a bool tensor that broadcasts with the input. */
  mask: Tensor;
}

/**
 * The elements at which the mask is true, in one dimension. Reads the mask, so it is to be awaited.
 *
 * @example
 * ```ts
 * const x = tensor([1, -2, 3]);
 * await (await maskedSelect(x, x.gt(0))).tolist(); // [1, 3]
 * ```
 */
export const maskedSelect = defineCall<MaskedSelectParameters, Promise<Tensor>>("maskedSelect")(
  ["input", "mask"],
  async (input, mask) => {
    const value = valueOf(input, "input", "maskedSelect");
    const chosen = valueOf(mask, "mask", "maskedSelect");
    if (chosen.dtype !== "bool") {
      throw new DTypeError(`maskedSelect: expected \`mask\` of dtype bool, got ${chosen.dtype}`);
    }
    const shape = broadcastShapes([value.shape, chosen.shape], "maskedSelect");
    // Whether the result joins the tape is decided now, not when the mask is known.
    const tape = isGradientModeOn();
    const found = await positionsOfTrue(new Tensor(expand(chosen, shape)));
    const list = constantValue(Float64Array.from(found), [found.length], "int64");
    const chooseThem = () => indexSelect(reshape(expand(value, shape), [numel(shape)]), 0, list);
    return new Tensor(onTape(chooseThem, tape));
  },
);
