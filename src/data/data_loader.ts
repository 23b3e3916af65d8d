import { bindArguments, signature } from "../base/arguments.ts";
import { ArgumentError } from "../base/errors.ts";
import { runningExecutor } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BatchContext, DatasetDescription } from "./batch_source.ts";
import type { Example } from "./collate.ts";
import { Dataset } from "./dataset.ts";
import { type BatchingOptions, countBatches, planEpoch, requireCount } from "./epoch_plan.ts";
import { toTensor } from "./to_tensors.ts";
import type { TransformSpec } from "./transforms/transform_spec.ts";
import { WorkerPool } from "./worker_pool.ts";

export interface DataLoaderOptions {
  /** Examples in a batch. Default 1. */
  batchSize?: number;
  /** Another order in every epoch. Default false. */
  shuffle?: boolean;
  /** The examples of every epoch in order, instead of all in order or shuffled. */
  sampler?: Iterable<number>;
  /** The examples of every batch of every epoch; takes the place of batchSize, shuffle, sampler and dropLast. */
  batchSampler?: Iterable<ArrayLike<number>>;
  /** Makes a batch of examples as `get` gives them, on the main thread; default: see `collate`. */
  collateFn?: (examples: Example[]) => Tensor[] | Promise<Tensor[]>;
  /** Without effect: there is no memory of a device to copy to. */
  pinMemory?: boolean;
  /**
   * Workers that build batches ahead of time. 0: none, batches are built when they are asked for. By default
   * one where the transform is heavy (it resizes, crops, pads or flips), none where it is not.
   */
  numWorkers?: number;
  /** Leaves out a last batch that is not full. Default false. */
  dropLast?: boolean;
  /** Batches that each worker builds ahead. Default 2. */
  prefetchFactor?: number;
  /** Of the shuffle and of random transforms. Default 0. */
  seed?: number;
}

/** Where a loader is: with this, training goes on with the same batches after a restart. */
export interface DataLoaderState {
  /** Of the loader that it was taken from. */
  seed: number;
  /** Number of the epoch, from 0. */
  epoch: number;
  /** Number of the batch of that epoch that comes next. */
  batch: number;
}

/**
 * A batch: pictures and labels. (A data set whose examples have other parts gives as many tensors as they
 * have parts.)
 */
export type Batch = [Tensor, Tensor];

/** PyTorch's order, as far as arguments have a meaning here; ours come last. */
const SIGNATURE = signature("DataLoader", [
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
]);

