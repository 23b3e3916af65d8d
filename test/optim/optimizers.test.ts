import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fromTypedArray, nn, optim, stopEngine, type Tensor, tensor, useEngine } from "../../src/index.ts";
import { decodeSafetensors } from "../../src/io/safetensors/safetensors.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";
import { compareTensor } from "../engines/contract/compare.ts";

interface Case {
  readonly optimizer: string;
  readonly options: Record<string, unknown>;
  readonly groups: Record<string, unknown>[] | null;
  readonly clip: [string, number, number | "Infinity"] | null;
  readonly paramGroups: Record<string, unknown>[];
}

const STEPS = 20;
const folder = new URL("../../../test/fixtures/optim/", import.meta.url);
const cases = JSON.parse(readFileSync(new URL("cases.json", folder), "utf8")) as Case[];
const { tensors } = decodeSafetensors(readFileSync(new URL("cases.safetensors", folder)));
type Maker = (params: unknown, options?: unknown) => optim.Optimizer;
const optimizers = optim as unknown as Record<string, Maker>;

function stored(name: string): Tensor {
  const found = tensors.get(name);
  assert.ok(found, name);
  return fromTypedArray(found.data.slice(), found.shape, found.dtype as Tensor["dtype"]);
}

/** One step's part of a stored batch, as data of its own. */
function batch(name: string, step: number): Tensor {
  const { data, shape } = tensors.get(name) as NonNullable<ReturnType<typeof tensors.get>>;
  const size = shape[1] * shape[2];
  return tensor(Float32Array.from(data.slice(step * size, (step + 1) * size)), { shape: shape.slice(1) });
}

class Run {
  readonly leaves = ["w", "b", "unused"].map((name) => stored(name).requiresGrad_());
  readonly optimizer: optim.Optimizer;
  private readonly one: Case;

  constructor(one: Case) {
    this.one = one;
    const params =
      one.groups === null
        ? this.leaves
        : one.groups.map((group, i) => ({ params: [this.leaves[i]], ...group }));
    this.optimizer = optimizers[one.optimizer](params, one.options);
  }

  step(step: number): void {
    const [w, b] = this.leaves;
    const loss = batch("x", step).matmul(w).add(b).sub(batch("y", step)).pow(2).mean();
    this.optimizer.zeroGrad();
    loss.backward();
    const { clip } = this.one;
    if (clip?.[0] === "norm") nn.utils.clipGradNorm_(this.leaves, clip[1], Number(clip[2]));
    else if (clip) nn.utils.clipGradValue_(this.leaves, clip[1]);
    this.optimizer.step();
  }

  async values(): Promise<number[]> {
    const data = await Promise.all(this.leaves.map((leaf) => leaf.data()));
    return data.flatMap((one) => [...one]);
  }
}

async function stateDifferences(one: Case, number: number, optimizer: optim.Optimizer): Promise<string[]> {
  const found: string[] = [];
  const { state, param_groups } = optimizer.stateDict();
  const prefix = `${number}.state.`;
  for (const name of [...tensors.keys()].filter((key) => key.startsWith(prefix))) {
    const [index, key] = name.slice(prefix.length).split(".");
    const held = state[index]?.[key];
    const expected = tensors.get(name) as NonNullable<ReturnType<typeof tensors.get>>;
    if (typeof held === "number") {
      if (held !== expected.data[0]) found.push(`${name} is ${held}`);
      continue;
    }
    if (held === undefined) {
      found.push(`${name} is missing`);
      continue;
    }
    const got = { data: await held.data(), shape: held.shape, dtype: held.dtype };
    const difference = compareTensor(got as never, expected, [1e-4, 1e-5]);
    if (difference !== null) found.push(`${name} ${difference}`);
  }
  one.paramGroups.forEach((group, i) => {
    for (const [key, value] of Object.entries(group)) {
      if (JSON.stringify(param_groups[i][key]) !== JSON.stringify(value))
        found.push(`param_groups[${i}].${key} is ${param_groups[i][key]}, expected ${value}`);
    }
  });
  return found;
}

for (const engine of ["reference", "wasm"]) {
  test(`${cases.length} optimisers take the same 20 steps as PyTorch's, on ${engine}`, async () => {
    await useEngine(engine);
    const problems: string[] = [];
    for (let i = 0; i < cases.length; i++) {
      const title = `${cases[i].optimizer}(${JSON.stringify(cases[i].options)})`;
      const run = new Run(cases[i]);
      const expected = tensors.get(`${i}.values`) as NonNullable<ReturnType<typeof tensors.get>>;
      for (let step = 0; step < STEPS; step++) {
        run.step(step);
        const got = await run.values();
        const row = {
          ...expected,
          data: expected.data.slice(step * got.length, (step + 1) * got.length),
          shape: [got.length],
        };
        const difference = compareTensor({ ...row, data: Float32Array.from(got) }, row, [2e-5, 2e-5]);
        if (difference !== null) {
          problems.push(`${title} after step ${step + 1}: ${difference}`);
          break;
        }
      }
      for (const one of await stateDifferences(cases[i], i, run.optimizer)) problems.push(`${title}: ${one}`);
    }
    assert.equal(problems.join("\n"), "");
  });
}

test("saved and loaded in the middle, every optimiser goes on to the same bits", async () => {
  await useEngine("reference");
  for (const one of cases) {
    const whole = new Run(one);
    for (let step = 0; step < 6; step++) whole.step(step);
    const first = new Run(one);
    for (let step = 0; step < 3; step++) first.step(step);
    const second = new Run(one);
    const weights = await Promise.all(first.leaves.map((leaf) => leaf.data()));
    second.leaves.forEach((leaf, i) => {
      leaf.detach().copy_(tensor(weights[i], { shape: leaf.shape }));
    });
    second.optimizer.loadStateDict(first.optimizer.stateDict());
    for (let step = 3; step < 6; step++) second.step(step);
    assert.deepEqual(await second.values(), await whole.values(), one.optimizer);
  }
});

test("the second step finds the program of the first, whatever the optimiser", async () => {
  await useEngine("reference");
  for (const one of cases) {
    const run = new Run(one);
    run.step(0);
    const { programs, runs } = defaultSession().statistics;
    run.optimizer.paramGroups[0].lr *= 0.5;
    for (let step = 1; step < 5; step++) run.step(step);
    const { statistics } = defaultSession();
    assert.deepEqual(
      [statistics.programs - programs, statistics.runs - runs],
      [0, 4],
      `${one.optimizer} ${JSON.stringify(one.options)}`,
    );
  }
});

after(() => stopEngine());
