import assert from "node:assert/strict";
import { test } from "node:test";
import { models } from "../../src/index.ts";

test("every network can be made by name and takes its input", () => {
  for (const name of [
    "lenet",
    "bn-lenet",
    "bn-lenet-scratch",
    "alexnet",
    "vgg11",
    "vgg16-bn",
    "nin",
    "googlenet",
  ]) {
    assert.ok(models.names().includes(name), name);
    const { inputShape, presets } = models.entry(name);
    assert.equal(inputShape[0], 1);
    assert.ok(presets.zh.lr > 0 && presets.en.lr > 0);
    assert.ok(models.create(name).parameters().length > 0);
  }
});

test("the editions' settings", () => {
  const of = (name: string, edition: models.Edition) => {
    const { batchSize, lr, epochs } = models.entry(name).presets[edition];
    return [batchSize, lr, epochs];
  };
  assert.deepEqual(of("lenet", "zh"), [256, 0.9, 10]);
  assert.deepEqual(of("bn-lenet", "zh"), [256, 1, 10]);
  assert.deepEqual(of("bn-lenet-scratch", "zh"), [256, 1, 10]);
  assert.deepEqual(of("alexnet", "zh"), [128, 0.01, 10]);
  assert.deepEqual(of("vgg11", "zh"), [128, 0.05, 10]);
  assert.deepEqual(of("nin", "zh"), [128, 0.1, 10]);
  assert.deepEqual(of("googlenet", "zh"), [128, 0.1, 10]);
  assert.deepEqual(of("lenet", "en"), [128, 0.1, 10]);
  assert.deepEqual(of("bn-lenet", "en"), [128, 0.1, 10]);
  assert.deepEqual(of("alexnet", "en"), [128, 0.01, 10]);
  assert.deepEqual(of("vgg11", "en"), [128, 0.01, 10]);
  assert.deepEqual(of("nin", "en"), [128, 0.05, 10]);
  assert.deepEqual(of("googlenet", "en"), [128, 0.01, 10]);
});

test("a VGG is trained with a quarter of its channels", () => {
  const count = (net: ReturnType<typeof models.create>) =>
    net.parameters().reduce((total, p) => total + p.numel(), 0);
  assert.equal(count(models.create("vgg11")), 128_806_154);
  assert.equal(count(models.create("vgg11", { edition: "zh" })), 43_093_322);
  assert.equal(count(models.create("vgg11", { edition: "en" })), 43_093_322);
});

test("an option that a network does not have is refused", () => {
  assert.throws(
    () => models.create("nin", { activation: "relu" }),
    /nin has no option `activation`.*numClasses, dropout/,
  );
  assert.throws(
    () => models.create("vgg11", { width: 4 } as never),
    /vgg11 has no option `width`.*widthDivisor/,
  );
  assert.throws(() => models.create("vgg12"), /unknown model "vgg12".*vgg1/);
});
