/** The settings of a training: what `config.json` of a run holds. */
import { join, resolve } from "node:path";
import { isPlainObject } from "../base/builtin_kinds.ts";
import { ArgumentError, FileError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import { datasetEntry, datasetNames } from "../data/dataset_registry.ts";
import { type EngineOptions, fastestEngine } from "../engines/select.ts";
import { create, EDITIONS, type Edition, entry, type NetworkOptions, names } from "../models/index.ts";
import { isKnown } from "../models/registry.ts";
import { optimizerEntry, optimizerNames } from "../optim/registry.ts";
import { schedulerOptions } from "../optim/schedulers/registry.ts";
import { RUN_FILES, readRunConfig } from "../train/runs/run_folder.ts";
import { precisionNamed } from "./available_precision.ts";
import { oneOf } from "./one_of.ts";
import { PHOTOS_FORMAT } from "./photos/photo_config.ts";
import { checkedSettings, notAsExpected } from "./settings/checked_settings.ts";
import type { SchedulerSetting } from "./settings/scheduler_text.ts";
import { type SettingValues, usualSettings } from "./settings/setting.ts";
import { MOST_CLASSES, TRAINING_SETTINGS } from "./settings/training_settings.ts";

/** What a file of settings of such a training calls its form. */
const FORMAT = "convoyant-run-1";

/** All settings of a training. */
export type TrainingConfig = { format: typeof FORMAT; model: string } & SettingValues<
  typeof TRAINING_SETTINGS
>;

/** What was given; the chapter's settings for the rest. [docs/settings.md](../../docs/settings.md) says what each means. */
export type GivenSettings = Partial<SettingValues<typeof TRAINING_SETTINGS>>;

/** What a run that is resumed may change; `train/loop/resume_rules.ts` says what follows from it. */
export const CHANGEABLE = [
  "epochs",
  "engine",
  "threads",
  "precision",
  "dataDir",
  "batchSize",
  "microBatch",
] as const satisfies readonly (keyof typeof TRAINING_SETTINGS)[];

/** `useEngine`'s options for a run's engine. */
export function engineOptions({
  threads,
  reproducible = false,
  exactConvolutions = false,
}: Pick<TrainingConfig, "threads"> &
  Partial<Pick<TrainingConfig, "reproducible" | "exactConvolutions">>): EngineOptions {
  return { ...(threads !== null && { threads }), reproducible, exactConvolutions };
}

/** Reads a run's settings; throws a FileError that names the field which is wrong. */
export function parseConfig(value: unknown, path: string): TrainingConfig {
  const damaged = (problem: string) => new FileError(`${path} is damaged: ${problem}`);
  if (!isPlainObject(value)) throw damaged("the file is not as expected: expected an object");
  if (value.format !== FORMAT) throw damaged(notAsExpected("format", `expected ${FORMAT}`));
  return checked(value, damaged);
}

/** @throws what `fail` makes of the first setting that is not as it must be. */
function checked(value: Readonly<Record<string, unknown>>, fail: (problem: string) => Error): TrainingConfig {
  const { model } = value;
  if (typeof model !== "string" || !isKnown(model)) {
    const known = names().join(", ");
    throw fail(notAsExpected("model", `there is no network ${shownValue(model)} (there are: ${known})`));
  }
  const settings = checkedSettings(TRAINING_SETTINGS, value, fail);
  if (Number(settings.network.numClasses ?? 1) > MOST_CLASSES)
    throw fail(notAsExpected("network", `expected numClasses of at most ${MOST_CLASSES}`));
  return { format: FORMAT, model, ...settings };
}

/**
 * The settings of the run in a folder.
 *
 * @throws FileError when there is no run, its settings are damaged, or a program made it with settings of its own.
 */
export function readConfig(folder: string): TrainingConfig {
  const { config } = readRunConfig(folder);
  const path = join(folder, RUN_FILES.config);
  if (hasConfig(config)) return parseConfig(config, path);
  throw new FileError(
    `${path} holds no settings of \`convoyant train\`: a program made this run; go on with train.fit(net, { out, resume: true, ... }) there`,
  );
}

/** Whether settings are those of a configured training, not what a program noted of its own, or those of photographs. */
export function hasConfig(settings: unknown): boolean {
  const { format } = (settings ?? {}) as { format?: unknown };
  return format !== undefined && format !== PHOTOS_FORMAT;
}

/**
 * All settings of a training of a network: those that are given, and the chapter's for the rest.
 *
 * @throws ArgumentError for an unknown name, or settings that do not belong together.
 * @example
 * ```ts
 * import * as experiments from "convoyant/experiments";
 * const config = experiments.configure("lenet", { epochs: 3, lr: 0.5 });
 * config.batchSize; // 256
 * ```
 */
export function configure(model: string, given: GivenSettings = {}): TrainingConfig {
  const edition: Edition = oneOf("edition", given.edition ?? EDITIONS[0], EDITIONS);
  const preset = entry(model).presets[edition];
  const { lr: ownLr, takesMomentum } = optimizerEntry(given.optimizer ?? "sgd");
  if (given.momentum && !takesMomentum) {
    const taking = optimizerNames().filter((name) => optimizerEntry(name).takesMomentum);
    throw new ArgumentError(
      `${given.optimizer} takes no momentum: omit the momentum, or choose ${taking.join(" or ")}`,
    );
  }
  const network = given.network ?? {};
  const epochs = given.epochs ?? preset.epochs;
  const lr = given.lr ?? ownLr ?? preset.lr;
  const data = given.data ?? datasetNames()[0];
  const config = checked(
    {
      ...usualSettings(TRAINING_SETTINGS),
      engine: fastestEngine(),
      batchSize: preset.batchSize,
      resize: given.resize ?? sizeFor(model, data),
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      model,
      data: datasetEntry(data).name,
      dataDir: pathOrNull(given.dataDir),
      epochs,
      lr,
      scheduler: completeScheduler(given.scheduler, { epochs, lr }),
      weights: pathOrNull(given.weights),
      precision: precisionNamed(given.precision ?? "f32"),
      edition,
    },
    (problem) => new ArgumentError(`${model}: ${problem}`),
  );
  // Whether the network has these options is found out before anything is written.
  if (Object.keys(network).length > 0) create(model, network as NetworkOptions);
  return config;
}

const pathOrNull = (path: string | null | undefined): string | null => (path ? resolve(path) : null);

/** Settings of a scheduler by themselves would change with the number of epochs when a run is resumed. */
function completeScheduler(
  given: SchedulerSetting | null | undefined,
  training: { epochs: number; lr: number },
): SchedulerSetting | null {
  if (!given) return null;
  const options = schedulerOptions(given.name, given.options, training);
  return { name: given.name, options: { ...options } as SchedulerSetting["options"] };
}

/**
 * The side length to which a network's images are resized; null when the data set's fit as they are.
 *
 * @throws ArgumentError when the data set has another number of channels.
 */
export function sizeFor(model: string, data: string): number | null {
  const { inputShape } = entry(model);
  const { imageShape, title } = datasetEntry(data);
  if (inputShape[0] !== imageShape[0]) {
    const fitting = model.replace("torchvision-", "");
    const instead = imageShape[0] === 1 && fitting !== model ? `take ${fitting}, or ` : "";
    throw new ArgumentError(
      `${model} takes images of ${inputShape[0]} channels, those of ${title} have ${imageShape[0]}: ${instead}` +
        "choose another data set, or train it on images of your own with train.fit",
    );
  }
  return inputShape[1] === imageShape[1] && inputShape[2] === imageShape[2] ? null : inputShape[1];
}
