/** Embeddings: what a frozen backbone gives for the images of a data set, computed once. */
import { allocateArray, type DType, type TypedArray } from "../../base/dtype.ts";
import { OutOfMemoryError, ShapeError, TrainingError } from "../../base/errors.ts";
import { formatShape, sameShape } from "../../base/shape.ts";
import type { AbortSignalLike } from "../../base/web_types.ts";
import type { ArrayBatch } from "../../data/array_batch.ts";
import { TensorDataset } from "../../data/dataset.ts";
import { insideCall } from "../../graph/node.ts";
import type { Module } from "../../nn/index.ts";
import { keepModes } from "../../nn/module/modes.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { FitOptions, Loader, LoaderPlace } from "../loop/fit_options.ts";
import { checkBatch } from "../loop/loaders.ts";
import { FittingSlices, partOf } from "../loop/micro_batches.ts";
import { inPrecision, type Precision } from "../loop/precision.ts";
import { trainingRanks } from "../loop/ranks.ts";
import { passThrough } from "./head_network.ts";
import type { Head } from "./heads.ts";

/** How embeddings are computed. */
export interface EmbeddingOptions {
  /** Of the loader's option, for messages. */
  readonly name: string;
  /** Epochs of the loader to go through: views of each image, if it augments. */
  readonly views: number;
  readonly precision: Precision;
  readonly signal?: AbortSignalLike | null;
}

/** The embeddings of a data set with their labels. */
export interface Embeddings {
  readonly dataset: TensorDataset;
  /** Whether the head's output is the network's. */
  readonly headIsLast: boolean;
  /** Of an image, without the batch. */
  readonly imageShape: readonly number[];
  /** Of an embedding, without the batch. */
  readonly shape: readonly number[];
}

/**
 * What the backbone gives for each image, in evaluation mode (batch norm by its running statistics, no dropout); every
 * module is in its own mode again afterwards.
 *
 * @returns null if it was interrupted.
 * @throws TrainingError if there are no images; ShapeError if their embeddings differ in shape.
 */
export async function embed(
  net: Module,
  head: Head,
  loader: Loader,
  { name, views, precision, signal }: EmbeddingOptions,
): Promise<Embeddings | null> {
  const restoreModes = keepModes(net);
  const [features, labels] = [new Rows(`embeddings of ${name}`), new Rows(`labels of ${name}`)];
  const seen = { headIsLast: true, imageShape: [] as readonly number[] };
  const sender = new SliceRunner(net, head, precision);
  const compute = async (x: Tensor, y: Tensor): Promise<EmbeddedPart> => {
    const part = { features: [] as ArrayBatch[], headIsLast: true };
    for (const { embedding, headIsLast } of sender.run(x)) {
      part.headIsLast = headIsLast;
      part.features.push(await rowsOf(embedding));
    }
    return { ...part, labels: await rowsOf(y), imageShape: x.shape.slice(1) };
  };
  const ranks = trainingRanks();
  net.eval();
  try {
    for (let epoch = 0; epoch < views; epoch++) {
      const place = { epoch, seed: loader.drawSeed?.() ?? null };
      // Ranks compute the embeddings of their shards, and have those of all.
      const batches =
        ranks === null
          ? alone(loader, place, name, compute)
          : ranks.overShards(loader, place, signal as FitOptions["signal"], compute);
      for await (const parts of batches) {
        if ((ranks?.signal ?? signal)?.aborted) return null;
        for (const part of parts) {
          seen.imageShape = part.imageShape;
          seen.headIsLast = part.headIsLast;
          for (const rows of part.features) features.add(rows);
          labels.add(part.labels);
        }
      }
      if (ranks?.signal?.aborted) return null;
    }
  } finally {
    restoreModes();
  }
  if (features.count === 0) throw new TrainingError(`${name} gave no batches: the data set is empty`);
  return {
    dataset: TensorDataset(features.all(), labels.all()),
    headIsLast: seen.headIsLast,
    imageShape: seen.imageShape,
    shape: features.shape,
  };
}

/** What is computed of a part of a batch. */
interface EmbeddedPart {
  readonly features: readonly ArrayBatch[];
  readonly labels: ArrayBatch;
  readonly headIsLast: boolean;
  readonly imageShape: readonly number[];
}

/** Batches as parts, in a training that no ranks share. */
async function* alone(
  loader: Loader,
  place: LoaderPlace,
  name: string,
  compute: (x: Tensor, y: Tensor) => Promise<EmbeddedPart>,
): AsyncGenerator<readonly EmbeddedPart[]> {
  for await (const item of loader.iterate(place)) yield [await compute(...checkBatch(item, name))];
}

async function rowsOf({ value, shape, dtype }: Tensor): Promise<ArrayBatch> {
  return { data: (await defaultSession().fetch(value)).slice(), shape: [...shape], dtype };
}

/** Sends batches to the engine: whole, or in slices if one does not fit its memory. */
class SliceRunner {
  private readonly net: Module;
  private readonly head: Head;
  private readonly precision: Precision;
  private readonly slices = new FittingSlices();

  constructor(net: Module, head: Head, precision: Precision) {
    this.net = net;
    this.head = head;
    this.precision = precision;
  }

  run(x: Tensor): Iterable<{ embedding: Tensor; headIsLast: boolean }> {
    if (x.size(0) === 0) return [];
    return this.slices.run(x.size(0), (from, to) => this.attempt(partOf(x, from, to)));
  }

  /** Null if it does not fit. */
  private attempt(x: Tensor): { embedding: Tensor; headIsLast: boolean } | null {
    try {
      return noGrad(() =>
        insideCall(() => {
          const { embedding, headIsLast } = inPrecision(this.precision, () =>
            passThrough(this.net, this.head, x),
          );
          // Only this is computed: the head's own output leads nowhere.
          const wide = embedding.to("float32");
          defaultSession().submit([wide.value]);
          return { embedding: wide, headIsLast };
        }),
      );
    } catch (error) {
      if (!(error instanceof OutOfMemoryError) || x.size(0) <= 1) throw error;
      return null;
    }
  }
}

/** Rows of equal shape, batch after batch. */
class Rows {
  shape: readonly number[] = [];
  count = 0;
  private dtype: DType = "float32";
  private readonly what: string;
  private readonly parts: TypedArray[] = [];

  constructor(what: string) {
    this.what = what;
  }

  add(batch: ArrayBatch): void {
    const [count, ...shape] = batch.shape;
    if (this.parts.length === 0) [this.shape, this.dtype] = [shape, batch.dtype];
    if (!sameShape(shape, this.shape) || batch.dtype !== this.dtype) {
      throw new ShapeError(
        `fineTune: expected the ${this.what} to be of one shape, got ${formatShape(this.shape)} and then ${formatShape(shape)}; ` +
          "bring the images to one size",
      );
    }
    this.parts.push(batch.data);
    this.count += count;
  }

  all(): ArrayBatch {
    const data = allocateArray(
      this.dtype,
      this.parts.reduce((sum, { length }) => sum + length, 0),
    );
    let at = 0;
    for (const part of this.parts) {
      data.set(part as never, at);
      at += part.length;
    }
    return { data, shape: [this.count, ...this.shape], dtype: this.dtype } as ArrayBatch;
  }
}
