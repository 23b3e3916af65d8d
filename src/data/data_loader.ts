import { ArgumentError } from "../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { type Callable, guardFromProxies, markOriginal } from "../base/params/callable.ts";
import { printAs } from "../base/printed_form.ts";
import { shownValue } from "../base/shown_value.ts";
import { runningSession } from "../runtime/runtime.ts";
import { drawSeed, Generator } from "../tensor/random_state.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { processors } from "../workers/processors.ts";
import type { BatchContext, DatasetDescription } from "./batch_source.ts";
import type { Example } from "./collate.ts";
import { Dataset } from "./dataset.ts";
import {
  checkedSampler,
  countBatches,
  countOf,
  type EpochOrder,
  type EpochPlan,
  orderKey,
  orderOf,
  planEpoch,
  requireCount,
} from "./epoch_plan.ts";
import { toArray, toTensor } from "./to_tensors.ts";
import type { BatchMix } from "./transforms/calls/mixing.ts";
import { type BatchMixing, type MixSpec, mixBatch, mixesOf } from "./transforms/mix_batch.ts";
import type { TransformSpec } from "./transforms/transform_spec.ts";
import { WorkerPool } from "./worker_pool.ts";

export interface DataLoaderOptions {
  /** Examples in a batch. @default 1 */
  batchSize?: number;
  /** Whether every epoch has another order. @default false */
  shuffle?: boolean;
  /**
   * The examples of every epoch in order, instead of all in order or shuffled: an array, or an object that is walked
   * again in each epoch (it gets its number by `setEpoch`, if it has that). A generator is refused: the first epoch
   * would use it up.
   */
  sampler?: Iterable<number>;
  /**
   * The examples of every batch of every epoch; takes the place of batchSize, shuffle, sampler and dropLast. Not a
   * generator, as for `sampler`.
   */
  batchSampler?: Iterable<Iterable<number> | ArrayLike<number>>;
  /** Makes a batch of examples as `get` gives them, on the main thread; default: see `collate`. */
  collateFn?: (examples: Example[]) => Tensor[] | Promise<Tensor[]>;
  /** Without effect: there is no memory of a device to copy to. @default false */
  pinMemory?: boolean;
  /**
   * Workers that build batches ahead of time. 0: none, batches are built when they are asked for. By default
   * one if the transform is heavy (it resizes, crops, pads or flips) or batches are mixed, and there is more than one
   * processor, else none; for images in files half as many as there are processors, at most 8.
   */
  numWorkers?: number;
  /** Whether a last batch that is not full is left out. @default false */
  dropLast?: boolean;
  /** Batches that each worker builds ahead. @default 2 */
  prefetchFactor?: number;
  /**
   * Of the shuffle and of random transforms: an epoch's order then depends on the seed and the epoch's number alone.
   * Without one, every epoch draws a seed from `generator`, so that `manualSeed` decides the order.
   */
  seed?: number;
  /** Where seeds are drawn from without a `seed`; by default the generator of `manualSeed`. */
  generator?: Generator | null;
  /**
   * Mixes the images of every batch and their labels, which become rows of probabilities [N, classes]; of several mixes
   * each batch draws one. Same bits with any number of workers. For training; leave it out of a loader to test with.
   * None by default.
   */
  mix?: BatchMix | readonly BatchMix[] | null;
}

/** Where a loader is: with this, training goes on with the same examples after a restart. */
export interface DataLoaderState {
  /** Of the loader that it was taken from. */
  seed: number | null;
  /** Number of the epoch, from 0. */
  epoch: number;
  /** Number of the batch of that epoch that comes next. */
  batch: number;
  /** Examples of that epoch that are done; null with a batch sampler. */
  example?: number | null;
  /** The seed that was drawn for the epoch under way. */
  epochSeed?: number;
}

/** Where a loader is, inside. */
interface Position {
  readonly epoch: number;
  readonly batch: number;
  readonly example: number | null;
  readonly drawn: number | null;
}

