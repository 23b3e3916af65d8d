/** Functions of integers and their bits. */
import { isFloating } from "../../../base/dtype.ts";
import { DTypeError } from "../../../base/errors.ts";
import { emit, type OpDefinition, type Value } from "../../../graph/node.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import * as integers from "../../../ops/elementwise/integers.ts";
import { promote, requireTensors } from "../../operands.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import type { BinaryParameters } from "./arithmetic.ts";
import { computed } from "./unary.ts";

const MAKE_INTEGERS = 'make them of bigints (tensor([1n, 2n])) or convert with .to("int64")';

/** @param ofBools - what the function is of bools; absent if it takes none. */
const ofIntegers = (
  name: string,
  op: OpDefinition,
  tensors: "one" | "both",
  ofBools?: (a: Value, b: Value) => Value,
) =>
  defineCall<BinaryParameters>(name)(["input", "other"], (input, other) => {
    requireTensors(name, input, other, tensors);
    const [a, b] = promote(name, [input, other]);
    if (isFloating(a.dtype) || (a.dtype === "bool" && ofBools === undefined)) {
      throw new DTypeError(
        `${name}: expected integers${ofBools === undefined ? "" : " or bools"}, got ${a.dtype}; ${MAKE_INTEGERS}`,
      );
    }
    return new Tensor(a.dtype === "bool" && ofBools ? ofBools(a, b) : emit(op, [a, b]));
  });

/**
 * The bits that both have; of bools, whether both are true.
 *
 * @example
 * ```ts
 * bitwiseAnd(tensor([6n, 5n]), 3).tolist(); // [2, 1]
 * ```
 */
export const bitwiseAnd = ofIntegers("bitwiseAnd", integers.bitwiseAndOp, "one", (a, b) =>
  emit(ops.logicalAndOp, [a, b]),
);
/**
 * The bits that one or both have; of bools, whether one or both are true.
 *
 * @example
 * ```ts
 * bitwiseOr(tensor([6n, 5n]), 3).tolist(); // [7, 7]
 * ```
 */
export const bitwiseOr = ofIntegers("bitwiseOr", integers.bitwiseOrOp, "one", (a, b) =>
  emit(ops.logicalOrOp, [a, b]),
);
/**
 * The bits that exactly one has; of bools, whether exactly one is true.
 *
 * @example
 * ```ts
 * bitwiseXor(tensor([6n, 5n]), 3).tolist(); // [5, 6]
 * ```
 */
export const bitwiseXor = ofIntegers("bitwiseXor", integers.bitwiseXorOp, "one", (a, b) =>
  emit(ops.neOp, [a, b]),
);
/**
 * input * 2^other: the bits moved to the left.
 *
 * @example
 * ```ts
 * bitwiseLeftShift(tensor([1n, 3n]), 2).tolist(); // [4, 12]
 * ```
 */
export const bitwiseLeftShift = ofIntegers("bitwiseLeftShift", integers.leftShiftOp, "one");
/**
 * floor(input / 2^other): the bits moved to the right, the sign kept.
 *
 * @example
 * ```ts
 * bitwiseRightShift(tensor([12n, -1n]), 2).tolist(); // [3, -1]
 * ```
 */
export const bitwiseRightShift = ofIntegers("bitwiseRightShift", integers.rightShiftOp, "one");
/**
 * The greatest common divisor.
 *
 * @example
 * ```ts
 * gcd(tensor([12n, 7n]), tensor([18n, 0n])).tolist(); // [6, 7]
 * ```
 */
export const gcd = ofIntegers("gcd", integers.gcdOp, "both");
/**
 * The least common multiple.
 *
 * @example
 * ```ts
 * lcm(tensor([4n]), tensor([6n])).tolist(); // [12]
 * ```
 */
export const lcm = ofIntegers("lcm", integers.lcmOp, "both");

/**
 * All bits turned over, which is -x - 1 (255 - x of uint8); of bools, false for true.
 *
 * @example
 * ```ts
 * bitwiseNot(tensor([0n, 5n])).tolist(); // [-1, -6]
 * ```
 */
export const bitwiseNot = computed("bitwiseNot", (x) => {
  if (isFloating(x.dtype))
    throw new DTypeError(`bitwiseNot: expected integers or bools, got ${x.dtype}; ${MAKE_INTEGERS}`);
  return emit(x.dtype === "bool" ? ops.logicalNotOp : integers.bitwiseNotOp, [x]);
});
