/** Trains a classifier on a folder of photographs, and keeps the run. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { ArgumentError, FileError } from "../../base/errors.ts";
import type { ListenedSignal } from "../../base/web_types.ts";
import { DataLoader } from "../../data/data_loader.ts";
import { Subset } from "../../data/dataset.ts";
import { CutMix, MixUp } from "../../data/transforms/index.ts";
import { engineHere, fastestEngine } from "../../engines/select.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import { load } from "../../io/state_dict_bytes.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";
import { manualSeed, useEngine } from "../../tensor/index.ts";
import { fineTune } from "../../train/finetune/fine_tune.ts";
import type { FineTuneOptions, FineTuneResult } from "../../train/finetune/fine_tune_options.ts";
import type { Callbacks } from "../../train/loop/fit_options.ts";
import { trainingRanks } from "../../train/loop/ranks.ts";
import { RUN_FILES, requireNoRun, runName, runProgress } from "../../train/runs/run_folder.ts";
import { precisionNamed } from "../available_precision.ts";
import { shellWord } from "../shell_text.ts";
import { choicesInWords, chosenSettings, type PhotoSettings } from "./chosen_settings.ts";
import { EmbeddedLoader } from "./embedded_loader.ts";
import { removeUnbegun, sizeError } from "./failed_start.ts";
import { finishRun, keepOnnx, type PhotoMetrics } from "./finish_run.ts";
import { freezeLowest } from "./frozen_share.ts";
import { changesInWords, isChanged, photoChanges } from "./photo_changes.ts";
import {
  checkedPhotosConfig,
  isPhotosRun,
  type PhotoSplit,
  type PhotosConfig,
  type PhotosRecord,
  readPhotosRecord,
  writePhotosRecord,
} from "./photo_config.ts";
import { keepFacts, type StartNetwork, startNetwork } from "./photo_network.ts";
import { decodePhotos, type PhotoPixels } from "./photo_pixels.ts";
import { openPhotos, type PhotoSource } from "./photo_source.ts";
import { placesOf, splitPhotos } from "./photo_split.ts";

/** A training on photographs that is about to begin, or to go on. */
export interface StartingPhotos {
  readonly config: PhotosConfig;
  /** The run's folder. */
  readonly folder: string;
  readonly resumed: boolean;
  readonly classes: readonly string[];
  /** Images of each part. */
  readonly images: Readonly<Record<PhotoSplit, number>>;
  /** What was chosen, in three lines. */
  readonly choices: readonly string[];
  /** Files that are not counted, with the reason. */
  readonly leftOut: PhotoSource["unreadable"];
}

/** What a training on photographs reports, and what can end it. */
export interface PhotoRunOptions {
  /** Seconds between checkpoints within an epoch. Default 30. */
  readonly checkpointSeconds?: number;
  /** Ends the training after the step under way, with everything saved; nothing does by default. */
  readonly signal?: ListenedSignal;
  /** Called when the images are known; returns callbacks for the two parts of the training. */
  readonly onStart?: (run: StartingPhotos) => Callbacks | readonly Callbacks[];
  /** Called with how far the images are decoded, and then embedded. */
  readonly onProgress?: (what: "read" | "embedded", done: number, of: number) => void;
  /** Called with what is not as it was asked for. */
  readonly onNote?: (text: string) => void;
}

/** What `trainPhotos` takes beside the folder. */
export interface TrainPhotosOptions extends PhotoRunOptions {
  /**
   * Where the network comes from: a registered name (its weights of ImageNet), a file of weights (.safetensors, .pth, .npz), an
   * ONNX file, the folder of a run, or `"scratch"`. By default EfficientNet-Lite0, and if its weights are not
   * available a network from scratch.
   */
  readonly from?: string | null;
  /** The registered name of the network, if a file does not say it. */
  readonly model?: string | null;
  /** Pixels of a side; by default the network's own size. */
  readonly imageSize?: number | null;
  /** Settings that are not chosen by the images and the machine. */
  readonly settings?: PhotoSettings;
  /** The run's folder. @default `runs/<time>-<name of the folder>` */
  readonly out?: string | null;
}

/** How a training on photographs ended. */
export interface TrainedPhotos {
  readonly folder: string;
  readonly config: PhotosConfig;
  readonly classes: readonly string[];
  readonly outcome: FineTuneResult["outcome"];
  /** On the images that judged the epochs, and on those that were looked at once; null if there are none. */
  readonly val: PhotoMetrics | null;
  readonly test: PhotoMetrics | null;
  readonly seconds: number;
}

/**
 * Trains a classifier on a folder of photographs (a folder for each class, with or without `train/`, `val/`, `test/` above),
 * or on a CSV list of paths and labels: what `convoyant train ./photos` does. The run that is kept is a classifier: its
 * weights carry preprocessing and class names.
 *
 * @throws FileError for a folder that no classifier can be trained on, with the reason; ArgumentError for settings out of
 *   their range; TrainingError if `out` holds a run already.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { folder, val } = await experiments.trainPhotos("photos", { settings: { epochs: 3 } });
 * val?.accuracy;
 * ```
 */
