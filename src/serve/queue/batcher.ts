/** Puts items that wait at the same time into batches. */

export interface BatcherSettings<Item, Result> {
  /** Computes a batch; a result for each item, in order. */
  run(items: readonly Item[]): Promise<readonly Result[]>;
  /** Items with the same key can be in one batch. */
  keyOf(item: Item): string;
  /** The most items of a batch. */
  readonly maxBatch: number;
  /** Milliseconds that an item waits at most for others that are expected. */
  readonly maxDelay: number;
  /** How many items are about to be added. */
  expected(): number;
  /** Told when there is room for more items. */
  onTaken?(): void;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly key: string;
  readonly since: number;
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/**
 * While a batch is computed, items gather for the next; if nothing is computed, an item waits only if others are
 * expected, and no longer than `maxDelay`. Batches have 1, 2, 4, 8, ... items: programs are compiled for each size, and
 * these few are known after a short time. An item whose signal is aborted leaves the queue.
 */
export class Batcher<Item, Result> {
  readonly #settings: BatcherSettings<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #running = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: BatcherSettings<Item, Result>) {
    this.#settings = settings;
  }

  /** Items that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Items that are being computed. */
  get running(): number {
    return this.#running;
  }

  /** @throws what computing it throws; the signal's reason. */
  add(item: Item, signal: AbortSignal): Promise<Result> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const leave = () => {
        const at = this.#waiting.indexOf(entry);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      const ended = () => signal.removeEventListener("abort", leave);
      const entry: Waiting<Item, Result> = {
        item,
        key: this.#settings.keyOf(item),
        since: performance.now(),
        resolve: (result) => {
          ended();
          resolve(result);
        },
        reject: (reason) => {
          ended();
          reject(reason);
        },
      };
      this.#waiting.push(entry);
      this.poke();
    });
  }

  /** Looks whether a batch can be computed: to be called when fewer items are expected, too. */
  poke(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [first] = this.#waiting;
    if (this.#running > 0 || first === undefined) return;
    const { maxBatch, maxDelay, expected } = this.#settings;
    const alike = this.#waiting.filter(({ key }) => key === first.key);
    const left = first.since + maxDelay - performance.now();
    if (alike.length < maxBatch && left > 0 && expected() > 0) {
      this.#timer = setTimeout(() => this.poke(), left);
      return;
    }
    const batch = alike.slice(0, sizeOfBatch(Math.min(alike.length, maxBatch)));
    const taken = new Set(batch);
    this.#waiting = this.#waiting.filter((entry) => !taken.has(entry));
    void this.#run(batch);
    this.#settings.onTaken?.();
  }

  async #run(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#running = batch.length;
    await this.#settle(batch);
    this.#running = 0;
    this.poke();
  }

  /** If a batch fails, its items are computed one by one: what is wrong with one must not concern the others. */
  async #settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#settings.run(batch.map(({ item }) => item));
      batch.forEach((entry, i) => entry.resolve(results[i]));
    } catch (error) {
      if (batch.length === 1) batch[0].reject(error);
      else for (const entry of batch) await this.#settle([entry]);
    }
  }
}

/** The largest power of two that is not larger. */
export const sizeOfBatch = (count: number): number => 2 ** Math.floor(Math.log2(count));

/** The sizes that batches can have. */
export function batchSizes(maxBatch: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size <= maxBatch; size *= 2) sizes.push(size);
  return sizes;
}
