/** Pipelines and networks beside each other, over the size of the training set. Node only. */
import { existsSync, statSync } from "node:fs";
import { ArgumentError } from "../../base/errors.ts";
import { DataLoader } from "../../data/data_loader.ts";
import { Subset } from "../../data/dataset.ts";
import { datasetEntry, datasetNames } from "../../data/dataset_registry.ts";
import { LabelledImages } from "../../data/labelled_images.ts";
import { Compose, Resize, ToTensor } from "../../data/transforms/index.ts";
import { create, entry, initXavier, names } from "../../models/index.ts";
import { SGD } from "../../optim/index.ts";
import type { Curve } from "../../report/curves.ts";
import { renderCurvesSvg } from "../../report/svg/curves_svg.ts";
import { manualSeed } from "../../tensor/index.ts";
import { evaluate, fit } from "../../train/index.ts";
import { readRun } from "../runs.ts";
import { classifierEntry } from "./classic_classifiers.ts";
import { type ClassicData, openClassicData } from "./classic_data.ts";
import { featureEntries } from "./classic_features.ts";
import { type ClassicWatch, runClassic } from "./classic_run.ts";

/** What is compared. */
export type CompareEntry =
  | {
      readonly kind: "pipeline";
      readonly name: string;
      readonly features: string;
      readonly classifier: string;
    }
  | { readonly kind: "network"; readonly name: string }
  | { readonly kind: "run"; readonly name: string };

/** One training. */
export interface ComparePoint {
  readonly name: string;
  readonly learned: boolean;
  /** Training images. */
  readonly size: number;
  readonly testAccuracy: number;
  /** NaN if it is not known. */
  readonly trainSeconds: number;
  readonly predictPerSecond: number;
  readonly modelBytes: number;
}

/** How a comparison is done. */
export interface CompareSettings {
  readonly data: string;
  readonly dataDir?: string | undefined;
  readonly side: number;
  readonly seed: number;
  readonly sizes: readonly number[];
  /** Of networks, at the largest size. */
  readonly epochs: number;
  readonly onNote?: (text: string) => void;
  readonly onPoint?: (point: ComparePoint) => void;
}

/**
 * Reads what is to be compared: `hog:linear-svm`, a network's name, or a run's folder.
 *
 * @throws ArgumentError for what is none of these.
 */
export function compareEntry(text: string): CompareEntry {
  const colon = text.indexOf(":");
  if (colon > 0) {
    const [features, classifier] = [text.slice(0, colon), text.slice(colon + 1)];
    featureEntries(features);
    classifierEntry(classifier);
    return { kind: "pipeline", name: text, features, classifier };
  }
  if (names().includes(text)) return { kind: "network", name: text };
  if (existsSync(text) && statSync(text).isDirectory()) return { kind: "run", name: text };
  throw new ArgumentError(
    `classic compare: expected <features>:<classifier>, the name of a network, or a run's folder, got ${text}`,
  );
}

/** Trains and tests everything, size by size. @throws what a training throws. */
export async function compareClassic(
  entries: readonly CompareEntry[],
  settings: CompareSettings,
  watch: ClassicWatch,
): Promise<ComparePoint[]> {
  const { data, dataDir, side, seed, onNote, sizes } = settings;
  const all = await openClassicData({
    data,
    dataDir,
    trainSize: null,
    side,
    seed,
    ...(onNote && { onNote }),
  });
  const available = all.train.images.length;
  const kept = sizes.filter((size) => size <= available);
  if (kept.length === 0)
    throw new ArgumentError(`${data} has ${available} training images, fewer than any of --sizes`);
  if (kept.length < sizes.length)
    onNote?.(`${data} has ${available} training images; larger sizes are left out.`);
  const points: ComparePoint[] = [];
  const add = (point: ComparePoint) => {
    points.push(point);
    settings.onPoint?.(point);
  };
  for (const one of entries) {
    if (one.kind === "run") {
      add(finishedRun(one.name, available));
      continue;
    }
    for (const size of kept) {
      const part = firstImages(all, size);
      if (one.kind === "pipeline") {
        const { features, classifier } = one;
        const words = { words: null, encoding: "hard" as const, pyramid: 0 };
        const result = await runClassic(
          { features, classifier, C: null, gamma: null, seed, ...words },
          part,
          watch,
        );
        add({ ...result, name: one.name, learned: false, size });
      } else add(await trainedNetwork(one.name, size, Math.max(...kept), settings, watch));
    }
  }
  return points;
}

function firstImages(all: ClassicData, size: number): ClassicData {
  const { images, labels } = all.train;
  return { ...all, train: { images: images.slice(0, size), labels: labels.slice(0, size) } };
}

/** A training that was done before: one point, at the whole training set. */
function finishedRun(folder: string, size: number): ComparePoint {
  const { metrics, model } = readRun(folder);
  if (metrics?.testAccuracy === undefined)
    throw new ArgumentError(
      `${folder} has no test accuracy: it is not complete, or was judged by other images`,
    );
  return {
    name: `${model} (${folder})`,
    learned: true,
    size,
    testAccuracy: metrics.testAccuracy,
    trainSeconds: metrics.seconds ?? Number.NaN,
    predictPerSecond: Number.NaN,
    modelBytes: Number.NaN,
  };
}

/** Smaller training sets get more epochs, up to this many times. */
const MOST_EPOCHS_FACTOR = 120;

