/** A classifier behind a queue: prepares images, puts them into batches, and ranks the classes. */
import { FileError } from "../../base/errors.ts";
import type { ArrayBatch } from "../../data/array_batch.ts";
import { Preprocess } from "../../data/transforms/calls/preprocess.ts";
import { type ClassName, shortClassName } from "../../records/class_names.ts";
import type { Image } from "../../records/image.ts";
import { Refusal } from "../http/exchange.ts";
import type { Metrics } from "../metrics.ts";
import type { CompleteServeOptions } from "../serve_options.ts";
import type { RankedClass, ServedClassifier } from "../served_classifier.ts";
import { Batcher, batchSizes } from "./batcher.ts";
import type { Preparation } from "./prepare_image.ts";
import type { PreparePool } from "./prepare_pool.ts";

type Content = Image | ArrayBatch;

export class ServedModel {
  readonly classes: readonly ClassName[];
  readonly classifier: ServedClassifier;
  readonly #pool: PreparePool;
  readonly #metrics: Metrics;
  readonly #maxBatch: number;
  readonly #preparation: Preparation;
  readonly #batcher: Batcher<Content, readonly number[]>;
  /** Images that are decoded or wait for it. */
  #preparing = 0;

  constructor(
    classifier: ServedClassifier,
    options: CompleteServeOptions,
    pool: PreparePool,
    metrics: Metrics,
  ) {
    this.classes = classifier.classes;
    this.classifier = classifier;
    this.#pool = pool;
    this.#metrics = metrics;
    this.#maxBatch = options.maxBatch;
    this.#preparation = preparationOf(classifier, options);
    this.#batcher = new Batcher({
      run: (contents) => this.#compute(contents),
      keyOf: keyOf,
      maxBatch: options.maxBatch,
      maxDelay: options.maxDelay,
      expected: () => this.#preparing,
      onTaken: () => this.#pool.poke(),
    });
  }

  /**
   * The classes of an image, the likeliest first.
   *
   * @param signal - takes the image out of the queue.
   * @throws FileError for what is not an image; Refusal; the signal's reason.
   */
  async rank(bytes: Uint8Array, top: number, signal: AbortSignal): Promise<RankedClass[]> {
    const content = await this.#prepare(bytes, signal);
    return this.#ranked(await this.#batcher.add(content, signal), top);
  }

  /** Computes a batch of each size, so that the programs are compiled before the first request. */
  async warmUp(): Promise<void> {
    const { decode, before } = this.#preparation;
    // sharp does not read PNM.
    const preparation = { before, decode: { ...decode, decoder: "exact" } } as const;
    const signal = new AbortController().signal;
    const { content } = await this.#pool.prepare(BLANK, preparation, { signal, mayStart: () => true });
    for (const size of batchSizes(this.#maxBatch))
      await this.#predict(Array.from({ length: size }, () => content));
  }

  async #prepare(bytes: Uint8Array, signal: AbortSignal): Promise<Content> {
    this.#preparing++;
    try {
      const { content, milliseconds } = await this.#pool.prepare(bytes, this.#preparation, {
        signal,
        // Prepared images are large: there are never more than the next two batches take.
        mayStart: () => this.#batcher.length < 2 * this.#maxBatch,
      });
      this.#metrics.decoding.observe(milliseconds / 1000);
      return content;
    } finally {
      this.#preparing--;
      // Others may have waited for this one.
      if (this.#preparing === 0) queueMicrotask(() => this.#batcher.poke());
    }
  }

  async #compute(contents: readonly Content[]): Promise<readonly (readonly number[])[]> {
    const start = performance.now();
    const results = await this.#predict(contents);
    this.#metrics.computing.observe((performance.now() - start) / 1000);
    this.#metrics.batches.observe(contents.length);
    for (const content of contents) if ("shape" in content) this.#pool.giveBack(content);
    return results;
  }

  async #predict(contents: readonly Content[]): Promise<readonly (readonly number[])[]> {
    const { classifier } = this;
    if (classifier.predictInputs !== undefined && this.#preparation.before !== null)
      return classifier.predictInputs(contents as readonly ArrayBatch[]);
    const results = await classifier.predictBatch(contents as readonly Image[]);
    return results.map(({ probabilities }) => probabilities);
  }

  #ranked(probabilities: readonly number[], top: number): RankedClass[] {
    if (!probabilities.every(Number.isFinite))
      throw new Refusal(500, "not_predicted", "the network's output for this image is NaN or infinite");
    return probabilities
      .map((probability, index) => ({ index, label: shortClassName(this.classes, index), probability }))
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, top);
  }
}

function preparationOf(classifier: ServedClassifier, options: CompleteServeOptions): Preparation {
  const { preprocessing, predictInputs } = classifier;
  const { maxPixels: limit, decoder } = options;
  if (preprocessing === undefined) return { decode: { limit, decoder, channels: 3 }, before: null };
  const { background, mean } = preprocessing;
  const decode = { limit, decoder, background, channels: mean.length as 1 | 3 };
  return {
    decode,
    before: predictInputs === undefined ? null : { preprocessing, spec: Preprocess(preprocessing).spec },
  };
}

/** Inputs of one shape can be in one batch; a classifier brings images to one size by itself. */
const keyOf = (content: Content): string => ("shape" in content ? content.shape.join() : "image");

/** A grey image to warm up with, as PNM: 64 x 64 pixels. */
const BLANK = Buffer.concat([Buffer.from("P5 64 64 255\n"), Buffer.alloc(64 * 64, 128)]);

/** What a client is told about an image that could not be predicted; null if that is none of its business. */
export function problemOf(error: unknown): string | null {
  return error instanceof FileError ? error.problem : null;
}
