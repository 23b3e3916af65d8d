import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { book, fromTypedArray, nn, noGrad, stopEngine, type Tensor, useEngine } from "../../src/index.ts";

before(() => useEngine("wasm"));
after(() => stopEngine());

/** Numbers without a pattern, around 0.3. */
function numbers(shape: number[], seed: number): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: count }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 0.7;
  });
  return fromTypedArray(values, shape, "float32");
}

async function assertClose(a: Tensor, b: Tensor, what: string, tolerance = 1e-5): Promise<void> {
  assert.deepEqual(a.flatten().shape, b.flatten().shape);
  const [left, right] = await Promise.all([a.data(), b.data()]);
  left.forEach((value, i) => {
    assert.ok(
      Math.abs(value - right[i]) <= tolerance * Math.max(1, Math.abs(right[i])),
      `${what}[${i}]: ${value}, ${right[i]}`,
    );
  });
}

const layers = [
  {
    name: "a convolution",
    own: () => book.BatchNorm(3, 4),
    torch: () => nn.BatchNorm2d(3),
    shape: [4, 3, 5, 5],
    per: 100,
  },
  {
    name: "a dense layer",
    own: () => book.BatchNorm(6, 2),
    torch: () => nn.BatchNorm1d(6),
    shape: [8, 6],
    per: 8,
  },
] as const;

for (const { name, own, torch, shape, per } of layers) {
  test(`in training after ${name} it agrees with nn.BatchNorm, gradients included`, async () => {
    const [a, b] = [own(), torch()];
    const scale = numbers([shape[1]], 5);
    noGrad(() => {
      a.gamma.copy_(scale.reshape(a.gamma.shape));
      (b.weight as Tensor).copy_(scale);
      a.beta.copy_(numbers([shape[1]], 6).reshape(a.beta.shape));
      (b.bias as Tensor).copy_(numbers([shape[1]], 6));
    });
    const weights = numbers([...shape], 7);
    const inputs = [numbers([...shape], 1).requiresGrad_(), numbers([...shape], 1).requiresGrad_()];
    const outputs = [a(inputs[0]), b(inputs[1])];
    await assertClose(outputs[0], outputs[1], "output");
    for (const output of outputs) output.mul(weights).sum().backward();
    await assertClose(inputs[0].grad as Tensor, inputs[1].grad as Tensor, "input's gradient", 1e-4);
    await assertClose(a.gamma.grad as Tensor, b.weight?.grad as Tensor, "gamma's gradient", 1e-4);
    await assertClose(a.beta.grad as Tensor, b.bias?.grad as Tensor, "beta's gradient", 1e-4);
  });

  test(`after ${name} the moving statistics follow the two conventions`, async () => {
    const [a, b] = [own(), torch()];
    const x = numbers([...shape], 3);
    a(x);
    b(x);
    const dims = shape.length === 2 ? [0] : [0, 2, 3];
    const mean = x.mean(dims);
    const biased = x.sub(x.mean(dims, true)).pow(2).mean(dims);
    // The book: 0.9 weighs the old value. PyTorch: 0.1 weighs the new one. The mean is the same.
    await assertClose(a.movingMean, mean.mul(0.1), "moving mean");
    await assertClose(b.runningMean as Tensor, mean.mul(0.1), "running mean");
    // The variance: biased in the book, unbiased in PyTorch.
    await assertClose(a.movingVar, biased.mul(0.1).add(0.9), "moving variance");
    await assertClose(
      b.runningVar as Tensor,
      biased.mul((0.1 * per) / (per - 1)).add(0.9),
      "running variance",
    );
    const [own0, torch0] = [(await a.movingVar.data())[0], (await (b.runningVar as Tensor).data())[0]];
    assert.ok(Math.abs(own0 - torch0) > 1e-6, "the two variances differ");
  });

  test(`in prediction after ${name} it uses the moving statistics and leaves them alone`, async () => {
    const [a, b] = [own(), torch()];
    a(numbers([...shape], 3));
    noGrad(() => {
      (b.runningMean as Tensor).copy_(a.movingMean.flatten());
      (b.runningVar as Tensor).copy_(a.movingVar.flatten());
    });
    b.eval();
    const before = await a.movingMean.data();
    const x = numbers([...shape], 4);
    await assertClose(
      noGrad(() => a(x)),
      noGrad(() => b(x)),
      "output",
    );
    assert.deepEqual(await a.movingMean.data(), before);
  });
}

test("the same momentum means the opposite in the two conventions", async () => {
  const x = numbers([8, 6], 3);
  const ones = nn.Parameter(numbers([1, 6], 0).mul(0).add(1));
  const zeros = ones.mul(0);
  const [, own] = book.batchNorm(x, ones, zeros, zeros, ones, 1e-5, 0.9);
  const torch = nn.BatchNorm1d(6, { momentum: 0.9 });
  torch(x);
  await assertClose(own, x.mean(0).mul(0.1), "0.9 of the old value");
  await assertClose(torch.runningMean as Tensor, x.mean(0).mul(0.9), "0.9 of the new value");
});

test("what batch norm cannot take is refused", () => {
  const layer = book.BatchNorm(6, 2);
  assert.throws(
    () => layer(numbers([2, 3, 6], 1)),
    /expected \[N, features\] or \[N, channels, height, width\], got \[2, 3, 6\]/,
  );
});

test("the moving statistics are saved with the network", () => {
  const keys = Object.keys(book.bnLenetScratch().stateDict()).filter((key) => key.startsWith("1."));
  assert.deepEqual(keys, ["1.gamma", "1.beta", "1.moving_mean", "1.moving_var"]);
});
