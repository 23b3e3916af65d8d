/** Calls the reference kernel of one step. */

import type { DType, TypedArray } from "../../base/dtype.ts";
import { EngineError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { ProgramStep } from "../engine.ts";
import { REFERENCE_KERNELS } from "./kernels.ts";

export interface ReferenceTensor {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Throws what the kernel throws, or an EngineError where there is none for this op. */
export function callReference(
  step: ProgramStep,
  inputs: ReferenceTensor[],
  outputs: ReferenceTensor[],
): void {
  const kernel = Object.hasOwn(REFERENCE_KERNELS, step.op) ? REFERENCE_KERNELS[step.op] : undefined;
  if (kernel === undefined) {
    throw new EngineError(
      `no engine kernel computes \`${step.op}\`${step.label === "" ? "" : ` (${step.label})`}`,
    );
  }
  kernel({ inputs, outputs, attributes: step.attributes });
}
