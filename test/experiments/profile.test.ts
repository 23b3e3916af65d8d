import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { profileContender } from "../../src/experiments/bench/profile_bench.ts";
import { trainingStep } from "../../src/experiments/bench/training_step.ts";
import {
  ProfileRecorder,
  programsOf,
  type RecordedRun,
} from "../../src/experiments/profile/profile_recorder.ts";
import { profileOf } from "../../src/experiments/profile/profile_rows.ts";
import { stepCosts } from "../../src/experiments/profile/step_costs.ts";
import { durationOf, traceOf } from "../../src/experiments/profile/trace.ts";
import { create } from "../../src/models/index.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";
import { stopEngine, useEngine } from "../../src/tensor/index.ts";

afterEach(stopEngine);

async function recorded(steps: number): Promise<readonly RecordedRun[]> {
  await useEngine("wasm", { threads: 1 });
  const step = await trainingStep(create("lenet"), [4, 1, 28, 28], "f32");
  const recorder = new ProfileRecorder();
  recorder.start();
  for (let i = 0; i < steps; i++) step();
  await defaultSession().finish();
  recorder.stop();
  return recorder.runs;
}

test("the operations of a training step are those of LeNet's products, forward and backward", async () => {
  const runs = await recorded(6);
  const [largest] = programsOf(runs);
  const operations = stepCosts(largest.program, largest.timings)
    .filter(({ op }) => op.startsWith("conv2d") || op.startsWith("matmul"))
    .reduce((sum, one) => sum + one.operations, 0);
  const [first, second] = [28 * 28 * 6 * 25, 100 * 16 * 150];
  const dense = 400 * 120 + 120 * 84 + 84 * 10;
  // Each three times, but for the first layer, whose images need no gradient.
  assert.equal(operations, 2 * 4 * (2 * first + 3 * second + 3 * dense));
});

test("the first runs of a program are left out, unless there are no others", async () => {
  const [many] = programsOf(await recorded(7));
  assert.ok(many.runs >= 3 && many.runs <= 4, `${many.runs} runs`);
  const [few] = programsOf(await recorded(3));
  assert.equal(few.runs, 1);
  assert.equal(few.timings.length, few.program.steps.length);
});

test("a trace holds each step of each run, one after the other, inside of its run", async () => {
  const runs = await recorded(6);
  const { traceEvents } = JSON.parse(traceOf(runs));
  const events = traceEvents.filter(({ ph }: { ph: string }) => ph === "X");
  assert.equal(
    events.length,
    runs.reduce((sum, { program }) => sum + 1 + program.steps.length, 0),
  );
  const whole = events.filter(({ tid }: { tid: number }) => tid === 1);
  assert.equal(whole.length, runs.length);
  for (const [i, { ts, dur }] of whole.entries()) {
    assert.ok(ts >= 0 && Math.abs(dur / 1e3 - durationOf(runs[i])) < 0.01);
    const inside = events.filter(
      (e: any) => e.tid === 2 && e.ts >= ts - 0.01 && e.ts + e.dur <= ts + dur + 1,
    );
    assert.ok(inside.length >= runs[i].program.steps.length);
  }
  const conv = events.find(({ name }: { name: string }) => name.startsWith("conv2d"));
  assert.equal(conv.args.layer, "net.0");
  assert.ok(conv.args.bytes > 0 && conv.args.operations > 0);
});

test("rows add up to the program, and the roofline is that of operations and bytes", async () => {
  const [program] = programsOf(await recorded(6));
  const slow = { gflops: 1e-6, gigabytesPerSecond: 1e9 };
  const { rows, roofline } = profileOf(program, slow);
  const sum = (of: "milliseconds" | "share" | "operations") => rows.reduce((all, row) => all + row[of], 0);
  const total = program.timings.reduce((all, { milliseconds }) => all + milliseconds, 0);
  assert.ok(Math.abs(sum("milliseconds") - total) < 1e-6);
  assert.ok(Math.abs(sum("share") - 1) < 1e-9);
  // Bound by operations alone: 1000 a second.
  assert.ok(Math.abs(roofline / (sum("operations") / total) - 1) < 1e-9);
  const [row] = rows;
  assert.ok(Math.abs(row.roofline / (row.operations / row.milliseconds) - 1) < 1e-9);
});

test("what bench measures is profiled, training and inference", async () => {
  for (const task of ["train", "infer"] as const) {
    const contender = { task, net: "lenet", engine: "wasm", precision: "f32", batch: 2, threads: 1 };
    let runs: readonly RecordedRun[] = [];
    await profileContender(contender, async (all) => {
      runs = all;
    });
    const [{ program, runs: times }] = programsOf(runs);
    assert.ok(times >= 5, `${times} runs`);
    assert.ok(program.steps.some(({ op }) => op === "conv2d"));
    assert.equal(
      program.steps.some(({ op }) => op === "conv2dWeightGradient"),
      task === "train",
    );
  }
});
