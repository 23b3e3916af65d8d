/** The program of one training step, with the time of each of its steps. */
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
  const step = await trainingStep(net, inputShape, precision);
  // The first builds the program, the second finds weights and statistics where they stay.
  for (let i = 0; i < 3; i++) step();
  await defaultSession().finish();
  const runs = await profile(step);
  return runs.reduce((largest, run) =>
    run.program.steps.length > largest.program.steps.length ? run : largest,
  );
}

/** A step of training on noise. */
export async function trainingStep(
  net: Module,
  inputShape: readonly number[],
  precision: Precision,
): Promise<() => void> {
  const optimizer = optim.SGD(net.parameters(), { lr: 0.01 });
  optimizer.keepGradients = false;
  const x = await rand([...inputShape]).realize();
  const y = await zeros([inputShape[0]], { dtype: "int64" }).realize();
  return () => {
    const loss = inPrecision(precision, () => crossEntropy(net(x), y));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  };
}
