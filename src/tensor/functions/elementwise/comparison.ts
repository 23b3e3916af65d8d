/** Comparisons, logic and selection. */

import { isFloating } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError } from "../../../base/errors.ts";
import { sameShape } from "../../../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import { defaultSession } from "../../../runtime/runtime.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { type Operand, promote, requireTensors, type TensorOperands, toValue } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import type { BinaryOfTensorsParameters, BinaryParameters } from "./arithmetic.ts";

/** @param tensors - which operands must be tensors. */
const comparison = (name: string, op: OpDefinition, tensors: TensorOperands = "first") =>
  defineCall<BinaryParameters>(name)(["input", "other"], (input: Tensor, other: Operand): Tensor => {
    requireTensors(name, input, other, tensors);
    return new Tensor(emit(op, promote(name, [input, other])));
  });

/**
 * input == other, element by element.
 *
 * @returns bools, of the shape to which both broadcast.
 * @example
 * ```ts
 * eq(tensor([1, 2]), tensor([1, 3])).tolist(); // [true, false]
 * ```
 */
export const eq = comparison("eq", ops.eqOp);
/**
 * input != other
 *
 * @example
 * ```ts
 * ne(tensor([1, 2]), 1).tolist(); // [false, true]
 * ```
 */
export const ne = comparison("ne", ops.neOp);
/**
 * input < other
 *
 * @example
 * ```ts
 * lt(tensor([1, 2, 3]), 2).tolist(); // [true, false, false]
 * ```
 */
export const lt = comparison("lt", ops.ltOp);
/**
 * input <= other
 *
 * @example
 * ```ts
 * le(tensor([1, 2, 3]), 2).tolist(); // [true, true, false]
 * ```
 */
export const le = comparison("le", ops.leOp);
/**
 * input > other
 *
 * @example
 * ```ts
 * gt(tensor([1, 2, 3]), 2).tolist(); // [false, false, true]
 * ```
 */
export const gt = comparison("gt", ops.gtOp);
/**
 * input >= other
 *
 * @example
 * ```ts
 * ge(tensor([1, 2, 3]), 2).tolist(); // [false, true, true]
 * ```
 */
export const ge = comparison("ge", ops.geOp);
/**
 * Whether both are other than 0.
 *
 * @example
 * ```ts
 * logicalAnd(tensor([true, true]), tensor([true, false])).tolist(); // [true, false]
 * ```
 */
export const logicalAnd = comparison("logicalAnd", ops.logicalAndOp, "both");
/**
 * Whether one or both are other than 0.
 *
 * @example
 * ```ts
 * logicalOr(tensor([false, true]), tensor([false, false])).tolist(); // [false, true]
 * ```
 */
export const logicalOr = comparison("logicalOr", ops.logicalOrOp, "both");
/**
 * Whether exactly one is other than 0.
 *
 * @example
 * ```ts
 * logicalXor(tensor([true, true]), tensor([true, false])).tolist(); // [false, true]
 * ```
 */
export const logicalXor = defineCall<BinaryOfTensorsParameters>("logicalXor")(
  ["input", "other"],
  (input, other) => {
    requireTensors("logicalXor", input, other, "both");
    const [a, b] = promote("logicalXor", [input, other]).map((v) => ops.cast(v, "bool"));
    return new Tensor(emit(ops.neOp, [a, b]));
  },
);

export interface IsCloseParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Tensor;
  /** Relative tolerance. @default 1e-5 */
  rtol?: number;
  /** Absolute tolerance. @default 1e-8 */
  atol?: number;
  /** Whether NaN equals NaN. @default false */
  equalNan?: boolean;
}

/**
 * |input - other| <= atol + rtol |other|, element by element; equal infinities are close.
 *
 * @example
 * ```ts
 * isclose(tensor([0.5, 2]), tensor([0.500001, 2.1])).tolist(); // [true, false]
 * ```
 */
export const isclose = defineCall<IsCloseParameters>("isclose")(
  ["input", "other", "rtol?:number", "atol?:number", "equalNan?:boolean"],
  (input, other, rtol = 1e-5, atol = 1e-8, equalNan = false) => {
    const a = valueOf(input, "input", "isclose");
    const b = valueOf(other, "other", "isclose");
    if (!(rtol >= 0 && atol >= 0)) {
      throw new ArgumentError(
        `isclose: expected \`rtol\` and \`atol\` of 0 or more, got ${rtol} and ${atol}`,
      );
    }
    if (a.dtype !== b.dtype)
      throw new DTypeError(`isclose: expected tensors of one dtype, got ${a.dtype} and ${b.dtype}`);
    return new Tensor(close(a, b, rtol, atol, equalNan));
  },
);

