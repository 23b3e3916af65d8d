/** Operands as the user writes them (tensors and numbers), brought to values of one dtype. */
import {
  arrayFrom,
  type DType,
  dtypeOfScalar,
  isFloating,
  isHalf,
  numbersOf,
  type PromotionOperand,
  resultType,
} from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import { shownValue } from "../base/shown_value.ts";
import { constantValue, type Value } from "../graph/node.ts";
import { cast } from "../ops/elementwise/elementwise.ts";
import { describe, Tensor, valueOf } from "./tensor.ts";

/** A tensor or a plain number. */
export type Operand = Tensor | number | bigint | boolean;

/**
 * Values of one dtype by PyTorch's promotion. Numbers become inputs of the program, so that another number
 * at the next step finds the same program.
 *
 * @param floating - integers become float32 (division, exp, ...).
 */
export function promote(of: string, operands: readonly unknown[], floating = false): Value[] {
  const kinds = operands.map((operand) => promotionOf(of, operand));
  let dtype = resultType(kinds);
  if (floating && !isFloating(dtype)) dtype = "float32";
  return operands.map((operand) => toValue(operand as Operand, dtype));
}

/**
 * A number that decides a result's size or place: given as such, or as a 0-dimensional tensor whose value is
 * known already.
 *
 * @throws ArgumentError for anything else.
 */
export function knownNumber(of: string, argument: string, given: unknown): number {
  if (isScalar(given)) return Number(given);
  if (given instanceof Tensor && given.ndim === 0 && given.dtype !== "bool" && given.value.data !== null)
    return numbersOf(given.dtype, given.value.data)[0];
  const found =
    given instanceof Tensor
      ? `a ${given.dtype} tensor of shape ${formatShape(given.shape)}${given.value.data === null ? " that is not computed yet" : ""}`
      : describe(given);
  throw new ArgumentError(`${of}: expected \`${argument}\` to be a number, got ${found}`);
}

/** Which of two operands must be tensors, as PyTorch has it; a number may stand for the others. */
export type TensorOperands = "both" | "first" | "one" | "none";

/** @throws ArgumentError if an operand is not a tensor but must be one. */
export function requireTensors(of: string, input: unknown, other: unknown, which: TensorOperands): void {
  if (which === "one" && !(other instanceof Tensor)) valueOf(input, "input", of);
  if (which === "both" || which === "first") valueOf(input, "input", of);
  if (which === "both") valueOf(other, "other", of);
}

/** One operand in a given dtype. */
export function toValue(operand: Operand, dtype: DType): Value {
  if (operand instanceof Tensor) return cast(operand.value, dtype);
  return scalarValue(operand, dtype);
}

/**
 * What `body` makes of values: of 16-bit floats in 32 bits, rounded once, at the end. For whatever is composed of several
 * operations, or would lose itself in 16 bits (statistics), or mixes in 32-bit floats (weights inside of `autocast`).
 */
export function inWideNumbers(
  x: Value,
  body: (wide: Value, ...others: Value[]) => Value,
  ...others: Value[]
): Value {
  if (!isHalf(x.dtype)) return body(x, ...others);
  const widened = others.map((v) => (isHalf(v.dtype) ? cast(v, "float32") : v));
  const y = body(cast(x, "float32"), ...widened);
  return isFloating(y.dtype) ? cast(y, x.dtype) : y;
}

/**
 * `promote` for products and quotients: 16-bit floats beside a plain number (or a 0-dimensional tensor of another dtype)
 * come as 32-bit ones, and the number is not rounded to 16 bits first; `round` brings the result back. As PyTorch has it
 * for these functions alone: in a sum, say, the number is rounded.
 */
export function promoteFactors(
  of: string,
  operands: readonly unknown[],
  floating = false,
): { values: Value[]; round: (result: Value) => Value } {
  const values = promote(of, operands, floating);
  const { dtype } = values[0];
  const single = (operand: unknown) => !(operand instanceof Tensor) || operand.ndim === 0;
  const mixed = operands.some((one) => single(one) && !(one instanceof Tensor && one.dtype === dtype));
  if (!isHalf(dtype) || !mixed) return { values, round: (result) => result };
  return {
    values: operands.map((one, i) =>
      single(one) ? toValue(one as Operand, "float32") : cast(values[i], "float32"),
    ),
    round: (result) => cast(result, dtype),
  };
}

function isScalar(value: unknown): value is number | bigint | boolean {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
}

/** A number as an input of the program. The function's name is put in front of what it complains about. */
export function scalarValue(value: number | bigint | boolean, dtype: DType): Value {
  if (!isScalar(value)) {
    throw new ArgumentError(`expected a number, got ${shownValue(value)}`, { nameless: true });
  }
  return constantValue(arrayFrom(dtype, [Number(value)]), [], dtype);
}

/** One tensor, as float32 if it is not floating. */
export function floatingValue(of: string, input: unknown): Value {
  valueOf(input, "input", of);
  return promote(of, [input], true)[0];
}

function promotionOf(of: string, operand: unknown): PromotionOperand {
  if (operand instanceof Tensor) {
    return { dtype: operand.dtype, kind: operand.ndim === 0 ? "zeroDim" : "tensor" };
  }
  if (isScalar(operand)) {
    return { dtype: dtypeOfScalar(operand), kind: "scalar" };
  }
  throw new ArgumentError(`${of}: expected a Tensor or a number, got ${describe(operand)}`);
}
