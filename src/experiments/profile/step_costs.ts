/** What each step of a program moves, computes and takes. */
import { numel } from "../../base/shape.ts";
import { movedBytes, nameOfStep } from "../../compiler/print_program.ts";
import type { Program, ProgramStep, StepTiming } from "../../engines/contract/engine.ts";
import { matmulOp } from "../../ops/matmul.ts";
import { conv2dInputGradientOp, conv2dOp, conv2dWeightGradientOp } from "../../ops/nn/convolution.ts";

/** A step of a program, as one object. */
export interface StepCosts {
  readonly step: number;
  readonly op: string;
  /** Path of the layer that asked for it. */
  readonly layer: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Read and written, each value once. */
  readonly bytes: number;
  /** Multiplications and additions; of anything but products and convolutions one for each element that is made. */
  readonly operations: number;
  readonly milliseconds: number;
}

const PRODUCTS = new Map(
  [conv2dOp, conv2dInputGradientOp, conv2dWeightGradientOp, matmulOp].map((op) => [op.name, op]),
);

export function stepCosts(program: Program, timings: readonly StepTiming[]): StepCosts[] {
  const time = new Map(timings.map(({ step, milliseconds }) => [step, milliseconds]));
  const text = (id: number) => `${program.values[id].dtype}[${program.values[id].shape.join(",")}]`;
  return program.steps.map((one, step) => {
    const { op, label, inputs, outputs } = one;
    return {
      step,
      op: nameOfStep(one),
      layer: label,
      inputs: inputs.map(text),
      outputs: outputs.map(text),
      bytes: movedBytes(program, one),
      operations: operationsOf(program, one, op),
      milliseconds: time.get(step) ?? 0,
    };
  });
}

function operationsOf({ values }: Program, { attributes, inputs, outputs }: ProgramStep, op: string): number {
  const specs = (ids: readonly number[]) => ids.map((id) => values[id]);
  const products = PRODUCTS.get(op)?.multiplyAdds?.(specs(inputs), specs(outputs), attributes);
  if (products !== undefined) return 2 * products;
  const elements = Math.max(0, ...specs([...inputs, ...outputs]).map(({ shape }) => numel(shape)));
  const fused = typeof attributes.names === "string" ? attributes.names.split("+").length : 1;
  return elements * fused;
}
