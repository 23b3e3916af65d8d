/** The settings of a training: what `config.json` of a run holds, and everything that is made from it. */
import { join, resolve } from "node:path";
import * as v from "valibot";
import { ArgumentError, didYouMean, FileError } from "../base/errors.ts";
import { fashionMnist, mnist } from "../data/index.ts";
import { type EngineOptions, fastestEngine } from "../engines/select.ts";
import { create, type Edition, entry, initXavier, type NetworkOptions, names } from "../models/index.ts";
import type { Module } from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import { manualSeed } from "../tensor/index.ts";
import type { Loader, OptimizerLike } from "../train/loop/fit_options.ts";
import { limitBatches } from "../train/loop/loaders.ts";
import { PRECISIONS } from "../train/loop/precision.ts";
import { RUN_FILES, readRunConfig } from "../train/runs/run_folder.ts";
import { precisionNamed } from "./console/precision_choice.ts";
import { MOST_PIXELS } from "./limits.ts";

export const DATASETS = ["fashion-mnist", "mnist"] as const;
export const OPTIMIZERS = ["sgd", "adam", "adamw", "rmsprop", "adagrad"] as const;

/** The most classes that a run's network may have: its last layer is made before there are weights for it. */
const MOST_CLASSES = 10_000;

const schema = v.object({
  format: v.literal("convoyant-run-1"),
  model: v.pipe(
    v.string(),
    v.check((name) => names().includes(name), "Expected the name of a network that there is"),
  ),
  data: v.picklist(DATASETS),
  dataDir: v.nullable(v.string()),
  epochs: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  batchSize: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  optimizer: v.picklist(OPTIMIZERS),
  lr: v.pipe(v.number(), v.finite(), v.minValue(0)),
  momentum: v.pipe(v.number(), v.finite(), v.minValue(0)),
  weightDecay: v.pipe(v.number(), v.finite(), v.minValue(0)),
  resize: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_PIXELS))),
  seed: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  engine: v.string(),
  threads: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))),
  reproducible: v.optional(v.boolean(), false),
  /** Runs from before there was a choice have none. */
  precision: v.optional(v.picklist(PRECISIONS), "f32"),
  microBatch: v.optional(
    v.union([v.literal("auto"), v.pipe(v.number(), v.integer(), v.minValue(1))]),
    "auto",
  ),
  limitBatches: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))),
  edition: v.picklist(["zh", "en"]),
  /** What was chosen about the network itself: activation, dropout, batchNorm, ... */
  network: v.optional(
    v.pipe(
      v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
      v.check(
        ({ numClasses = 1 }) => !(Number(numClasses) > MOST_CLASSES),
        `Expected numClasses of at most ${MOST_CLASSES}`,
      ),
    ),
    {},
  ),
});

export type TrainingConfig = v.InferOutput<typeof schema>;

/** Reads a run's settings; throws a FileError that names the field which is wrong. */
export function parseConfig(value: unknown, path: string): TrainingConfig {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const field = issue.path?.map((p) => String(p.key)).join(".") ?? "the file";
  throw new FileError(`${path} is damaged: ${field} is not as expected: ${issue.message}`);
}

/**
 * The settings of the run in a folder.
 *
 * @throws FileError where there is no run, its settings are damaged, or it was not made by `convoyant train`.
 */
export function readConfig(folder: string): TrainingConfig {
  const { config } = readRunConfig(folder);
  const path = join(folder, RUN_FILES.config);
  if ((config as { format?: unknown } | null)?.format !== undefined) return parseConfig(config, path);
  throw new FileError(
    `${path} holds no settings of \`convoyant train\`: a program made this run; go on with train.fit(net, { out, resume: true, ... }) there`,
  );
}

/** What was given on the command line; the chapter's settings for the rest. */
export type GivenSettings = Partial<Omit<TrainingConfig, "format" | "model">>;

