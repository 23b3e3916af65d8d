/** Experiments that come from files and addresses: anybody can have written them. */
import * as v from "valibot";
import { LabError } from "../worker/problem.ts";
import { ACTIVATION_TYPES, SETTING_RANGES } from "./blocks.ts";
import {
  ACTIVATIONS,
  EXPERIMENT_FORMAT,
  type Experiment,
  KNOWN_NETWORKS,
  LIMITS,
  OPTIMIZERS,
} from "./experiment.ts";

const between = (least: number, most: number) => v.pipe(v.number(), v.minValue(least), v.maxValue(most));
const integer = (least: number, most: number) => v.pipe(between(least, most), v.safeInteger());
const setting = (name: keyof typeof SETTING_RANGES) =>
  integer(SETTING_RANGES[name][0], SETTING_RANGES[name][1]);
const pair = (name: "c2" | "c3") => v.strictTuple([setting(name), setting(name)]);

const window = {
  kernelSize: setting("kernelSize"),
  stride: setting("stride"),
  padding: setting("padding"),
};

const block = v.variant("type", [
  v.strictObject({
    type: v.literal("Conv2d"),
    inChannels: v.exactOptional(setting("inChannels")),
    outChannels: setting("outChannels"),
    ...window,
  }),
  v.strictObject({ type: v.picklist(["MaxPool2d", "AvgPool2d"]), ...window }),
  v.strictObject({ type: v.literal("AdaptiveAvgPool2d"), outputSize: setting("outputSize") }),
  v.strictObject({
    type: v.literal("Linear"),
    inFeatures: v.exactOptional(setting("inFeatures")),
    outFeatures: setting("outFeatures"),
  }),
  v.strictObject({ type: v.literal("Dropout"), p: between(...SETTING_RANGES.p) }),
  v.strictObject({
    type: v.literal("Inception"),
    c1: setting("c1"),
    c2: pair("c2"),
    c3: pair("c3"),
    c4: setting("c4"),
  }),
  v.strictObject({ type: v.picklist([...ACTIVATION_TYPES, "BatchNorm2d", "BatchNorm1d", "Flatten"]) }),
]);

const size = integer(LIMITS.leastSize, LIMITS.mostSize);

const network = v.variant("kind", [
  v.strictObject({
    kind: v.literal("known"),
    name: v.picklist(KNOWN_NETWORKS),
    options: v.strictObject({
      width: between(LIMITS.leastWidth, LIMITS.mostWidth),
      size,
      activation: v.picklist(ACTIVATIONS),
      batchNorm: v.boolean(),
      dropout: between(...SETTING_RANGES.p),
    }),
  }),
  v.strictObject({
    kind: v.literal("blocks"),
    size,
    blocks: v.pipe(v.array(block), v.maxLength(LIMITS.blocks)),
  }),
  v.strictObject({
    kind: v.literal("code"),
    size,
    code: v.pipe(v.string(), v.maxLength(LIMITS.codeLetters)),
  }),
]);

const classes = v.pipe(
  v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(LIMITS.classLetters))),
  v.maxLength(LIMITS.classes),
);
const channels = v.picklist([1, 3]);

const data = v.variant("kind", [
  v.strictObject({ kind: v.literal("fashion-mnist"), subset: v.boolean() }),
  v.strictObject({ kind: v.literal("images"), classes, channels }),
  v.strictObject({
    kind: v.literal("folder"),
    name: v.pipe(v.string(), v.maxLength(LIMITS.title)),
    classes,
    channels,
  }),
]);

const schema = v.strictObject({
  format: v.literal(EXPERIMENT_FORMAT),
  title: v.pipe(v.string(), v.maxLength(LIMITS.title)),
  data,
  networks: v.pipe(v.array(network), v.minLength(1), v.maxLength(LIMITS.networks)),
  training: v.strictObject({
    learningRate: between(0, 1000),
    batchSize: integer(1, LIMITS.mostBatch),
    optimizer: v.picklist(OPTIMIZERS),
    weightDecay: between(0, 10),
    seed: integer(0, Number.MAX_SAFE_INTEGER),
    epochs: integer(1, LIMITS.mostEpochs),
  }),
});

/** The compiler holds the schema and the types together. */
const asExperiment = (parsed: v.InferOutput<typeof schema>): Experiment => parsed;

/**
 * An experiment of a value that was read.
 *
 * @throws LabError "newer version" for a later format, "bad experiment" for anything else that is none.
 */
export function checkExperiment(value: unknown): Experiment {
  const format =
    typeof value === "object" && value !== null ? (value as { format?: unknown }).format : undefined;
  const version = typeof format === "string" ? /^convoyant-lab-(\d{1,9})$/.exec(format) : null;
  if (version !== null && format !== EXPERIMENT_FORMAT && Number(version[1]) > 1)
    throw new LabError(
      "newer version",
      `this experiment was written by a newer version of the Lab (${format}); this one reads ${EXPERIMENT_FORMAT}: update it`,
      { format: String(format) },
    );
  const result = v.safeParse(schema, value);
  if (result.success) return asExperiment(result.output);
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? "";
  throw new LabError(
    "bad experiment",
    `this is not an experiment of the Lab: ${path === "" ? "" : `${path}: `}${issue.message.slice(0, 300)}`,
    { path },
  );
}

/** The text of an experiment, the same for equal experiments. */
export function experimentText(experiment: Experiment): string {
  return `${JSON.stringify(checkExperiment(experiment), null, 2)}\n`;
}
