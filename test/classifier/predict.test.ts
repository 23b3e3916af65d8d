/** What a classifier makes of images. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Classifier } from "../../src/classifier/index.ts";
import { ArgumentError, data, FileError, noGrad, stopEngine, useEngine } from "../../src/index.ts";
import { decodeImage } from "../../src/io/images/decode_image.ts";
import { fromTypedArray, type Tensor } from "../../src/tensor/tensor.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { difference, knownClassifier, type NamedBytes, photographs, preprocessing } from "./known_network.ts";

const folder = temporaryFolder();
let images: NamedBytes[];
let classifier: Classifier;

before(async () => {
  await useEngine("wasm", { threads: 1 });
  images = await photographs();
  classifier = await knownClassifier(images);
});
after(() => stopEngine());

/** The transforms of a program of one's own. */
async function byHand(bytes: Uint8Array): Promise<Tensor> {
  const { width, height, data: levels } = await decodeImage(bytes, { channels: 3 });
  const pixels = fromTypedArray(levels, [height, width, 3], "uint8").permute(2, 0, 1).unsqueeze(0);
  return data.transforms.Preprocess(preprocessing)(pixels);
}

const probabilitiesOf = async (input: Tensor) =>
  ((await noGrad(() => classifier.net(input).softmax(1)).tolist()) as number[][])[0];

test("the probabilities are those of the transforms and the network, with the likeliest class", async () => {
  for (const { bytes } of images) {
    const input = await byHand(bytes);
    assert.deepEqual(await (await classifier.input(bytes)).tolist(), await input.tolist());
    const { index, label, probability, probabilities } = await classifier.predict(bytes);
    assert.ok(difference(probabilities, await probabilitiesOf(input)) < 1e-4);
    assert.equal(probability, Math.max(...probabilities));
    assert.equal(index, probabilities.indexOf(probability));
    assert.equal(label, ["cat", "cup", "man", "tree"][index]);
  }
});

test("several images of several sizes give what each gives alone", async () => {
  const together = await classifier.predictBatch(images.map(({ bytes }) => bytes));
  for (const [i, { bytes }] of images.entries()) {
    const alone = await classifier.predict(bytes);
    assert.equal(alone.index, together[i].index);
    assert.ok(difference(alone.probabilities, together[i].probabilities) < 1e-5);
  }
  assert.deepEqual(await classifier.predictBatch([]), []);
});

test("an image is bytes, a path, a Blob, pixels with and without opacity, or grey", async () => {
  const [{ bytes }] = images;
  const { probabilities: expected } = await classifier.predict(bytes);
  writeFileSync(join(folder, "cat.jpg"), bytes);
  const { width, height, data: rgb } = await decodeImage(bytes, { channels: 3 });
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) rgba[4 * i + c] = rgb[3 * i + c];
  const forms = [
    join(folder, "cat.jpg"),
    new Blob([bytes as Uint8Array<ArrayBuffer>]),
    bytes.slice().buffer,
    { width, height, channels: 3 as const, data: rgb },
    { width, height, data: rgba },
  ];
  for (const form of forms) assert.deepEqual((await classifier.predict(form)).probabilities, expected);
  const grey = { width: 2, height: 2, channels: 1 as const, data: Uint8Array.of(0, 90, 180, 255) };
  const spread = {
    ...grey,
    channels: 3 as const,
    data: Uint8Array.from([0, 90, 180, 255].flatMap((x) => [x, x, x])),
  };
  assert.deepEqual(await classifier.predict(grey), await classifier.predict(spread));
  // What is see-through shows the background.
  const clear = await classifier.predict({ width: 2, height: 2, data: new Uint8ClampedArray(16) });
  assert.deepEqual(
    clear,
    await classifier.predict({ width: 2, height: 2, channels: 3, data: new Uint8Array(12).fill(255) }),
  );
});

test("views are averaged: the mirror image, and crops", async () => {
  const [{ bytes }] = images;
  const input = await byHand(bytes);
  const mean = async (views: Tensor[]) => {
    const rows = await Promise.all(views.map(probabilitiesOf));
    return rows[0].map((_, c) => rows.reduce((sum, row) => sum + row[c], 0) / rows.length);
  };
  const flipped = await classifier.predict(bytes, { testTimeAugmentation: true });
  const whole = [input, input.flip([3])];
  assert.ok(difference(flipped.probabilities, await mean(whole)) < 1e-4);
  assert.deepEqual(await classifier.predict(bytes, { testTimeAugmentation: 2 }), flipped);
  const { mean: means, std } = preprocessing;
  const { Compose, Normalize, Resize, ToTensor } = data.transforms;
  const { width, height, data: levels } = await decodeImage(bytes, { channels: 3 });
  const pixels = fromTypedArray(levels, [height, width, 3], "uint8").permute(2, 0, 1).unsqueeze(0);
  const large = await Compose([Resize(72), ToTensor(), Normalize(means, std)])(pixels);
  const [, , h, w] = large.shape;
  const at = (top: number, left: number) => large.narrow(2, top, 64).narrow(3, left, 64);
  const [y, x] = [h - 64, w - 64];
  const crops = [at(0, 0), at(0, x), at(y, 0), at(y, x), at(Math.round(y / 2), Math.round(x / 2))];
  const five = await classifier.predict(bytes, { testTimeAugmentation: 5 });
  assert.ok(difference(five.probabilities, await mean(crops)) < 1e-4);
  const ten = await classifier.predict(bytes, { testTimeAugmentation: 10 });
  assert.ok(
    difference(ten.probabilities, await mean([...crops, ...crops.map((crop) => crop.flip([3]))])) < 1e-4,
  );
  await assert.rejects(
    classifier.predict(bytes, { testTimeAugmentation: 3 }),
    /1, 2, 5 \(corners and centre\) or 10/,
  );
});

test("a signal ends the work with its reason", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason) as never;
  await assert.rejects(classifier.predict(images[0].bytes, { signal }), reason);
  const controller = new AbortController();
  const running = classifier.predictBatch(
    images.map(({ bytes }) => bytes),
    { signal: controller.signal as never },
  );
  controller.abort(reason);
  await assert.rejects(running, reason);
});

test("what is not an image is named", async () => {
  await assert.rejects(classifier.predict(new Uint8Array(20)), FileError);
  await assert.rejects(classifier.predict(join(folder, "none.jpg")), /none\.jpg: there is no such file/);
  await assert.rejects(
    classifier.predictBatch([images[0].bytes, new TextEncoder().encode("hello")]),
    /image 1 is not an image of a known format/,
  );
  await assert.rejects(classifier.predict(3 as never), ArgumentError);
  await assert.rejects(classifier.predict(null as never), ArgumentError);
  await assert.rejects(classifier.predictBatch("cat.jpg" as never), ArgumentError);
  await assert.rejects(
    classifier.predict({ width: 2, height: 2, channels: 3, data: new Uint8Array(5) }),
    ArgumentError,
  );
  await assert.rejects(
    classifier.predict({ width: 1e9, height: 1e9, data: new Uint8Array(4) }),
    ArgumentError,
  );
  await assert.rejects(classifier.predict(images[0].bytes, { tta: 2 } as never), /unknown option/);
  const strip = { width: 1, height: 1_000_000, channels: 1 as const, data: new Uint8Array(1_000_000) };
  await assert.rejects(classifier.predict(strip), /1 x 1000000 pixels.*cut out the part that matters/);
});
