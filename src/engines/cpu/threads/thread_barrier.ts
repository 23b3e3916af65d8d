/** A barrier for the threads of one engine, over shared memory: no thread passes before all have come. */
import { shareWords } from "./work_shares.ts";

/** Indices into the control words, on cache lines of their own. */
const ARRIVED = 0;
const GENERATION = 16;
const FAILED = 32;
const CONTROL_WORDS = 48;

/**
 * Turns of looking before a thread goes to sleep, 20 to 50 microseconds at first. A thread that sleeps at each of the
 * barriers of a small program wakes late: a prediction of EfficientNet-Lite0 that comes 20 ms after the one before took 14
 * ms with 4,000 turns, 7 ms with 20,000. When a thread waited in vain, another program has the processor that the others
 * need, so a run has less and less patience.
 */
const MOST_SPINS = 20_000;
const FEWEST_SPINS = 4000;

/** The words that all threads share: the barrier's, then those of the work shares. */
export function makeControl(threads: number, shared: boolean): SharedArrayBuffer | ArrayBuffer {
  const bytes = (CONTROL_WORDS + shareWords(threads)) * 4;
  return shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/** The work shares' part of the shared words. */
export function shareControl(control: SharedArrayBuffer | ArrayBuffer): Int32Array {
  return new Int32Array(control, CONTROL_WORDS * 4);
}

export class ThreadBarrier {
  readonly #words: Int32Array;
  readonly #threads: number;
  #spins = MOST_SPINS;

  constructor(control: SharedArrayBuffer | ArrayBuffer, threads: number) {
    this.#words = new Int32Array(control, 0, CONTROL_WORDS);
    this.#threads = threads;
  }

  /** A run begins on this thread. */
  begin(): void {
    this.#spins = MOST_SPINS;
  }

  wait(): void {
    if (this.#threads === 1) return;
    const words = this.#words;
    const generation = Atomics.load(words, GENERATION);
    if (Atomics.add(words, ARRIVED, 1) === this.#threads - 1) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.store(words, GENERATION, (generation + 1) | 0);
      Atomics.notify(words, GENERATION);
      return;
    }
    for (let spin = this.#spins; spin > 0; spin--) {
      if (Atomics.load(words, GENERATION) !== generation) return;
    }
    this.#spins = Math.max(FEWEST_SPINS, this.#spins >> 1);
    while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation);
  }

  /** Whether a thread has failed in this run: the others then only walk from barrier to barrier. */
  get failed(): boolean {
    return Atomics.load(this.#words, FAILED) !== 0;
  }

  set failed(value: boolean) {
    Atomics.store(this.#words, FAILED, value ? 1 : 0);
  }
}
