/** What layers with parameters share: their parameters before initialisation, and checks of their sizes. */
import type { DType } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { shownText } from "../../base/shown_value.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { filledValue } from "../init/initial_values.ts";
import { ParameterTensor } from "./parameter.ts";

/** A parameter of zeros (or another number), to be initialised. */
export function newParameter(shape: Shape, dtype: DType = "float32", number = 0): ParameterTensor {
  return new ParameterTensor(filledValue(shape, dtype, number));
}

/** A buffer of one number. */
export function newBuffer(shape: Shape, dtype: DType, number = 0): Tensor {
  return new Tensor(filledValue(shape, dtype, number));
}

/** An integer of at least `least`. */
export function countArgument(of: string, name: string, given: unknown, least = 1): number {
  if (!Number.isInteger(given) || (given as number) < least) {
    throw new ArgumentError(
      `${of}: expected \`${name}\` to be an integer of at least ${least}, got ${shownText(given)}`,
    );
  }
  return given as number;
}

/** One number for each of `count` dimensions, from one or as many. */
export function sizesArgument(
  of: string,
  name: string,
  given: unknown,
  count: number,
  least: number,
): number[] {
  const list = Array.isArray(given) ? given : [given];
  const fits = list.every((n) => Number.isInteger(n) && n >= least);
  if (!fits || (list.length !== 1 && list.length !== count)) {
    throw new ArgumentError(
      `${of}: expected \`${name}\` to be an integer of at least ${least}` +
        `${count === 1 ? "" : count === 2 ? " or two of them" : ` or ${count} of them`}, got ` +
        shownText(given),
    );
  }
  return list.length === count ? [...list] : new Array<number>(count).fill(list[0]);
}
