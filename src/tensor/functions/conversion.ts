/** Other dtypes, copies, and what a tensor says about itself. */
import { type DType, isDType, isFloating } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { emit } from "../../graph/node.ts";
import { castOp } from "../../ops/elementwise.ts";
import { defineFunction } from "../define.ts";
import { Tensor, valueOf } from "../tensor.ts";

/** The tensor itself where it has the dtype already, as in PyTorch. */
function converted(of: string, input: unknown, dtype: DType): Tensor {
  const value = valueOf(input, "input", of);
  return value.dtype === dtype ? (input as Tensor) : new Tensor(emit(castOp, [value], { dtype }));
}

export interface To {
  (input: Tensor, target: DType | Tensor | "cpu", options?: { dtype?: DType }): Tensor;
  (input: Tensor, options: { dtype?: DType; other?: Tensor; device?: "cpu" }): Tensor;
}

/**
 * Another dtype, by name or as another tensor has it. The only device is "cpu".
 *
 * @example
 * ```ts
 * to(tensor([1.7, -1.7]), "int32").tolist(); // [1, -1]
 * ```
 */
export const to: To = defineFunction(
  "to",
  ["input", "target?", "dtype?", "other?", "device?"],
  ({ input, target, dtype, other, device }) => {
    let wanted: unknown = dtype ?? target ?? other ?? device;
    if (wanted === "cpu") return input;
    if (wanted instanceof Tensor) wanted = wanted.dtype;
    if (!isDType(wanted))
      throw new ArgumentError(
        `to: expected a dtype ("float32", "int64", ...), a tensor or "cpu", got ${String(wanted)}`,
      );
    return converted("to", input, wanted);
  },
);

const conversion = (name: string, dtype: DType): ((input: Tensor) => Tensor) =>
  defineFunction(name, ["input"], ({ input }) => converted(name, input, dtype));

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

export interface TypeAs {
  (input: Tensor, other: Tensor): Tensor;
  (input: Tensor, options: { other: Tensor }): Tensor;
}

/**
 * With another tensor's dtype.
 *
 * @example
 * ```ts
 * typeAs(tensor([1.7]), tensor([1], { dtype: "int32" })).tolist(); // [1]
 * ```
 */
export const typeAs: TypeAs = defineFunction("typeAs", ["input", "other"], ({ input, other }) =>
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
export const clone: (input: Tensor) => Tensor = defineFunction("clone", ["input"], ({ input }) => {
  const value = valueOf(input, "input", "clone");
  return new Tensor(emit(castOp, [value], { dtype: value.dtype }));
});

/**
 * Whether the dtype is float32 or float64.
 *
 * @example
 * ```ts
 * isFloatingPoint(tensor([1.5])); // true
 * ```
 */
export const isFloatingPoint: (input: Tensor) => boolean = defineFunction(
  "isFloatingPoint",
  ["input"],
  ({ input }) => isFloating(valueOf(input, "input", "isFloatingPoint").dtype),
);
