/** A barrier for the threads of one engine, over shared memory: no thread passes before all have come. */
import { shareWords } from "./work_shares.ts";

/** Indices into the control words, on cache lines of their own. */
const ARRIVED = 0;
const GENERATION = 16;
const FAILED = 32;
/** How many runs have had their inputs written. */
const WRITTEN = 48;
const CONTROL_WORDS = 64;

/**
 * Turns of looking before a thread goes to sleep, 20 to 50 microseconds at first. A thread that sleeps at each of the
 * barriers of a small program wakes late: a prediction of EfficientNet-Lite0 that comes 20 ms after the one before took 14
 * ms with 4,000 turns, 7 ms with 20,000. When a thread waited in vain, another program has the processor that the others
 * need, so a run has less and less patience.
 */
const MOST_SPINS = 20_000;
const FEWEST_SPINS = 4000;

/**
 * Times that it then offers the processor to other threads and looks again, half a microsecond each if none wants it, where
 * that can be done: the thread that is waited for gets on if it was waiting for this processor, and if it is merely late,
 * nothing has to wake up. On a busy host a wake-up took a millisecond: of 500 predictions of EfficientNet-Lite0 the slowest
 * six took 31 to 37 ms, 24 of them asleep at 10 of the barriers.
 */
const MOST_YIELDS = 1000;
const FEWEST_YIELDS = 50;

/**
 * Times in a run that a thread moves to another processor, where that can be done and the one that it runs on is another
 * thread's as well: the system wakes threads up where they slept last, and may leave two on one processor, beside one that is
 * idle, for as long as a prediction takes. They then wait for one another at every barrier: 6 ms of MobileNet V2 became 15 in
 * every second run on a machine of two processors.
 */
const MOST_MOVES = 2;

/** What a thread can do about the processor that it runs on. */
export interface ProcessorControl {
  /** Lets another thread have it, if one waits for it. */
  yield(): void;
  /** Its number. */
  current(): number;
  /** Moves the thread to a processor that is none of these, if there is one that it may run on. */
  leave(taken: readonly number[]): void;
}

/** The words that all threads share: the barrier's, those of the work shares, and where each thread runs. */
export function makeControl(threads: number, shared: boolean): SharedArrayBuffer | ArrayBuffer {
  const bytes = (CONTROL_WORDS + shareWords(threads) + threads) * 4;
  return shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/** The work shares' part of the shared words. */
export function shareControl(control: SharedArrayBuffer | ArrayBuffer): Int32Array {
  return new Int32Array(control, CONTROL_WORDS * 4);
}

/**
 * Lets a run wait for its inputs: its message goes out before they are written, so that workers wake up in the meantime.
 */
export class InputGate {
  readonly #words: Int32Array;
  /** The last run that was given a number. */
  #last = 0;

  constructor(control: SharedArrayBuffer | ArrayBuffer) {
    this.#words = new Int32Array(control, 0, CONTROL_WORDS);
  }

  /** A number for the next run, in the order in which inputs are written. */
  next(): number {
    this.#last = (this.#last + 1) | 0;
    return this.#last;
  }

  /** The inputs of the next run have been written. */
  open(): void {
    Atomics.add(this.#words, WRITTEN, 1);
    Atomics.notify(this.#words, WRITTEN);
  }

  /** Waits until those of the run with this number have been. */
  wait(run: number): void {
    let spins = MOST_SPINS;
    for (;;) {
      const written = Atomics.load(this.#words, WRITTEN);
      if (((written - run) | 0) >= 0) return;
      if (spins-- <= 0) Atomics.wait(this.#words, WRITTEN, written);
    }
  }
}

export class ThreadBarrier {
  readonly #words: Int32Array;
  readonly #thread: number;
  readonly #threads: number;
  readonly #processor: ProcessorControl | undefined;
  /** One more than the number of the processor that each thread was last seen on; 0 if it is not known. */
  readonly #places: Int32Array;
  #spins = MOST_SPINS;
  #yields = MOST_YIELDS;
  #moves = MOST_MOVES;

  constructor(
    control: SharedArrayBuffer | ArrayBuffer,
    thread: number,
    threads: number,
    processor?: ProcessorControl,
  ) {
    this.#words = new Int32Array(control, 0, CONTROL_WORDS);
    this.#thread = thread;
    this.#threads = threads;
    this.#processor = processor;
    this.#places = new Int32Array(control, (CONTROL_WORDS + shareWords(threads)) * 4, threads);
  }

  /** A run begins on this thread. */
  begin(): void {
    this.#spins = MOST_SPINS;
    this.#yields = MOST_YIELDS;
    this.#moves = MOST_MOVES;
    if (this.#processor !== undefined && this.#threads > 1) this.#tellPlace(this.#processor);
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
    if (this.#processor !== undefined) {
      this.#part(this.#processor);
      if (this.#cameWhileYielding(this.#processor, generation)) return;
    }
    while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation);
  }

  #tellPlace(processor: ProcessorControl): number {
    const place = processor.current() + 1;
    Atomics.store(this.#places, this.#thread, place);
    return place;
  }

  /** Leaves the processor if it is another thread's, too. */
  #part(processor: ProcessorControl): void {
    const place = this.#tellPlace(processor);
    const others = Array.from(this.#places).filter((_, thread) => thread !== this.#thread);
    if (!others.includes(place) || this.#moves === 0) return;
    this.#moves--;
    processor.leave(others.filter((other) => other > 0).map((other) => other - 1));
    this.#tellPlace(processor);
  }

  #cameWhileYielding(processor: ProcessorControl, generation: number): boolean {
    for (let turn = this.#yields; turn > 0; turn--) {
      processor.yield();
      if (Atomics.load(this.#words, GENERATION) !== generation) return true;
    }
    this.#yields = Math.max(FEWEST_YIELDS, this.#yields >> 1);
    return false;
  }

  /** Whether a thread has failed in this run: the others then only walk from barrier to barrier. */
  get failed(): boolean {
    return Atomics.load(this.#words, FAILED) !== 0;
  }

  set failed(value: boolean) {
    Atomics.store(this.#words, FAILED, value ? 1 : 0);
  }
}
