/** The program of one training step, with the time of each of its steps. */
import { bytesOf } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import type { Program, StepTiming } from "../../engines/contract/engine.ts";
import type { Module } from "../../nn/index.ts";
import * as optim from "../../optim/index.ts";
import { defaultSession, type ProfiledRun } from "../../runtime/runtime.ts";
import { crossEntropy, profile, rand, zeros } from "../../tensor/index.ts";
import { inPrecision, type Precision } from "../../train/loop/precision.ts";

/** Trains a network on noise for a few steps and profiles the last. */
export async function profileTrainingStep(
  net: Module,
  inputShape: readonly number[],
  precision: Precision,
): Promise<ProfiledRun> {
  const optimizer = optim.SGD(net.parameters(), { lr: 0.01 });
  optimizer.keepGradients = false;
  const x = await rand([...inputShape]).realize();
  const y = await zeros([inputShape[0]], { dtype: "int64" }).realize();
  const step = (): void => {
    const loss = inPrecision(precision, () => crossEntropy(net(x), y));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  };
  // The first builds the program, the second finds weights and statistics where they stay.
  for (let i = 0; i < 3; i++) step();
  await defaultSession().finish();
  const runs = await profile(step);
  return runs.reduce((largest, run) =>
    run.program.steps.length > largest.program.steps.length ? run : largest,
  );
}

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
  readonly milliseconds: number;
}

export function stepCosts(program: Program, timings: readonly StepTiming[]): StepCosts[] {
  const time = new Map(timings.map(({ step, milliseconds }) => [step, milliseconds]));
  const text = (id: number) => `${program.values[id].dtype}[${program.values[id].shape.join(",")}]`;
  return program.steps.map(({ op, label, inputs, outputs }, step) => {
    const values = [...new Set([...inputs, ...outputs])].map((id) => program.values[id]);
    return {
      step,
      op,
      layer: label,
      inputs: inputs.map(text),
      outputs: outputs.map(text),
      bytes: values.reduce((total, { shape, dtype }) => total + numel(shape) * bytesOf(dtype), 0),
      milliseconds: time.get(step) ?? 0,
    };
  });
}
