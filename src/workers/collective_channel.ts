/**
 * Shared words between an engine's worker, which comes to a step that combines values of all ranks, and the one thread of
 * the process that calls MPI. The worker leaves an order (where in the engine's memory, how many numbers) and waits; the
 * thread works in place.
 */
import { DistributedError } from "../base/errors.ts";

/** How the numbers of ranks are added: in one binary tree, or in the order that MPI's library chooses. */
export type Summation = "tree" | "fast";

/** The same for gradients, which may also cross as bfloat16, added in the tree and rounded after every sum. */
export type GradientSummation = Summation | "bfloat16";

/** Their numbers in an order. */
const SUMMATIONS: readonly GradientSummation[] = ["tree", "fast", "bfloat16"];

/** What a worker asks for. */
export interface CollectiveOrder {
  /** Its number, counted from 0. */
  readonly number: number;
  /** Address of the first number in the engine's memory. */
  readonly address: number;
  /** How many 32-bit floats. */
  readonly count: number;
  readonly reduction: GradientSummation;
}

// Words: something happened; all has failed; the main thread's ticks; orders made; bytes of the reason of a failure;
// whether the worker waits.
const [BELL, FAILED, TICKS, ORDERS, REASON_LENGTH, WAITING] = [0, 1, 2, 3, 4, 5];
const FIRST_SLOT = 16;
const SLOT_WORDS = 4;
/** Orders that may be under way at once. */
const SLOTS = 64;
const REASON_AT = 4 * (FIRST_SLOT + SLOTS * SLOT_WORDS);
const REASON_BYTES = 2048;

// States of a slot.
const [FREE, ORDERED, DONE] = [0, 1, 2];

export class CollectiveChannel {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** @param buffer - of the channel's other end; absent at the end that makes it. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(REASON_AT + REASON_BYTES)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, REASON_AT / 4);
  }

  // The engine's worker.

  /**
   * Leaves an order; every rank leaves the same ones in the same order.
   *
   * @returns its number, for `wait`.
   */
  order(address: number, count: number, reduction: GradientSummation): number {
    const words = this.#words;
    const number = words[ORDERS];
    const slot = slotOf(number);
    this.#waitWhile(slot, ORDERED);
    words[slot + 1] = address | 0;
    words[slot + 2] = count;
    words[slot + 3] = SUMMATIONS.indexOf(reduction);
    Atomics.store(words, slot, ORDERED);
    Atomics.store(words, ORDERS, number + 1);
    this.ring();
    return number;
  }

  /** @throws DistributedError if it cannot be done any more. */
  wait(number: number): void {
    const words = this.#words;
    const slot = slotOf(number);
    if (Atomics.load(words, slot) === ORDERED) {
      Atomics.store(words, WAITING, 1);
      this.ring();
      this.#waitWhile(slot, ORDERED);
      Atomics.store(words, WAITING, 0);
    }
    Atomics.compareExchange(words, slot, DONE, FREE);
  }

  #waitWhile(slot: number, state: number): void {
    const words = this.#words;
    while (Atomics.load(words, slot) === state) {
      if (Atomics.load(words, FAILED) !== 0) throw new DistributedError(this.failure ?? "");
      Atomics.wait(words, slot, state, 500);
    }
  }

  // The thread that calls MPI.

  /** The order of this number; null as long as there is none. */
  orderOf(number: number): CollectiveOrder | null {
    const words = this.#words;
    if (Atomics.load(words, ORDERS) <= number) return null;
    const slot = slotOf(number);
    return {
      number,
      address: words[slot + 1] >>> 0,
      count: words[slot + 2],
      reduction: SUMMATIONS[words[slot + 3]],
    };
  }

  /** Whether the worker has nothing else to do until its orders are carried out. */
  get isAwaited(): boolean {
    return Atomics.load(this.#words, WAITING) !== 0;
  }

  done(number: number): void {
    const slot = slotOf(number);
    Atomics.store(this.#words, slot, DONE);
    Atomics.notify(this.#words, slot);
  }

  /** Ends every wait, now and later, with an error of this text. */
  fail(reason: string): void {
    const bytes = new TextEncoder().encode(reason).slice(0, REASON_BYTES);
    new Uint8Array(this.buffer, REASON_AT, REASON_BYTES).set(bytes);
    this.#words[REASON_LENGTH] = bytes.length;
    Atomics.store(this.#words, FAILED, 1);
    for (let i = 0; i < SLOTS; i++) Atomics.notify(this.#words, slotOf(i));
  }

  /** Why nothing can be done any more; null if all is well. */
  get failure(): string | null {
    if (Atomics.load(this.#words, FAILED) === 0) return null;
    return new TextDecoder().decode(
      new Uint8Array(this.buffer, REASON_AT, this.#words[REASON_LENGTH]).slice(),
    );
  }

  /** The bell as it is now, for `sleep`. */
  get bell(): number {
    return Atomics.load(this.#words, BELL);
  }

  /** Sleeps until the bell is rung again, or for some milliseconds. */
  sleep(bell: number, milliseconds: number): void {
    Atomics.wait(this.#words, BELL, bell, milliseconds);
  }

  // Anyone.

  /** Wakes the thread that calls MPI. */
  ring(): void {
    Atomics.add(this.#words, BELL, 1);
    Atomics.notify(this.#words, BELL);
  }

  /** Said by the main thread every now and then, as long as it answers. */
  tick(): void {
    Atomics.add(this.#words, TICKS, 1);
  }

  get ticks(): number {
    return Atomics.load(this.#words, TICKS);
  }
}

let joined: CollectiveChannel | null = null;

/** Has this thread's steps that combine values of all ranks go through a channel from here on. */
export function joinChannel(buffer: SharedArrayBuffer): void {
  joined = new CollectiveChannel(buffer);
}

/** The channel of this thread; null if its process is alone. */
export function joinedChannel(): CollectiveChannel | null {
  return joined;
}

function slotOf(number: number): number {
  return FIRST_SLOT + SLOT_WORDS * (number % SLOTS);
}
