/** What every layer must satisfy, on float64 so that finite differences are exact enough. */
import assert from "node:assert/strict";
import { type nn, noGrad, type Tensor, tensor } from "../../../src/index.ts";

export interface LayerExpectations {
  readonly inputs: readonly (readonly number[])[];
  readonly outputShape: readonly number[];
  readonly text: string;
  readonly keys: readonly string[];
}

/** Numbers without a pattern, well away from 0 if `gap` says so: kinks must not lie within the difference. */
export function numbers(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    const y = 2 * (x - Math.floor(x)) - 1;
    return y + 0.05 * Math.sign(y);
  });
}

function filled(shape: readonly number[], seed: number): Tensor {
  return tensor(
    numbers(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    { shape: [...shape] },
  );
}

/** Shapes, printed form, gradients by finite differences, saving and loading. */
export async function checkLayer(make: () => nn.Module, expected: LayerExpectations): Promise<void> {
  const layer = make().double();
  assert.equal(layer.toString(), expected.text);
  assert.deepEqual(Object.keys(layer.stateDict()), expected.keys);
  const inputs = expected.inputs.map((shape, i) => filled(shape, i + 1).requiresGrad_());
  const output = layer(...inputs) as Tensor;
  assert.deepEqual(output.shape, expected.outputShape);
  await checkGradients(layer, inputs, filled(expected.outputShape, 99));
  await checkSaving(make, layer, inputs);
}

/** (f(x + h) - f(x - h)) / 2h against the gradient, f being the output weighted and summed. */
async function checkGradients(layer: nn.Module, inputs: readonly Tensor[], weights: Tensor): Promise<void> {
  const value = () => (layer(...inputs) as Tensor).mul(weights).sum();
  value().backward();
  const leaves: [string, Tensor][] = [
    ...layer.namedParameters(),
    ...inputs.map((x, i): [string, Tensor] => [`input ${i}`, x]),
  ];
  const step = 1e-6;
  for (const [name, leaf] of leaves) {
    const gradient = await (leaf.grad as Tensor).data();
    const start = await leaf.data();
    for (let at = 0; at < start.length; at += Math.ceil(start.length / 12)) {
      const results: number[] = [];
      for (const sign of [1, -1]) {
        const moved = start.slice();
        moved[at] += sign * step;
        noGrad(() => leaf.copy_(tensor(moved, { shape: leaf.shape })));
        results.push(await value().item());
      }
      noGrad(() => leaf.copy_(tensor(start, { shape: leaf.shape })));
      const difference = (results[0] - results[1]) / (2 * step);
      const scale = Math.max(1, Math.abs(difference));
      assert.ok(
        Math.abs(gradient[at] - difference) < 1e-5 * scale,
        `${name}[${at}]: gradient ${gradient[at]}, finite difference ${difference}`,
      );
    }
  }
}

async function checkSaving(
  make: () => nn.Module,
  layer: nn.Module,
  inputs: readonly Tensor[],
): Promise<void> {
  const other = make().double();
  assert.deepEqual(other.loadStateDict(layer.stateDict()), { missingKeys: [], unexpectedKeys: [] });
  layer.eval();
  other.eval();
  const [a, b] = [layer(...inputs) as Tensor, other(...inputs) as Tensor];
  assert.deepEqual(await a.tolist(), await b.tolist());
}
