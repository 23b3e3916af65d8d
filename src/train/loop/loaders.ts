/** Where batches come from: a DataLoader, any iterable of batches, a part of either. */
import { ArgumentError, TrainingError } from "../../base/errors.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { BatchSource, Loader } from "./fit_options.ts";

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
    throw new ArgumentError(`limitBatches: expected a whole number of batches of at least 1, got ${batches}`);
  }
  const loader = asLoader(source, "loader");
  return {
    length: loader.length === null ? null : Math.min(loader.length, batches),
    iterate: (options) => firstOf(loader, options, batches),
  };
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

  /** Batches in an epoch, where the source tells. */
  get length(): number | null {
    const { length, size } = this.source as { length?: unknown; size?: unknown };
    const told = length ?? size;
    return typeof told === "number" && Number.isInteger(told) ? told : null;
  }

  async *iterate({ epoch, fromBatch = 0 }: { epoch: number; fromBatch?: number }): AsyncGenerator<Batch> {
    (this.source as { setEpoch?: (epoch: number) => void }).setEpoch?.(epoch);
    let batch = 0;
    for await (const item of this.source) if (batch++ >= fromBatch) yield item;
    if (batch === 0) {
      throw new TrainingError(
        `${this.name} gave no batches in epoch ${epoch + 1}: it is empty, or a generator, which can be walked only once; ` +
          "give a DataLoader, an array, or an object whose [Symbol.asyncIterator]() starts anew",
      );
    }
  }
}

async function* firstOf(
  loader: Loader,
  options: { epoch: number; fromBatch?: number },
  batches: number,
): AsyncGenerator<Batch> {
  let left = batches - (options.fromBatch ?? 0);
  if (left <= 0) return;
  for await (const batch of loader.iterate(options)) {
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
