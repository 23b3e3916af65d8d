/** Every registered network as a classifier: its file makes it again, frozen it answers as the network does. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Classifier } from "../../src/classifier/index.ts";
import {
  manualSeed,
  models,
  noGrad,
  rand,
  stopEngine,
  type Tensor,
  tensor,
  train,
  useEngine,
} from "../../src/index.ts";
import type { Image } from "../../src/records/image.ts";
import { outputOf } from "../../src/train/loop/network_output.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { difference } from "./known_network.ts";

/** AlexNet, the VGGs and the deeper ResNets, hundreds of megabytes each, would take minutes and say no more. */
const MOST_WEIGHTS = 10_000_000;
/** What all networks for colour images take. */
const SIDE = 64;
const COUNT = 3;

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

const weightsOf = (name: string) =>
  [...models.create(name).parameters()].reduce((sum, parameter) => sum + parameter.numel(), 0);

function classifierOf(name: string, side: number): Classifier {
  const { inputShape, options } = models.entry(name);
  const [channels, height, width] = inputShape;
  const count = options.includes("numClasses") ? COUNT : 10;
  manualSeed(3);
  return Classifier.of(models.create(name, options.includes("numClasses") ? { numClasses: count } : {}), {
    classes: Array.from({ length: count }, (_, i) => `class ${i}`),
    preprocessing: {
      resize: { size: channels === 1 ? [height, width] : [side, side], interpolation: "bilinear" },
      crop: null,
      mean: new Array(channels).fill(0.4),
      std: new Array(channels).fill(0.3),
      background: [255, 255, 255],
    },
  });
}

/** Stripes. */
const image: Image = {
  width: 40,
  height: 30,
  channels: 3,
  data: Uint8Array.from({ length: 3600 }, (_, i) => (i * 37) % 256),
};

for (const name of models.names().filter((name) => weightsOf(name) <= MOST_WEIGHTS))
  test(`${name} answers the same out of its file`, async () => {
    const classifier = classifierOf(name, SIDE);
    const { probabilities } = await classifier.predict(image);
    const x = await classifier.input(image);
    const plain = noGrad(() => (outputOf(classifier.net, x) as Tensor).softmax(1));
    assert.ok(difference(probabilities, Array.from(await plain.data(), Number)) < 1e-5);
    const loaded = await Classifier.load(await classifier.toBytes());
    assert.deepEqual(loaded.architecture, classifier.architecture);
    assert.ok(difference((await loaded.predict(image)).probabilities, probabilities) < 1e-6);
  });

test("NiN, whose head is a convolution, is fine-tuned for other classes and loaded from its run", async () => {
  const out = join(temporaryFolder(), "run");
  manualSeed(2);
  const net = models.create("nin", { numClasses: 5 });
  const loader = [[rand(4, 1, 96, 96), tensor([0, 1, 2, 1], { dtype: "int64" })]] as const;
  const classNames = ["a", "b", "c"];
  const data = { train: loader, numClasses: 3 };
  await train.fineTune(net, { data, epochs: 1, freezeEpochs: 2, classNames, out, progress: false });
  const preprocessing = {
    resize: { size: [96, 96], interpolation: "bilinear" },
    crop: null,
    mean: [0.5],
    std: [0.5],
    background: [255, 255, 255],
  } as const;
  const loaded = await Classifier.load(out, { preprocessing });
  assert.deepEqual(loaded.classes, classNames);
  assert.equal(loaded.architecture?.options.numClasses, 3);
  const { probabilities } = await loaded.predict(image);
  assert.equal(probabilities.length, 3);
  const own = Classifier.of(net, { preprocessing });
  assert.ok(difference((await own.predict(image)).probabilities, probabilities) < 1e-6);
});

test("a network of described layers is fine-tuned for other classes, and its file describes the new head", async () => {
  manualSeed(3);
  const described = [
    { type: "Conv2d", inChannels: 3, outChannels: 4, kernelSize: 3 },
    { type: "ReLU" },
    { type: "AdaptiveAvgPool2d", outputSize: 1 },
    { type: "Flatten" },
    { type: "Linear", inFeatures: 4, outFeatures: 10 },
  ];
  const net = models.sequential(described);
  const loader = [[rand(4, 3, 8, 8), tensor([0, 1, 2, 1], { dtype: "int64" })]] as const;
  const classNames = ["a", "b", "c"];
  await train.fineTune(net, {
    data: { train: loader, numClasses: 3 },
    epochs: 1,
    freezeEpochs: 1,
    classNames,
    progress: false,
  });
  const preprocessing = {
    resize: { size: [8, 8], interpolation: "bilinear" },
    crop: null,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    background: [255, 255, 255],
  } as const;
  const own = Classifier.of(net, { preprocessing });
  const loaded = await Classifier.load(await own.toBytes());
  const layers = [...described.slice(0, -1), { type: "Linear", inFeatures: 4, outFeatures: 3 }];
  assert.deepEqual(loaded.architecture, { name: "sequential", options: { layers } });
  assert.equal(described[4].outFeatures, 10, "the description that was given stays as it was");
  const { probabilities } = await loaded.predict(image);
  assert.ok(difference((await own.predict(image)).probabilities, probabilities) < 1e-6);
});
