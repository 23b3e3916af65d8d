import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ConvoyantError } from "../../../src/base/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../src/io/safetensors/safetensors.ts";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { stopEngine, useEngine } from "../../../src/tensor/index.ts";
import { fit } from "../../../src/train/index.ts";
import { quadrants } from "../small_data.ts";

const base = mkdtempSync(join(tmpdir(), "convoyant-checkpoint-"));
const run = join(base, "run");
const path = join(run, "checkpoint.safetensors");
before(() => useEngine("wasm", { threads: 1 }));
after(async () => {
  await stopEngine();
  rmSync(base, { recursive: true, force: true });
});

function train(resume: boolean, epochs: number) {
  const net = nn.Linear(2, 4);
  const optimizer = optim.Adam(net.parameters(), { lr: 0.1 });
  const scheduler = optim.StepLR(optimizer, 2, 0.5);
  const batch = quadrants(8, 1);
  const earlyStopping = { monitor: "trainLoss", patience: 9 } as const;
  return fit(net, { trainLoader: [batch], optimizer, scheduler, earlyStopping, epochs, out: run, resume });
}

type Json = Record<string, any>;

/** The checkpoint with its settings changed by `change`. */
function damage(good: Uint8Array, change: (state: Json, optimizer: Json) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(good);
  const [state, optimizer] = [metadata.state, metadata.optimizer].map((text) => JSON.parse(text) as Json);
  change(state, optimizer);
  return encodeSafetensors(tensors, {
    ...metadata,
    state: JSON.stringify(state),
    optimizer: JSON.stringify(optimizer),
  });
}

const WRONG: [string, (state: Json, optimizer: Json) => void, RegExp][] = [
  ["epoch", (s) => (s.epoch = "1"), /damaged checkpoint: epoch is not as expected/],
  ["epoch below 0", (s) => (s.epoch = -1), /damaged checkpoint: epoch/],
  ["batch", (s) => (s.batch = 0.5), /damaged checkpoint: batch/],
  ["step", (s) => (s.step = { $number: "NaN" }), /damaged checkpoint: step/],
  ["seconds", (s) => (s.seconds = null), /damaged checkpoint: seconds/],
  ["points", (s) => (s.points = {}), /damaged checkpoint: points/],
  ["a point", (s) => (s.points[0].testAccuracy = "x"), /damaged checkpoint: points\.0/],
  ["best", (s) => (s.best = 3), /damaged checkpoint: best/],
  ["totals", (s) => (s.totals = {}), /damaged checkpoint: totals\.examples/],
  ["a total", (s) => (s.totals.lossSum = []), /damaged checkpoint: totals\.lossSum/],
  ["random", (s) => (s.random.offset = -1), /damaged checkpoint: random\.offset/],
  ["microBatch", (s) => (s.microBatch = 0), /damaged checkpoint: microBatch/],
  ["scheduler", (s) => (s.scheduler = 3), /damaged checkpoint: scheduler/],
  ["scheduler's epoch", (s) => (s.scheduler.last_epoch = {}), /StepLR.*expected what stateDict\(\) gave/],
  ["scheduler's rates", (s) => (s.scheduler.base_lrs = [1, 2]), /StepLR.*`base_lrs`/],
  ["earlyStopping", (s) => (s.earlyStopping.bad = null), /damaged checkpoint: earlyStopping\.bad/],
  ["groups", (_, o) => (o.param_groups = 1), /does not fit this training: .*expected what stateDict/],
  ["a group", (_, o) => (o.param_groups = [null]), /expected groups of 2 parameters, got 0/],
  ["lr", (_, o) => (o.param_groups[0].lr = "0.1"), /expected `lr` of a group to be a number, got "0\.1"/],
  ["lr below 0", (_, o) => (o.param_groups[0].lr = -1), /expected `lr` to be at least 0, got -1/],
  ["lr NaN", (_, o) => (o.param_groups[0].lr = { $number: "NaN" }), /expected `lr` of a group/],
  [
    "betas",
    (_, o) => (o.param_groups[0].betas = [0.9]),
    /expected `betas` .* a list of 2 numbers, got \[0\.9\]/,
  ],
  ["amsgrad", (_, o) => (o.param_groups[0].amsgrad = {}), /expected `amsgrad` .* a boolean, got an object/],
  [
    "a setting's name",
    (_, o) => (o.param_groups[0].constructor = {}),
    /expected `constructor` .* to be a name/,
  ],
  ["a parameter's state", (_, o) => (o.state[0] = 7), /expected the state of a parameter to be an object/],
  ["a count", (_, o) => (o.state[0].step = "7"), /expected `step` to be a number of at least 0, got "7"/],
  ["a buffer", (_, o) => (o.state[0].exp_avg = 7), /expected `exp_avg` to be a tensor, got 7/],
  ["a tensor that is not there", (_, o) => (o.state[0].exp_avg.$tensor = "x"), /tensor x is missing/],
  ["another's tensor", (_, o) => (o.state[0].exp_avg = o.state[1].exp_avg), /expected `exp_avg` of shape/],
];

test("a checkpoint is resumed only if all in it is of its kind", async (t) => {
  await train(false, 1);
  const good = readFileSync(path);
  for (const [name, change, message] of WRONG) {
    await t.test(name, async () => {
      writeFileSync(path, damage(good, change));
      await assert.rejects(train(true, 2), (error: Error) => {
        assert.ok(error instanceof ConvoyantError, `${error.stack}`);
        assert.match(error.message, message);
        return true;
      });
    });
  }
  await t.test("settings nested too deeply", async () => {
    const { tensors, metadata } = decodeSafetensors(good);
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    for (const name of ["state", "optimizer"]) {
      writeFileSync(path, encodeSafetensors(tensors, { ...metadata, [name]: deep }));
      await assert.rejects(
        train(true, 2),
        /FileError: .*is a damaged checkpoint: its settings cannot be read/,
      );
    }
  });
  await t.test("no checkpoint beside weights", async () => {
    rmSync(path);
    const weights = readFileSync(join(run, "best.safetensors"));
    await assert.rejects(
      train(true, 2),
      /TrainingError: .*run cannot be resumed: checkpoint\.safetensors is missing, though there is best/,
    );
    assert.deepEqual(readFileSync(join(run, "best.safetensors")), weights);
  });
  assert.equal(({} as Json).lr, undefined);
  writeFileSync(
    path,
    damage(good, () => {}),
  );
  assert.equal((await train(true, 2)).step, 2);
});