export function configFor(model: string, given: GivenSettings): TrainingConfig {
  const edition: Edition = oneOf("edition", given.edition ?? "zh", ["zh", "en"]);
  const { inputShape, presets } = entry(model);
  const { batchSize, lr, epochs } = presets[edition];
  if (inputShape[0] !== 1) {
    throw new ArgumentError(
      `${model} takes pictures of ${inputShape[0]} channels, the data sets here have 1: take ${model.replace("torchvision-", "")}, ` +
        "or train it on pictures of your own with train.fit",
    );
  }
  const resize = inputShape[1] === 28 ? null : inputShape[1];
  const optimizer = oneOf("optimizer", given.optimizer ?? "sgd", OPTIMIZERS);
  if (given.momentum && optimizer !== "sgd" && optimizer !== "rmsprop") {
    throw new ArgumentError(
      `${optimizer} takes no momentum: leave --momentum away, or choose sgd or rmsprop`,
    );
  }
  const network = given.network ?? {};
  const config = checked({
    format: "convoyant-run-1",
    model,
    data: oneOf("data set", given.data ?? "fashion-mnist", DATASETS),
    dataDir: given.dataDir === undefined || given.dataDir === null ? null : resolve(given.dataDir),
    epochs: given.epochs ?? epochs,
    batchSize: given.batchSize ?? batchSize,
    optimizer,
    lr: given.lr ?? (optimizer === "sgd" ? lr : DEFAULT_LR[optimizer]),
    momentum: given.momentum ?? 0,
    weightDecay: given.weightDecay ?? 0,
    resize: given.resize ?? resize,
    seed: given.seed ?? 0,
    engine: given.engine ?? fastestEngine(),
    threads: given.threads ?? null,
    reproducible: given.reproducible ?? false,
    precision: precisionNamed(given.precision ?? "f32"),
    microBatch: given.microBatch ?? "auto",
    limitBatches: given.limitBatches ?? null,
    edition,
    network,
  });
  // Whether the network has these choices is found out before anything is written.
  if (Object.keys(network).length > 0) create(model, network as NetworkOptions);
  return config;
}

/** Values can come from where no option's parser has seen them: the variants of a comparison. */
function checked(config: TrainingConfig): TrainingConfig {
  const result = v.safeParse(schema, config);
  if (result.success) return config;
  const [issue] = result.issues;
  const field = issue.path?.map(({ key }) => String(key)).join(".");
  throw new ArgumentError(`${config.model}: ${field} is not as expected: ${issue.message}`);
}

const DEFAULT_LR = { sgd: 0.1, adam: 0.001, adamw: 0.001, rmsprop: 0.01, adagrad: 0.01 } as const;

/** What a command was told of data and precision; nothing where they are the run's. */
export function settingsOf(given: {
  data: string | null;
  dataDir: string | null;
  precision: string | null;
}): GivenSettings {
  return {
    ...(given.precision !== null && { precision: precisionNamed(given.precision) }),
    ...(given.data !== null && { data: oneOf("data set", given.data, DATASETS) }),
    ...(given.dataDir !== null && { dataDir: given.dataDir }),
  };
}

/** In what a run differs from the chapter's, in words; empty where it is the chapter's. */
export function differencesFromTheBook(config: TrainingConfig): string[] {
  const book = configFor(config.model, {});
  const out: string[] = [];
  const compare = (name: string, a: unknown, b: unknown) => {
    if (a !== b) out.push(`${name} ${String(a)} instead of ${String(b)}`);
  };
  compare("data set", config.data, book.data);
  compare("batch size", config.batchSize, book.batchSize);
  compare("optimizer", config.optimizer, book.optimizer);
  compare("learning rate", config.lr, book.lr);
  compare("momentum", config.momentum, book.momentum);
  compare("weight decay", config.weightDecay, book.weightDecay);
  compare("resize", config.resize ?? "none", book.resize ?? "none");
  for (const [name, value] of Object.entries(config.network)) out.push(`${name} ${String(value)}`);
  if (config.limitBatches !== null) out.push(`only ${config.limitBatches} batches an epoch`);
  return out;
}

