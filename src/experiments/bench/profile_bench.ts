/** Profiles of what `convoyant bench` measured of ours. */
import { numel } from "../../base/shape.ts";
import { FrozenNetwork } from "../../classifier/freeze.ts";
import { create, entry } from "../../models/index.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { stopEngine, useEngine } from "../../tensor/index.ts";
import type { Precision } from "../../train/loop/precision.ts";
import { ProfileRecorder, type RecordedRun } from "../profile/profile_recorder.ts";
import { trainingStep } from "./training_step.ts";

/** What is profiled: one of ours, as it was measured. */
export interface ProfiledContender {
  readonly task: "train" | "infer";
  readonly net: string;
  readonly engine: string;
  readonly precision: string;
  readonly batch: number;
  readonly threads: number;
}

/** Steps that are taken; the recorder leaves out the first ones. */
const STEPS = 13;

/** Runs a network on noise for some steps, on its engine, and hands the runs to `show` before the engine ends. */
export async function profileContender(
  one: ProfiledContender,
  show: (runs: readonly RecordedRun[]) => Promise<void>,
): Promise<void> {
  await useEngine(one.engine, { threads: one.threads });
  try {
    const step = await stepOf(one);
    const recorder = new ProfileRecorder();
    recorder.start();
    try {
      for (let i = 0; i < STEPS; i++) {
        await step();
        await defaultSession().finish();
      }
    } finally {
      recorder.stop();
    }
    await show(recorder.runs);
  } finally {
    await stopEngine();
  }
}

async function stepOf({ task, net: name, precision, batch }: ProfiledContender): Promise<() => unknown> {
  const [channels, size] = entry(name).inputShape;
  const net = create(name, { edition: "zh" });
  const shape = [batch, channels, size, size];
  if (task === "train") return trainingStep(net, shape, precision as Precision);
  const frozen = new FrozenNetwork(net, (output) => output, precision as Precision);
  const pixels = new Float32Array(numel(shape)).fill(0.5);
  return () => frozen.call(pixels, shape);
}
