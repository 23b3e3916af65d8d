/** `convoyant predict`: what a network makes of pictures. */
import { ArgumentError, IndexError } from "../base/errors.ts";
import { openDataset } from "../data/index.ts";
import { readGreyImage } from "../io/image_file.ts";
import type { Picture } from "../report/picture.ts";
import { resample } from "../report/picture.ts";
import { renderPrediction } from "../report/terminal_image.ts";
import { fromTypedArray, noGrad, useEngine } from "../tensor/index.ts";
import type { Output } from "./output.ts";
import type { TrainingConfig } from "./training_config.ts";
import { loadNetwork } from "./weights.ts";

export interface PredictCommand {
  readonly source: string;
  readonly images: readonly string[];
  readonly model: string | null;
  readonly dataDir: string | null;
  readonly engine: string | null;
  readonly invert: boolean;
}

interface Example {
  readonly name: string;
  readonly picture: Picture;
  readonly truth: number | null;
}

export async function predictCommand(command: PredictCommand, output: Output): Promise<number> {
  const { net, config } = await loadNetwork(command.source, command.model);
  const withData = { ...config, dataDir: command.dataDir ?? config.dataDir };
  const examples: Example[] = [];
  for (const image of command.images)
    examples.push(await readExample(image, withData, command.invert, output));
  await useEngine(command.engine ?? config.engine);
  const { classes } = classNamesOf(config);
  const size = config.resize ?? 28;
  for (const example of examples) {
    const input = toInput(example.picture, size);
    const probabilities = (
      await noGrad(() => net(fromTypedArray(input, [1, 1, size, size], "float32")).softmax(1)).tolist()
    )[0] as number[];
    const ranked = probabilities.map((probability, i) => ({ label: labelOf(classes, i), probability }));
    output.lines(
      renderPrediction(resample(example.picture, size, size), ranked, {
        ...output.style,
        columns: output.terminal.columns,
        title: example.name,
        ...(example.truth !== null && { truth: labelOf(classes, example.truth) }),
      }),
    );
    output.line();
    const predicted = probabilities.indexOf(Math.max(...probabilities));
    output.event({
      event: "prediction",
      image: example.name,
      predicted,
      label: classes[predicted]?.en ?? String(predicted),
      probability: probabilities[predicted],
      truth: example.truth,
      probabilities,
    });
  }
  output.event({ event: "end", model: config.model, images: examples.length });
  return 0;
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

/** Grey values in 0..1 at the network's input size. */
function toInput(picture: Picture, size: number): Float32Array {
  const sized = resample(picture, size, size);
  return Float32Array.from(sized.data, (grey) => grey / 255);
}

function classNamesOf(config: TrainingConfig): { classes: readonly { en: string; zh?: string }[] } {
  return { classes: openDataset.classes(config.data) };
}

function labelOf(classes: readonly { en: string; zh?: string }[], index: number): string {
  const name = classes[index];
  return name === undefined ? String(index) : name.zh === undefined ? name.en : `${name.en} ${name.zh}`;
}
