/** `exactConvolutions`: without algorithms that round more than plain sums do. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { manualSeed, nn, randn, stopEngine, type Tensor, useEngine } from "../../src/index.ts";
import { missingLibrary } from "./onednn/library.ts";

after(() => stopEngine());

/** The result and both gradients of a convolution that Winograd's algorithm computes by default. */
async function convolved(): Promise<Float64Array[]> {
  manualSeed(5);
  const x = randn([1, 64, 28, 28]).requiresGrad_();
  const weight = randn([64, 64, 3, 3]).requiresGrad_();
  const y = nn.functional.conv2d(x, weight, { padding: 1 });
  y.mul(randn(y.shape)).sum().backward();
  const all = [y, x.grad as Tensor, weight.grad as Tensor];
  return Promise.all(all.map(async (one) => Float64Array.from(await one.data())));
}

/** Root mean square of the difference over that of the numbers. */
function errorOf(found: Float64Array, expected: Float64Array): number {
  const square = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square(found.map((value, i) => value - expected[i])) / square(expected));
}

/** By the reference engine, which sums in double precision; once for all engines. */
let expected: Float64Array[] | undefined;

for (const name of ["wasm", "onednn"]) {
  const skip = name === "onednn" ? missingLibrary() : false;
  test(`${name}: the error is that of plain sums with it, and stays below 1e-5 without`, {
    skip,
  }, async () => {
    if (expected === undefined) {
      await useEngine("reference");
      expected = await convolved();
    }
    const plain = expected;
    await useEngine(name, { threads: 2, exactConvolutions: true });
    const exact = (await convolved()).map((found, i) => errorOf(found, plain[i]));
    assert.ok(Math.max(...exact) < 5e-7, String(exact));
    // Not measured, so that it is Winograd's on every machine.
    await useEngine(name, { threads: 2, reproducible: true });
    const fast = (await convolved()).map((found, i) => errorOf(found, plain[i]));
    assert.ok(Math.max(...fast) < 1e-5, String(fast));
    assert.ok(Math.min(...fast) > Math.max(...exact), `${fast} ${exact}`);
  });
}
