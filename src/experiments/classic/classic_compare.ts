/** Pipelines and networks beside each other, over the size of the training set. Node only. */
import { existsSync, statSync } from "node:fs";
import { ArgumentError } from "../../base/errors.ts";
import { names } from "../../models/index.ts";
import { readRun } from "../runs.ts";
import { classifierEntry } from "./classic_classifiers.ts";
import { type ClassicData, openClassicData } from "./classic_data.ts";
import { featureEntries } from "./classic_features.ts";
import { type ClassicWatch, runClassic } from "./classic_run.ts";
import { USUAL_SIDE } from "./classic_settings.ts";
import type { CompareEntry, ComparePoint, CompareSettings } from "./compare_entries.ts";
import { configAtSize, networkEntry, trainedNetwork } from "./compare_network.ts";
import { refuseUnusedOfData } from "./unused_settings.ts";

/**
 * Reads what is to be compared: `hog:linear-svm`, a network's name with settings or without, or a run's folder.
 *
 * @throws ArgumentError for what is none of these.
 */
export function compareEntry(text: string): CompareEntry {
  const colon = text.indexOf(":");
  if (colon > 0 && !text.includes("=")) {
    const [features, classifier] = [text.slice(0, colon), text.slice(colon + 1)];
    featureEntries(features);
    classifierEntry(classifier);
    return { kind: "pipeline", name: text, features, classifier };
  }
  if (names().includes(text.split(",")[0].trim())) return networkEntry(text);
  if (existsSync(text) && statSync(text).isDirectory()) return { kind: "run", name: text };
  throw new ArgumentError(
    `classic compare: expected <features>:<classifier>, a network as <name> or <name>,setting=value, or a run's folder, got ${text}`,
  );
}

/** What `compareClassic` takes. */
export type CompareClassicOptions = Partial<CompareSettings> & ClassicWatch;

/**
 * Trains and tests pipelines and networks beside each other, size by size: what `convoyant classic compare` does.
 *
 * @param texts - `hog:linear-svm`, a network's name with settings or without, or a run's folder.
 * @throws ArgumentError for what is none of these; what a training throws.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const points = await experiments.compareClassic(["hog:linear-svm", "lenet"], { sizes: [500, 2000] });
 * points.map(({ name, size, testAccuracy }) => [name, size, testAccuracy]);
 * ```
 */
export async function compareClassic(
  texts: readonly string[],
  options: CompareClassicOptions = {},
): Promise<ComparePoint[]> {
  const entries = texts.map(compareEntry);
  const settings: CompareSettings = {
    ...{ data: "fashion-mnist", seed: 0, sizes: [500, 2000, 10_000, 60_000], epochs: 10 },
    ...options,
    side: options.side ?? USUAL_SIDE,
  };
  refuseUnusedOfData({ ...settings, side: options.side });
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
  // Settings that cannot be are found before the first training.
  for (const one of entries)
    if (one.kind === "network") for (const size of kept) configAtSize(one, size, Math.max(...kept), settings);
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
          options,
        );
        add({ ...result, name: one.name, learned: false, size });
      } else add(await trainedNetwork(one, size, Math.max(...kept), settings, options));
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
