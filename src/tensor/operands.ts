/** Operands as the user writes them (tensors and numbers), brought to values of one dtype. */
import {
  arrayFrom,
  type DType,
  dtypeOfScalar,
  isFloating,
  type PromotionOperand,
  resultType,
} from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { constantValue, type Value } from "../graph/node.ts";
import { cast } from "../ops/elementwise.ts";
import { Tensor } from "./tensor.ts";

/** A tensor or a plain number. */
export type Operand = Tensor | number | boolean;

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

/** One operand in a given dtype. */
export function toValue(operand: Operand, dtype: DType): Value {
  if (operand instanceof Tensor) return cast(operand.value, dtype);
  return scalarValue(Number(operand), dtype);
}

/** A number as an input of the program. */
export function scalarValue(value: number, dtype: DType): Value {
  return constantValue(arrayFrom(dtype, [Number(value)]), [], dtype);
}

/** One tensor, as float32 where it is not floating. */
export function floatingValue(of: string, input: unknown): Value {
  return promote(of, [input], true)[0];
}

function promotionOf(of: string, operand: unknown): PromotionOperand {
  if (operand instanceof Tensor) {
    return { dtype: operand.dtype, kind: operand.ndim === 0 ? "zeroDim" : "tensor" };
  }
  if (typeof operand === "number" || typeof operand === "boolean") {
    return { dtype: dtypeOfScalar(operand), kind: "scalar" };
  }
  throw new ArgumentError(
    `${of}: expected a Tensor or a number, got ${operand === null ? "null" : Array.isArray(operand) ? "an array (convert it with tensor([...]))" : typeof operand}`,
  );
}
