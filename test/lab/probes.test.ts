/** What the Lab shows of a network: predictions, feature maps, the arithmetic of one value, gradients, dead units. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { argmax, data, fromTypedArray, noGrad, stopEngine, type Tensor, useEngine } from "convoyant";
import { Classifier } from "convoyant/classifier";
import type { Block } from "../../apps/lab/src/experiment/blocks.ts";
import type { LabError } from "../../apps/lab/src/worker/problem.ts";
import type { ImageInput } from "../../apps/lab/src/worker/protocol.ts";
import { blocks, experimentOf, LENET, madeData, openLab, type TestLab } from "./lab_session.ts";

await useEngine("wasm", { portable: true, threads: 1 });
after(stopEngine);

/** Every kind of layer there is. */
const ALL: Block[] = [
  { type: "Conv2d", outChannels: 4, kernelSize: 3, stride: 2, padding: 1 },
  { type: "BatchNorm2d" },
  { type: "ReLU" },
  { type: "MaxPool2d", kernelSize: 3, stride: 2, padding: 1 },
  { type: "Inception", c1: 2, c2: [2, 3], c3: [2, 2], c4: 1 },
  { type: "LeakyReLU" },
  { type: "AvgPool2d", kernelSize: 2, stride: 1, padding: 1 },
  { type: "AdaptiveAvgPool2d", outputSize: 3 },
  { type: "ELU" },
  { type: "Flatten" },
  { type: "Linear", outFeatures: 12 },
  { type: "BatchNorm1d" },
  { type: "Sigmoid" },
  { type: "Dropout", p: 0.5 },
  { type: "SiLU" },
  { type: "GELU" },
  { type: "Tanh" },
  { type: "Linear", outFeatures: 10 },
];

const images = madeData(96, 40);
const image: ImageInput = { kind: "test", index: 7 };
let lab: TestLab;

before(async () => {
  lab = openLab(images);
  await lab.calls.prepare({ experiment: experimentOf([blocks(...ALL), LENET]), lang: "en" });
  await lab.calls.step({ count: 5 });
});

test("every value of every layer is explained by arithmetic that gives it", async () => {
  const layers = await lab.calls.activations({ network: 0, image, most: 64 });
  assert.deepEqual(
    new Set(layers.map(({ kind }) => kind)),
    new Set([...ALL.map(({ type }) => type).filter((type) => type !== "Inception"), "Conv2d", "MaxPool2d"]),
  );
  let checked = 0;
  for (const { path, kind, shape, maps } of layers) {
    for (let i = 0; i < 4; i++) {
      const channel = (i * 5) % maps.length;
      const { width, height, values } = maps[channel];
      const [row, column] = [
        i === 1 ? height - 1 : Math.floor((height * i) / 5),
        i === 2 ? width - 1 : Math.floor((width * i) / 4),
      ];
      const found = await lab.calls.explain({ network: 0, image, place: { path, channel, row, column } });
      const value = values[row * width + column];
      assert.equal(found.value, value, `${path} ${kind} [${shape}]`);
      assert.ok(
        Math.abs(found.computed - value) < 2e-5 * (1 + Math.abs(value)),
        `${path} ${kind}: ${found.computed} for ${value}`,
      );
      assert.equal(found.kind, kind);
      assert.match(found.arithmetic, /^-?[\d.e+-]+ = \S/);
      for (const { values: window, weights, sum } of found.terms) {
        if (weights === null) continue;
        const products = window.values.reduce((all, one, at) => all + one * weights.values[at], 0);
        assert.ok(Math.abs(products - sum) < 1e-6 * (1 + Math.abs(sum)));
      }
      checked++;
    }
  }
  assert.ok(checked > 80);
});

test("a value's input is that of the layer before it, padding is 0", async () => {
  const place = { path: "0", channel: 1, row: 0, column: 0 };
  const { terms, inputPath } = await lab.calls.explain({ network: 0, image, place });
  assert.equal(inputPath, null);
  assert.deepEqual([terms[0].row, terms[0].column], [-1, -1]);
  assert.deepEqual([...terms[0].values.values].slice(0, 4), [0, 0, 0, 0]);
  const next = await lab.calls.explain({ network: 0, image, place: { ...place, path: "1" } });
  assert.equal(next.inputPath, "0");
  await assert.rejects(
    lab.calls.explain({ network: 0, image, place: { ...place, row: 99 } }),
    /no value at channel 1, row 99/,
  );
  await assert.rejects(
    lab.calls.explain({ network: 0, image, place: { ...place, path: "77" } }),
    /no layer 77/,
  );
});

test("a prediction is the classifier's; Grad-CAM is as large as the image; similar images are found", async () => {
  const { networks, seen } = await lab.calls.predict({ image, gradCam: true, similar: 3 });
  assert.equal(seen[0].width, 28);
  const size = 28 * 28;
  assert.deepEqual(seen[0].data, images.test.pixels.slice(7 * size, 8 * size));
  for (const [i, { probabilities, index, gradCam, similar }] of networks.entries()) {
    const classifier = Classifier.of(lab.session.lab.loop.networks[i].net, {
      classes: [...images.classes],
      preprocessing: { resize: null, crop: [28, 28], mean: [0], std: [1], background: [255, 255, 255] },
    });
    const pixels = {
      width: 28,
      height: 28,
      channels: 1 as const,
      data: images.test.pixels.slice(7 * size, 8 * size),
    };
    const expected = await classifier.predict(pixels);
    assert.equal(index, expected.index);
    probabilities.forEach((one, c) => assert.ok(Math.abs(one - expected.probabilities[c]) < 1e-6));
    assert.equal(gradCam?.values.length, size);
    assert.equal(similar.length, 3);
    assert.ok(similar[0].similarity >= similar[2].similarity && similar[0].similarity <= 1.0001);
    assert.deepEqual(
      similar[0].image.data,
      images.train.pixels.slice(similar[0].index * size, (similar[0].index + 1) * size),
    );
  }
  const own = await lab.calls.predict({ image: { kind: "train", index: 12 }, gradCam: false, similar: 1 });
  assert.equal(own.networks[1].similar[0].index, 12);
  assert.equal(own.networks[0].gradCam, null);
});

