/**
 * Divides the units of a stage among the threads while it runs. Every thread has its own share, always the same
 * one, so that it meets its data in its own cache; a thread that is done with its share helps with the others',
 * so that one that was held up (by the page's own thread, by another program) does not hold up all.
 *
 * The result of a unit does not depend on who computes it, so neither do the program's results.
 */

/** Words between two counters: they lie on cache lines of their own. */
const STRIDE = 16;
/** Sets of counters, used in rotation: one in use, one being reset, one that a late thread may still look at. */
const SETS = 3;

/** Shared words that `threads` threads need. */
export function shareWords(threads: number): number {
  return SETS * threads * STRIDE;
}

export class WorkShares {
  readonly #words: Int32Array;
  readonly #thread: number;
  readonly #threads: number;
  #set = 0;
  #units = 0;
  /** How many shares this thread has seen to the end. */
  #done = 0;
  /** The piece that `next` found. */
  begin = 0;
  end = 0;

  constructor(words: Int32Array, thread: number, threads: number) {
    this.#words = words;
    this.#thread = thread;
    this.#threads = threads;
  }

  /** Begins a stage. All threads call it, with a barrier since the stage before. */
  start(units: number): void {
    this.#set = (this.#set + 1) % SETS;
    this.#units = units;
    this.#done = 0;
    Atomics.store(this.#words, this.#counter((this.#set + 1) % SETS, this.#thread), 0);
  }

  /** Takes the next piece of work into `begin` and `end`; false if none is left. */
  next(): boolean {
    for (; this.#done < this.#threads; this.#done++) {
      const owner = (this.#thread + this.#done) % this.#threads;
      const first = Math.floor((this.#units * owner) / this.#threads);
      const size = Math.floor((this.#units * (owner + 1)) / this.#threads) - first;
      const counter = this.#counter(this.#set, owner);
      let taken = Atomics.load(this.#words, counter);
      while (taken < size) {
        const piece = Math.ceil((size - taken) / 4);
        const seen = Atomics.compareExchange(this.#words, counter, taken, taken + piece);
        if (seen === taken) {
          this.begin = first + taken;
          this.end = this.begin + piece;
          return true;
        }
        taken = seen;
      }
    }
    return false;
  }

  #counter(set: number, thread: number): number {
    return (set * this.#threads + thread) * STRIDE;
  }
}
