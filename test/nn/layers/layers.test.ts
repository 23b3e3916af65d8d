import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fromTypedArray, nn, stopEngine, type Tensor, useEngine } from "../../../src/index.ts";
import { decodeSafetensors } from "../../../src/io/safetensors/safetensors.ts";
import { compareTensor, type Tolerance } from "../../engines/contract/compare.ts";

interface Case {
  readonly layer: string;
  readonly args: unknown[];
  readonly text: string;
  readonly after?: string;
  readonly train: boolean;
  readonly inputs: number;
  readonly keys: string[];
  readonly twice?: boolean;
  readonly tol?: Tolerance;
}

const folder = new URL("../../../../test/fixtures/layers/", import.meta.url);
const { cases, nested } = JSON.parse(readFileSync(new URL("cases.json", folder), "utf8")) as {
  cases: Case[];
  nested: { text: string; keys: string[] };
};
const { tensors } = decodeSafetensors(readFileSync(new URL("cases.safetensors", folder)));
const layers = nn as unknown as Record<
  string,
  { (...args: unknown[]): nn.Module; new (...args: unknown[]): nn.Module }
>;

function stored(name: string): Tensor {
  const found = tensors.get(name);
  assert.ok(found, name);
  return fromTypedArray(found.data.slice(), found.shape, found.dtype as Tensor["dtype"]);
}

function namesUnder(prefix: string): string[] {
  return [...tensors.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
}

/** Everything in which a layer differs from PyTorch's. */
async function differences(one: Case, number: number): Promise<string[]> {
  const found: string[] = [];
  const same = async (what: string, got: Tensor | null, name: string) => {
    if (got === null) return void found.push(`${what} is missing`);
    const data = { data: await got.data(), shape: got.shape, dtype: got.dtype };
    const difference = compareTensor(data as never, tensors.get(name) as never, one.tol ?? [1e-4, 1e-5]);
    if (difference !== null) found.push(`${what} ${difference}`);
  };
  const layer = layers[one.layer](...one.args);
  assert.ok(layer instanceof layers[one.layer] && layer instanceof nn.Module);
  assert.equal(new layers[one.layer](...one.args).toString(), one.text);
  if (layer.toString() !== one.text) found.push(`prints ${layer.toString()}, expected ${one.text}`);
  const inputs = Array.from({ length: one.inputs }, (_, i) => stored(`${number}.in.${i}`));
  if (layer.isLazy) {
    layer(...inputs);
    if (layer.toString() !== one.after)
      found.push(`prints ${layer.toString()} after its first call, expected ${one.after}`);
  }
  const keys = Object.keys(layer.stateDict());
  if (keys.join() !== one.keys.join()) found.push(`has keys ${keys}, expected ${one.keys}`);
  layer.loadStateDict(Object.fromEntries(one.keys.map((key) => [key, stored(`${number}.state.${key}`)])));
  if (inputs.length === 0) return found;
  layer.train(one.train);
  const graded = namesUnder(`${number}.gradin.`);
  for (const i of graded) inputs[Number(i)].requiresGrad_();
  let out = layer(...inputs) as Tensor;
  if (one.twice) out = layer(...inputs) as Tensor;
  await same("output", out, `${number}.out`);
  if (tensors.has(`${number}.seed`)) {
    out.backward(stored(`${number}.seed`));
    for (const i of graded)
      await same(`gradient of input ${i}`, inputs[Number(i)].grad, `${number}.gradin.${i}`);
    for (const [key, parameter] of layer.namedParameters())
      await same(`gradient of ${key}`, parameter.grad, `${number}.grad.${key}`);
  }
  for (const [key, buffer] of layer.namedBuffers())
    await same(`${key} afterwards`, buffer, `${number}.after.${key}`);
  return found;
}

for (const engine of ["reference", "wasm"]) {
  test(`${cases.length} layers print, keep, compute and differentiate as PyTorch's, on ${engine}`, async () => {
    await useEngine(engine);
    const problems: string[] = [];
    for (let i = 0; i < cases.length; i++) {
      const title = `${i} ${cases[i].layer}(${JSON.stringify(cases[i].args).slice(1, -1)})`;
      try {
        for (const one of await differences(cases[i], i)) problems.push(`${title}: ${one}`);
      } catch (error) {
        problems.push(`${title}: threw ${(error as Error).stack}`);
      }
    }
    assert.equal(problems.join("\n"), "");
  });
}

test("containers print as PyTorch's, and name their parameters so", () => {
  const net = nn.Sequential(
    nn.Conv2d(1, 2, 3),
    nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)),
    nn.ModuleList([nn.Linear(1, 2), nn.Linear(1, 2), nn.ReLU(), nn.Linear(1, 2)]),
    nn.ModuleDict({ left: nn.ReLU(), right: nn.Sequential(nn.Flatten()) }),
    nn.ModuleList(),
    nn.Sequential(),
  );
  assert.equal(net.toString(), nested.text);
  assert.deepEqual(Object.keys(net.stateDict()), nested.keys);
});

after(() => stopEngine());
