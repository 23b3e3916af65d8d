/**
 * Keeps workers from being ended at the wrong moment. A worker that is ended while native code calls back into
 * JavaScript (koffi while it loads, or while functions are declared) takes the whole process with it. Such work is
 * done inside the gate; the code that ends the workers closes the gate first and waits until nobody is inside.
 */

/** Word 0 says whether the gate is closed; then one word for each worker, 1 while it is inside. */
const CLOSED = 0;

/** Milliseconds for which an end waits at most: a worker may itself wait for another that was never let in. */
const PATIENCE = 3000;
const TURN = 2;

/** Gates of engines that run. */
const open = new Set<StopGate>();

export class StopGate {
  readonly #words: Int32Array;

  /** @param words - those of the gate whose other side another thread has. */
  constructor(words: SharedArrayBuffer) {
    this.#words = new Int32Array(words);
  }

  /** A new gate, which is also closed when this process or thread ends. */
  static open(workers: number): StopGate {
    const gate = new StopGate(new SharedArrayBuffer(4 * (1 + workers)));
    if (open.size === 0) process.on("exit", closeAll);
    open.add(gate);
    return gate;
  }

  /** What a worker makes its side of the gate from. */
  get words(): SharedArrayBuffer {
    return this.#words.buffer as SharedArrayBuffer;
  }

  /** In a worker: runs `body`; not once the gate is closed, since nobody waits for its result any more. */
  pass(worker: number, body: () => void): void {
    const words = this.#words;
    Atomics.store(words, 1 + worker, 1);
    try {
      // Said before looked: the code that closes the gate sees this worker inside, or is seen.
      if (Atomics.load(words, CLOSED) === 0) body();
    } finally {
      Atomics.store(words, 1 + worker, 0);
    }
  }

  /** A worker that is gone is not waited for. */
  forget(worker: number): void {
    Atomics.store(this.#words, 1 + worker, 0);
  }

  /** Lets nobody in any more; resolves when nobody is inside. */
  async close(): Promise<void> {
    this.#shut();
    for (let waited = 0; this.#taken() >= 0 && waited < PATIENCE; waited += TURN) {
      await new Promise((resolve) => setTimeout(resolve, TURN));
    }
  }

  /** `close` for a process that is ending: waits at once. */
  closeNow(): void {
    this.#shut();
    for (let waited = 0; waited < PATIENCE; waited += TURN) {
      const worker = this.#taken();
      if (worker < 0) return;
      Atomics.wait(this.#words, 1 + worker, 1, TURN);
    }
  }

  #shut(): void {
    Atomics.store(this.#words, CLOSED, 1);
    if (open.delete(this) && open.size === 0) process.off("exit", closeAll);
  }

  /** Some worker that is inside; -1 if there is none. */
  #taken(): number {
    for (let worker = 0; worker < this.#words.length - 1; worker++) {
      if (Atomics.load(this.#words, 1 + worker) === 1) return worker;
    }
    return -1;
  }
}

function closeAll(): void {
  for (const gate of [...open]) gate.closeNow();
}
