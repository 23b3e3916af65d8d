/** What calls of nn.functional do besides computing: name layers, check labels, change tensors in place. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { add, nn, ones, randn, stopEngine, tensor, useEngine } from "../../../../src/index.ts";

const F = nn.functional;

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

test("the three forms of a call are the same call", async () => {
  const [x, w] = [randn(1, 1, 6, 6), randn(2, 1, 3, 3)];
  const expected = await F.conv2d(x, w, null, 2, 1).tolist();
  assert.deepEqual(await F.conv2d(x, w, { stride: 2, padding: 1 }).tolist(), expected);
  assert.throws(() => F.conv2d(x, w, { stides: 2 } as object), {
    name: "ArgumentError",
    message: /unknown argument `stides` of conv2d; did you mean `stride`\?/,
  });
});

test("an error inside of a network names the layer", () => {
  const net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(3, 8, 3));
  assert.throws(() => net(ones(2, 1, 8, 8)), {
    name: "ShapeError",
    message:
      /conv2d \((net\.)?2\): expected 3 input channels, got 4 in \[2, 4, 6, 6\]; weight is \[8, 3, 3, 3\]/,
  });
});

test("labels that are computed are checked when the loss is", async () => {
  const scores = randn(3, 4);
  const labels = add(tensor([0, 1, 2]), tensor([0, 0, 2]));
  const loss = F.crossEntropy(scores, labels);
  await assert.rejects(loss.item(), {
    name: "IndexError",
    message: /label 4 at position 2 is out of range: expected 0 to 3 \(4 classes\) or ignoreIndex -100/,
  });
});

test("known labels and computed labels give the same loss", async () => {
  const scores = randn(5, 4);
  const weight = tensor([1, 2, 3, 4], { dtype: "float32" });
  for (const options of [
    {},
    { ignoreIndex: 2 },
    { weight, ignoreIndex: 2 },
    { labelSmoothing: 0.1, ignoreIndex: 0 },
  ]) {
    const atHand = tensor([3, 0, 2, 2, 1]);
    const computed = add(tensor([3, 0, 2, 2, 0]), tensor([0, 0, 0, 0, 1]));
    const a = await F.crossEntropy(scores, atHand, options).item();
    const b = await F.crossEntropy(scores, computed, options).item();
    assert.ok(Math.abs(a - b) < 1e-6, `${a} and ${b}`);
  }
});

test("inplace puts the result in the input's place", async () => {
  const x = tensor([-1, 2], { dtype: "float32" });
  assert.equal(F.relu(x, true), x);
  assert.deepEqual(await x.tolist(), [0, 2]);
  assert.equal(F.threshold(x, 1, 5, { inplace: true }), x);
  assert.deepEqual(await x.tolist(), [5, 2]);
});

test("indices of a pooling are int64 and undone by maxUnpool2d", async () => {
  const x = tensor(
    [
      [
        [
          [1, 2],
          [4, 3],
        ],
      ],
    ],
    { dtype: "float32" },
  );
  const [y, indices] = F.maxPool2d(x, 2, { returnIndices: true });
  assert.equal(indices.dtype, "int64");
  assert.deepEqual(await indices.tolist(), [[[[2]]]]);
  assert.deepEqual(await F.maxUnpool2d(y, indices, 2).tolist(), [
    [
      [
        [0, 0],
        [4, 0],
      ],
    ],
  ]);
});
