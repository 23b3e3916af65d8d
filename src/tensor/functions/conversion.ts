/** Other dtypes, copies, and what a tensor says about itself. */

import { type DType, isDType, isFloating } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import type { Call, Forms } from "../../base/params/call_types.ts";
import { emit } from "../../graph/node.ts";
import { castOp } from "../../ops/elementwise/elementwise.ts";
import type { InputParameter } from "../input_parameter.ts";
import { defineCall, describe, Tensor, valueOf } from "../tensor.ts";
import type { UnaryParameters } from "./elementwise/unary.ts";

/** The tensor itself if it has the dtype already, as in PyTorch. */
function converted(of: string, input: unknown, dtype: DType): Tensor {
  const value = valueOf(input, "input", of);
  return value.dtype === dtype ? (input as Tensor) : new Tensor(emit(castOp, [value], { dtype }));
}

interface ToParameters extends InputParameter {
  /** Has no effect here: there is one device. @default false */
  nonBlocking?: boolean;
  /** Whether the result is a copy even when the tensor has the dtype already. @default false */
  copy?: boolean;
}

export interface ToDTypeParameters extends ToParameters {
  /** Dtype of the result. */
  dtype: DType;
}

export interface ToOtherParameters extends ToParameters {
  /** The tensor whose dtype the result has. */
  other: Tensor;
}

export interface ToDeviceParameters extends ToParameters {
  /** Only `"cpu"`, the device there is, and the default. */
  device?: "cpu";
  /** Dtype of the result; null keeps the input's. @default null */
  dtype?: DType | null;
}

/** PyTorch's three forms. */
type To = Forms<
  Call<
    ToDTypeParameters,
    readonly ["input", "dtype", "nonBlocking?", "copy?"],
    [input: Tensor, dtype: DType, nonBlocking?: boolean, copy?: boolean],
    Tensor
  >,
  Call<
    ToOtherParameters,
    readonly ["input", "other", "nonBlocking?", "copy?"],
    [input: Tensor, other: Tensor, nonBlocking?: boolean, copy?: boolean],
    Tensor
  >,
  Call<
    ToDeviceParameters,
    readonly ["input", "device?", "dtype?", "nonBlocking?", "copy?"],
    [input: Tensor, device?: "cpu", dtype?: DType | null, nonBlocking?: boolean, copy?: boolean],
    Tensor
  >
>;

interface AnyTarget extends ToParameters {
  /** The arguments by position of all three forms. */
  target?: readonly unknown[];
  dtype?: DType | null;
  other?: Tensor;
  device?: "cpu" | null;
}

/**
 * Another dtype, by name or as another tensor has it. The only device is "cpu".
 *
 * @example
 * ```ts
 * to(tensor([1.7, -1.7]), "int32").tolist(); // [1, -1]
 * ```
 */
export const to = defineCall<AnyTarget>("to")(
  ["input", "*target", "dtype?:dtype|null", "other?", "device?:device|null", "nonBlocking?", "copy?"],
  (
    input: Tensor,
    target: readonly unknown[] = [],
    dtypeGiven?: DType | null,
    other?: Tensor,
    device?: "cpu" | null,
    _nonBlocking?: boolean,
    copyGiven?: boolean,
  ): Tensor => {
    const value = valueOf(input, "input", "to");
    const { dtype, copy } = targetOf([target].flat(), { dtype: dtypeGiven, other, device, copy: copyGiven });
    if (!copy) return dtype === null ? input : converted("to", input, dtype);
    return new Tensor(emit(castOp, [value], { dtype: dtype ?? value.dtype }));
  },
) as unknown as To;

