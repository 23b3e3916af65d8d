/** `precision` of fit and evaluate: what is rounded and what is not, and what happens if there is no fast bf16. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import {
  isBf16Supported,
  manualSeed,
  stopEngine,
  type Tensor,
  useEngine,
} from "../../../src/tensor/index.ts";
import { evaluate, type FitOptions, type FitResult, fit, type Precision } from "../../../src/train/index.ts";
import { missingLibrary } from "../../engines/onednn/library.ts";
import { quadrantLoader } from "../small_data.ts";

// Small steps too are oneDNN's.
process.env.CONVOYANT_ONEDNN = "everything";
const folder = mkdtempSync(join(tmpdir(), "convoyant-precision-"));
after(() => rmSync(folder, { recursive: true, force: true }));
after(stopEngine);

const skip = await noBf16();

async function noBf16(): Promise<string | false> {
  const missing = missingLibrary();
  if (missing !== false) return missing;
  await useEngine("onednn", { threads: 1 });
  return (await isBf16Supported()) ? false : "this processor has no fast bf16";
}

/** Notes the dtype of what goes through it. */
class Watch extends nn.Module {
  seen = new Set<string>();

  override forward(x: Tensor): Tensor {
    this.seen.add(`${x.dtype}${this.training ? "" : " in test"}`);
    return x;
  }
}

function network(): { net: nn.Module; watch: Watch } {
  manualSeed(1);
  const watch = new Watch();
  const net = nn.Sequential(nn.Linear(2, 16), watch, nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4));
  return { net, watch };
}

async function train(
  precision: Precision | undefined,
  more: Partial<FitOptions> = {},
): Promise<{ net: nn.Module; watch: Watch; optimizer: optim.Optimizer; result: FitResult; notes: string[] }> {
  const { net, watch } = network();
  const optimizer = optim.SGD(net.parameters(), { lr: 0.2, momentum: 0.9 });
  const notes: string[] = [];
  const result = await fit(net, {
    trainLoader: quadrantLoader(160, 1),
    testLoader: quadrantLoader(64, 2),
    optimizer,
    epochs: 2,
    ...(precision !== undefined && { precision }),
    callbacks: { onNote: (text) => notes.push(text) },
    ...more,
  });
  return { net, watch, optimizer, result, notes };
}

const losses = ({ points }: FitResult) => points.map(({ trainLoss, testLoss }) => [trainLoss, testLoss]);

test("bf16 rounds products and leaves weights, optimiser, losses, metrics and statistics in 32 bits", {
  skip,
}, async () => {
  await useEngine("onednn", { threads: 1 });
  const given = new Set<string>();
  const watched = (what: string) => (output: Tensor, target: Tensor) => {
    given.add(`${what} ${output.dtype}`);
    return nn.functional.crossEntropy(output, target);
  };
  const options = { loss: watched("loss"), metrics: { again: watched("metric") } };
  const half = await train("bf16", options);
  assert.equal(half.result.precision, "bf16");
  assert.deepEqual(half.notes, []);
  assert.deepEqual([...half.watch.seen].sort(), ["bfloat16", "bfloat16 in test"]);
  assert.deepEqual([...given].sort(), ["loss float32", "metric float32"]);
  for (const [name, tensor] of Object.entries(half.net.stateDict())) {
    assert.notEqual(tensor.dtype, "bfloat16", name);
  }
  const state = JSON.stringify(half.optimizer.stateDict(), (_key, value) => value?.dtype ?? value);
  assert.match(state, /float32/);
  assert.doesNotMatch(state, /bfloat16/);
  const whole = await train("f32", options);
  assert.deepEqual([...whole.watch.seen].sort(), ["float32", "float32 in test"]);
  const [a, b] = [half.result, whole.result].map((result) => losses(result).flat());
  assert.notDeepEqual(a, b);
  a.forEach((loss, i) => {
    if (loss !== undefined) assert.ok(Math.abs(loss - (b[i] as number)) < 0.05, `${i}: ${loss}, ${b[i]}`);
  });
});

test("the test set is looked at in the precision of the training", { skip }, async () => {
  await useEngine("onednn", { threads: 1 });
  const { net, result } = await train("bf16");
  const last = result.points.at(-1)?.testLoss;
  const loader = quadrantLoader(64, 2);
  assert.equal((await evaluate(net, loader, { precision: "bf16" })).loss, last);
  assert.notEqual((await evaluate(net, loader)).loss, last);
});

test("an engine without fast bf16 says so once and computes in f32, in the run's settings too", async () => {
  await useEngine("wasm", { threads: 1 });
  const asked = await train("bf16", { out: join(folder, "asked") });
  assert.equal(asked.result.precision, "f32");
  assert.deepEqual(asked.notes, ["The engine wasm has no fast bf16 on this processor: computing in f32."]);
  const plain = await train(undefined);
  assert.deepEqual(plain.notes, []);
  assert.deepEqual(losses(asked.result), losses(plain.result));
  const { config, environment } = JSON.parse(readFileSync(join(folder, "asked", "config.json"), "utf8"));
  assert.equal(config.precision, "bf16");
  assert.equal(environment.precision, "f32");
  assert.match(environment.precisionNote, /^bf16 was asked for\. The engine wasm has no fast bf16/);
  assert.match(readFileSync(join(folder, "asked", "report.html"), "utf8"), /has no fast bf16/);
  const { net } = network();
  const loader = quadrantLoader(64, 2);
  assert.equal((await evaluate(net, loader, { precision: "bf16" })).loss, (await evaluate(net, loader)).loss);
});

test("a run goes on in another precision, from f32 to bf16 and back", { skip }, async () => {
  await useEngine("onednn", { threads: 1 });
  const parts = async (...precisions: Precision[]) => {
    const out = join(folder, precisions.join("-"));
    let last: FitResult | undefined;
    for (const [i, precision] of precisions.entries()) {
      last = (await train(precision, { out, epochs: i + 1, resume: i > 0 })).result;
      assert.equal(last.precision, precision);
    }
    return losses(last as FitResult);
  };
  const mixed = await parts("f32", "bf16", "f32");
  const whole = await parts("f32", "f32", "f32");
  assert.equal(mixed.length, 15);
  assert.deepEqual(mixed.slice(0, 5), whole.slice(0, 5));
  assert.notDeepEqual(mixed.slice(5, 10), whole.slice(5, 10));
  // A run with the same first epoch and a second one in bf16 is at the same place.
  assert.deepEqual((await parts("f32", "bf16")).slice(0, 10), mixed.slice(0, 10));
  const again = await parts("f32", "bf16", "f32").catch((error: Error) => error.message);
  assert.match(String(again), /holds a run already/);
});

test("an unknown precision is refused before anything begins", async () => {
  for (const precision of ["fp16", "bfloat16", null, 16] as never[]) {
    await assert.rejects(train(precision), {
      name: "ArgumentError",
      message: `fit: expected \`precision\` to be "f32" or "bf16", got ${JSON.stringify(precision)}`,
    });
    await assert.rejects(evaluate(network().net, quadrantLoader(16, 1), { precision }), {
      name: "ArgumentError",
      message: /^evaluate: expected `precision` to be "f32" or "bf16"/,
    });
  }
});
