import { numel } from "../../../base/shape.ts";
import type { StepSpec } from "../../contract/engine.ts";
import type { KernelPlan } from "../../cpu/kernel.ts";
import { split } from "../../cpu/memory/memory_layout.ts";
import { allFloat32 } from "../../cpu/shapes/activation.ts";

/** Numbers that make a unit worth its while. */
const UNIT = 8192;

/** Plans `randomUniform`: a key of four words gives numbers in [0, 1); each depends on its position alone. */
export function planRandomUniform({ inputs: [key], outputs }: StepSpec): KernelPlan | null {
  const count = numel(outputs[0].shape);
  if (key.dtype !== "int32" || !allFloat32(outputs[0]) || count === 0 || count >= 2 ** 30) return null;
  const parts = split(count, Math.min(64, Math.ceil(count / UNIT)), 4);
  return {
    stages: [
      {
        units: parts.units,
        run(exports, { inputs, outputs: to }, begin, end) {
          const first = begin * parts.size;
          exports.uniform(inputs[0], first / 4, to[0] + first * 4, Math.min(count, end * parts.size) - first);
        },
      },
    ],
    scratchBytes: 0,
    threadScratchBytes: 0,
    late: true,
  };
}
