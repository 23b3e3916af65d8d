/** Calls the reference kernel of one step. */

import { arrayFrom, type DType, isHalf, numbersOf, type TypedArray } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { ProgramStep } from "../contract/engine.ts";
import type { ImageOperands } from "../contract/layouts.ts";
import { channelsFirst } from "./channels_last_step.ts";
import type { ReferenceKernels } from "./kernel.ts";

export interface ReferenceTensor {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Calls the kernel. 16-bit floats are widened before it and its results rounded after it: kernels do not handle them.
 *
 * Throws what the kernel throws, or an EngineError if there is none for this op.
 */
export function callReference(
  kernels: ReferenceKernels,
  step: ProgramStep,
  inputs: ReferenceTensor[],
  outputs: ReferenceTensor[],
): void {
  const kernel = Object.hasOwn(kernels, step.op) ? kernels[step.op] : undefined;
  if (kernel === undefined) {
    throw new EngineError(
      `no engine kernel computes \`${step.op}\`${step.label === "" ? "" : ` (${step.label})`}`,
    );
  }
  if (step.attributes.layout === "channelsLast") {
    const { layout: _, imageOperands, ...attributes } = step.attributes;
    const first = channelsFirst(imageOperands as ImageOperands, inputs, outputs);
    callReference(kernels, { ...step, attributes }, first.inputs, first.outputs);
    first.finish();
    return;
  }
  const results = outputs.map(widened);
  kernel({ inputs: inputs.map(widened), outputs: results, attributes: step.attributes });
  outputs.forEach(({ data, dtype }, i) => {
    if (isHalf(dtype)) data.set(arrayFrom(dtype, results[i].data));
  });
}

function widened(tensor: ReferenceTensor): ReferenceTensor {
  const { data, shape, dtype } = tensor;
  return isHalf(dtype) ? { data: numbersOf(dtype, data), shape, dtype: "float32" } : tensor;
}