/** What `useEngine` is told of a run's engine. */
export function engineOptions({
  threads,
  reproducible,
}: Pick<TrainingConfig, "threads" | "reproducible">): EngineOptions {
  return { ...(threads !== null && { threads }), reproducible };
}

/** The network of a run, whose weights are about to be loaded. */
export function makeUntrained({ model, edition, network }: TrainingConfig): Module {
  return create(model, { edition, ...(network as NetworkOptions) });
}

/** The network with the chapter's initial weights, by the seed. */
export function makeNetwork(config: TrainingConfig): Module {
  manualSeed(config.seed);
  return initXavier(makeUntrained(config));
}

export function makeOptimizer(config: TrainingConfig, net: Module): OptimizerLike {
  const { lr, momentum, weightDecay } = config;
  const parameters = [...net.parameters()];
  switch (config.optimizer) {
    case "sgd":
      return optim.SGD(parameters, { lr, momentum, weightDecay });
    case "adam":
      return optim.Adam(parameters, { lr, weightDecay });
    case "adamw":
      return optim.AdamW(parameters, { lr, weightDecay });
    case "rmsprop":
      return optim.RMSprop(parameters, { lr, momentum, weightDecay });
    case "adagrad":
      return optim.Adagrad(parameters, { lr, weightDecay });
  }
}

export interface Loaders {
  readonly trainLoader: Loader;
  readonly testLoader: Loader;
  readonly classes: readonly { readonly en: string; readonly zh?: string }[];
}

/** @param onProgress - told what is being fetched, where the data are not on this machine yet. */
export async function makeLoaders(
  config: TrainingConfig,
  onProgress?: (text: string) => void,
): Promise<Loaders> {
  const open = config.data === "mnist" ? mnist : fashionMnist;
  const { trainLoader, testLoader, classes } = await open({
    batchSize: config.batchSize,
    resize: config.resize ?? undefined,
    seed: config.seed,
    dataDir: config.dataDir ?? undefined,
    onProgress,
  });
  const limit = config.limitBatches;
  return {
    trainLoader: limit === null ? trainLoader : limitBatches(trainLoader, limit),
    testLoader: limit === null ? testLoader : limitBatches(testLoader, limit),
    classes,
  };
}

/** The command that repeats a run. */
export function commandLine(config: TrainingConfig): string {
  const parts = ["npx convoyant train", config.model];
  const flag = (name: string, value: unknown) => {
    if (value !== null) parts.push(`--${name} ${String(value)}`);
  };
  flag("data", config.data);
  if (config.edition !== "zh") flag("edition", config.edition);
  flag("epochs", config.epochs);
  flag("batch-size", config.batchSize);
  flag("optimizer", config.optimizer);
  flag("lr", config.lr);
  if (config.momentum !== 0) flag("momentum", config.momentum);
  if (config.weightDecay !== 0) flag("weight-decay", config.weightDecay);
  flag("resize", config.resize);
  flag("seed", config.seed);
  flag("engine", config.engine);
  flag("threads", config.threads);
  if (config.reproducible) parts.push("--reproducible");
  if (config.precision !== "f32") flag("precision", config.precision);
  if (config.microBatch !== "auto") flag("micro-batch", config.microBatch);
  flag("limit-batches", config.limitBatches);
  for (const [name, value] of Object.entries(config.network)) flag("set", `${name}=${String(value)}`);
  return parts.join(" ");
}

/** @throws ArgumentError where `given` is not among the known values of `what`. */
export function oneOf<T extends string>(what: string, given: string, known: readonly T[]): T {
  if ((known as readonly string[]).includes(given)) return given as T;
  throw new ArgumentError(
    `unknown ${what} \`${given}\`${didYouMean(given, known)} (there are: ${known.join(", ")})`,
  );
}
