/** Element-wise functions of two operands, broadcast against each other. */

import { isFloating, isHalf } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError } from "../../../base/errors.ts";
import { shownText } from "../../../base/shown_value.ts";
import { emit, type OpDefinition, type Value } from "../../../graph/node.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import * as math from "../../../ops/elementwise/math.ts";
import type { InputParameter } from "../../input_parameter.ts";
import {
  inWideNumbers,
  type Operand,
  promote,
  promoteFactors,
  requireTensors,
  scalarValue,
  type TensorOperands,
  toValue,
} from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";

/** A function of two operands. The first may be a number too if the second is a tensor. */
export interface BinaryParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Operand;
}

/** A function of two tensors. */
export interface BinaryOfTensorsParameters extends InputParameter {
  /** The second tensor, broadcast against the input. */
  other: Tensor;
}

/** `input + alpha * other` and its like. */
export interface BinaryWithAlphaParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Operand;
  /** Factor of the second operand. @default 1 */
  alpha?: number;
}

/** @param tensors - which operands must be tensors. */
const binary = (name: string, op: OpDefinition, tensors: TensorOperands, asFloating = false) =>
  defineCall<BinaryParameters>(name)(["input", "other"], (input: Tensor, other: Operand): Tensor => {
    requireTensors(name, input, other, tensors);
    return new Tensor(emit(op, promote(name, [input, other], asFloating)));
  });

/** A product or quotient, whose plain number is not rounded to 16 bits. */
const ofFactors = (name: string, op: OpDefinition) =>
  defineCall<BinaryParameters>(name)(["input", "other"], (input, other) => {
    const { values, round } = promoteFactors(name, [input, other]);
    return new Tensor(round(emit(op, values)));
  });

/** A function of two tensors: PyTorch takes no number in place of either. */
const ofTensors = (name: string, op: OpDefinition, asFloating = false) =>
  defineCall<BinaryOfTensorsParameters>(name)(["input", "other"], (input: Tensor, other: Tensor): Tensor => {
    requireTensors(name, input, other, "both");
    return new Tensor(emit(op, promote(name, [input, other], asFloating)));
  });

const withAlpha = (name: string, op: OpDefinition) =>
  defineCall<BinaryWithAlphaParameters>(name)(
    ["input", "other", "alpha?:scalar"],
    (input, other, alpha = 1) => {
      const [a, b] = promote(name, [input, other]);
      if (name === "sub" && a.dtype === "bool") {
        throw new DTypeError("sub: expected numbers, got two bool operands; use logicalXor or logicalNot");
      }
      if (typeof alpha !== "number" && typeof alpha !== "boolean") {
        throw new ArgumentError(`${name}: expected \`alpha\` to be a number, got ${shownText(alpha)}`);
      }
      if (!Number.isInteger(Number(alpha)) && !isFloating(a.dtype)) {
        throw new DTypeError(`${name}: expected a whole \`alpha\` for ${a.dtype} operands, got ${alpha}`);
      }
      if (alpha === 1) return new Tensor(emit(op, [a, b]));
      const sum = (x: Value, y: Value) => emit(op, [x, ops.mul(scalarValue(Number(alpha), y.dtype), y)]);
      return new Tensor(inWideNumbers(a, sum, b));
    },
  );

/**
 * input + alpha * other
 *
 * @param other - a tensor that broadcasts with the input, or a number.
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * ```ts
 * add(tensor([1, 2]), tensor([10, 20])).tolist(); // [11, 22]
 * tensor([1, 2]).add(1, { alpha: 10 }).tolist(); // [11, 12]
 * ```
 */
export const add = withAlpha("add", ops.addOp);
/**
 * input - alpha * other
 *
 * @param other - a tensor that broadcasts with the input, or a number.
 * @throws ShapeError if the shapes do not broadcast; DTypeError for bools.
 * @example
 * ```ts
 * sub(tensor([5, 7]), 2).tolist(); // [3, 5]
 * ```
 */
export const sub = withAlpha("sub", ops.subOp);
/**
 * other - alpha * input
 *
 * @example
 * ```ts
 * rsub(tensor([5, 7]), 10).tolist(); // [5, 3]
 * ```
 */
