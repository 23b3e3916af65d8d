/** Elements chosen by their values. How many there are is known only once these are: hence the promises. */
import { DTypeError, ShapeError } from "../../base/errors.ts";
import { broadcastShapes, contiguousStrides, formatShape, numel, sameShape } from "../../base/shape.ts";
import { constantValue } from "../../graph/node.ts";
import { arange } from "../../ops/creation.ts";
import { indexSelect, scatter } from "../../ops/indexing.ts";
import { expand, reshape } from "../../ops/shape_ops.ts";
import { defineFunction } from "../define.ts";
import { toValue } from "../operands.ts";
import { executor } from "../runtime.ts";
import { Tensor, valueOf } from "../tensor.ts";
import { at, type Index } from "./at.ts";

async function positionsOfTrue(mask: Tensor): Promise<number[]> {
  const data = await executor().fetch(mask.value);
  const found: number[] = [];
  data.forEach((x, i) => {
    if (x !== 0) found.push(i);
  });
  return found;
}

/**
 * Positions of the elements other than 0, one row each, as int64 of shape [n, dimensions]. Reads the tensor,
 * so it is to be awaited.
 */
export const nonzero: (input: Tensor) => Promise<Tensor> = defineFunction(
  "nonzero",
  ["input"],
  async ({ input }) => {
    const { shape } = valueOf(input, "input", "nonzero");
    const strides = contiguousStrides(shape);
    const found = await positionsOfTrue(input);
    const rows = found.flatMap((i) => strides.map((stride, d) => Math.floor(i / stride) % shape[d]));
    return new Tensor(constantValue(Float64Array.from(rows), [found.length, shape.length], "int64"));
  },
);

export interface MaskedSelect {
  (input: Tensor, mask: Tensor): Promise<Tensor>;
  (input: Tensor, options: { mask: Tensor }): Promise<Tensor>;
}

/** The elements at which the mask is true, in one dimension. Reads the mask, so it is to be awaited. */
export const maskedSelect: MaskedSelect = defineFunction(
  "maskedSelect",
  ["input", "mask"],
  async ({ input, mask }) => {
    const value = valueOf(input, "input", "maskedSelect");
    const chosen = valueOf(mask, "mask", "maskedSelect");
    if (chosen.dtype !== "bool") {
      throw new DTypeError(`maskedSelect: expected \`mask\` of dtype bool, got ${chosen.dtype}`);
    }
    const shape = broadcastShapes([value.shape, chosen.shape], "maskedSelect");
    const found = await positionsOfTrue(new Tensor(expand(chosen, shape)));
    const list = constantValue(Float64Array.from(found), [found.length], "int64");
    return new Tensor(indexSelect(reshape(expand(value, shape), [numel(shape)]), 0, list));
  },
);

/** `input` with `source` (a number or a tensor that broadcasts) at the positions that `at(...indices)` reads. */
export function withAt(input: Tensor, indices: readonly Index[], source: Tensor | number | boolean): Tensor {
  const { value } = input;
  const size = numel(value.shape);
  const places = at(new Tensor(reshape(arange(size, "int64"), value.shape)), ...indices).value;
  const given = toValue(source, value.dtype);
  const together = broadcastShapes([given.shape, places.shape], "setAt_");
  if (!sameShape(together, places.shape)) {
    throw new ShapeError(
      `setAt_: ${formatShape(given.shape)} does not broadcast to the ${formatShape(places.shape)} that are to be set`,
    );
  }
  const count = numel(places.shape);
  const filling = reshape(expand(given, places.shape), [count]);
  const changed = scatter(reshape(value, [size]), 0, reshape(places, [count]), filling);
  return new Tensor(reshape(changed, value.shape));
}
