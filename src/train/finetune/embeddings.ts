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
import type { Loader } from "../loop/fit_options.ts";
import { checkBatch } from "../loop/loaders.ts";
import { FittingSlices, partOf } from "../loop/micro_batches.ts";
import { inPrecision, type Precision } from "../loop/precision.ts";
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
  net.eval();
  try {
    for (let epoch = 0; epoch < views; epoch++) {
      for await (const item of loader.iterate({ epoch, seed: loader.drawSeed?.() ?? null })) {
        if (signal?.aborted) return null;
        const [x, y] = checkBatch(item, name);
        seen.imageShape = x.shape.slice(1);
        for (const slice of sender.run(x)) {
          seen.headIsLast = slice.headIsLast;
          await features.add(slice.embedding);
        }
        await labels.add(y);
      }
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

  async add(batch: Tensor): Promise<void> {
    const [count, ...shape] = batch.shape;
    if (this.parts.length === 0) [this.shape, this.dtype] = [shape, batch.dtype];
    if (!sameShape(shape, this.shape) || batch.dtype !== this.dtype) {
      throw new ShapeError(
        `fineTune: expected the ${this.what} to be of one shape, got ${formatShape(this.shape)} and then ${formatShape(shape)}; ` +
          "bring the images to one size",
      );
    }
    this.parts.push((await defaultSession().fetch(batch.value)).slice());
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
