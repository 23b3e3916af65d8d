/**
 * Keeps workers from being ended at the wrong moment. A worker that is ended while native code calls back into
 * JavaScript (koffi while it loads, or while functions are declared) crashes the process. Such work is done inside the
 * lock; the code that ends the workers shuts it first and waits until no worker is inside.
 */
import { EngineError } from "../../base/errors.ts";

/** Word 0 says whether the lock is shut; then one word for each worker, 1 while it is inside. */
const SHUT = 0;

/** Milliseconds for which an end waits at most: a worker may itself wait for another that was never let in. */
const PATIENCE = 3000;
const POLL = 2;

/** A worker's side. */
export class ShutdownLock {
  readonly #words: Int32Array;
  readonly #worker: number;

  constructor(words: SharedArrayBuffer, worker: number) {
    this.#words = new Int32Array(words);
    this.#worker = worker;
  }

  /** @throws EngineError if the worker is about to be ended: nothing waits for its result any more. */
  inside<T>(body: () => T): T {
    let result: { readonly value: T } | undefined;
    this.insideIfOpen(() => {
      result = { value: body() };
    });
    if (result === undefined) throw new EngineError("onednn: the engine was stopped");
    return result.value;
  }

  /** Does nothing if the worker is about to be ended. */
  insideIfOpen(body: () => void): void {
    const [words, own] = [this.#words, 1 + this.#worker];
    Atomics.store(words, own, 1);
    try {
      // Said before looked: the code that shuts the lock sees this worker inside, or is seen.
      if (Atomics.load(words, SHUT) === 0) body();
    } finally {
      Atomics.store(words, own, 0);
    }
  }
}

/** Locks of engines that run. */
const open = new Set<ShutdownGuard>();

/** The main thread's side; shuts also when this process or thread ends. */
export class ShutdownGuard {
  readonly #words: Int32Array;

  constructor(workers: number) {
    this.#words = new Int32Array(new SharedArrayBuffer(4 * (1 + workers)));
    if (open.size === 0) process.on("exit", closeAll);
    open.add(this);
  }

  /** What a worker makes its side from. */
  get words(): SharedArrayBuffer {
    return this.#words.buffer as SharedArrayBuffer;
  }

  /** A worker that has ended is not waited for. */
  forget(worker: number): void {
    Atomics.store(this.#words, 1 + worker, 0);
  }

  /** Lets no worker in any more; resolves when none is inside. */
  async close(): Promise<void> {
    this.#shut();
    for (let waited = 0; this.#inside() >= 0 && waited < PATIENCE; waited += POLL) {
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }

  /** `close` for a process that is ending: waits at once. */
  closeNow(): void {
    this.#shut();
    for (let waited = 0; waited < PATIENCE; waited += POLL) {
      const worker = this.#inside();
      if (worker < 0) return;
      Atomics.wait(this.#words, 1 + worker, 1, POLL);
    }
  }

  #shut(): void {
    Atomics.store(this.#words, SHUT, 1);
    if (open.delete(this) && open.size === 0) process.off("exit", closeAll);
  }

  /** Some worker that is inside; -1 if there is none. */
  #inside(): number {
    for (let worker = 0; worker < this.#words.length - 1; worker++) {
      if (Atomics.load(this.#words, 1 + worker) === 1) return worker;
    }
    return -1;
  }
}

function closeAll(): void {
  for (const guard of [...open]) guard.closeNow();
}