/** Which epoch, from where on. */
export interface IterateOptions {
  epoch?: number;
  fromBatch?: number;
  fromExample?: number | undefined;
  seed?: number | null;
  part?: ((examples: number) => readonly [from: number, to: number]) | undefined;
}

/**
 * A batch: images and labels. (A data set whose examples have other parts gives as many tensors as they
 * have parts.)
 */
export type Batch = [Tensor, Tensor];

/** What `DataLoader` takes. */
export interface DataLoaderSettings extends DataLoaderOptions {
  /** What the batches are made of. */
  dataset: Dataset;
}

/** PyTorch's order, as far as arguments have a meaning here; ours come last. The class says what is left out. */
const DATA_LOADER = parameterTable<DataLoaderSettings>("DataLoader")(
  [
    "dataset",
    "batchSize?",
    "shuffle?",
    "sampler?",
    "batchSampler?",
    "numWorkers?",
    "collateFn?",
    "pinMemory?",
    "dropLast?",
    "prefetchFactor?",
    "seed?",
    "generator?",
    "mix?",
  ],
  (
    dataset,
    batchSize,
    shuffle,
    sampler,
    batchSampler,
    numWorkers,
    collateFn,
    pinMemory,
    dropLast,
    prefetchFactor,
    seed,
    generator,
    mix,
  ) => {
    const order = { batchSize, shuffle, sampler, batchSampler, dropLast, seed, generator };
    return { dataset, ...order, numWorkers, collateFn, pinMemory, prefetchFactor, mix } as DataLoaderSettings;
  },
);

/** Ends the workers of loaders that were garbage-collected. */
const abandoned = new FinalizationRegistry<{ pool: Promise<WorkerPool> | undefined }>(({ pool }) => {
  pool?.then((workers) => workers.stop()).catch(() => {});
});

class DataLoaderClass implements AsyncIterable<Batch> {
  /** What the batches are made of. */
  readonly dataset: Dataset;
  /** Examples in a batch. */
  readonly batchSize: number;
  /** Whether every epoch has another order. */
  readonly shuffle: boolean;
  /** Whether a last batch that is not full is left out. */
  readonly dropLast: boolean;
  /** Workers that build batches; undefined if the transform decides. */
  readonly numWorkers: number | undefined;
  /** Batches that each worker builds ahead. */
  readonly prefetchFactor: number;
  /** Of the order and of random transforms; null when each epoch draws one from the generator. */
  readonly seed: number | null;
  /** How batches are mixed, of which each draws one; none if they are not. */
  readonly mixes: readonly MixSpec[];
  readonly #options: DataLoaderOptions;
  readonly #workers: { pool: Promise<WorkerPool> | undefined } = { pool: undefined };
  #position: Position = { epoch: 0, batch: 0, example: 0, drawn: null };
  #order: EpochOrder | null = null;
  /** Whether the next loop goes on from the position instead of starting the epoch after it. */
  #continues = true;

