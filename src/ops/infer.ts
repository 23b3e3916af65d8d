/** Shape and dtype rules that several ops share. Texts do not name the op: `emit` puts it in front. */
import { type DType, isFloating, isHalf } from "../base/dtype.ts";
import { DTypeError } from "../base/errors.ts";
import { broadcastShapes, formatShape, type Shape } from "../base/shape.ts";
import type { TensorSpec } from "../engines/contract/engine.ts";

/** All inputs of one dtype, shapes broadcast. */
export function inferBroadcast(inputs: readonly TensorSpec[], dtype?: DType): TensorSpec[] {
  requireSameDtype(inputs);
  return [{ shape: broadcastShapes(inputs.map((v) => v.shape)), dtype: dtype ?? inputs[0].dtype }];
}

export function requireSameDtype(inputs: readonly TensorSpec[]): void {
  for (const input of inputs) {
    if (input.dtype !== inputs[0].dtype) {
      throw new DTypeError(
        `expected operands of one dtype, got ${inputs[0].dtype} and ${input.dtype}; convert one with .to("${inputs[0].dtype}")`,
        { nameless: true },
      );
    }
  }
}

/** All of one dtype; beside a 16-bit input the others may be float32, which kernels round as they read them. */
export function requireDtypesOfLayer(inputs: readonly TensorSpec[]): void {
  const [input, ...parameters] = inputs;
  const wide = isHalf(input.dtype) ? parameters.filter(({ dtype }) => dtype !== "float32") : parameters;
  requireSameDtype([input, ...wide]);
}

export function requireFloating(input: TensorSpec, what = "input"): void {
  if (!isFloating(input.dtype)) {
    throw new DTypeError(
      `expected a floating-point ${what}, got ${input.dtype} of shape ${formatShape(input.shape)}; convert it with .to("float32")`,
    );
  }
}

/** The shape left after reducing `dims` (ascending). */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  const out: number[] = [];
  for (let i = 0; i < shape.length; i++) {
    if (!dims.includes(i)) out.push(shape[i]);
    else if (keepdim) out.push(1);
  }
  return out;
}