export const rsub = defineCall<BinaryWithAlphaParameters>("rsub")(
  ["input", "other", "alpha?:scalar"],
  (input, other, alpha = 1) => {
    valueOf(input, "input", "rsub");
    const [a, b] = promote("rsub", [input, other]);
    if (a.dtype === "bool")
      throw new DTypeError("rsub: expected numbers, got two bool operands; use logicalXor");
    return sub(new Tensor(b), new Tensor(a), alpha);
  },
);
/**
 * input * other
 *
 * @throws ShapeError if the shapes do not broadcast.
 * @example
 * ```ts
 * mul(tensor([[1], [2]]), tensor([3, 4])).tolist(); // [[3, 4], [6, 8]]
 * ```
 */
export const mul = ofFactors("mul", ops.mulOp);

export interface DivParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Operand;
  /** How the quotient is rounded: `"floor"`, `"trunc"` (towards 0) or not at all. @default null */
  roundingMode?: "floor" | "trunc" | null;
}

/**
 * input / other. Integers give float32, unless the quotient is rounded: `roundingMode` "floor" (as Python's
 * `//`) or "trunc" (towards 0).
 *
 * @throws ShapeError if the shapes do not broadcast; ArgumentError for another rounding mode.
 * @example
 * ```ts
 * div(tensor([7, -7]), 2).tolist(); // [3.5, -3.5]
 * div(tensor([7, -7]), 2, { roundingMode: "floor" }).tolist(); // [3, -4]
 * ```
 */
export const div = defineCall<DivParameters>("div")(
  ["input", "other", "roundingMode?"],
  (input, other, roundingMode = null) => {
    const { values, round } = promoteFactors("div", [input, other], roundingMode === null);
    const [a, b] = values;
    if (roundingMode === null) return new Tensor(round(ops.div(a, b)));
    if (roundingMode === "floor") return new Tensor(round(floorQuotient(a, b)));
    if (roundingMode === "trunc") return new Tensor(round(inWideNumbers(a, truncatedQuotient, b)));
    throw new ArgumentError(
      `div: expected \`roundingMode\` null, "floor" or "trunc", got ${shownText(roundingMode)}`,
    );
  },
);

function floorQuotient(a: Value, b: Value): Value {
  return emit(math.floorDivideOp, [a, b]);
}

function truncatedQuotient(a: Value, b: Value): Value {
  if (isFloating(a.dtype)) return emit(math.truncDivideOp, [a, b]);
  const quotient = ops.div(ops.cast(a, "float64"), ops.cast(b, "float64"));
  return ops.cast(emit(ops.truncOp, [quotient]), a.dtype);
}

/**
 * floor(input / other), as Python's `//`.
 *
 * @example
 * ```ts
 * floorDivide(tensor([7, -7]), 2).tolist(); // [3, -4]
 * ```
 */
export const floorDivide = ofFactors("floorDivide", math.floorDivideOp);
/**
 * Python's `%`: the remainder has the sign of `other`.
 *
 * @example
 * ```ts
 * remainder(tensor([7, -7]), 3).tolist(); // [1, 2]
 * ```
 */
export const remainder = binary("remainder", math.remainderOp, "one");
/**
 * C's fmod: the remainder has the sign of `input`.
 *
 * @example
 * ```ts
 * fmod(tensor([7, -7]), 3).tolist(); // [1, -1]
 * ```
 */
export const fmod = binary("fmod", math.fmodOp, "first");
/**
 * The smaller of both; NaN if either is.
 *
 * @example
 * ```ts
 * minimum(tensor([1, 5]), tensor([3, 2])).tolist(); // [1, 2]
 * ```
 */
export const minimum = ofTensors("minimum", ops.minimumOp);
/**
 * The larger of both; NaN if either is.
 *
 * @example
 * ```ts
 * maximum(tensor([1, 5]), tensor([3, 2])).tolist(); // [3, 5]
 * ```
 */
export const maximum = ofTensors("maximum", ops.maximumOp);
/**
 * Angle of the point (other, input) from the first axis, in radians.
 *
 * @example
 * ```ts
 * atan2(tensor([1]), tensor([-1])).tolist(); // [2.35619]
 * ```
 */
export const atan2 = ofTensors("atan2", math.atan2Op, true);

/**
 * sqrt(input^2 + other^2), without overflow on the way.
 *
 * @example
 * ```ts
 * hypot(tensor([3, 5]), tensor([4, 12])).tolist(); // [5, 13]
 * ```
 */
export const hypot = ofTensors("hypot", math.hypotOp, true);

