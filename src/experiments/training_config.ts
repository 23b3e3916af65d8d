/** The settings of a training: what `config.json` of a run holds. */
import { join, resolve } from "node:path";
import * as v from "valibot";
import { ArgumentError, FileError } from "../base/errors.ts";
import { datasetEntry, datasetNames } from "../data/dataset_registry.ts";
import { type EngineOptions, fastestEngine } from "../engines/select.ts";
import { create, EDITIONS, type Edition, entry, type NetworkOptions, names } from "../models/index.ts";
import { isKnown } from "../models/registry.ts";
import { optimizerEntry, optimizerNames } from "../optim/registry.ts";
import { schedulerNames, schedulerOptions } from "../optim/schedulers/registry.ts";
import { PRECISIONS } from "../train/loop/precision.ts";
import { RUN_FILES, readRunConfig } from "../train/runs/run_folder.ts";
import { precisionNamed } from "./available_precision.ts";
import { MOST_PIXELS } from "./limits.ts";
import { oneOf } from "./one_of.ts";
import { PHOTOS_FORMAT } from "./photos/photo_config.ts";

/** The most classes that a run's network may have: its last layer is made before there are weights for it. */
const MOST_CLASSES = 10_000;

const registered = (what: string, known: () => string[]) =>
  v.pipe(
    v.string(),
    v.check(
      (name) => known().includes(name),
      ({ input }) => `there is no ${what} ${JSON.stringify(input)} (there are: ${known().join(", ")})`,
    ),
  );
const whole = (least: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(least));
const atLeast0 = v.pipe(v.number(), v.finite(), v.minValue(0));

/** What older runs do not have is optional. */
const schema = v.object({
  format: v.literal("convoyant-run-1"),
  model: v.pipe(
    v.string(),
    v.check(
      isKnown,
      ({ input }) => `there is no network ${JSON.stringify(input)} (there are: ${names().join(", ")})`,
    ),
  ),
  data: registered("data set", datasetNames),
  dataDir: v.nullable(v.string()),
  epochs: whole(0),
  batchSize: whole(1),
  optimizer: registered("optimizer", optimizerNames),
  lr: atLeast0,
  momentum: atLeast0,
  weightDecay: atLeast0,
  /** Changes the learning rate. */
  scheduler: v.optional(
    v.nullable(
      v.object({
        name: registered("scheduler", schedulerNames),
        options: v.record(v.string(), v.union([v.number(), v.string(), v.boolean(), v.array(v.number())])),
      }),
    ),
    null,
  ),
  /** Share of the probability that is spread over all classes. */
  labelSmoothing: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0),
  /** Epochs without an improvement after which training ends. */
  patience: v.optional(v.nullable(whole(1)), null),
  /** Share of the training set that is kept back to judge epochs by, in place of the test set. */
  valSplit: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0),
  /** Further accuracies that are counted: whether the true class is among the k likeliest. */
  topk: v.optional(v.array(whole(1)), []),
  /** The file that the initial weights come from. */
  weights: v.optional(v.nullable(v.string()), null),
  resize: v.nullable(v.pipe(whole(1), v.maxValue(MOST_PIXELS))),
  seed: whole(0),
  engine: v.string(),
  threads: v.nullable(whole(1)),
  reproducible: v.optional(v.boolean(), false),
  exactConvolutions: v.optional(v.boolean(), false),
  precision: v.optional(v.picklist(PRECISIONS), "f32"),
  microBatch: v.optional(v.union([v.literal("auto"), whole(1)]), "auto"),
  limitBatches: v.nullable(whole(1)),
  edition: v.picklist(EDITIONS),
  /** Settings of the network itself: activation, dropout, batchNorm, ... */
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

/** All settings of a training. */
export type TrainingConfig = v.InferOutput<typeof schema>;

/** What was given; the chapter's settings for the rest. */
export type GivenSettings = Partial<Omit<TrainingConfig, "format" | "model">>;

/** What a run that is resumed may change; `train/loop/resume_rules.ts` says what follows from it. */
export const CHANGEABLE = [
  "epochs",
  "engine",
  "threads",
  "precision",
  "dataDir",
  "batchSize",
  "microBatch",
] as const;

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
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new FileError(`${path} is damaged: ${issueText(result.issues[0]) ?? "the file is not as expected"}`);
}

function issueText(issue: v.BaseIssue<unknown>): string {
  const field = issue.path?.map(({ key }) => String(key)).join(".") ?? "the file";
  return `${field} is not as expected: ${issue.message}`;
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
  const config = checked({
    format: "convoyant-run-1",
    model,
    data: datasetEntry(data).name,
    dataDir: pathOrNull(given.dataDir),
    epochs,
    batchSize: given.batchSize ?? preset.batchSize,
    optimizer: given.optimizer ?? "sgd",
    lr,
    momentum: given.momentum ?? 0,
    weightDecay: given.weightDecay ?? 0,
    scheduler: completeScheduler(given.scheduler, { epochs, lr }),
    labelSmoothing: given.labelSmoothing ?? 0,
    patience: given.patience ?? null,
    valSplit: given.valSplit ?? 0,
    topk: given.topk ?? [],
    weights: pathOrNull(given.weights),
    resize: given.resize ?? sizeFor(model, data),
    seed: given.seed ?? 0,
    engine: given.engine ?? fastestEngine(),
    threads: given.threads ?? null,
    reproducible: given.reproducible ?? false,
    exactConvolutions: given.exactConvolutions ?? false,
    precision: precisionNamed(given.precision ?? "f32"),
    microBatch: given.microBatch ?? "auto",
    limitBatches: given.limitBatches ?? null,
    edition,
    network,
  });
  // Whether the network has these options is found out before anything is written.
  if (Object.keys(network).length > 0) create(model, network as NetworkOptions);
  return config;
}

const pathOrNull = (path: string | null | undefined): string | null => (path ? resolve(path) : null);

/** Settings of a scheduler by themselves would change with the number of epochs when a run is resumed. */
function completeScheduler(
  given: TrainingConfig["scheduler"] | undefined,
  training: { epochs: number; lr: number },
): TrainingConfig["scheduler"] {
  if (!given) return null;
  const options = schedulerOptions(given.name, given.options, training);
  return { name: given.name, options: { ...options } as NonNullable<TrainingConfig["scheduler"]>["options"] };
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

/** Values can come from where no option's parser has seen them: the variants of a comparison. */
function checked(config: TrainingConfig): TrainingConfig {
  const result = v.safeParse(schema, config);
  if (result.success) return config;
  throw new ArgumentError(`${config.model}: ${issueText(result.issues[0])}`);
}