function close(a: Value, b: Value, rtol: number, atol: number, equalNan: boolean): Value {
  const same = ops.eq(a, b);
  // The allowance is computed in float64, where 1e-8 still counts beside it.
  const [x, y] = [ops.cast(a, "float64"), ops.cast(b, "float64")];
  const number = (value: number) => constant(value, "float64");
  const magnitude = emit(ops.absOp, [y]);
  const apart = emit(ops.absOp, [ops.sub(x, y)]);
  const within = emit(ops.leOp, [apart, ops.add(number(atol), ops.mul(number(rtol), magnitude))]);
  const finite = ops.lt(apart, number(Number.POSITIVE_INFINITY));
  const near = emit(ops.logicalOrOp, [same, emit(ops.logicalAndOp, [within, finite])]);
  if (!equalNan || !isFloating(a.dtype)) return near;
  const bothNan = emit(ops.logicalAndOp, [emit(ops.isnanOp, [a]), emit(ops.isnanOp, [b])]);
  return emit(ops.logicalOrOp, [near, bothNan]);
}

export interface AllCloseParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Tensor;
  /** Relative tolerance. @default 1e-5 */
  rtol?: number;
  /** Absolute tolerance. @default 1e-8 */
  atol?: number;
  /** Whether NaN equals NaN. @default false */
  equalNan?: boolean;
}

/**
 * Whether all elements are close (see `isclose`). Reads the result, so it is to be awaited.
 *
 * @example
 * ```ts
 * await allclose(tensor([0.5, 2]), tensor([0.500001, 2])); // true
 * ```
 */
export const allclose = defineCall<AllCloseParameters, Promise<boolean>>("allclose")(
  ["input", "other", "rtol?:number", "atol?:number", "equalNan?:boolean"],
  (input, other, rtol, atol, equalNan) => allTrue(isclose(input, other, { rtol, atol, equalNan }).value),
);

export interface EqualParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Tensor;
}

/**
 * Whether both have the same shape and the same elements. Reads the result, so it is to be awaited.
 *
 * @example
 * ```ts
 * await equal(tensor([1, 2]), tensor([1, 2])); // true
 * ```
 */
export const equal = defineCall<EqualParameters, Promise<boolean>>("equal")(
  ["input", "other"],
  async (input, other) => {
    if (!sameShape(valueOf(input, "input", "equal").shape, valueOf(other, "other", "equal").shape))
      return false;
    return allTrue(eq(input, other).value);
  },
);

async function allTrue(value: Value): Promise<boolean> {
  return (await defaultSession().fetch(value)).every((x) => x !== 0);
}

export interface WhereParameters {
  /** Bools; the three broadcast. */
  condition: Tensor;
  /** The result where the condition is true: a tensor or a number. Left out together with `other`, the positions are given. */
  input?: Operand;
  /** The result elsewhere: a tensor or a number. Left out together with `input`, the positions are given. */
  other?: Operand;
}

/**
 * `condition ? input : other`, element by element.
 *
 * @param condition - bools; the three broadcast.
 * @example
 * ```ts
 * where(tensor([true, false]), tensor([1, 2]), 0).tolist(); // [1, 0]
 * ```
 */
export const where = defineCall<WhereParameters>("where")(
  ["condition", "input?", "other?"],
  (condition, input, other) => {
    const chosen = maskValue(condition, "condition", "where");
    if (input === undefined || other === undefined) {
      throw new ArgumentError(
        "where: expected `input` and `other`: positions of true elements have no fixed number",
      );
    }
    const [a, b] = promote("where", [input, other]);
    return new Tensor(ops.where(chosen, a, b));
  },
);

/** A tensor of bools (uint8 counts as one, as in PyTorch). */
function maskValue(mask: unknown, argument: string, of: string): Value {
  const value = valueOf(mask, argument, of);
  if (value.dtype === "bool") return value;
  if (value.dtype === "uint8") return ops.cast(value, "bool");
  throw new DTypeError(
    `${of}: expected \`${argument}\` of dtype bool, got ${value.dtype}; compare it with something first`,
  );
}

export interface MaskedFillParameters extends InputParameter {
  /** Which elements are replaced or taken: a bool tensor that broadcasts with the input. */
  mask: Tensor;
  /** What they become: a number or a 0-dimensional tensor. */
  value: Operand;
}

/**
 * The input with `value` (a number or a tensor of one element) wherever `mask` is true.
 *
 * @example
 * ```ts
 * maskedFill(tensor([1, 2]), tensor([false, true]), 9).tolist(); // [1, 9]
 * ```
 */
export const maskedFill = defineCall<MaskedFillParameters>("maskedFill")(
  ["input", "mask", "value"],
  (input, mask, value) => {
    const x = valueOf(input, "input", "maskedFill");
    const chosen = valueOf(mask, "mask", "maskedFill");
    if (chosen.dtype !== "bool") {
      throw new DTypeError(
        `maskedFill: expected \`mask\` of dtype bool, got ${chosen.dtype}; convert it with .bool()`,
      );
    }
    if (value instanceof Tensor && value.ndim > 0) {
      throw new ArgumentError("maskedFill: expected `value` to be a number or a 0-dimensional tensor");
    }
    return new Tensor(ops.where(chosen, toValue(value, x.dtype), x));
  },
);