export interface PowParameters {
  /** The tensor. */
  input: Tensor | number;
  /** The exponent: a tensor that broadcasts with the input, or a number. */
  exponent: Operand;
}

/**
 * input ^ exponent. The exponents 2, 3, 0.5, -0.5, -1 and -2 are computed by products, roots and quotients.
 *
 * @throws ArgumentError for integers raised to a negative integer.
 * @example
 * ```ts
 * pow(tensor([2, 3]), 2).tolist(); // [4, 9]
 * pow(2, tensor([3, 0.5])).tolist(); // [8, 1.41421]
 * ```
 */
export const pow = defineCall<PowParameters>("pow")(["input", "exponent"], (input, exponent) => {
  requireTensors("pow", input, exponent, "one");
  const [a, b] = promote("pow", [input, exponent]);
  if (input instanceof Tensor && typeof exponent === "number") return new Tensor(fixedPower(a, exponent, b));
  return new Tensor(ops.pow(a, b));
});

function fixedPower(base: Value, exponent: number, asValue: Value): Value {
  if (exponent === 1) return base;
  const squared = () => ops.mul(base, base);
  if (exponent === 2) return squared();
  if (exponent === 3) return inWideNumbers(base, (x) => ops.mul(ops.mul(x, x), x));
  if (!isFloating(base.dtype)) {
    if (exponent < 0)
      throw new ArgumentError(
        `pow: integers cannot be raised to the negative power ${exponent}; convert them with .float()`,
      );
    return ops.pow(base, asValue);
  }
  if (exponent === 0.5) return emit(ops.sqrtOp, [base]);
  if (exponent === -0.5) return emit(ops.rsqrtOp, [base]);
  if (exponent === -1) return emit(ops.reciprocalOp, [base]);
  if (exponent === -2) return inWideNumbers(base, (x) => emit(ops.reciprocalOp, [ops.mul(x, x)]));
  return ops.pow(base, asValue);
}

export interface LerpParameters extends InputParameter {
  /** The end of the line, broadcast against the input. */
  end: Tensor;
  /** How far along the line: 0 is the input, 1 the end. */
  weight: Operand;
}

/**
 * input + weight * (end - input)
 *
 * @example
 * ```ts
 * lerp(tensor([0.5, 10]), tensor([10.5, 20]), 0.1).tolist(); // [1.5, 11]
 * ```
 */
export const lerp = defineCall<LerpParameters>("lerp")(["input", "end", "weight"], (input, end, weight) => {
  requireTensors("lerp", input, end, "both");
  const [a, b] = promote("lerp", [input, end]);
  const w = toValue(weight, isHalf(a.dtype) ? "float32" : a.dtype);
  return new Tensor(inWideNumbers(a, (x, y) => ops.add(x, ops.mul(w, ops.sub(y, x))), b));
});

export interface AddProductParameters extends InputParameter {
  /** First factor. */
  tensor1: Tensor;
  /** Second factor or divisor. */
  tensor2: Tensor;
  /** Factor of the product or quotient. @default 1 */
  value?: number;
}

const addCombined = (name: string, op: OpDefinition, asFloating: boolean) =>
  defineCall<AddProductParameters>(name)(
    ["input", "tensor1", "tensor2", "value?:scalar"],
    (input, tensor1, tensor2, value = 1) => {
      for (const [argument, one] of Object.entries({ input, tensor1, tensor2 })) valueOf(one, argument, name);
      const [a, b, c] = promote(name, [input, tensor1, tensor2], asFloating);
      const sum = (x: Value, y: Value, z: Value) => {
        const combined = emit(op, [y, z]);
        return ops.add(x, value === 1 ? combined : ops.mul(scalarValue(value, x.dtype), combined));
      };
      return new Tensor(inWideNumbers(a, sum, b, c));
    },
  );

/**
 * input + value * tensor1 * tensor2
 *
 * @example
 * ```ts
 * addcmul(tensor([1]), tensor([2]), tensor([3]), { value: 10 }).tolist(); // [61]
 * ```
 */
export const addcmul = addCombined("addcmul", ops.mulOp, false);
/**
 * input + value * tensor1 / tensor2
 *
 * @example
 * ```ts
 * addcdiv(tensor([1]), tensor([6]), tensor([3]), { value: 10 }).tolist(); // [21]
 * ```
 */
export const addcdiv = addCombined("addcdiv", ops.divOp, true);
