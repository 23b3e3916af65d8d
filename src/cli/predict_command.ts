/** `convoyant predict`: what a network makes of pictures. */

import { ArgumentError, IndexError } from "../base/errors.ts";
import { type ClassName, openDataset, transforms } from "../data/index.ts";
import { engineHere } from "../engines/select.ts";
import type { Output } from "../experiments/console/output.ts";
import { precisionHere } from "../experiments/console/precision_choice.ts";
import { engineOptions, settingsOf, type TrainingConfig } from "../experiments/training_config.ts";
import { loadNetwork } from "../experiments/weights.ts";
import { readGreyImage } from "../io/image_file.ts";
import { type Picture, resample } from "../report/html/picture.ts";
import { renderPrediction } from "../report/terminal/terminal_image.ts";
import { fromTypedArray, noGrad, type Tensor, useEngine } from "../tensor/index.ts";
import { inPrecision, outputOf } from "../train/loop/precision.ts";
import type { NetworkChoice } from "./network_commands.ts";

export interface PredictCommand extends NetworkChoice {
  readonly source: string;
  readonly images: readonly string[];
  /** For dark things on white paper. */
  readonly invert: boolean;
}

interface Example {
  readonly name: string;
  readonly picture: Picture;
  readonly truth: number | null;
}

export async function predictCommand(command: PredictCommand, output: Output): Promise<number> {
  const { net, config } = await loadNetwork(command.source, command.model, settingsOf(command));
  const examples: Example[] = [];
  for (const image of command.images) examples.push(await readExample(image, config, command.invert, output));
  await useEngine(
    command.engine ?? engineHere(config.engine),
    engineOptions({ ...config, threads: command.threads }),
  );
  const precision = await precisionHere(config.precision, output);
  const classes = openDataset.classes(config.data);
  const size = config.resize ?? 28;
  for (const example of examples) {
    const input = await toInput(example.picture, size);
    const logits = noGrad(() => inPrecision(precision, () => outputOf(net, input)));
    const probabilities = (await logits.softmax(1).tolist()) as number[][];
    show(example, probabilities[0], classes, output);
  }
  output.event({ event: "end", model: config.model, precision, images: examples.length });
  return 0;
}

function show(
  example: Example,
  probabilities: readonly number[],
  classes: readonly ClassName[],
  output: Output,
): void {
  const { name, picture, truth } = example;
  const ranked = probabilities.map((probability, i) => ({ label: labelOf(classes, i), probability }));
  output.lines(
    renderPrediction(
      picture.width === 28 && picture.height === 28 ? picture : resample(picture, 28, 28),
      ranked,
      {
        ...output.style,
        columns: output.terminal.columns,
        title: name,
        ...(truth !== null && { truth: labelOf(classes, truth) }),
      },
    ),
  );
  output.line();
  const predicted = probabilities.indexOf(Math.max(...probabilities));
  output.event({
    event: "prediction",
    image: name,
    predicted,
    label: classes[predicted]?.en ?? String(predicted),
    probability: probabilities[predicted],
    truth,
    probabilities,
  });
}

async function readExample(
  image: string,
  config: TrainingConfig,
  invert: boolean,
  output: Output,
): Promise<Example> {
  const indexed = /^(train|test):(\d+)$/.exec(image);
  if (indexed !== null)
    return readFromDataset(image, indexed[1] === "train", Number(indexed[2]), config, output);
  if (/^[a-z]+:/.test(image) && !/^[a-zA-Z]:[\\/]/.test(image)) {
    throw new ArgumentError(
      `predict: expected a PNG or PGM file, or test:<index> or train:<index>, got "${image}"`,
    );
  }
  const { width, height, data } = await readGreyImage(image);
  return {
    name: image,
    picture: { width, height, data: invert ? data.map((g) => 255 - g) : data },
    truth: null,
  };
}

async function readFromDataset(
  name: string,
  train: boolean,
  index: number,
  config: TrainingConfig,
  output: Output,
): Promise<Example> {
  const dataset = await openDataset(config.data, {
    train,
    dataDir: config.dataDir ?? undefined,
    onProgress: (text: string) => output.note(text),
  });
  if (index >= dataset.length) {
    throw new IndexError(
      `predict: ${name} is out of range: the ${train ? "training" : "test"} set has pictures 0 to ${dataset.length - 1}`,
    );
  }
  const { width, height, pixels, label } = dataset.picture(index);
  return { name, picture: { width, height, data: pixels }, truth: label };
}

/** The picture as in training: resized in the same way, from 0 to 1. */
function toInput({ width, height, data }: Picture, size: number): Promise<Tensor> {
  const pixels = fromTypedArray(Uint8Array.from(data), [1, 1, height, width], "uint8");
  const { Compose, Resize, ToTensor } = transforms;
  return (width === size && height === size ? ToTensor() : Compose([Resize([size, size]), ToTensor()]))(
    pixels,
  );
}

function labelOf(classes: readonly ClassName[], index: number): string {
  const name = classes[index];
  return name === undefined ? String(index) : name.zh === undefined ? name.en : `${name.en} ${name.zh}`;
}
