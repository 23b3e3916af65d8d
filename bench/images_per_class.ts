/**
 * How many images of a class one needs: accuracy of a head on embeddings of a pretrained network over the number of
 * training images, on the cut-outs of Debian's tuxpaint-stamps-default. Draws docs/diagrams/images-per-class.svg:
 *
 * node build/bench/images_per_class.js
 */
import { writeFileSync } from "node:fs";
import {
  DataLoader,
  ImageList,
  Subset,
  stratifiedSplit,
  type TensorDataset,
  transforms,
} from "../src/data/index.ts";
import { manualSeed, models, nn, optim, stopEngine, train } from "../src/index.ts";
import { renderCurvesSvg } from "../src/report/svg/curves_svg.ts";
import { embed } from "../src/train/finetune/embeddings.ts";
import { headsOf } from "../src/train/finetune/heads.ts";
import { oneCycle } from "../src/train/finetune/one_cycle.ts";
import { stampClasses, stampPhotographs } from "../test/stamp_photographs.ts";

const COUNTS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48];
const SPLITS = [0, 1, 2, 3, 4];

/** At most `most` examples of each class, in the order of a split. */
function few(indices: ArrayLike<number>, labels: readonly number[], most: number): number[] {
  const taken = new Map<number, number>();
  return Array.from(indices).filter((index) => {
    const count = (taken.get(labels[index]) ?? 0) + 1;
    taken.set(labels[index], count);
    return count <= most;
  });
}

async function accuracyOf(
  embeddings: TensorDataset,
  training: number[],
  testing: ArrayLike<number>,
): Promise<number> {
  const net = nn.Linear(1280, stampClasses.length);
  const trainLoader = DataLoader(Subset(embeddings, training), { batchSize: 32, shuffle: true });
  const optimizer = optim.AdamW(net.parameters(), { lr: 2e-3, weightDecay: 0.01 });
  // As many steps for few images as for many: an epoch of them is short.
  const epochs = Math.max(40, Math.ceil(200 / (trainLoader.length as number)));
  const cycle = oneCycle(optimizer, [2e-3], epochs, trainLoader.length, { pctStart: 0.3, div: 25 });
  await train.fit(net, { trainLoader, optimizer, epochs, ...cycle, progress: false });
  const metrics = await train.evaluate(net, DataLoader(Subset(embeddings, testing), { batchSize: 64 }));
  return metrics.accuracy;
}

const net = await models.efficientnetLite0({ weights: "imagenet" });
const transform = transforms.Preprocess(models.efficientnetLite0.weights.imagenet.preprocessing);
const files = await ImageList(stampPhotographs(), { transform, classes: stampClasses });
const [head] = headsOf("bench", net);
const found = await embed(net, head, DataLoader(files, { batchSize: 32 }), {
  name: "photographs",
  views: 1,
  precision: "f32",
});
const { dataset } = found as NonNullable<typeof found>;
const labels = [...files.targets];
const points = [];
for (const count of COUNTS) {
  const accuracies: number[] = [];
  for (const seed of SPLITS) {
    manualSeed(seed);
    const [training, testing] = stratifiedSplit(files, [0.75, 0.25], { seed });
    accuracies.push(await accuracyOf(dataset, few(training.indices, labels, count), testing.indices));
  }
  const y = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
  points.push({ x: count, y, low: Math.min(...accuracies), high: Math.max(...accuracies) });
  console.log(
    `${count} of each class at most: ${y.toFixed(3)} (${accuracies.map((a) => a.toFixed(3)).join(", ")})`,
  );
}
writeFileSync(
  "docs/diagrams/images-per-class.svg",
  renderCurvesSvg([{ name: "accuracy, and the range of five splits", points }], {
    title: "Accuracy over training images of each class",
    xLabel: "images of each class, at most",
    yRange: [0, 1],
    xRange: [0, 50],
  }),
);
await stopEngine();
