/** Positions and labels as users give them: tensors of any dtype that holds integers, or plain lists. */
import { isFloating, isHalf, numbersOf } from "../base/dtype.ts";
import { DTypeError } from "../base/errors.ts";
import { checkedIntegers, type IntegersOf } from "../base/integers.ts";
import { constantValue, type Value } from "../graph/node.ts";
import { cast } from "../ops/elementwise/elementwise.ts";
import { toIndex } from "../ops/shape/indexing.ts";
import { valueFromData } from "./list_data.ts";
import { Tensor, valueOf } from "./tensor.ts";

/** Nested lists of integers. */
export type PositionList = readonly (number | bigint | PositionList)[];

/** Positions: a tensor, an integer, or (nested) lists of them. */
export type Positions = Tensor | number | bigint | PositionList | Int32Array | BigInt64Array;

/**
 * Positions or labels as a value of an integer dtype.
 *
 * Integers come as they are. Floats (what `tensor([0, 2])` makes) must be whole: that is checked at once if they are
 * known, else when they are computed.
 *
 * @throws DTypeError for bools, and for floats that are known and not whole.
 */
export function positionsOf(of: string, argument: string, given: unknown): Value {
  const data = typeof given === "number" || typeof given === "bigint" || isListed(given);
  return integerValue(
    of,
    "indices",
    data ? valueFromData(of, given, "float64") : valueOf(given, argument, of),
  );
}

/** As {@link positionsOf}, of a value; `what` it holds, for messages. */
export function integerValue(of: string, what: IntegersOf["what"], value: Value): Value {
  if (value.dtype === "bool") {
    throw new DTypeError(
      `${of}: expected ${what} of an integer dtype, got bool; convert them with .to("int64")`,
    );
  }
  if (!isFloating(value.dtype)) return value;
  if (value.data !== null) {
    const numbers = checkedIntegers(numbersOf(value.dtype, value.data), { of, what }, value);
    return constantValue(numbers, value.shape, "int64");
  }
  return toIndex(isHalf(value.dtype) ? cast(value, "float32") : value, { of, what });
}

/** Whether something is written out as data rather than a tensor. */
function isListed(given: unknown): boolean {
  return !(given instanceof Tensor) && (Array.isArray(given) || ArrayBuffer.isView(given));
}
