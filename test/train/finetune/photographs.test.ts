/**
 * Fine-tuning on real photographs: the cut-outs of Debian's package tuxpaint-stamps-default, in seven classes. Takes some
 * minutes of processor time, and the weights: CONVOYANT_TEST_FINE_TUNE=1 measures the head alone, =whole also the whole
 * network.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  DataLoader,
  ImageList,
  LabelledImages,
  Subset,
  stratifiedSplit,
  TensorDataset,
  transforms,
} from "../../../src/data/index.ts";
import { freezeLowest } from "../../../src/experiments/photos/frozen_share.ts";
import { type data, manualSeed, models, stopEngine, train } from "../../../src/index.ts";
import { stampClasses, stampPhotographs, stampsAreMissing } from "../../stamp_photographs.ts";

const asked = process.env.CONVOYANT_TEST_FINE_TUNE;
const skip = !asked ? "CONVOYANT_TEST_FINE_TUNE is not set" : stampsAreMissing;

after(() => stopEngine());

/** Images and labels in memory: as the network takes them, and to be cropped and flipped at random. */
async function preparedImages() {
  const images = stampPhotographs();
  // Alpha on white, shorter side 256, middle 224.
  const transform = transforms.Preprocess(models.efficientnetLite0.weights.imagenet.preprocessing);
  const files = await ImageList(images, { transform, classes: stampClasses });
  const loader = DataLoader(files, { batchSize: files.length, numWorkers: 0 });
  const [x, y] = (await loader.iterate().next()).value as data.Batch;
  const labels = { data: Float64Array.from(files.targets), shape: [files.length], dtype: "int64" as const };
  // What crops are cut from: a little more than the middle, as `convoyant train` keeps it.
  const { Compose, Resize, CenterCrop } = transforms;
  const margin = Compose([Resize(256, { interpolation: "bicubic" }), CenterCrop([256, 256])]);
  const wide = await ImageList(images, { transform: margin, classes: stampClasses });
  const [w] = (await DataLoader(wide, { batchSize: wide.length, numWorkers: 0 }).iterate().next())
    .value as data.Batch;
  const levels = (await w.data()) as Uint8Array;
  const augment = transforms.Compose([
    transforms.RandomHorizontalFlip(),
    transforms.RandomResizedCrop(224, { scale: [0.7, 1] }),
    transforms.ToTensor(),
    transforms.Normalize([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
  ]);
  return {
    files,
    exact: TensorDataset(x, y),
    augmented: new LabelledImages({ data: levels, shape: w.shape, dtype: "uint8" }, labels, {
      transform: augment,
    }),
  };
}

for (const [part, least, options] of [
  ["the head alone", 0.88, { epochs: 0 }],
  // 0.906 on these splits; of so few test images two more or less are chance.
  ["the whole network", 0.89, { epochs: 3, labelSmoothing: 0.1, interpolate: 0.5 }],
] as const) {
  const left =
    skip || (options.epochs > 0 && asked !== "whole" ? "CONVOYANT_TEST_FINE_TUNE is not whole" : false);
  test(`photographs of seven classes are told apart by ${part}`, { skip: left }, async (context) => {
    const { files, exact, augmented } = await preparedImages();
    assert.equal(files.length, 198);
    const accuracies: number[] = [];
    for (const seed of [0, 1, 2, 3, 4]) {
      manualSeed(seed);
      const net = await models.efficientnetLite0({ weights: "imagenet" });
      // As `convoyant train` does it by default.
      if (options.epochs > 0) freezeLowest(net, 0.5);
      const [training, testing] = stratifiedSplit(files, [0.75, 0.25], { seed });
      const tuned = await train.fineTune(net, {
        data: {
          train: Subset(augmented, training.indices),
          plain: Subset(exact, training.indices),
          test: Subset(exact, testing.indices),
          numClasses: stampClasses.length,
        },
        progress: false,
        ...options,
      });
      accuracies.push(tuned.test?.accuracy ?? 0);
      context.diagnostic(`split ${seed}: accuracy ${tuned.test?.accuracy.toFixed(4)}`);
    }
    const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
    context.diagnostic(`${part}: mean accuracy ${mean.toFixed(4)}`);
    assert.ok(mean >= least, `${part}: mean accuracy ${mean}, expected at least ${least}`);
  });
}