/** A network trained by its chapter's settings; a small training set gets as many steps as the largest, within reason. */
async function trainedNetwork(
  name: string,
  size: number,
  largest: number,
  { data, dataDir, epochs, seed }: CompareSettings,
  { signal, onProgress }: ClassicWatch,
): Promise<ComparePoint> {
  if (!datasetNames().includes(data))
    throw new ArgumentError(
      `classic compare: networks are trained on named data sets, not on the folder ${data}`,
    );
  const of = entry(name);
  const { batchSize, lr } = of.presets.zh;
  const [, height, width] = of.inputShape;
  const set = datasetEntry(data);
  const resized = height === set.imageShape[1] && width === set.imageShape[2];
  const transform = resized ? ToTensor() : Compose([Resize([height, width]), ToTensor()]);
  const open = async (train: boolean) => {
    const { images, labels } = await set.locate({ train, dataDir });
    return new LabelledImages(images, labels, { transform });
  };
  const chosen = Subset(
    await open(true),
    Array.from({ length: size }, (_, i) => i),
  );
  const batch = Math.min(batchSize, size);
  const trainLoader = DataLoader(chosen, { batchSize: batch, shuffle: true, seed });
  const testLoader = DataLoader(await open(false), { batchSize: 512 });
  manualSeed(seed);
  const outputs = of.options.includes("numClasses") ? { numClasses: set.classes.length } : {};
  const net = create(name, { edition: "zh", ...outputs });
  if (of.ownInitialValues !== true) initXavier(net);
  const rounds = Math.round(epochs * Math.min(MOST_EPOCHS_FACTOR, largest / size));
  const began = performance.now();
  const { points } = await fit(net, {
    trainLoader,
    optimizer: SGD(net.parameters(), { lr }),
    epochs: rounds,
    ...(signal && { signal }),
    callbacks: { onPoint: (point) => onProgress?.({ phase: "training", done: point.epoch / rounds }) },
  });
  const trainSeconds = (performance.now() - began) / 1000;
  if (points.length === 0) throw new ArgumentError(`${name}: the training gave no epoch`);
  const tested = performance.now();
  const { accuracy } = await evaluate(net, testLoader);
  const count = testLoader.dataset.length;
  const modelBytes = [...net.parameters()].reduce((sum, parameter) => sum + 4 * parameter.numel(), 0);
  return {
    name,
    learned: true,
    size,
    testAccuracy: accuracy,
    trainSeconds,
    predictPerSecond: count / ((performance.now() - tested) / 1000),
    modelBytes,
  };
}

/** Where learned features overtake the best pipeline. */
export interface Crossing {
  readonly network: string;
  readonly pipeline: string;
  /** Training images at which both are as good, interpolated on a logarithmic scale; null if they do not cross. */
  readonly size: number | null;
}

/** For each network the crossing with the best pipeline at each size. */
export function crossings(points: readonly ComparePoint[]): Crossing[] {
  const byHand = points.filter(({ learned }) => !learned);
  const networks = [...new Set(points.filter(({ learned }) => learned).map(({ name }) => name))];
  const best = (size: number) =>
    byHand
      .filter((point) => point.size === size)
      .reduce<ComparePoint | null>(
        (top, point) => (top === null || point.testAccuracy > top.testAccuracy ? point : top),
        null,
      );
  return networks.flatMap((network) => {
    const own = points.filter(({ name }) => name === network).sort((a, b) => a.size - b.size);
    const gaps = own.flatMap((point) => {
      const other = best(point.size);
      return other === null
        ? []
        : [{ size: point.size, gap: point.testAccuracy - other.testAccuracy, pipeline: other.name }];
    });
    if (gaps.length === 0) return [];
    return [crossingOf(network, gaps)];
  });
}

function crossingOf(
  network: string,
  gaps: readonly { readonly size: number; readonly gap: number; readonly pipeline: string }[],
): Crossing {
  for (let i = 1; i < gaps.length; i++) {
    const [before, after] = [gaps[i - 1], gaps[i]];
    if (before.gap >= 0 || after.gap < 0) continue;
    const share = -before.gap / (after.gap - before.gap);
    const size = Math.exp(Math.log(before.size) + share * Math.log(after.size / before.size));
    return { network, pipeline: after.pipeline, size: Math.round(size) };
  }
  return { network, pipeline: gaps[gaps.length - 1].pipeline, size: null };
}

/** Accuracy over the size of the training set, on a logarithmic axis. */
export function compareSvg(points: readonly ComparePoint[], title: string): string {
  const curves: Curve[] = [...new Set(points.map(({ name }) => name))].map((name) => ({
    name,
    points: points
      .filter((point) => point.name === name)
      .sort((a, b) => a.size - b.size)
      .map(({ size, testAccuracy }) => ({ x: Math.log10(size), y: testAccuracy })),
  }));
  const marks: Curve[] = crossings(points).flatMap(({ network, size }) =>
    size === null
      ? []
      : [
          {
            name: `${network} overtakes at ${size}`,
            points: [
              { x: Math.log10(size), y: Math.min(...points.map(({ testAccuracy }) => testAccuracy)) },
              { x: Math.log10(size), y: Math.max(...points.map(({ testAccuracy }) => testAccuracy)) },
            ],
          },
        ],
  );
  return renderCurvesSvg([...curves, ...marks], {
    title,
    width: 900,
    height: 480,
    xLabel: "training images, as a power of ten",
    yLabel: "test accuracy",
  });
}