/** Ends the workers of loaders that nobody holds any more. */
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
  /** Workers that build batches; undefined where the transform decides. */
  readonly numWorkers: number | undefined;
  /** Batches that each worker builds ahead. */
  readonly prefetchFactor: number;
  /** Of the order and of random transforms. */
  readonly seed: number;
  readonly #options: DataLoaderOptions;
  readonly #workers: { pool: Promise<WorkerPool> | undefined } = { pool: undefined };
  #position: { epoch: number; batch: number } = { epoch: 0, batch: 0 };
  /** Whether the next loop goes on from the position instead of starting the epoch after it. */
  #continues = true;

  constructor(dataset: Dataset, batchSize?: number, options?: DataLoaderOptions);
  constructor(dataset: Dataset, batchSize?: number, shuffle?: boolean, options?: DataLoaderOptions);
  constructor(dataset: Dataset, options?: DataLoaderOptions);
  constructor(options: DataLoaderOptions & { dataset: Dataset });
  constructor(...args: unknown[]) {
    const given = bindArguments(SIGNATURE, args) as DataLoaderOptions & { dataset: unknown };
    if (!(given.dataset instanceof Dataset)) {
      throw new ArgumentError("DataLoader: expected `dataset` to be a Dataset (await the one you make)");
    }
    this.dataset = given.dataset;
    this.batchSize = requireCount(given.batchSize ?? 1, 1, "batchSize");
    this.shuffle = given.shuffle ?? false;
    this.dropLast = given.dropLast ?? false;
    this.seed = requireCount(given.seed ?? 0, 0, "seed");
    this.prefetchFactor = requireCount(given.prefetchFactor ?? 2, 1, "prefetchFactor");
    this.numWorkers =
      given.numWorkers === undefined ? undefined : requireCount(given.numWorkers, 0, "numWorkers");
    if (
      given.batchSampler !== undefined &&
      (given.batchSize ?? given.shuffle ?? given.sampler ?? given.dropLast) !== undefined
    ) {
      throw new ArgumentError("DataLoader: batchSampler excludes batchSize, shuffle, sampler and dropLast");
    }
    if (given.sampler !== undefined && given.shuffle) {
      throw new ArgumentError("DataLoader: sampler excludes shuffle; shuffle inside the sampler");
    }
    this.#options = given;
    abandoned.register(this, this.#workers);
  }

  /** Number of batches of an epoch. */
  get length(): number {
    const { batchSampler, sampler } = this.#options;
    if (batchSampler !== undefined) return [...batchSampler].length;
    const batching = this.#batching();
    return countBatches(sampler === undefined ? batching : { ...batching, length: [...sampler].length });
  }

  /** One epoch; every loop is the next one. */
  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    if (!this.#continues) this.#position = { epoch: this.#position.epoch + 1, batch: 0 };
    const { epoch, batch } = this.#position;
    return this.iterate({ epoch, fromBatch: batch });
  }

  /**
   * The batches of one epoch from a given one on.
   *
   * @param options.epoch - default: the one where the loader is
   * @param options.fromBatch - how many batches to leave out
   */
  iterate(options: { epoch?: number; fromBatch?: number } = {}): AsyncGenerator<Batch, void, undefined> {
    const epoch = requireCount(options.epoch ?? this.#position.epoch, 0, "epoch");
    const fromBatch = requireCount(options.fromBatch ?? 0, 0, "fromBatch");
    this.#position = { epoch, batch: fromBatch };
    this.#continues = false;
    return this.#run(epoch, fromBatch);
  }

  /** The next loop is this epoch, from its start. */
  setEpoch(epoch: number): void {
    this.#position = { epoch: requireCount(epoch, 0, "epoch"), batch: 0 };
    this.#continues = true;
  }

  /** Where the loader is: the batch that was given out last counts as done. */
  state(): DataLoaderState {
    const { epoch, batch } = this.#position;
    const done = !this.#continues && batch >= this.length;
    return { seed: this.seed, epoch: done ? epoch + 1 : epoch, batch: done ? 0 : batch };
  }

  /**
   * The next loop goes on where the state was taken.
   *
   * @throws ArgumentError for a state of a loader with another seed.
   */
  loadState(state: DataLoaderState): void {
    if (state.seed !== this.seed) {
      throw new ArgumentError(
        `DataLoader: the state is of seed ${state.seed}, this loader has seed ${this.seed}`,
      );
    }
    const batch = requireCount(state.batch, 0, "batch");
    this.#position = { epoch: requireCount(state.epoch, 0, "epoch"), batch };
    this.#continues = true;
  }

  /** Ends the workers, if there are any. A later loop starts new ones. */
  async close(): Promise<void> {
    const { pool } = this.#workers;
    this.#workers.pool = undefined;
    await (await pool)?.stop();
  }

  async *#run(epoch: number, fromBatch: number): AsyncGenerator<Batch, void, undefined> {
    const { sampler, batchSampler } = this.#options;
    const { count: total, indicesOf } = planEpoch({ ...this.#batching(), sampler, batchSampler }, epoch);
    const pool = await this.#pool();
    const window = pool === undefined ? 1 : pool.count * this.prefetchFactor;
    const ahead: Promise<Tensor[]>[] = [];
    let asked = fromBatch;
    for (let batch = fromBatch; batch < total; batch++) {
      for (; asked < total && asked < batch + window; asked++) {
        const tensors = this.#build(indicesOf(asked), { seed: this.seed, epoch }, pool?.workers);
        // Asked for ahead: nobody may be waiting yet when it fails.
        tensors.catch(() => {});
        ahead.push(tensors);
      }
      const tensors = await (ahead.shift() as Promise<Tensor[]>);
      this.#position = { epoch, batch: batch + 1 };
      // A loop that awaits nothing else would queue up the steps of a whole epoch.
      await runningExecutor()?.backpressure();
      yield tensors as Batch;
    }
  }

  async #build(indices: Uint32Array, context: BatchContext, workers?: WorkerPool): Promise<Tensor[]> {
    const { collateFn } = this.#options;
    if (collateFn !== undefined) {
      return collateFn(await Promise.all(Array.from(indices, (i) => this.dataset.get(i))));
    }
    const arrays = await (workers?.build(indices, context) ?? this.dataset.getBatch(indices, context));
    return arrays.map(toTensor);
  }

  /** The workers, started when they are first needed; undefined where batches are built here. */
  async #pool(): Promise<{ workers: WorkerPool; count: number } | undefined> {
    if (this.numWorkers === 0 || this.#options.collateFn !== undefined) return undefined;
    const description = await this.dataset.describe();
    if (description === undefined) return undefined;
    const count = this.numWorkers ?? (isHeavy(description) ? 1 : 0);
    if (count === 0) return undefined;
    this.#workers.pool ??= WorkerPool.start(count, description);
    return { workers: await this.#workers.pool, count };
  }

  #batching(): BatchingOptions {
    const { batchSize, shuffle, seed, dropLast } = this;
    return { length: this.dataset.length, batchSize, shuffle, seed, dropLast };
  }
}

/** Gathering rows and scaling them takes a fraction of a millisecond; everything else is worth a worker. */
function isHeavy(description: DatasetDescription): boolean {
  if (description.kind === "subset") return isHeavy(description.of);
  if (description.kind === "concat") return description.parts.some(isHeavy);
  const heavy = (spec: TransformSpec): boolean =>
    spec.kind === "Compose"
      ? spec.transforms.some(heavy)
      : spec.kind !== "ToTensor" && spec.kind !== "Normalize";
  return description.transform !== null && heavy(description.transform);
}

/** {@link DataLoader}, as it is called. */
export interface DataLoaderConstructor {
  new (dataset: Dataset, batchSize?: number, shuffle?: boolean, options?: DataLoaderOptions): DataLoader;
  new (dataset: Dataset, batchSize: number, options: DataLoaderOptions): DataLoader;
  new (dataset: Dataset, options: DataLoaderOptions): DataLoader;
  new (options: DataLoaderOptions & { dataset: Dataset }): DataLoader;
  (dataset: Dataset, batchSize?: number, shuffle?: boolean, options?: DataLoaderOptions): DataLoader;
  (dataset: Dataset, batchSize: number, options: DataLoaderOptions): DataLoader;
  (dataset: Dataset, options: DataLoaderOptions): DataLoader;
  (options: DataLoaderOptions & { dataset: Dataset }): DataLoader;
  readonly prototype: DataLoader;
}

/**
 * Batches of a data set, as tensors (torch.utils.data.DataLoader).
 *
 * A loop `for await (const [x, y] of loader)` is one epoch; with `shuffle` each has another order, drawn from
 * `seed` and the number of the epoch alone, so that the same seed gives the same batches with any number of
 * workers. Workers do not hold the process and end with the loader.
 *
 * @throws ArgumentError for options outside their range; whatever the data set throws, also out of a worker.
 * @example
 * ```ts
 * const loader = data.DataLoader(dataset, { batchSize: 8, shuffle: true, seed: 1 });
 * for await (const [x, y] of loader) console.log(x.shape, y.shape);
 * loader.length; // 4
 * ```
 */
export const DataLoader = new Proxy(DataLoaderClass, {
  apply: (of, _, args) => new of(...(args as [never])),
}) as unknown as DataLoaderConstructor;
export type DataLoader = DataLoaderClass;
