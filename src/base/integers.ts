/** Floats that stand for positions and labels. */
import type { DType } from "./dtype.ts";
import { DTypeError } from "./errors.ts";
import { formatShape, type Shape } from "./shape.ts";

/** Who asks for integers, and what they are. */
export interface IntegersOf {
  readonly of: string;
  readonly what: "indices" | "class labels";
}

/**
 * The numbers, once each is known to be whole.
 *
 * @param spec - dtype and shape of the tensor that holds them, for the message.
 * @throws DTypeError that names the first number that is not whole and its position in row-major order.
 */
export function checkedIntegers(
  numbers: ArrayLike<number>,
  { of, what }: IntegersOf,
  spec: { readonly dtype: DType; readonly shape: Shape },
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(numbers.length);
  for (let i = 0; i < out.length; i++) {
    if (!Number.isInteger(numbers[i])) {
      throw new DTypeError(
        `${of}: expected ${what} of an integer dtype (or floats that are whole, which ${numbers[i]} at position ${i} is not), ` +
          `got ${spec.dtype} ${formatShape(spec.shape)}; convert ${what === "indices" ? what : "labels"} with .to("int64")`,
      );
    }
    out[i] = numbers[i];
  }
  return out;
}
