import { ArgumentError, ShapeError } from "../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { guardFromProxies, markOriginal } from "../base/params/callable.ts";
import { permutation } from "../base/philox.ts";
import { printAs } from "../base/printed_form.ts";
import { formatShape } from "../base/shape.ts";
import { shownValue } from "../base/shown_value.ts";
import { drawSeed, type Generator } from "../tensor/random_state.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type ArrayBatch, checkedArrayBatch, checkedIndex } from "./array_batch.ts";
import { type BatchContext, buildBatch, type DatasetDescription, merge, spread } from "./batch_source.ts";
import { callable } from "./callable.ts";
import { collate, type Example } from "./collate.ts";
import { toArray, toTensor } from "./to_tensors.ts";

const OUTSIDE_A_LOADER: BatchContext = { seed: 0, epoch: 0 };

/**
 * Examples that can be counted and fetched by their number (torch.utils.data.Dataset).
 *
 * A data set of your own extends this class with `length` and `get`; one that can fetch many examples at once
 * faster than one by one overrides `getBatch` too.
 *
 * @example
 * ```ts
 * class Squares extends data.Dataset {
 *   override get length() {
 *     return 100;
 *   }
 *
 *   override get(index: number): data.Example {
 *     return [tensor([index]), index * index];
 *   }
 * }
 * const loader = data.DataLoader(new Squares(), { batchSize: 10 });
 * loader.length; // 10
 * ```
 */
export abstract class Dataset {
  constructor() {
    markOriginal(this);
  }

  /** Number of examples. */
  abstract get length(): number;

  /** One example: its parts, usually image and label; at once, or as a promise. */
  get(index: number): Example | Promise<Example> {
    this.#mustOverride();
    return this.#oneOfBatch(index);
  }

  async #oneOfBatch(index: number): Promise<Example> {
    const parts = await this.getBatch([index], OUTSIDE_A_LOADER);
    return parts.map((part) => toTensor({ ...part, shape: part.shape.slice(1) }));
  }

  /** Several examples at once: one array for each part, its first dimension counting the examples. */
  getBatch(
    indices: ArrayLike<number>,
    _context: BatchContext = OUTSIDE_A_LOADER,
  ): ArrayBatch[] | Promise<ArrayBatch[]> {
    this.#mustOverride();
    return this.#collated(indices);
  }

  async #collated(indices: ArrayLike<number>): Promise<ArrayBatch[]> {
    return collate(await Promise.all(Array.from(indices, (i) => this.get(i))));
  }

  /**
   * The data set as plain data, from which a worker can build batches; undefined if there is none, and
   * batches are then built on the main thread.
   */
  async describe(): Promise<DatasetDescription | undefined> {
    return undefined;
  }

  #mustOverride(): void {
    if (this.get === Dataset.prototype.get && this.getBatch === Dataset.prototype.getBatch) {
      throw new ArgumentError(
        `${this.constructor.name}: a data set must define get(index) or getBatch(indices)`,
      );
    }
  }
}

guardFromProxies(Dataset);
printAs(Dataset, (dataset) => `${dataset.constructor.name}(${dataset.length} examples)`);

/** A data set that has a description builds its batches from it. */
abstract class DescribedDataset extends Dataset {
  override async getBatch(indices: ArrayLike<number>, context = OUTSIDE_A_LOADER): Promise<ArrayBatch[]> {
    const description = await this.describe();
    if (description === undefined) return super.getBatch(indices, context);
    return buildBatch(description, indices, context);
  }
}

class TensorDatasetClass extends DescribedDataset {
  /** The tensors whose rows are the examples. */
  readonly tensors: readonly (Tensor | ArrayBatch)[];
  #arrays: Promise<ArrayBatch[]> | undefined;

  constructor(...tensors: (Tensor | ArrayBatch)[]) {
    super();
    if (tensors.length === 0) throw new ArgumentError("TensorDataset: expected at least one tensor");
    for (const one of tensors) {
      if (!Array.isArray(one?.shape)) {
        throw new ArgumentError(
          `TensorDataset: expected tensors or { data, shape, dtype }, got ${shownValue(one)}; make a tensor of a list with tensor([...])`,
        );
      }
    }
    const sizes = tensors.map(({ shape }) => shape[0]);
    if (sizes.some((size) => size === undefined || size !== sizes[0])) {
      const shapes = tensors.map(({ shape }) => formatShape(shape)).join(", ");
      throw new ShapeError(`TensorDataset: expected tensors of the same first dimension, got ${shapes}`);
    }
    this.tensors = tensors;
  }

  /** Number of examples. */
  get length(): number {
    return this.tensors[0].shape[0];
  }

  override async describe(): Promise<DatasetDescription> {
    this.#arrays ??= Promise.all(
      this.tensors.map((t) => (t instanceof Tensor ? toArray(t) : checkedArrayBatch(t, "TensorDataset"))),
    );
    return { kind: "arrays", arrays: await this.#arrays, transform: null };
  }
}

/**
 * Tensors whose rows belong together: example i is row i of each.
 *
 * The values are read once, at first use; later changes of the tensors in place are not seen.
 *
 * @throws ShapeError if the first dimensions differ.
 * @example
 * ```ts
 * const pairs = data.TensorDataset(rand(32, 1, 28, 28), randint(0, 10, [32]));
 * pairs.length; // 32
 * ```
 */
export const TensorDataset = callable(TensorDatasetClass);
export type TensorDataset = TensorDatasetClass;

class SubsetClass extends DescribedDataset {
  /** The whole, of which this is a part. */
  readonly dataset: Dataset;
  /** Which examples of the whole belong to the part. */
  readonly indices: Uint32Array;

