/** Runs on images of a person's own, between the command line's `convoyant train ./photos` and the Lab. */
import { data as library } from "convoyant";
import { Classifier } from "convoyant/classifier";
import { strToU8 } from "fflate";
import { type LabData, pixelsOf } from "../data/lab_data.ts";
import { checkExperiment } from "../experiment/check_experiment.ts";
import {
  EXPERIMENT_FORMAT,
  type Experiment,
  inputShapeOf,
  type NetworkSource,
} from "../experiment/experiment.ts";
import { blocksOfLayers, PHOTOS_FORMAT } from "../experiment/run_experiment.ts";
import type { PreparedLab } from "./lab_session.ts";
import { LabError } from "./problem.ts";

/** Of a run that the Lab made: its images lie in the run's own folder. */
const IMAGES = "photos";

type Files = Record<string, Uint8Array>;

/**
 * What such a run has beside its weights and metrics: its images, which of them judged it, and its settings.
 *
 * @throws LabError "cannot export" if a class has a name that no folder can have.
 */
export function photosRunFiles(
  { experiment, data, startedAt }: PreparedLab,
  network: number,
  { architecture, preprocessing }: Classifier,
  outcome: string,
): Files {
  const { training, networks } = experiment;
  const classes = data.classes.map(({ en }) => folderName(en));
  const { files, images } = imageFiles(data, classes);
  const config = {
    ...{ format: PHOTOS_FORMAT, photos: IMAGES, from: "scratch", model: architecture?.name ?? null },
    ...{ initial: "random", imageSize: inputShapeOf(experiment, networks[network])[1] },
    ...{ epochs: training.epochs, freezeEpochs: 0, lr: training.learningRate, lrMult: 1, frozenShare: 0 },
    ...{
      batchSize: training.batchSize,
      labelSmoothing: 0,
      ema: null,
      mix: [],
      unfreeze: "all",
      augment: "none",
    },
    ...{ classWeights: "none", patience: null, valSplit: data.test.count / images.length, testSplit: 0 },
    ...{ seed: training.seed, engine: "wasm", threads: null, precision: "f32", microBatch: "auto" },
  };
  const run = {
    startedAt,
    model: config.model,
    classNames: classes,
    inputShape: inputShapeOf(experiment, networks[network]),
    config: { ...config, optimizer: training.optimizer, weightDecay: training.weightDecay },
    environment: { madeWith: "the Lab", engine: "wasm" },
    outcome,
  };
  const text = (content: unknown) => strToU8(`${JSON.stringify(content, null, 2)}\n`);
  return {
    ...files,
    "config.json": text(run),
    "photos.json": text({ format: PHOTOS_FORMAT, config, preprocessing, classes, images }),
  };
}

function folderName(name: string): string {
  if (!/^\.|[/\\:*?"<>|]|^\s|[\s.]$/.test(name) && name !== "") return name;
  throw new LabError(
    "cannot export",
    `the class "${name}" becomes a folder of the run, and that is not the name of one`,
  );
}

/** The images as they are trained on, and which of them judge the epochs. */
function imageFiles(data: LabData, classes: readonly string[]) {
  const files: Files = {};
  const images: [name: string, label: number, split: "train" | "val", bytes: number][] = [];
  // Without images that are kept back the training images are tested on.
  const splits = data.test === data.train ? (["train"] as const) : (["train", "test"] as const);
  for (const split of splits)
    for (let i = 0; i < data[split].count; i++) {
      const label = data[split].labels[i];
      const name = `${classes[label]}/${split}-${i + 1}.png`;
      const bytes = library.encodePng(interleaved(data, pixelsOf(data, split, i)));
      files[`${IMAGES}/${name}`] = bytes;
      images.push([name, label, split === "test" ? "val" : "train", bytes.length]);
    }
  return { files, images };
}

/** Pixel by pixel, as files have them. */
function interleaved({ channels, side }: LabData, planes: Uint8Array) {
  const pixels = side * side;
  const levels = new Uint8Array(planes.length);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < pixels; i++) levels[channels * i + c] = planes[c * pixels + i];
  return { width: side, height: side, channels, data: levels };
}

/**
 * The experiment of a run of the command line on photographs. Its images are not in it: a folder that is served, or the
 * browser's own images of these classes, take their place.
 *
 * @throws LabError "bad experiment" if its weights do not say which network they belong to.
 */
export async function experimentOfPhotosRun(
  config: Readonly<Record<string, unknown>>,
  title: string,
  weights: Uint8Array<ArrayBuffer> | undefined,
): Promise<Experiment> {
  if (weights === undefined) throw cannotShow("it has no weights yet");
  const { architecture, classes, preprocessing } = await Classifier.load(weights).catch((error: Error) => {
    throw cannotShow(error.message, error);
  });
  if (architecture === null) throw cannotShow("its network is not known by name");
  const { mean, std } = preprocessing;
  return checkExperiment({
    format: EXPERIMENT_FORMAT,
    title,
    data: {
      kind: "images",
      classes: classes.map((name) => (typeof name === "string" ? name : name.en)),
      channels: mean.length === 1 ? 1 : 3,
    },
    networks: [networkOf(architecture, Number(config["imageSize"]), mean, std)],
    training: {
      learningRate: config["lr"],
      batchSize: config["batchSize"],
      optimizer: ["sgd", "momentum"].includes(String(config["optimizer"])) ? config["optimizer"] : "adam",
      weightDecay: typeof config["weightDecay"] === "number" ? config["weightDecay"] : 0,
      seed: config["seed"],
      epochs: Math.max(1, Number(config["epochs"])),
    },
  });
}

const cannotShow = (why: string, cause?: unknown) =>
  new LabError("bad experiment", `the Lab cannot show this run: ${why}`, {}, { cause });

/** Layers as blocks; any other network by its name, with what it wants done to levels from 0 to 1. */
function networkOf(
  { name, options }: { readonly name: string; readonly options: Readonly<Record<string, unknown>> },
  size: number,
  mean: readonly number[],
  std: readonly number[],
): NetworkSource {
  const isPlain = mean.every((value) => value === 0) && std.every((value) => value === 1);
  if (name === "sequential" && isPlain)
    return { kind: "blocks", size, blocks: blocksOfLayers(options["layers"]) };
  const made = `models.create(${JSON.stringify(name)}, ${JSON.stringify(options)})`;
  const each = (values: readonly number[]) => `tensor(${JSON.stringify(values)}).reshape(1, -1, 1, 1)`;
  const code = isPlain
    ? `return ${made};`
    : [
        `const means = ${each(mean)};`,
        `const deviations = ${each(std)};`,
        "class Normalized extends nn.Module {",
        `  net = ${made};`,
        "  forward(x) {",
        "    return this.net(x.sub(means).div(deviations));",
        "  }",
        "}",
        "return new Normalized();",
      ].join("\n");
  return { kind: "code", size, code };
}
