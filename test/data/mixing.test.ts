import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ArgumentError, DTypeError, ShapeError } from "../../src/base/errors.ts";
import type { ArrayBatch } from "../../src/data/array_batch.ts";
import * as t from "../../src/data/transforms/index.ts";
import {
  cutImages,
  lambdaOf,
  mixImages,
  mixLabels,
  probabilitiesOf,
} from "../../src/data/transforms/mixing.ts";
import { rectangleAbout } from "../../src/data/transforms/random_rectangle.ts";
import { manualSeed, nn, rand, type Tensor, tensor, train } from "../../src/index.ts";

const recorded = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/transforms/mixing.json", import.meta.url), "utf8"),
);
const images: ArrayBatch = {
  data: Float32Array.from(recorded.images.flat(3)),
  shape: [3, 2, 6, 5],
  dtype: "float32",
};

test("MixUp and CutMix give torchvision's images and labels, bit for bit", () => {
  for (const { kind, lambda, at, labels, x, y } of recorded.cases) {
    const flat = Float32Array.from(labels.flat());
    const given: ArrayBatch = { data: flat, shape: flat.length === 3 ? [3] : [3, 4], dtype: "float32" };
    const rows = probabilitiesOf(given, 3, 4, kind);
    const box = at === undefined ? null : rectangleAbout(at[0], at[1], 1 - lambda, 6, 5);
    const mixed = box === null ? mixImages(images, lambda) : cutImages(images, box);
    const target = mixLabels(rows, box === null ? lambda : lambdaOf(box, 6, 5));
    assert.deepEqual(mixed.data, Float32Array.from(x.flat(3)), `${kind} ${lambda}`);
    assert.deepEqual(target.data, Float32Array.from(y.flat()), `${kind} ${lambda}`);
  }
});

test("of mixed labels loss, gradient and accuracy are PyTorch's", async () => {
  for (const { kind, lambda, y, loss, gradient, hits } of recorded.cases) {
    const name = `${kind} ${lambda}`;
    const logits = tensor(recorded.logits, { requiresGrad: true });
    const labelSmoothing = lambda > 0.25 && lambda < 0.5 ? 0.1 : 0;
    const own = nn.functional.crossEntropy(logits, tensor(y), { labelSmoothing });
    own.backward();
    close([await own.item()], [loss], name);
    close([...(await (logits.grad as Tensor).data())].map(Number), gradient.flat(), name);
    const metrics = new train.ClassificationMetrics(4);
    metrics.update(Float32Array.from(recorded.logits.flat()), y.flat());
    assert.equal(metrics.accuracy * 3, hits, name);
    if (labelSmoothing === 0) close([metrics.loss], [loss], name);
    close([await train.topKAccuracy(1)(logits, tensor(y)).item()], [hits / 3], name);
  }
});

function close(own: readonly number[], expected: readonly number[], name: string): void {
  assert.equal(own.length, expected.length, name);
  own.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) < 1e-6, `${name}: ${value}, expected ${expected[i]}`);
  });
}

test("the share follows seed, epoch and batch, or manualSeed, and cross-entropy takes the labels", async () => {
  const [x, y] = [rand(6, 3, 8, 8), tensor([0, 1, 2, 0, 1, 2])];
  for (const mix of [t.MixUp({ numClasses: 3 }), t.CutMix(1, 3)]) {
    const drawn = async (context?: Partial<t.MixContext>) => (await mix(x, y, context))[1].tolist();
    const first = await drawn({ seed: 1, epoch: 2, batch: 3 });
    assert.deepEqual(await drawn({ seed: 1, epoch: 2, batch: 3 }), first);
    for (const other of [
      { seed: 2, epoch: 2, batch: 3 },
      { seed: 1, epoch: 3, batch: 3 },
      { seed: 1, epoch: 2, batch: 4 },
    ])
      assert.notDeepEqual(await drawn(other), first);
    manualSeed(5);
    const seeded = await drawn();
    assert.notDeepEqual(await drawn(), seeded);
    manualSeed(5);
    assert.deepEqual(await drawn(), seeded);
    const [, labels] = await mix(x, y);
    assert.ok(Number.isFinite(await nn.functional.crossEntropy(rand(6, 3), labels).item()));
  }
  assert.equal(String(t.MixUp(0.2, 10)), "MixUp(alpha=0.2, numClasses=10, p=1)");
  assert.deepEqual(t.CutMix({ numClasses: 3 }).spec, { kind: "CutMix", alpha: 1, numClasses: 3, p: 1 });
});

test("what does not fit is refused", async () => {
  assert.throws(() => t.MixUp(0), ArgumentError);
  assert.throws(() => t.CutMix({ numClasses: 1.5 }), ArgumentError);
  assert.throws(() => t.MixUp({ p: 2 }), ArgumentError);
  const x = rand(2, 1, 4, 4);
  await assert.rejects(t.MixUp()(x, tensor([0, 1])), /give `numClasses`/);
  await assert.rejects(t.MixUp(1, 2)(x, tensor([0, 2])), /labels from 0 to 1, got 2/);
  await assert.rejects(t.MixUp(1, 2)(x, tensor([0])), ShapeError);
  await assert.rejects(t.CutMix(1, 3)(x, rand(2, 2)), /labels of 3 classes/);
  await assert.rejects(t.MixUp(1, 2)(x.mul(9).to("uint8"), tensor([0, 1])), DTypeError);
});
