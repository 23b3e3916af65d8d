/**
 * The chapter's networks train as in PyTorch: the same initial weights and batches, both made by formula on
 * integers, and the same losses. A few steps each; PARITY_STEPS=20 takes all that are recorded.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { engineNames } from "../../src/engines/engine_names.ts";
import { EngineError, fromTypedArray, models, nn, optim, stopEngine, useEngine } from "../../src/index.ts";
import { mixed } from "./training_batches.ts";

interface Recorded {
  readonly check: { readonly labels: number[]; readonly pixels: number[] };
  readonly networks: Record<
    string,
    { readonly size: number; readonly lr: number; readonly losses: number[] }
  >;
}
const path = new URL("../../../test/fixtures/models/losses.json", import.meta.url);
const recorded = JSON.parse(readFileSync(path, "utf8")) as Recorded;
const BATCH = 8;

function numbersOf(step: number, size: number): { pixels: Float32Array; labels: Float64Array } {
  const area = size * size;
  const pixels = new Float32Array(BATCH * area);
  const labels = new Float64Array(BATCH);
  for (let n = 0; n < BATCH; n++) {
    const example = step * BATCH + n;
    const label = mixed(example + 1_000_003) % 10;
    labels[n] = label;
    for (let p = 0; p < area; p++) {
      const cell = Math.floor((Math.floor(p / size) * 28) / size) * 28 + Math.floor(((p % size) * 28) / size);
      const pattern = mixed(label * 784 + (cell >> 2) + 77) % 2;
      pixels[n * area + p] = (pattern * 127 + (mixed(example * area + p) % 128)) / 255;
    }
  }
  return { pixels, labels };
}

interface Weight {
  readonly values: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** Of each network by its name: the same for every engine. */
const weightsOf = new Map<string, Readonly<Record<string, Weight>>>();

/** Initial weights by formula; batch normalisation keeps 1 and 0. */
function fill(net: nn.Module, name: string): void {
  const weights = weightsOf.get(name) ?? initialWeights(net);
  weightsOf.set(name, weights);
  const entries = Object.entries(weights).map(
    ([key, { values, shape }]) => [key, fromTypedArray(values, [...shape], "float32")] as const,
  );
  net.loadStateDict(Object.fromEntries(entries), { strict: false });
}

function initialWeights(net: nn.Module): Readonly<Record<string, Weight>> {
  const weights: Record<string, Weight> = {};
  let number = 0;
  for (const [name, parameter] of net.namedParameters()) {
    const module = net.getSubmodule(name.slice(0, Math.max(0, name.lastIndexOf("."))));
    const start = mixed(number++);
    if (!(module instanceof nn.Conv2d || module instanceof nn.Linear)) continue;
    const [outputs, inputs, ...window] = parameter.shape;
    const receptive = window.reduce((a, b) => a * b, 1);
    const bound = parameter.ndim > 1 ? Math.sqrt(6 / ((outputs + inputs) * receptive)) : 0.05;
    weights[name] = { values: noise(parameter.numel(), start, bound), shape: parameter.shape };
  }
  return weights;
}

/** Numbers between -bound and bound. */
function noise(count: number, start: number, bound: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = (2 * (mixed(i + start) / 2 ** 32) - 1) * bound;
  return values;
}

test("both sides make the same batches", () => {
  const { pixels, labels } = numbersOf(3, 28);
  assert.deepEqual([...labels], recorded.check.labels);
  assert.deepEqual(
    [...pixels.slice(784, 792)].map((x) => Math.round(x * 255)),
    recorded.check.pixels,
  );
});

async function trainAgainst(
  name: string,
  options: models.NetworkOptions,
  tolerance: number,
  steps: number,
): Promise<void> {
  const { size, lr, losses } = recorded.networks[name.replace("-scratch", "")];
  const net = models.create(name, { edition: "zh", ...options });
  fill(net, name);
  const optimizer = optim.SGD(net.parameters(), { lr });
  let worst = 0;
  for (let step = 0; step < Math.min(steps, losses.length); step++) {
    const { pixels, labels } = numbersOf(step, size);
    const x = fromTypedArray(pixels, [BATCH, 1, size, size], "float32");
    const y = fromTypedArray(labels, [BATCH], "int64");
    const loss = nn.functional.crossEntropy(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    const got = await loss.item();
    const error = Math.abs(got - losses[step]) / losses[step];
    worst = Math.max(worst, error);
    assert.ok(
      error <= tolerance,
      `step ${step}: loss ${got}, PyTorch's ${losses[step]} (relative distance ${error})`,
    );
  }
  if (process.env.CONVOYANT_PARITY_STEPS)
    console.log(`${name}: largest relative distance ${worst.toExponential(1)}`);
}

const networks: readonly [name: string, options: models.NetworkOptions, tolerance: number, steps: number][] =
  [
    ["lenet", {}, 1e-4, 20],
    ["bn-lenet", {}, 1e-3, 20],
    ["bn-lenet-scratch", {}, 1e-3, 20],
    ["alexnet", { dropout: 0 }, 1e-4, 2],
    ["vgg11", { dropout: 0 }, 1e-4, 3],
    ["nin", { dropout: 0 }, 1e-4, 3],
    ["googlenet", {}, 1e-3, 5],
  ];

for (const engine of engineNames().filter((name) => name !== "reference")) {
  for (const [name, options, tolerance, usual] of networks) {
    const steps = Number(process.env.CONVOYANT_PARITY_STEPS ?? usual);
    test(`${name}: PyTorch's losses over ${steps} steps to ${tolerance}, on ${engine}`, async (t) => {
      try {
        await useEngine(engine);
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        t.skip(`${engine} does not start here: ${error.message}`);
        return;
      }
      await trainAgainst(name, options, tolerance, steps);
    });
  }
}

after(() => stopEngine());
