import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import * as c from "../../src/index.ts";
import { ALL_STEPS, runSteps, type Step, stepsOf } from "./programs.ts";

after(() => c.stopEngine());

interface Outcome {
  readonly result: ArrayLike<number>;
  readonly grads: readonly ArrayLike<number>[];
}

async function outcome(steps: readonly Step[], data: readonly (readonly number[])[]): Promise<Outcome> {
  const leaves = data.map((d) => c.tensor(Float32Array.from(d), { shape: [3, 4] }).requiresGrad_());
  const result = runSteps(steps, leaves);
  const grads = result.requiresGrad ? c.grad(result.sum(), leaves, { allowUnused: true }) : [];
  return {
    result: await result.data(),
    grads: await Promise.all(grads.map(async (g) => (g === null ? [] : g.data()))),
  };
}

function compare(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(got.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const allowed = 1e-4 + 1e-4 * Math.abs(expected[i]);
    assert.ok(
      Math.abs(got[i] - expected[i]) <= allowed || Object.is(got[i], expected[i]),
      `[${i}] is ${got[i]}, expected ${expected[i]}`,
    );
  }
}

test("reference and wasm agree on random programs and their gradients", async () => {
  // Numbers far enough apart that rounding does not change an order or a comparison.
  const number = fc.integer({ min: -60, max: 60 }).map((n) => n / 40 + 0.0113);
  const data = fc.array(fc.array(number, { minLength: 12, maxLength: 12 }), { minLength: 2, maxLength: 2 });
  const cases = fc.sample(fc.tuple(stepsOf(ALL_STEPS, 7), data), { numRuns: 120, seed: 20261123 });
  await c.useEngine("reference");
  const expected: Outcome[] = [];
  for (const [steps, values] of cases) expected.push(await outcome(steps, values));
  await c.useEngine("wasm");
  for (let i = 0; i < cases.length; i++) {
    const [steps, values] = cases[i];
    try {
      const got = await outcome(steps, values);
      compare(got.result, expected[i].result);
      got.grads.forEach((g, k) => compare(g, expected[i].grads[k]));
    } catch (error) {
      throw new Error(`program ${i}: ${JSON.stringify(steps)}`, { cause: error });
    }
  }
});
