/** What a network makes of an image, layer by layer, and of what it has learned so. */
import { data, type nn, noGrad, softmax, type Tensor } from "convoyant";
import { datasetOf, type LabData } from "../data/lab_data.ts";
import { networkInput, shownImage, shownInput } from "./input_image.ts";
import type { FilterBank, ImageInput, LayerMaps, Prediction, ShownImage, SimilarImage } from "./protocol.ts";

/** Feature maps of each layer for an image. */
export async function activationsOf(net: nn.Module, x: Tensor, most: number): Promise<LayerMaps[]> {
  const { activations } = await import("convoyant/look");
  const layers = await activations(net, x, { most });
  return layers.map(({ layer, kind, shape, maps }) => ({ path: layer, kind, shape, maps }));
}

/** The kernels of a convolution; without a path of the first one. */
export async function filtersOf(net: nn.Module, path: string | null): Promise<FilterBank> {
  const { filters } = await import("convoyant/look");
  const { layer, shape, data } = await filters(net, path === null ? {} : { layer: path });
  return { path: layer, shape, values: Float32Array.from(data) };
}

/** Of training images at most this many are compared with an image. */
const MOST_COMPARED = 2000;
const FEATURE_BATCH = 250;

/** What the last layer is given for training images, computed again when the network has learned. */
export class SimilarImages {
  #known: {
    readonly step: number;
    readonly columns: number;
    readonly unit: Float32Array;
    readonly indices: readonly number[];
  } | null = null;

  forget(): void {
    this.#known = null;
  }

  async find(
    net: nn.Module,
    x: Tensor,
    { given, size, step, count }: { given: LabData; size: number; step: number; count: number },
  ): Promise<SimilarImage[]> {
    const { hiddenFeatures } = await import("convoyant/look");
    if (this.#known?.step !== step) {
      const total = given.train.count;
      const every = Math.max(1, Math.ceil(total / MOST_COMPARED));
      const indices = Array.from({ length: Math.ceil(total / every) }, (_, i) => i * every);
      const found = await hiddenFeatures(net, this.#batches(given, size, indices));
      this.#known = {
        step,
        columns: found.columns,
        unit: unitRows(Float32Array.from(found.data), found.columns),
        indices,
      };
    }
    const own = await hiddenFeatures(net, [x]);
    const [one] = [unitRows(Float32Array.from(own.data), own.columns)];
    const { columns, unit, indices } = this.#known;
    const similarities = indices.map((index, row) => {
      let sum = 0;
      for (let i = 0; i < columns; i++) sum += one[i] * unit[row * columns + i];
      return { index, similarity: sum };
    });
    similarities.sort((a, b) => b.similarity - a.similarity);
    return similarities.slice(0, count).map(({ index, similarity }) => ({
      index,
      similarity,
      label: given.train.labels[index],
      image: shownImage(given, "train", index),
    }));
  }

  async *#batches(given: LabData, size: number, indices: readonly number[]): AsyncGenerator<Tensor> {
    const options = { batchSize: FEATURE_BATCH, sampler: indices, numWorkers: 0 };
    const loader = data.DataLoader(datasetOf(given, given.train, size), options);
    for await (const [images] of loader) yield images;
  }
}

function unitRows(data: Float32Array, columns: number): Float32Array {
  const unit = new Float32Array(data.length);
  for (let from = 0; from < data.length; from += columns) {
    let sum = 0;
    for (let i = from; i < from + columns; i++) sum += data[i] * data[i];
    const norm = Math.sqrt(sum) || 1;
    for (let i = from; i < from + columns; i++) unit[i] = data[i] / norm;
  }
  return unit;
}

/** What a network says of an image. */
export async function predictWith(
  net: nn.Module,
  image: ImageInput,
  options: {
    readonly data: LabData;
    readonly size: number;
    readonly step: number;
    readonly gradCam: boolean;
    readonly similar: number;
    readonly similarImages: SimilarImages;
  },
): Promise<{ prediction: Prediction; seen: ShownImage }> {
  const { data, size, step, similarImages } = options;
  const x = await networkInput(image, data, size);
  const probabilities = [...((await probabilitiesOf(net, x).data()) as Float32Array)];
  const index = probabilities.indexOf(Math.max(...probabilities));
  const similar =
    options.similar > 0
      ? await similarImages.find(net, x, { given: data, size, step, count: options.similar })
      : [];
  const gradCam = options.gradCam ? await gradCamOf(net, x, index) : null;
  return { prediction: { probabilities, index, gradCam, similar }, seen: await shownInput(x) };
}

function probabilitiesOf(net: nn.Module, x: Tensor): Tensor {
  const wasTraining = net.training;
  try {
    net.eval();
    return noGrad(() => softmax(net(x) as Tensor, 1).detach());
  } finally {
    net.train(wasTraining);
  }
}

async function gradCamOf(net: nn.Module, x: Tensor, classIndex: number) {
  const { gradCam } = await import("convoyant/look");
  try {
    const { width, height, values } = await gradCam(net, x, { classIndex });
    return { width, height, values };
  } catch (error) {
    // A network of dense layers has no feature maps.
    if ((error as Error).name === "ShapeError") return null;
    throw error;
  }
}
