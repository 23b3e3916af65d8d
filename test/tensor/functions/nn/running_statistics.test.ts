import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { nn, ones, stopEngine, type Tensor, tensor, useEngine, zeros } from "../../../../src/index.ts";

const F = nn.functional;
const close = async (got: Tensor, expected: readonly number[]): Promise<void> => {
  const data = await got.data();
  assert.equal(data.length, expected.length);
  expected.forEach((e, i) => {
    assert.ok(Math.abs(data[i] - e) < 1e-5, `[${i}] is ${data[i]}, expected ${e}`);
  });
};

for (const engine of ["reference", "wasm"]) {
  test(`batch norm moves its running statistics in place, on ${engine}`, async () => {
    await useEngine(engine);
    const [mean, variance] = [zeros(2), ones(2)];
    // Channel 0 holds 1, 3, 5 (mean 3, unbiased variance 4), channel 1 only 2s.
    const x = tensor(
      [
        [1, 2],
        [3, 2],
        [5, 2],
      ],
      { dtype: "float32" },
    );
    F.batchNorm(x, mean, variance, { training: true });
    await close(mean, [0.3, 0.2]);
    await close(variance, [0.9 + 0.4, 0.9]);
    F.batchNorm(x, mean, variance, { training: true, momentum: 0.5 });
    await close(mean, [1.65, 1.1]);
    await close(variance, [2.65, 0.45]);
    // Evaluation reads them and leaves them alone.
    await close(
      F.batchNorm(x, mean, variance),
      [-0.3992909, 1.3416258, 0.8292965, 1.3416258, 2.0578837, 1.3416258],
    );
    await close(mean, [1.65, 1.1]);
  });
}

test("instance norm moves them by the mean over the examples", async () => {
  const [mean, variance] = [zeros(1), ones(1)];
  // Two examples of one channel: 0, 2 (mean 1, variance 2) and 4, 10 (mean 7, variance 18).
  F.instanceNorm(tensor([[[0, 2]], [[4, 10]]], { dtype: "float32" }), mean, variance, { momentum: 0.5 });
  await close(mean, [2]);
  await close(variance, [5.5]);
});

test("running statistics join no tape", async () => {
  const mean = zeros(1);
  const weight = ones(1).requiresGrad_();
  const y = F.batchNorm(tensor([[1], [2]], { dtype: "float32" }), mean, ones(1), weight, null, true);
  assert.equal(mean.requiresGrad, false);
  assert.equal(y.requiresGrad, true);
});

before(() => useEngine("reference"));
after(() => stopEngine());
