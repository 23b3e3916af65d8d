/** Saliency, SmoothGrad, integrated gradients and occlusion against captum's. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { models, nn, rand, stopEngine, useEngine } from "../../src/index.ts";
import { explained } from "../../src/look/attribution/input_gradient.ts";
import { gaussLegendre } from "../../src/look/attribution/integrated_gradients.ts";
import { meanGradient } from "../../src/look/attribution/saliency.ts";
import { integratedGradients, occlusion, saliency, smoothGrad } from "../../src/look/index.ts";
import { every, recorded } from "./attributions.ts";
import { difference, fillPatterned, patterned } from "./patterned_network.ts";
import { smallNetwork } from "./small_network.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

const cases = [
  {
    name: "small",
    net: smallNetwork,
    image: patterned([1, 3, 16, 16], 1000),
    thin: 1,
    windows: { size: [5, 4], stride: [3, 2] },
  },
  {
    name: "resnet18",
    net: () => fillPatterned(models.torchvision.resnet18({ numClasses: 10 })),
    image: patterned([1, 3, 64, 64], 1001),
    thin: 16,
    windows: { size: [8, 7], stride: [6, 5] },
  },
] as const;

for (const { name, net: make, image, thin, windows } of cases) {
  test(`${name}: maps of what mattered are captum's`, async () => {
    const expected = recorded[name];
    const net = make().requiresGrad_(false);
    const classIndex = expected.target;
    const gradient = await saliency(net, image, { classIndex });
    assert.ok(difference(every(thin, gradient.signed), expected.gradient) < 1e-4);
    const what = await explained("smoothGrad", net, image, classIndex);
    const noises = [0, 1, 2, 3].map((i) => 500 + i).map((key) => patterned(image.shape, key, 0.1));
    const smooth = await meanGradient(
      what,
      await Promise.all(noises.map(async (noise) => (await noise.data()) as Float32Array)),
    );
    assert.ok(difference(every(thin, smooth.signed), expected.smoothGrad) < 1e-4);
    const integrated = await integratedGradients(net, image, { classIndex, steps: 20 });
    assert.ok(difference(every(thin, integrated.signed), expected.integratedGradients) < 1e-4);
    assert.ok(Math.abs(integrated.delta - expected.delta) < 1e-5);
    const covered = await occlusion(net, image, { classIndex, ...windows, baseline: 0.25 });
    assert.ok(difference(every(thin, covered.values), expected.occlusion) < 1e-4);
  });
}

test("a heat map shows the greatest size among the channels", async () => {
  const { signed, values } = await saliency(smallNetwork(), cases[0].image);
  for (const i of [0, 17, 255])
    assert.equal(values[i], Math.max(...[0, 1, 2].map((c) => Math.abs(signed[c * 256 + i]))));
});

test("the same seed gives the same noise, another one another", async () => {
  const net = smallNetwork();
  const [a, b, c] = await Promise.all(
    [1, 1, 2].map((seed) => smoothGrad(net, cases[0].image, { samples: 3, seed })),
  );
  assert.deepEqual(a.values, b.values);
  assert.notDeepEqual(a.values, c.values);
});

test("the Gauss-Legendre sum of n terms is exact for polynomials up to 2n - 1", () => {
  for (const n of [1, 2, 5, 20, 50]) {
    const { nodes, weights } = gaussLegendre(n);
    for (const power of [0, 1, n, 2 * n - 1]) {
      const sum = nodes.reduce((total, x, i) => total + weights[i] * x ** power, 0);
      assert.ok(Math.abs(sum - 1 / (power + 1)) < 1e-12, `${n} terms, x^${power}`);
    }
  }
});

test("what cannot be explained is said", async () => {
  const [net, image] = [smallNetwork(), rand(1, 3, 16, 16)];
  for (const map of [saliency, smoothGrad, integratedGradients, occlusion]) {
    await assert.rejects(map(net, rand(1, 1, 16, 16)), {
      name: "ShapeError",
      message: /does not take an input/,
    });
    await assert.rejects(map(net, rand(1, 3, 20, 16)), {
      name: "ShapeError",
      message: /does not take an input/,
    });
    await assert.rejects(map(net, rand(2, 3, 16, 16)), { name: "ShapeError", message: /expected one image/ });
    await assert.rejects(map(net, image, { classIndex: -1 }), { name: "ArgumentError" });
    await assert.rejects(map(nn.Conv2d(3, 1, 3), image), {
      name: "ShapeError",
      message: /a score for each class/,
    });
  }
  await assert.rejects(smoothGrad(net, image, { samples: 0 }), { message: /`samples`/ });
  await assert.rejects(smoothGrad(net, image, { noise: -1 }), { message: /`noise`/ });
  await assert.rejects(integratedGradients(net, image, { steps: 1.5 }), { message: /`steps`/ });
  await assert.rejects(integratedGradients(net, image, { baseline: Number.NaN }), { message: /`baseline`/ });
  await assert.rejects(occlusion(net, image, { size: 0 }), { message: /`size`/ });
  await assert.rejects(occlusion(net, image, { stride: [1, 2.5] }), { message: /`stride`/ });
});

test("a window larger than the image covers all of it", async () => {
  const { values } = await occlusion(smallNetwork(), cases[0].image, { size: 40 });
  assert.equal(new Set(values).size, 1);
});