test("a network without feature maps has no Grad-CAM", async () => {
  const dense = openLab(images);
  const source = blocks({ type: "Flatten" }, { type: "Linear", outFeatures: 10 });
  await dense.calls.prepare({ experiment: experimentOf([source]), lang: "en" });
  const { networks } = await dense.calls.predict({ image, gradCam: true, similar: 0 });
  assert.equal(networks[0].gradCam, null);
});

test("files and drawings are brought to the network's size; what is not an image is refused by its name", async () => {
  const level = new Uint8Array(40 * 30).fill(128);
  const png = data.encodePng({ width: 40, height: 30, channels: 1, data: level });
  const file = new File([png as Uint8Array<ArrayBuffer>], "grey.png");
  const { seen } = await lab.calls.predict({
    image: { kind: "file", blob: file },
    gradCam: false,
    similar: 0,
  });
  assert.deepEqual([seen[0].width, seen[0].height, seen[0].data[400]], [28, 28, 128]);
  const rgba = new Uint8ClampedArray(8 * 8 * 4).map((_, i) => (i % 4 === 3 ? 0 : 10));
  const drawn = await lab.calls.predict({
    image: { kind: "pixels", width: 8, height: 8, data: rgba },
    gradCam: false,
    similar: 0,
  });
  assert.ok(
    drawn.seen[0].data.every((one) => one === 255),
    "transparent pixels are white",
  );
  for (const bytes of ["", "hello", "\x89PNG\r\n\x1a\n broken"])
    await assert.rejects(
      lab.calls.predict({
        image: { kind: "file", blob: new File([bytes], "notes.txt") },
        gradCam: false,
        similar: 0,
      }),
      (error: LabError) => error.kind === "no image" && /notes\.txt/.test(error.message),
    );
});

test("statistics measure the gradients of the next step, and take it back", async () => {
  const weights = async () => {
    const read = lab.session.lab.loop.networks.map(({ net }) =>
      net.parameters().map((one) => one.detach().data()),
    );
    return Promise.all(read.flat().map(async (one) => [...((await one) as Float32Array)]));
  };
  const before = await weights();
  const { networks, step } = await lab.calls.statistics(null);
  assert.deepEqual(await weights(), before);
  assert.equal(step, 5);
  const [first] = networks[1].layers;
  assert.deepEqual([first.path, first.kind], ["0", "Conv2d"]);
  const { net } = lab.session.lab.loop.networks[1];
  const data = [...before.slice(-net.parameters().length)];
  const norm = Math.hypot(...data[0], ...data[1]);
  assert.ok(Math.abs(Number(first.weightNorm) - norm) < 0.05 * norm, `${first.weightNorm} of ${norm}`);
  assert.ok(Number(first.gradientNorm) > 0);
  const watched = lab.told("statistics").length;
  await lab.calls.watch({ statisticsEvery: 2 });
  await lab.calls.step({ count: 4 });
  await lab.calls.watch({ statisticsEvery: 0 });
  assert.equal(lab.told("statistics").length, watched + 2);
});

test("units of ReLU that give 0 for a whole batch are dead", async () => {
  const source = blocks(
    { type: "Flatten" },
    { type: "Linear", outFeatures: 5 },
    { type: "ReLU" },
    { type: "Linear", outFeatures: 10 },
  );
  const dead = openLab(images);
  await dead.calls.prepare({ experiment: experimentOf([source], { learningRate: 0 }), lang: "en" });
  const { net } = dead.session.lab.loop.networks[0];
  const bias = fromTypedArray(Float32Array.of(-1e6, 1e6, -1e6, 1e6, 1e6), [5], "float32");
  net.loadStateDict({ ...net.stateDict(), "1.bias": bias });
  const { networks } = await dead.calls.statistics(null);
  const relu = networks[0].layers.find(({ kind }) => kind === "ReLU");
  assert.deepEqual([relu?.deadUnits, relu?.units], [2, 5]);
});

test("images of the data are listed, by class if that is asked for", async () => {
  const list = await lab.calls.images({ split: "train", from: 5, count: 4, label: null });
  assert.deepEqual(
    list.map(({ index }) => index),
    [5, 6, 7, 8],
  );
  const shirts = await lab.calls.images({ split: "test", from: 0, count: 100, label: 6 });
  assert.ok(shirts.length === 4 && shirts.every(({ label }) => label === 6));
});

test("the test counts what the network says of the test images", async () => {
  const point = await lab.calls.test(null);
  const x = fromTypedArray(images.test.pixels.slice(), [40, 1, 28, 28], "uint8");
  const batch = (await data.transforms.ToTensor()(x)) as Tensor;
  const { net } = lab.session.lab.loop.networks[1];
  const predicted = (await noGrad(() => argmax(net.eval()(batch) as Tensor, 1)).data()) as ArrayLike<number>;
  const right = Array.from(predicted, Number).filter((one, i) => one === images.test.labels[i]).length;
  assert.equal(point.networks[1].accuracy, right / 40);
  assert.equal(
    point.networks[1].confusion.values.reduce((a, b) => a + b, 0),
    40,
  );
});
