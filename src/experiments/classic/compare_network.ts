/** Networks that are compared with pipelines: how each is to be trained, as text, and its training. Node only. */
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { DataLoader } from "../../data/data_loader.ts";
import { Subset } from "../../data/dataset.ts";
import { datasetEntry, datasetNames } from "../../data/dataset_registry.ts";
import { RandomCrop, RandomHorizontalFlip, type Transform } from "../../data/transforms/index.ts";
import { entry } from "../../models/index.ts";
import { schedulerEntry } from "../../optim/schedulers/registry.ts";
import { evaluate, fit } from "../../train/index.ts";
import { type SchedulerSetting, schedulerFrom } from "../settings/scheduler_text.ts";
import { list, settingValue } from "../settings/setting_text.ts";
import { configure, type GivenSettings, type TrainingConfig } from "../training_config.ts";
import { fitSettings, makeNetwork, makeOptimizer, openImages } from "../training_parts.ts";
import type { ClassicWatch } from "./classic_run.ts";
import type { ComparePoint, CompareSettings, NetworkEntry } from "./compare_entries.ts";

/** Settings of a training that a recipe may have; what else is named is a setting of the network. */
const TRAINING_SETTINGS = [
  "epochs",
  "batchSize",
  "optimizer",
  "lr",
  "momentum",
  "weightDecay",
  "labelSmoothing",
  "scheduler",
  "resize",
  "edition",
] as const;

/** How training images may be changed at random: shifted by up to 1/14 of the side, and mirrored. */
const AUGMENTATIONS: Readonly<Record<string, (side: number) => Transform>> = {
  crop: (side) => RandomCrop(side, { padding: Math.max(1, Math.round(side / 14)) }),
  flip: () => RandomHorizontalFlip(),
};

/** Settings of a recipe that only comparisons have. */
const OWN_SETTINGS = ["augment", "growth"] as const;

/**
 * Reads how a network is to be trained: `lenet`, or `lenet,activation=relu,optimizer=adam,lr=0.002,scheduler=cosine`.
 *
 * @throws ArgumentError for a setting that neither trainings nor the network have, or a value that cannot be.
 */
export function networkEntry(text: string): NetworkEntry {
  const [model, ...parts] = list(text);
  const training: Record<string, unknown> = {};
  const network: Record<string, string | number | boolean> = {};
  let augment: readonly string[] = [];
  let growth = 1;
  for (const part of parts) {
    const equals = part.indexOf("=");
    if (equals < 1)
      throw new ArgumentError(`classic compare: expected <network>,name=value,name=value, got "${text}"`);
    const [name, value] = [part.slice(0, equals), part.slice(equals + 1)];
    if (name === "augment") augment = augmentations(value);
    else if (name === "growth") growth = growthFrom(value);
    else if (name === "scheduler") training[name] = knownScheduler(value);
    else if ((TRAINING_SETTINGS as readonly string[]).includes(name)) training[name] = settingValue(value);
    else if ((entry(model).options as readonly string[]).includes(name)) network[name] = settingValue(value);
    else
      throw new ArgumentError(
        `classic compare: ${model} has no setting ${name}` +
          didYouMean(name, [...TRAINING_SETTINGS, ...OWN_SETTINGS, ...entry(model).options]),
      );
  }
  const given = { ...(training as GivenSettings), network };
  return { kind: "network", name: text, model, given, augment, growth };
}

function knownScheduler(text: string): SchedulerSetting {
  const scheduler = schedulerFrom(text);
  schedulerEntry(scheduler.name);
  return scheduler;
}

function augmentations(text: string): readonly string[] {
  const names = text.split("+").map((name) => name.trim());
  const wrong = names.find((name) => !Object.hasOwn(AUGMENTATIONS, name));
  if (wrong === undefined) return names;
  throw new ArgumentError(
    `classic compare: expected augment=${Object.keys(AUGMENTATIONS).join("+")}, or one of them, got "${text}"`,
  );
}

/** The random changes of a recipe, for images of a side in pixels. */
export const augmentationsOf = (names: readonly string[]) => names.map((name) => AUGMENTATIONS[name]);

function growthFrom(text: string): number {
  const growth = settingValue(text);
  if (typeof growth === "number" && growth >= 0 && growth <= 1) return growth;
  throw new ArgumentError(
    `classic compare: expected growth from 0 (as many epochs at every size) to 1 (as many steps), got "${text}"`,
  );
}

/** Smaller training sets get more epochs, up to this many times. */
const MOST_EPOCHS_FACTOR = 120;

/**
 * The settings at a size of the training set: a small one gets more epochs, with `growth` 1 as many steps as the
 * largest, within reason.
 *
 * @throws ArgumentError for a folder of images, or settings that cannot be.
 */
export function configAtSize(
  { model, given, growth }: NetworkEntry,
  size: number,
  largest: number,
  { data, dataDir, epochs, seed }: Pick<CompareSettings, "data" | "dataDir" | "epochs" | "seed">,
): TrainingConfig {
  if (!datasetNames().includes(data))
    throw new ArgumentError(
      `classic compare: networks are trained on named data sets, not on the folder ${data}`,
    );
  const config = configure(model, {
    epochs,
    seed,
    ...given,
    data,
    ...(dataDir !== undefined && { dataDir }),
  });
  const rounds = Math.round(config.epochs * Math.min(MOST_EPOCHS_FACTOR, (largest / size) ** growth));
  const batchSize = Math.min(config.batchSize, size);
  // A scheduler is for the epochs that there will be.
  return configure(model, { ...config, ...given, epochs: rounds, batchSize });
}

/** Trains a network on the first images, and tests it. @throws what a training throws. */
export async function trainedNetwork(
  one: NetworkEntry,
  size: number,
  largest: number,
  settings: CompareSettings,
  { signal, onProgress }: ClassicWatch,
): Promise<ComparePoint> {
  const config = configAtSize(one, size, largest, settings);
  const { batchSize, epochs, seed } = config;
  const set = datasetEntry(config.data);
  const note = (text: string) => settings.onNote?.(text);
  const chosen = Subset(
    await openImages(set, true, config, note, augmentationsOf(one.augment)),
    Array.from({ length: size }, (_, i) => i),
  );
  const trainLoader = DataLoader(chosen, { batchSize, shuffle: true, seed });
  const testLoader = DataLoader(await openImages(set, false, config, note), { batchSize: 512 });
  const net = makeNetwork(config);
  const optimizer = makeOptimizer(config, net);
  const began = performance.now();
  const { points } = await fit(net, {
    trainLoader,
    optimizer,
    epochs,
    ...fitSettings(config, optimizer, Math.ceil(size / batchSize)),
    ...(signal && { signal }),
    callbacks: { onPoint: (point) => onProgress?.({ phase: "training", done: point.epoch / epochs }) },
  });
  const trainSeconds = (performance.now() - began) / 1000;
  if (points.length === 0) throw new ArgumentError(`${one.name}: the training gave no epoch`);
  const tested = performance.now();
  const { accuracy } = await evaluate(net, testLoader);
  const count = testLoader.dataset.length;
  const modelBytes = [...net.parameters()].reduce((sum, parameter) => sum + 4 * parameter.numel(), 0);
  return {
    name: one.name,
    learned: true,
    size,
    testAccuracy: accuracy,
    trainSeconds,
    predictPerSecond: count / ((performance.now() - tested) / 1000),
    modelBytes,
  };
}
