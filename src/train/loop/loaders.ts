/** Where batches come from: a DataLoader, any iterable of batches, a part of either. */
import { ArgumentError, TrainingError } from "../../base/errors.ts";
import { isOneShot } from "../../base/one_shot.ts";
import type { MixSpec } from "../../data/transforms/mix_batch.ts";
import type { Generator } from "../../tensor/random_state.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { BatchSource, Loader, LoaderPlace } from "./fit_options.ts";

type Batch = readonly [Tensor, Tensor];

/**
 * What `fit` and `evaluate` were given, as a loader: a `DataLoader`, an array of `[input, target]` batches, or
 * any iterable of them, also an asynchronous one.
 *
 * @param name - of the option, for messages.
 */
export function asLoader(source: BatchSource, name: string): Loader {
  if (isLoader(source)) return source;
  if (isIterable(source)) return new IterableLoader(source, name);
  throw new ArgumentError(
    `expected \`${name}\` to be a DataLoader or an iterable of [input, target] batches, got ${describe(source)}`,
  );
}

/**
 * At most `batches` batches an epoch: for trying things out.
 *
 * @example
 * ```ts
 * const short = train.limitBatches(trainLoader, 2);
 * await train.fit(net, { trainLoader: short, optimizer, epochs: 1 });
 * ```
 */
export function limitBatches(source: BatchSource, batches: number): Loader {
  if (!(Number.isInteger(batches) && batches >= 1)) {
    throw new ArgumentError(
      `limitBatches: expected the number of batches to be an integer of at least 1, got ${batches}`,
    );
  }
  const loader = asLoader(source, "loader");
  return new LimitedLoader(loader, batches);
}

/** A batch as it should be, or an ArgumentError that says what it is. */
export function checkBatch(batch: unknown, name: string): Batch {
  if (Array.isArray(batch) && batch[0] instanceof Tensor && batch[1] instanceof Tensor)
    return batch as unknown as Batch;
  throw new ArgumentError(
    `expected \`${name}\` to give batches [input, target] of tensors, got ${describe(batch)}`,
  );
}

class IterableLoader implements Loader {
  private readonly source: Iterable<Batch> | AsyncIterable<Batch>;
  private readonly name: string;

  constructor(source: Iterable<Batch> | AsyncIterable<Batch>, name: string) {
    this.source = source;
    this.name = name;
  }

  /** Batches in an epoch, if the source has a length. */
  get length(): number | null {
    const { length, size } = this.source as { length?: unknown; size?: unknown };
    const told = length ?? size;
    return typeof told === "number" && Number.isInteger(told) ? told : null;
  }

  get once(): boolean {
    return isOneShot(this.source);
  }

  async *iterate({ epoch, fromBatch = 0, fromExample }: LoaderPlace): AsyncGenerator<Batch> {
    (this.source as { setEpoch?: (epoch: number) => void }).setEpoch?.(epoch);
    let batch = 0;
    let left = 0;
    for await (const item of this.source) {
      if (batch === fromBatch) this.requireSameBatches(fromBatch, left, fromExample);
      if (batch++ >= fromBatch) yield item;
      else left += checkBatch(item, this.name)[0].size(0);
    }
    if (batch === 0) {
      throw new TrainingError(
        `${this.name} gave no batches in epoch ${epoch + 1}: it is empty, or a generator, which can be walked only once; ` +
          WALKED_ANEW,
      );
    }
  }

  /** Batches of another size than before would make the run train on some examples twice, or never. */
  private requireSameBatches(batches: number, examples: number, expected: number | undefined): void {
    if (expected === undefined || examples === expected) return;
    throw new TrainingError(
      `the run cannot go on within its epoch: the first ${batches} batches of ${this.name} hold ${examples} examples, and ` +
        `the run has trained on ${expected}; give batches of the same sizes, or a DataLoader, which can begin at any example`,
    );
  }
}

const WALKED_ANEW = "give a DataLoader, an array, or an object whose [Symbol.asyncIterator]() starts again";

/** @throws ArgumentError for a source that would be used up before the last epoch. */
export function requireAnew(loader: Loader, name: string, epochs: number): void {
  if (!loader.once || epochs <= 1) return;
  throw new ArgumentError(
    `${name} would give no batches in epoch 2 of ${epochs}: it is a generator, which can be walked only once; ${WALKED_ANEW}`,
  );
}

/** A loader that passes everything on to another one. */
export class LoaderAround implements Loader {
  protected readonly loader: Loader;

  constructor(loader: Loader) {
    this.loader = loader;
  }

  get length(): number | null {
    return this.loader.length;
  }

  get batchSize(): number | null {
    return this.loader.batchSize ?? null;
  }

  get examples(): number | null {
    return this.loader.examples ?? null;
  }

  get shuffle(): boolean {
    return this.loader.shuffle ?? false;
  }

  get seed(): number | null {
    return this.loader.seed ?? null;
  }

  get mixes(): readonly MixSpec[] {
    return this.loader.mixes ?? [];
  }

  get generator(): Generator | null {
    return this.loader.generator ?? null;
  }

  get order(): string | null {
    return this.loader.order ?? null;
  }

  get once(): boolean {
    return this.loader.once ?? false;
  }

  get givesParts(): boolean {
    return this.loader.givesParts ?? false;
  }

  batchAt(example: number): number | null {
    return this.loader.batchAt?.(example) ?? null;
  }

  drawSeed(): number | null {
    return this.loader.drawSeed?.() ?? null;
  }

  iterate(options: LoaderPlace): AsyncIterable<Batch> {
    return this.loader.iterate(options);
  }
}

/** The first batches of each epoch of another loader. */
class LimitedLoader extends LoaderAround {
  private readonly most: number;

  constructor(loader: Loader, most: number) {
    super(loader);
    this.most = most;
  }

  override get length(): number | null {
    const { length } = this.loader;
    return length === null ? null : Math.min(length, this.most);
  }

  override batchAt(example: number): number | null {
    const batch = super.batchAt(example);
    return batch === null ? null : Math.min(batch, this.most);
  }

  override iterate(options: LoaderPlace): AsyncIterable<Batch> {
    const from =
      (options.fromExample === undefined ? null : this.batchAt(options.fromExample)) ?? options.fromBatch;
    return firstOf(this.loader.iterate(options), this.most - (from ?? 0));
  }
}

async function* firstOf(batches: AsyncIterable<Batch>, count: number): AsyncGenerator<Batch> {
  let left = count;
  if (left <= 0) return;
  for await (const batch of batches) {
    yield batch;
    if (--left <= 0) return;
  }
}

function isLoader(source: unknown): source is Loader {
  return typeof (source as Loader | null)?.iterate === "function";
}

function isIterable(source: unknown): source is Iterable<Batch> | AsyncIterable<Batch> {
  if (typeof source !== "object" || source === null || source instanceof Tensor) return false;
  return Symbol.asyncIterator in source || Symbol.iterator in source;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value))
    return `an array of ${value.length} (${value.slice(0, 3).map(describe).join(", ")})`;
  return typeof value === "object" ? `a ${value.constructor?.name ?? "plain object"}` : typeof value;
}