export async function trainPhotos(photos: string, options: TrainPhotosOptions = {}): Promise<TrainedPhotos> {
  const { from = null, model = null, imageSize = null, settings = {}, onNote } = options;
  const root = resolve(photos);
  if (settings.precision !== undefined) precisionNamed(settings.precision);
  const source = await openPhotos(photos);
  const engine = settings.engine ? engineHere(settings.engine) : fastestEngine();
  await useEngine(engine, settings.threads ? { threads: settings.threads } : {});
  manualSeed(settings.seed ?? 0);
  const start = await startNetwork({ from, model, imageSize, classes: source.classes.length, onNote });
  const chosen = chosenSettings(root, source, start, settings, engine);
  const config = checkedPhotosConfig(chosen, (message) => new ArgumentError(`train: ${message}`));
  requireShares(config);
  const parts = splitPhotos(source.photos, config);
  const folder = options.out ?? join("runs", runName(basename(root, extname(root))));
  if (isPhotosRun(folder)) requireNotBegun(folder);
  const record = recordOf(config, start.preprocessing, source, parts);
  return trainRun({ source, record, parts, start, folder, resumed: false, begins: true }, options);
}

function requireNotBegun(folder: string): void {
  throw new ArgumentError(
    `train: ${folder} holds a run already: go on with it (npx convoyant train --resume ${shellWord(folder)}), or choose another folder with --out`,
  );
}

function requireShares({ valSplit, testSplit }: PhotosConfig): void {
  if (valSplit + testSplit < 1) return;
  throw new ArgumentError(
    `train: --val-split ${valSplit} and --test-split ${testSplit} leave no images to train on; together they must be below 1`,
  );
}

/** A run, ready to be trained. */
interface PhotoRun {
  readonly source: PhotoSource;
  readonly record: PhotosRecord;
  readonly parts: readonly PhotoSplit[];
  readonly start: StartNetwork;
  readonly folder: string;
  readonly resumed: boolean;
  /** Whether nothing was kept of it yet, besides its record. */
  readonly begins: boolean;
  /** Whether the head is the run's own, to be trained further. */
  readonly keepsHead?: boolean;
}

/**
 * Goes on with a run on photographs from its last checkpoint: what `convoyant train --resume` does. If images were added,
 * removed or changed, training begins again from the run's weights, and the images that stayed keep their part of the split.
 *
 * @throws FileError if there is no such run; ArgumentError if the folder has other classes now.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * await experiments.resumePhotos("runs/first");
 * ```
 */
export async function resumePhotos(folder: string, options: PhotoRunOptions = {}): Promise<TrainedPhotos> {
  const { onNote } = options;
  if (!isPhotosRun(folder))
    throw new FileError(`${folder} is not a run on photographs: it has no ${RUN_FILES.photos}`);
  const before = readPhotosRecord(folder);
  const { config } = before;
  const source = await openPhotos(config.photos);
  const changes = photoChanges(folder, before, source);
  const engine = engineHere(config.engine);
  await useEngine(engine, config.threads ? { threads: config.threads } : {});
  manualSeed(config.seed);
  const classes = source.classes.length;
  const { imageSize } = config;
  // The file that an ONNX network came from is kept with the run.
  const from = config.initial === "onnx" ? join(folder, RUN_FILES.onnx) : config.from;
  const restart = () => startNetwork({ from, model: config.model, imageSize, classes });
  if (!isChanged(changes)) {
    const start = await restart();
    const begins = runProgress(folder) === "none" && runProgress(join(folder, "frozen")) === "none";
    const parts = before.images.map(([, , split]) => split);
    return trainRun({ source, record: before, parts, start, folder, resumed: true, begins }, options);
  }
  const gone = new Set(changes.removed);
  const stayed = before.images.filter(([name]) => !gone.has(name));
  onNote?.(changesInWords(changes, stayed.length));
  const kept = new Map(stayed.map(([name, , split]) => [name, split]));
  const parts = splitPhotos(source.photos, config, kept);
  const start = await restart();
  // What the run has learned is what it goes on from.
  const earlier = moveAside(folder);
  if (earlier !== null) {
    start.net.loadStateDict(await load(earlier));
    onNote?.(`training begins again with these images, from the run's weights (${earlier})`);
  }
  const record = recordOf(config, before.preprocessing, source, parts);
  const keepsHead = earlier !== null;
  return trainRun({ source, record, parts, start, folder, resumed: true, begins: true, keepsHead }, options);
}

/** Moves what a run has into a folder inside of it; gives the file of its weights, or null if it has none yet. */
function moveAside(folder: string): string | null {
  const weights = (["best", "last"] as const).find((name) => existsSync(join(folder, RUN_FILES[name])));
  if (weights === undefined) {
    rmSync(join(folder, "frozen"), { recursive: true, force: true });
    return null;
  }
  const number = 1 + readdirSync(folder).filter((name) => /^earlier-\d+$/.test(name)).length;
  const aside = join(folder, `earlier-${number}`);
  mkdirSync(aside);
  for (const name of readdirSync(folder)) {
    const isRun = name === "frozen" || (Object.values(RUN_FILES) as string[]).includes(name);
    const stays = name === RUN_FILES.lock || name === RUN_FILES.onnx;
    if (isRun && !stays) renameSync(join(folder, name), join(aside, name));
  }
  return join(aside, RUN_FILES[weights]);
}

