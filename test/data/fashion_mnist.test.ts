import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError, FileError, IndexError } from "../../src/base/errors.ts";
import * as data from "../../src/data/index.ts";

test("MNIST's classes are its digits in both languages", () => {
  assert.deepEqual(data.datasetEntry("mnist").classes[7], { en: "7", zh: "7" });
});

test("an unknown data set is refused, the nearest name offered", async () => {
  await assert.rejects(data.openDataset("fashion-mnst" as "mnist", { train: true }), (error: Error) => {
    assert.ok(error instanceof ArgumentError);
    assert.match(error.message, /unknown data set `fashion-mnst`; did you mean `fashion-mnist`/);
    return true;
  });
});

/** The real data set, or why it is not here. */
async function realDataset(train: boolean): Promise<data.OpenDataset | string> {
  try {
    return await data.openDataset("fashion-mnist", { train });
  } catch (error) {
    if (error instanceof FileError && error.message.includes("could not be fetched")) return error.message;
    throw error;
  }
}

test("the real Fashion-MNIST", async (t) => {
  const training = await realDataset(true);
  if (typeof training === "string") {
    t.skip(training);
    return;
  }
  assert.equal(training.length, 60000);
  const counts = new Array(10).fill(0);
  for (const label of training.labels.data) counts[label]++;
  assert.deepEqual(counts, new Array(10).fill(6000));
  assert.equal(training.image(0).label, 9);
  assert.deepEqual(training.image(-1).data.length, 784);
  assert.throws(() => training.image(60000), IndexError);
  // The usual mean and deviation for normalising.
  let sum = 0;
  let squares = 0;
  for (const pixel of training.images.data) {
    sum += pixel;
    squares += pixel * pixel;
  }
  const mean = sum / training.images.data.length / 255;
  const std = Math.sqrt(squares / training.images.data.length / 255 ** 2 - mean ** 2);
  assert.equal(mean.toFixed(4), "0.2860");
  assert.equal(std.toFixed(4), "0.3530");
});

test("the real loaders", async (t) => {
  const found = await realDataset(false);
  if (typeof found === "string") {
    t.skip(found);
    return;
  }
  const { trainLoader, testLoader, classes } = await data.fashionMnistLoaders({ batchSize: 256, seed: 3 });
  assert.deepEqual([trainLoader.length, testLoader.length, classes.length], [235, 40, 10]);
  for await (const [x, y] of trainLoader) {
    assert.deepEqual([x.shape, x.dtype, y.shape, y.dtype], [[256, 1, 28, 28], "float32", [256], "int64"]);
    const values = await x.data();
    assert.ok(values.every((v) => v >= 0 && v <= 1));
    break;
  }
  const large = await data.fashionMnistLoaders({ batchSize: 4, resize: 96 });
  for await (const [x] of large.testLoader) {
    assert.deepEqual(x.shape, [4, 1, 96, 96]);
    break;
  }
  await large.testLoader.close();
  const raw = await data.FashionMNIST({
    train: false,
    transform: null,
    targetTransform: (label) => 9 - label,
  });
  const [pixels, labels] = await raw.getBatch([0]);
  assert.deepEqual([pixels.dtype, pixels.shape, [...labels.data]], ["uint8", [1, 1, 28, 28], [0]]);
  assert.deepEqual([...pixels.data], Array.from(found.image(0).data));
});
