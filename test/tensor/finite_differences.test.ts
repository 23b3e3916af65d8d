import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import * as c from "../../src/index.ts";
import { runSteps, SMOOTH_STEPS, type Step, stepsOf } from "./programs.ts";

before(() => c.useEngine("reference"));
after(() => c.stopEngine());

const SHAPE = [3, 4];
const COUNT = 12;

const inputs = fc.tuple(
  ...Array.from({ length: 2 }, () =>
    fc.array(fc.double({ min: -1.5, max: 1.5, noNaN: true }), { minLength: COUNT, maxLength: COUNT }),
  ),
);

const make = (data: readonly number[]) => c.tensor(Float64Array.from(data), { shape: SHAPE });

/** A number from the program's result, in which every element counts differently. */
function scalar(steps: readonly Step[], tensors: readonly c.Tensor[]): c.Tensor {
  const weights = c.arange(COUNT, { dtype: "float64" }).reshape(SHAPE).mul(0.37).cos();
  return runSteps(steps, tensors).mul(weights).sum();
}

test("gradients of random programs agree with central differences in float64", async () => {
  await fc.assert(
    fc.asyncProperty(stepsOf(SMOOTH_STEPS, 6), inputs, async (steps, data) => {
      const leaves = data.map((d) => make(d).requiresGrad_());
      const grads = c.grad(scalar(steps, leaves), leaves, { allowUnused: true });
      const exact = await Promise.all(grads.map((g) => (g === null ? new Float64Array(COUNT) : g.data())));
      const h = 1e-5;
      for (const [which, at] of [
        [0, 0],
        [0, 5],
        [0, 11],
        [1, 2],
        [1, 7],
        [1, 10],
      ]) {
        const moved = (by: number) =>
          data.map((d, i) => make(d.map((x, j) => (i === which && j === at ? x + by : x))));
        const [up, down] = [await scalar(steps, moved(h)).item(), await scalar(steps, moved(-h)).item()];
        const estimate = (up - down) / (2 * h);
        const got = exact[which][at];
        assert.ok(
          Math.abs(got - estimate) < 1e-6 * Math.max(1, Math.abs(estimate)),
          `${got}, by differences ${estimate}`,
        );
      }
    }),
    { numRuns: 60, includeErrorInReport: true },
  );
});

test("second gradients of random programs agree with differences of first ones", async () => {
  await fc.assert(
    fc.asyncProperty(stepsOf(SMOOTH_STEPS, 4), inputs, async (steps, data) => {
      const direction = c.arange(COUNT, { dtype: "float64" }).reshape(SHAPE).mul(0.71).sin();
      const slope = (values: readonly number[], createGraph: boolean) => {
        const leaves = [make(values).requiresGrad_(), make(data[1])];
        const total = scalar(steps, leaves);
        if (!total.requiresGrad) return { leaf: leaves[0], along: null };
        const [g] = c.grad(total, leaves[0], { createGraph, allowUnused: true });
        return { leaf: leaves[0], along: g === null ? null : g.mul(direction).sum() };
      };
      const { leaf, along } = slope(data[0], true);
      if (along === null || !along.requiresGrad) return;
      const [second] = c.grad(along, leaf, { allowUnused: true });
      const exact = second === null ? new Float64Array(COUNT) : await second.data();
      const h = 1e-5;
      for (const at of [0, 5, 11]) {
        const moved = (by: number) =>
          slope(
            data[0].map((x, j) => (j === at ? x + by : x)),
            false,
          ).along as c.Tensor;
        const estimate = ((await moved(h).item()) - (await moved(-h).item())) / (2 * h);
        assert.ok(
          Math.abs(exact[at] - estimate) < 1e-5 * Math.max(1, Math.abs(estimate)),
          `${exact[at]}, by differences ${estimate}`,
        );
      }
    }),
    { numRuns: 40, includeErrorInReport: true },
  );
});