  constructor(...args: ArgumentsOf<typeof DATA_LOADER>) {
    markOriginal(this);
    const given = DATA_LOADER.bind(args);
    if (!(given.dataset instanceof Dataset)) {
      throw new ArgumentError("DataLoader: expected `dataset` to be a Dataset (await the one you make)");
    }
    this.dataset = given.dataset;
    this.batchSize = requireCount(given.batchSize ?? 1, 1, "batchSize");
    this.shuffle = given.shuffle ?? false;
    this.dropLast = given.dropLast ?? false;
    this.seed = given.seed === undefined ? null : requireCount(given.seed, 0, "seed");
    this.prefetchFactor = requireCount(given.prefetchFactor ?? 2, 1, "prefetchFactor");
    this.numWorkers =
      given.numWorkers === undefined ? undefined : requireCount(given.numWorkers, 0, "numWorkers");
    this.mixes = mixesOf(given.mix, "DataLoader");
    requireOneOrder(given);
    if (given.sampler !== undefined) checkedSampler(given.sampler, "sampler");
    if (given.batchSampler !== undefined) checkedSampler(given.batchSampler, "batchSampler");
    this.#options = given;
    abandoned.register(this, this.#workers);
  }

  /** Number of batches of an epoch. */
  get length(): number {
    const { batchSampler } = this.#options;
    return batchSampler === undefined ? countBatches(this.#count(), this) : countOf(batchSampler);
  }

  /** Examples of an epoch, any of which can be its start; null with a batch sampler. */
  get examples(): number | null {
    return this.#options.batchSampler === undefined ? this.#count() : null;
  }

  /** Where seeds come from, without a `seed`: null is the default generator. */
  get generator(): Generator | null {
    return this.#options.generator ?? null;
  }

  /** One epoch; every loop is the next one. */
  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    if (!this.#continues)
      this.#position = { epoch: this.#position.epoch + 1, batch: 0, example: 0, drawn: null };
    const { epoch, batch, example, drawn } = this.#position;
    return this.iterate({ epoch, fromBatch: batch, fromExample: example ?? undefined, seed: drawn });
  }

  /**
   * The batches of one epoch from a given place on.
   *
   * @param options.epoch - default: the one where the loader is
   * @param options.fromBatch - how many batches to leave out
   * @param options.fromExample - how many examples to leave out, in place of `fromBatch`: the rest of an epoch whose
   *   batches had another size
   * @param options.seed - of this epoch, for a loader without one: what `drawSeed` gave. Default: a new one
   * @param options.part - which examples of a batch are wanted, from its size; not if batches are mixed. Default: all
   */
  iterate(options: IterateOptions = {}): AsyncGenerator<Batch, void, undefined> {
    const epoch = requireCount(options.epoch ?? this.#position.epoch, 0, "epoch");
    const fromBatch = requireCount(options.fromBatch ?? 0, 0, "fromBatch");
    const { fromExample } = options;
    if (fromExample !== undefined) requireCount(fromExample, 0, "fromExample");
    const drawn = this.seed === null ? (options.seed ?? this.drawSeed()) : null;
    // The same drawn seed is the same epoch, whatever its number: seeding again starts again.
    const context: BatchContext =
      this.seed === null ? { seed: drawn as number, epoch: 0 } : { seed: this.seed, epoch };
    const order = orderOf(
      { ...this.#options, length: this.dataset.length, shuffle: this.shuffle },
      context,
      epoch,
    );
    const plan = planEpoch(order, this, { fromBatch, fromExample });
    this.#order = order;
    this.#position = {
      epoch,
      batch: this.batchAt(plan.exampleAt(0)) ?? fromBatch,
      example: plan.exampleAt(0),
      drawn,
    };
    this.#continues = false;
    return this.#run(partsOf(plan, options.part), this.#position, context);
  }

  /** The seed of an epoch, from the generator; null for a loader that has a seed. */
  drawSeed(): number | null {
    return this.seed === null ? drawSeed(this.generator) : null;
  }

  /**
   * The batch that begins at an example, such that the last one of the epoch is `length - 1`: an epoch that goes on in
   * batches of another size is counted so. Null with a batch sampler.
   */
  batchAt(example: number | null): number | null {
    if (this.examples === null || example === null) return null;
    return this.length - countBatches(this.examples - example, this);
  }

  /** @internal Whether `part` is heeded: a batch is mixed as a whole. */
  get givesParts(): boolean {
    return this.mixes.length === 0;
  }

  /** @internal A short name of the order of the epoch that was begun last. */
  get order(): string | null {
    return this.#order === null ? null : orderKey(this.#order);
  }

  /** The next loop is this epoch, from its start. */
  setEpoch(epoch: number): void {
    this.#position = { epoch: requireCount(epoch, 0, "epoch"), batch: 0, example: 0, drawn: null };
    this.#continues = true;
  }

  /** Where the loader is: the batch that was given out last counts as done. */
  state(): DataLoaderState {
    const { epoch, batch, example, drawn } = this.#position;
    const { seed } = this;
    if (!this.#continues && batch >= this.length) return { seed, epoch: epoch + 1, batch: 0, example: 0 };
    return { seed, epoch, batch, example, ...(drawn !== null && { epochSeed: drawn }) };
  }

  /**
   * The next loop goes on where the state was taken, with the next example; also in batches of another size.
   *
   * @throws ArgumentError for a state of a loader with another seed.
   */
  loadState(state: DataLoaderState): void {
    if (state.seed !== this.seed) {
      const named = (seed: number | null) => (seed === null ? "no seed" : `seed ${seed}`);
      throw new ArgumentError(
        `DataLoader: the state is of ${named(state.seed)}, this loader has ${named(this.seed)}`,
      );
    }
    const batch = requireCount(state.batch, 0, "batch");
    const example = state.example ?? null;
    if (example !== null) requireCount(example, 0, "example");
    const drawn = state.epochSeed ?? null;
    const epoch = requireCount(state.epoch, 0, "epoch");
    this.#position = { epoch, batch: this.batchAt(example) ?? batch, example, drawn };
    this.#continues = true;
  }

  /** Ends the workers, if there are any. A later loop starts new ones. */
  async close(): Promise<void> {
    const { pool } = this.#workers;
    this.#workers.pool = undefined;
    await (await pool)?.stop();
  }

  async *#run(
    plan: EpochPlan,
    start: Position,
    context: BatchContext,
  ): AsyncGenerator<Batch, void, undefined> {
    const pool = await this.#pool();
    const window = pool === undefined ? 1 : pool.count * this.prefetchFactor;
    const ahead: Promise<Tensor[]>[] = [];
    let asked = 0;
    for (let batch = 0; batch < plan.count; batch++) {
      for (; asked < plan.count && asked < batch + window; asked++) {
        const mixing =
          this.mixes.length === 0
            ? null
            : { mixes: this.mixes, context: { ...context, batch: start.batch + asked } };
        const tensors = this.#build(plan.indicesOf(asked), context, mixing, pool?.workers);
        // Asked for ahead: there may be no awaiting caller yet when it fails.
        tensors.catch(() => {});
        ahead.push(tensors);
      }
      const tensors = await (ahead.shift() as Promise<Tensor[]>);
      this.#position = { ...start, batch: start.batch + batch + 1, example: plan.exampleAt(batch + 1) };
      // A loop that awaits nothing else would queue up the steps of a whole epoch.
      await runningSession()?.backpressure();
      yield tensors as Batch;
    }
  }

  async #build(
    indices: Uint32Array,
    context: BatchContext,
    mixing: BatchMixing | null,
    workers?: WorkerPool,
  ): Promise<Tensor[]> {
    if (workers !== undefined) return (await workers.build(indices, context, mixing)).map(toTensor);
    const { collateFn } = this.#options;
    if (collateFn === undefined) {
      const arrays = await this.dataset.getBatch(indices, context);
      return (mixing === null ? arrays : mixBatch(arrays, mixing)).map(toTensor);
    }
    const tensors = await collateFn(await Promise.all(Array.from(indices, (i) => this.dataset.get(i))));
    if (mixing === null) return tensors;
    return mixBatch(await Promise.all(tensors.map(toArray)), mixing).map(toTensor);
  }

  /** The workers, started when they are first needed; undefined if batches are built here. */
  async #pool(): Promise<{ workers: WorkerPool; count: number } | undefined> {
    if (this.numWorkers === 0 || this.#options.collateFn !== undefined) return undefined;
    const description = await this.dataset.describe();
    if (description === undefined) return undefined;
    const wanted = Math.max(usefulWorkers(description), this.mixes.length > 0 ? 1 : 0);
    const count = this.numWorkers ?? (processors() > 1 ? wanted : 0);
    if (count === 0) return undefined;
    this.#workers.pool ??= WorkerPool.start(count, description);
    return { workers: await this.#workers.pool, count };
  }

  /** Examples of an epoch. */
  #count(): number {
    const { sampler } = this.#options;
    return sampler === undefined ? this.dataset.length : countOf(sampler);
  }
}

/** A plan of which only a part of each batch is made. */
function partsOf(plan: EpochPlan, part: IterateOptions["part"]): EpochPlan {
  if (part === undefined) return plan;
  const indicesOf = (batch: number) => {
    const all = plan.indicesOf(batch);
    return all.subarray(...part(all.length));
  };
  return { ...plan, indicesOf };
}

/** @throws ArgumentError when several options say which examples come when. */
function requireOneOrder(given: DataLoaderOptions): void {
  if (
    given.batchSampler !== undefined &&
    (given.batchSize ?? given.shuffle ?? given.sampler ?? given.dropLast) !== undefined
  ) {
    throw new ArgumentError("DataLoader: batchSampler excludes batchSize, shuffle, sampler and dropLast");
  }
  if (given.sampler !== undefined && given.shuffle)
    throw new ArgumentError("DataLoader: sampler excludes shuffle; shuffle inside the sampler");
  if (given.generator != null && given.seed !== undefined)
    throw new ArgumentError("DataLoader: give `seed` or `generator`, not both");
  if (given.generator != null && !(given.generator instanceof Generator)) {
    throw new ArgumentError(
      `DataLoader: expected \`generator\` to be a Generator, got ${shownValue(given.generator)}`,
    );
  }
}

guardFromProxies(DataLoaderClass);
Object.defineProperty(DataLoaderClass, "name", { value: "DataLoader" });
printAs(DataLoaderClass, ({ dataset, batchSize, shuffle, dropLast, seed, mixes }) => {
  const mix = mixes.length > 0 && { mix: mixes.map(({ kind }) => kind).join(" or ") };
  const settings = Object.entries({ batchSize, shuffle, dropLast, seed, ...mix }).map(
    ([name, value]) => `${name}=${value}`,
  );
  return `DataLoader(${dataset}, ${settings.join(", ")})`;
});

/** The most workers that a loader starts unless it is told how many. */
const MOST_WORKERS = 8;

/**
 * How many workers make sense where there are several processors. Gathering rows and scaling them takes a fraction of a
 * millisecond; everything else is worth a worker, and decoding images as much as the engine leaves over.
 */
function usefulWorkers(description: DatasetDescription): number {
  if (description.kind === "images") return Math.max(1, Math.min(MOST_WORKERS, processors() >> 1));
  if (description.kind === "subset") return usefulWorkers(description.of);
  if (description.kind === "concat") return Math.max(0, ...description.parts.map(usefulWorkers));
  const heavy = (spec: TransformSpec): boolean =>
    spec.kind === "Compose"
      ? spec.transforms.some(heavy)
      : spec.kind !== "ToTensor" && spec.kind !== "Normalize";
  return description.transform !== null && heavy(description.transform) ? 1 : 0;
}

/** {@link DataLoader}, as it is called. */
export type DataLoaderConstructor = Callable<typeof DataLoaderClass>;

/**
 * Batches of a data set, as tensors (torch.utils.data.DataLoader).
 *
 * A loop `for await (const [x, y] of loader)` is one epoch; with `shuffle` each has another order. As in PyTorch, each
 * epoch draws its seed from the generator of `manualSeed`; with `seed` the order depends on that and on the number of
 * the epoch alone. The same seed gives the same batches with any number of workers. Workers do not hold the process and
 * end with the loader.
 *
 * @throws ArgumentError for options outside their range; whatever the data set throws, also out of a worker.
 * @example
 * ```ts
 * const loader = data.DataLoader(dataset, { batchSize: 8, shuffle: true, seed: 1 });
 * for await (const [x, y] of loader) console.log(x.shape, y.shape);
 * loader.length; // 4
 * const { MixUp, CutMix } = data.transforms;
 * const mix = [MixUp({ alpha: 0.2, numClasses: 10 }), CutMix({ numClasses: 10 })];
 * const mixing = data.DataLoader(dataset, { batchSize: 8, shuffle: true, mix });
 * ```
 */
export const DataLoader = new Proxy(DataLoaderClass, {
  apply: (of, _, args) => new of(...(args as [never])),
}) as unknown as DataLoaderConstructor;
export type DataLoader = DataLoaderClass;