  constructor(dataset: Dataset, indices: ArrayLike<number>) {
    super();
    this.dataset = dataset;
    this.indices = Uint32Array.from(indices, (i) => checkedIndex(i, dataset.length));
  }

  /** Number of examples. */
  get length(): number {
    return this.indices.length;
  }

  override get(index: number): Example | Promise<Example> {
    return this.dataset.get(this.indices[checkedIndex(index, this.length)]);
  }

  override async getBatch(indices: ArrayLike<number>, context = OUTSIDE_A_LOADER): Promise<ArrayBatch[]> {
    const inner = Uint32Array.from(indices, (i) => this.indices[checkedIndex(i, this.length)]);
    return this.dataset.getBatch(inner, context);
  }

  override async describe(): Promise<DatasetDescription | undefined> {
    const of = await this.dataset.describe();
    return of && { kind: "subset", of, indices: this.indices };
  }
}

/**
 * Some examples of another data set.
 *
 * @throws IndexError for an index that the data set does not have.
 * @example
 * ```ts
 * data.Subset(dataset, [0, 2, 4]).length; // 3
 * ```
 */
export const Subset = callable(SubsetClass);
export type Subset = SubsetClass;

class ConcatDatasetClass extends Dataset {
  /** The parts, in order. */
  readonly datasets: readonly Dataset[];

  constructor(datasets: readonly Dataset[]) {
    super();
    if (datasets.length === 0) throw new ArgumentError("ConcatDataset: expected at least one data set");
    this.datasets = [...datasets];
  }

  /** Number of examples of all parts. */
  get length(): number {
    return this.datasets.reduce((sum, dataset) => sum + dataset.length, 0);
  }

  override get(index: number): Example | Promise<Example> {
    const [{ part, inner }] = spread([index], this.#lengths());
    return this.datasets[part].get(inner[0]);
  }

  override async getBatch(indices: ArrayLike<number>, context = OUTSIDE_A_LOADER): Promise<ArrayBatch[]> {
    const shares = spread(indices, this.#lengths());
    return merge(
      indices.length,
      await Promise.all(
        shares.map(async ({ part, inner, positions }) => ({
          arrays: await this.datasets[part].getBatch(inner, context),
          positions,
        })),
      ),
    );
  }

  override async describe(): Promise<DatasetDescription | undefined> {
    const parts: DatasetDescription[] = [];
    for (const dataset of this.datasets) {
      const part = await dataset.describe();
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return { kind: "concat", parts };
  }

  #lengths(): number[] {
    return this.datasets.map((dataset) => dataset.length);
  }
}

/**
 * Several data sets one after the other.
 *
 * @example
 * ```ts
 * data.ConcatDataset([dataset, dataset]).length; // 64
 * ```
 */
export const ConcatDataset = callable(ConcatDatasetClass);
export type ConcatDataset = ConcatDatasetClass;

/** What `randomSplit` takes. */
export interface RandomSplitParameters {
  /** The data set that is split. */
  dataset: Dataset;
  /** Numbers of examples that add up to the data set's, or fractions that add up to 1 (what rounding leaves over goes to the first parts, one each). */
  lengths: readonly number[];
  /** Of the shuffle: the same seed gives the same parts. Without one a seed is drawn from `generator`. */
  seed?: number | undefined;
  /** Where a seed is drawn from; null for the generator of `manualSeed`. @default null */
  generator?: Generator | null;
}

const RANDOM_SPLIT = parameterTable<RandomSplitParameters>("randomSplit")(
  ["dataset", "lengths", "seed?", "generator?"],
  split,
);

/**
 * Splits a data set at random into parts that share no example.
 *
 * @param lengths - numbers of examples that add up to the data set's, or fractions that add up to 1 (what
 *   rounding leaves over goes to the first parts, one each)
 * @param seed - of the shuffle: the same seed gives the same parts. Without one a seed is drawn from `generator`, by
 *   default the one of `manualSeed`
 * @throws ArgumentError if the lengths do not add up.
 * @example
 * ```ts
 * const [training, validation] = data.randomSplit(dataset, [0.75, 0.25], { seed: 7 });
 * validation.length; // 8
 * ```
 */
export function randomSplit(...args: ArgumentsOf<typeof RANDOM_SPLIT>): Subset[] {
  return RANDOM_SPLIT.bind(args);
}

function split(
  dataset: Dataset,
  lengths: readonly number[],
  seed?: number,
  generator?: Generator | null,
): Subset[] {
  const counts = splitCounts(dataset.length, lengths);
  const order = permutation(dataset.length, seed ?? drawSeed(generator));
  let at = 0;
  return counts.map((count) => {
    at += count;
    return new SubsetClass(dataset, order.subarray(at - count, at));
  });
}

function splitCounts(length: number, lengths: readonly number[]): number[] {
  if (!Array.isArray(lengths) || lengths.some((part) => !(typeof part === "number" && part >= 0))) {
    throw new ArgumentError(
      `randomSplit: lengths must not be negative, and must be numbers, got ${shownValue(lengths)}`,
    );
  }
  const sum = lengths.reduce((total, part) => total + part, 0);
  if (Math.abs(sum - 1) < 1e-6 && lengths.some((part) => part < 1)) {
    const counts = lengths.map((fraction) => Math.floor(length * fraction));
    const left = length - counts.reduce((total, count) => total + count, 0);
    return counts.map((count, i) => count + (i < left ? 1 : 0));
  }
  if (sum !== length || !lengths.every(Number.isInteger)) {
    throw new ArgumentError(
      `randomSplit: expected integers that add up to ${length}, or fractions to 1; got ${shownValue(lengths).slice(1, -1)}`,
    );
  }
  return [...lengths];
}