/** PyTorch's forms: a device, a dtype or both (in this order), or a tensor; then two flags. */
function targetOf(
  target: readonly unknown[],
  named: Record<string, unknown>,
): { dtype: DType | null; copy: boolean } {
  const rest = [...target];
  const { device, other } = named;
  if (device !== undefined) rest.unshift(device);
  const onDevice = rest[0] === "cpu";
  if (onDevice) rest.shift();
  if (rest[0] === undefined && other !== undefined) rest.splice(0, 1, other);
  const [first, ...flags] = rest.length === 0 || typeof rest[0] === "boolean" ? [undefined, ...rest] : rest;
  const wanted = named.dtype ?? (first instanceof Tensor ? first.dtype : first);
  const known =
    wanted === undefined || wanted === null ? onDevice || named.copy !== undefined : isDType(wanted);
  if (!known || flags.length > 2 || flags.some((flag) => typeof flag !== "boolean")) {
    throw new ArgumentError(
      `to: expected a dtype ("float32", "int64", ...), a tensor or "cpu", and then \`nonBlocking\` and \`copy\` as booleans, ` +
        `got ${describe(known ? flags.find((flag) => typeof flag !== "boolean") : wanted)}`,
    );
  }
  return { dtype: (wanted as DType | undefined) ?? null, copy: Boolean(named.copy ?? flags[1]) };
}

const conversion = (name: string, dtype: DType) =>
  defineCall<UnaryParameters>(name)(["input"], (input: Tensor): Tensor => converted(name, input, dtype));

/**
 * As float32.
 *
 * @example
 * ```ts
 * float(tensor([1, 2], { dtype: "int64" })).dtype; // "float32"
 * ```
 */
export const float = conversion("float", "float32");
/**
 * As float64.
 *
 * @example
 * ```ts
 * double(tensor([0.1])).dtype; // "float64"
 * ```
 */
export const double = conversion("double", "float64");
/**
 * As float16: 5 bits of exponent, 10 of fraction. Computed in 32 bits, held in 16.
 *
 * @example
 * ```ts
 * half(tensor([0.1])).tolist(); // [0.0999755859375]
 * ```
 */
export const half = conversion("half", "float16");
/**
 * As bfloat16: the upper half of a float32. Computed in 32 bits, held in 16.
 *
 * @example
 * ```ts
 * bfloat16(tensor([0.1])).tolist(); // [0.10009765625]
 * ```
 */
export const bfloat16 = conversion("bfloat16", "bfloat16");
/**
 * As int32, towards 0.
 *
 * @example
 * ```ts
 * int(tensor([1.7])).dtype; // "int32"
 * ```
 */
export const int = conversion("int", "int32");
/**
 * As int64, towards 0.
 *
 * @example
 * ```ts
 * long(tensor([1.7])).tolist(); // [1]
 * ```
 */
export const long = conversion("long", "int64");
/**
 * As uint8.
 *
 * @example
 * ```ts
 * byte(tensor([200])).dtype; // "uint8"
 * ```
 */
export const byte = conversion("byte", "uint8");
/**
 * As bool: whether it is other than 0.
 *
 * @example
 * ```ts
 * bool(tensor([0, 0.1])).tolist(); // [false, true]
 * ```
 */
export const bool = conversion("bool", "bool");

export interface TypeAsParameters extends InputParameter {
  /** The second operand, broadcast against the input: a tensor or a number. */
  other: Tensor;
}

/**
 * With another tensor's dtype.
 *
 * @example
 * ```ts
 * typeAs(tensor([1.7]), tensor([1], { dtype: "int32" })).tolist(); // [1]
 * ```
 */
export const typeAs = defineCall<TypeAsParameters>("typeAs")(["input", "other"], (input, other) =>
  converted("typeAs", input, valueOf(other, "other", "typeAs").dtype),
);

/**
 * A copy with a life of its own; gradients flow through it.
 *
 * @example
 * ```ts
 * const x = tensor([1, 2]);
 * const copy = clone(x);
 * x.add_(1);
 * copy.tolist(); // [1, 2]
 * ```
 */
export const clone = defineCall<UnaryParameters>("clone")(["input"], (input: Tensor): Tensor => {
  const value = valueOf(input, "input", "clone");
  return new Tensor(emit(castOp, [value], { dtype: value.dtype }));
});

/**
 * Whether the dtype is float32, float64, float16 or bfloat16.
 *
 * @example
 * ```ts
 * isFloatingPoint(tensor([1.5])); // true
 * ```
 */
export const isFloatingPoint = defineCall<UnaryParameters, boolean>("isFloatingPoint")(["input"], (input) =>
  isFloating(valueOf(input, "input", "isFloatingPoint").dtype),
);