function recordOf(
  config: PhotosConfig,
  preprocessing: Preprocessing,
  { classes, photos }: PhotoSource,
  parts: readonly PhotoSplit[],
): PhotosRecord {
  return {
    config,
    preprocessing,
    classes,
    images: photos.map(({ name, label, bytes }, i) => [name, label, parts[i], bytes] as const),
  };
}

async function trainRun(run: PhotoRun, options: PhotoRunOptions): Promise<TrainedPhotos> {
  const began = performance.now();
  const { source, record, parts, start, folder, resumed, begins } = run;
  const { config, preprocessing, classes } = record;
  const { signal, onNote, onProgress } = options;
  // Said before the images are read; a folder is made when they have been.
  if (begins && runProgress(folder) !== "none") requireNoRun(folder);
  const callbacks = options.onStart?.({
    config,
    folder,
    resumed,
    classes,
    images: {
      train: placesOf(parts, "train").length,
      val: placesOf(parts, "val").length,
      test: placesOf(parts, "test").length,
    },
    choices: choicesInWords(config, preprocessing, source, parts),
    leftOut: [...source.unreadable, ...source.skipped],
  });
  const ended = (
    outcome: TrainedPhotos["outcome"],
    val: PhotoMetrics | null = null,
    test: PhotoMetrics | null = null,
  ) => ({
    folder,
    config,
    classes,
    outcome,
    val,
    test,
    seconds: (performance.now() - began) / 1000,
  });
  const pixels = await decodePhotos(source.photos, classes, preprocessing, {
    augment: config.augment,
    signal,
    onProgress: (done, of) => onProgress?.("read", done, of),
    onNote,
  });
  makeFolderSync(folder);
  writePhotosRecord(folder, record);
  if (config.initial === "onnx") keepOnnx(start.from, folder);
  if (pixels === null) return ended("interrupted");
  keepFacts(start, preprocessing, classes);
  freezeLowest(start.net, config.frozenShare);
  const tuned = await fineTune(start.net, tuningOptions(run, pixels, callbacks ?? [], options)).catch(
    (error: unknown) => {
      if (!resumed) removeUnbegun(folder);
      throw sizeError(error, start);
    },
  );
  // Of several ranks the first keeps the run.
  const isFirst = (trainingRanks()?.rank ?? 0) === 0;
  if (tuned.outcome === "interrupted" || !isFirst) return ended(tuned.outcome);
  const { val, test } = await finishRun({ net: start.net, source, record, parts, folder, pixels, tuned });
  return ended(tuned.outcome, val, test);
}

/** The run's settings as `fineTune` takes them. */
function tuningOptions(
  { record, parts, folder, resumed, begins, keepsHead = false }: PhotoRun,
  pixels: PhotoPixels,
  callbacks: Callbacks | readonly Callbacks[],
  { signal, checkpointSeconds, onProgress }: PhotoRunOptions,
): FineTuneOptions {
  const { config, classes } = record;
  const training = placesOf(parts, "train");
  const validation = placesOf(parts, "val");
  const mixes = config.mix.map((name) =>
    (name === "mixup" ? MixUp : CutMix)({ alpha: name === "mixup" ? 0.2 : 1, numClasses: classes.length }),
  );
  return {
    data: {
      train: Subset(pixels.augmented, training),
      plain: new EmbeddedLoader(
        DataLoader(Subset(pixels.plain, training), { batchSize: config.batchSize }),
        (done) => onProgress?.("embedded", done, training.length),
      ),
      test: validation.length === 0 ? null : Subset(pixels.plain, validation),
      numClasses: classes.length,
    },
    epochs: config.epochs,
    freezeEpochs: config.freezeEpochs,
    baseLr: config.lr,
    lrMult: config.lrMult,
    unfreeze: config.unfreeze,
    batchNorm: config.initial === "random" ? "train" : "eval",
    ema: config.ema,
    interpolate: config.interpolate,
    labelSmoothing: config.labelSmoothing,
    classWeights: config.classWeights === "balanced" ? "balanced" : null,
    batchSize: config.batchSize,
    mix: mixes.length === 0 ? null : mixes,
    newHead: !keepsHead,
    precision: config.precision,
    microBatch: config.microBatch,
    // The loss of few images is steadier than their accuracy.
    ...(validation.length > 0 && { monitor: "testLoss" as const }),
    ...(config.patience !== null &&
      validation.length > 0 && { earlyStopping: { patience: config.patience } }),
    out: folder,
    resume: resumed && !begins,
    name: config.model ?? "network",
    classNames: classes,
    settings: { ...config },
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
    signal: signal ?? null,
    progress: false,
    callbacks,
  };
}
