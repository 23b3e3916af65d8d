/**
 * Parallel regions of a run: the first thread walks through its program and opens a region for each stage that is divided; the
 * other threads help in the regions that they come in time for. None is waited for but those that are inside: a thread
 * that wakes up late, or whose processor another program has, costs its help and no more.
 */
import { shareWords } from "./work_shares.ts";

/** Indices into the control words, on cache lines of their own. */
/** Counts up when a region is opened (odd then) and when it is closed (even), from one run to the next. */
const STATE = 0;
/** How many threads besides the first are in the region. */
const INSIDE = 16;
const FAILED = 32;
/** How many runs have had their inputs written. */
const WRITTEN = 48;
/** The number of the run whose regions are opened, and what `STATE` was when it began; 0 while the latter is written. */
const RUN = 64;
const BASE = 65;
/** How many threads sleep until a region is opened, and whether the first sleeps until the others have left one. */
const SLEEPING = 80;
const FIRST_SLEEPS = 81;
/** The last run in which a thread besides the first has been in a region. */
const JOINED = 82;
const CONTROL_WORDS = 96;

/**
 * Turns of looking before a thread goes to sleep, 20 to 50 microseconds at first. A thread that sleeps between the
 * regions of a small program wakes late: a prediction of EfficientNet-Lite0 that comes 20 ms after the one before took 14
 * ms with 4,000 turns, 7 ms with 20,000. When a thread waited in vain, another program has the processor that the others
 * need, so a run has less and less patience.
 */
const MOST_SPINS = 20_000;
const FEWEST_SPINS = 4000;

/**
 * Times that it then offers the processor to other threads and looks again, half a microsecond each if none wants it, where
 * that can be done: the thread that is waited for gets on if it was waiting for this processor, and if it is merely late,
 * nothing has to wake up. On a busy host a wake-up took a millisecond: of 500 predictions of EfficientNet-Lite0 the slowest
 * six took 31 to 37 ms, 24 of them asleep at 10 of its stages.
 */
const MOST_YIELDS = 1000;
const FEWEST_YIELDS = 50;

/**
 * Times in a run that a thread moves to another processor, where that can be done and the one that it runs on is another
 * thread's as well: the system wakes threads up where they slept last, and may leave two on one processor, beside one that is
 * idle, for as long as a prediction takes: 6 ms of MobileNet V2 became 15 in every second run on a machine of two
 * processors.
 */
const MOST_MOVES = 2;

/** Regions in which no other thread has come, after which the first looks whether it is in the way of one. */
const LONELY_REGIONS = 2;

/** What a thread can do about the processor that it runs on. */
export interface ProcessorControl {
  /** Lets another thread have it, if one waits for it. */
  yield(): void;
  /** Its number. */
  current(): number;
  /** Moves the thread to a processor that is none of these, if there is one that it may run on. */
  leave(taken: readonly number[]): void;
}

/**
 * Milliseconds between two runs after which a thread waits for a third with its processor awake, where it can offer that to
 * others: a processor that sleeps wakes up late, on a virtual machine later still. A server that answers one client after the
 * other had a run every 12 ms, half of that time without work for the engine: EfficientNet-Lite0 answered 81 requests a
 * second, so 89. Runs that come at once need no waiting, and rare ones are not worth it.
 */
const LEAST_GAP = 1;
const MOST_GAP = 20;

/** The words that all threads share: those of the regions and of the work shares, where each thread runs, and its runs. */
export function makeControl(threads: number, shared: boolean): SharedArrayBuffer | ArrayBuffer {
  const bytes = (CONTROL_WORDS + shareWords(threads) + 2 * threads) * 4;
  return shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/** The work shares' part of the shared words. */
export function shareControl(control: SharedArrayBuffer | ArrayBuffer): Int32Array {
  return new Int32Array(control, CONTROL_WORDS * 4);
}

/** How many runs each thread has been sent. */
const sentRuns = (control: SharedArrayBuffer | ArrayBuffer, threads: number) =>
  new Int32Array(control, (CONTROL_WORDS + shareWords(threads) + threads) * 4, threads);

/** Counts the runs that threads are sent. */
export class RunCounter {
  readonly #sent: Int32Array;

  constructor(control: SharedArrayBuffer | ArrayBuffer, threads: number) {
    this.#sent = sentRuns(control, threads);
  }

  add(thread: number): void {
    Atomics.add(this.#sent, thread, 1);
  }
}

/** A thread between two runs. */
export class IdleThread {
  readonly #sent: Int32Array;
  readonly #thread: number;
  readonly #processor: ProcessorControl | undefined;
  #received = 0;
  #ended = Number.NEGATIVE_INFINITY;
  /** Whether the run came a while after the one before. */
  #isPaced = false;

  constructor(
    control: SharedArrayBuffer | ArrayBuffer,
    thread: number,
    threads: number,
    processor?: ProcessorControl,
  ) {
    this.#sent = sentRuns(control, threads);
    this.#thread = thread;
    this.#processor = processor;
  }

  /** A run begins. */
  begin(): void {
    this.#received = (this.#received + 1) | 0;
    const gap = performance.now() - this.#ended;
    this.#isPaced = gap >= LEAST_GAP && gap <= MOST_GAP;
  }

  /** The run is over: waits for the next one, if that is likely to come soon. */
  end(): void {
    this.#ended = performance.now();
    if (!this.#isPaced || this.#processor === undefined) return;
    const until = this.#ended + MOST_GAP;
    while (Atomics.load(this.#sent, this.#thread) === this.#received && performance.now() < until)
      this.#processor.yield();
  }
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

export class ParallelRegions {
  readonly #words: Int32Array;
  readonly #thread: number;
  readonly #threads: number;
  readonly #processor: ProcessorControl | undefined;
  /** One more than the number of the processor that each thread was last seen on; 0 if it is not known. */
  readonly #places: Int32Array;
  #spins = MOST_SPINS;
  #yields = MOST_YIELDS;
  #moves = MOST_MOVES;
  #run = 0;
  /** `STATE` when the next region of this run is open. */
  #next = 0;
  /** Whether `#next` is known; of the first thread it always is. */
  #found = false;
  /** The run is over without this thread. */
  #isOver = false;
  /** Whether this thread, for the first any other, has been in a region of this run. */
  #hasJoined = false;
  /** Regions of this run that the first thread had for itself. */
  #lonely = 0;

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

  /**
   * A run begins on this thread. All threads have the same runs in the same order, and each run the same regions on all.
   *
   * @param run - its number, not 0 and larger than that of the run before.
   */
  begin(run: number): void {
    this.#spins = MOST_SPINS;
    this.#yields = MOST_YIELDS;
    this.#moves = MOST_MOVES;
    this.#run = run | 0;
    this.#isOver = false;
    this.#hasJoined = false;
    this.#lonely = 0;
    if (this.#processor !== undefined && this.#threads > 1) this.#tellPlace(this.#processor);
    this.#found = this.#thread === 0;
    if (this.#thread === 0) this.#publish();
  }

  /**
   * The next region. The first thread opens it: what the others are to find there has to be written before. They wait until
   * it is open.
   *
   * @returns whether this thread is inside and has to `leave`; false if it comes too late.
   */
  enter(): boolean {
    const words = this.#words;
    if (this.#thread === 0) {
      Atomics.store(words, STATE, this.#next);
      if (Atomics.load(words, SLEEPING) > 0) Atomics.notify(words, STATE);
      return true;
    }
    this.#waitFor(STATE, SLEEPING);
    const region = this.#next;
    this.#next = (region + 2) | 0;
    if (this.#isOver || Atomics.load(words, STATE) !== region) return false;
    Atomics.add(words, INSIDE, 1);
    if (Atomics.load(words, STATE) === region) {
      if (!this.#hasJoined) Atomics.store(words, JOINED, this.#run);
      this.#hasJoined = true;
      return true;
    }
    // Closed in between: the first thread may not have seen that this one came.
    this.leave();
    return false;
  }

  /** This thread's part of the region is done. The first one closes it, and waits for those that are inside. */
  leave(): void {
    const words = this.#words;
    if (this.#thread !== 0) {
      const left = Atomics.sub(words, INSIDE, 1) - 1;
      if (left === 0 && Atomics.load(words, FIRST_SLEEPS) > 0) Atomics.notify(words, INSIDE);
      return;
    }
    Atomics.store(words, STATE, (this.#next + 1) | 0);
    this.#next = (this.#next + 2) | 0;
    if (this.#processor !== undefined) this.#makeWay(this.#processor);
    this.#waitFor(INSIDE, FIRST_SLEEPS);
  }

  /** Whether a thread has failed in this run: regions are then opened and closed, and nothing is computed. */
  get failed(): boolean {
    return Atomics.load(this.#words, FAILED) !== 0;
  }

  set failed(value: boolean) {
    Atomics.store(this.#words, FAILED, value ? 1 : 0);
  }

  /** Tells the others which regions are those of this run. */
  #publish(): void {
    const words = this.#words;
    const state = Atomics.load(words, STATE);
    Atomics.store(words, RUN, 0);
    Atomics.store(words, BASE, state);
    Atomics.store(words, RUN, this.#run);
    this.#next = (state + 1) | 0;
  }

  /** Looks for what the first thread has published; whether it was of this run, or of a later one. */
  #find(): boolean {
    const words = this.#words;
    const run = Atomics.load(words, RUN);
    if (run === 0 || ((run - this.#run) | 0) < 0) return false;
    this.#next = (Atomics.load(words, BASE) + 1) | 0;
    // Another run may have been published in between.
    this.#isOver = run !== this.#run || Atomics.load(words, RUN) !== run;
    return true;
  }

  /** Whether this thread can go on: the first if it is alone, any other if its region is open or was. */
  #mayGoOn(): boolean {
    const words = this.#words;
    if (this.#thread === 0) return Atomics.load(words, INSIDE) === 0;
    if (!this.#found) this.#found = this.#find();
    return this.#found && (this.#isOver || ((Atomics.load(words, STATE) - this.#next) | 0) >= 0);
  }

  /** Waits until this thread may go on; `word` changes then, and `sleepers` counts those that have to be woken up. */
  #waitFor(word: number, sleepers: number): void {
    if (this.#mayGoOn()) return;
    for (let spin = this.#spins; spin > 0; spin--) if (this.#mayGoOn()) return;
    this.#spins = Math.max(FEWEST_SPINS, this.#spins >> 1);
    if (this.#processor !== undefined) {
      this.#part(this.#processor);
      if (this.#cameWhileYielding(this.#processor)) return;
    }
    const words = this.#words;
    Atomics.add(words, sleepers, 1);
    for (;;) {
      const seen = Atomics.load(words, word);
      if (this.#mayGoOn()) break;
      Atomics.wait(words, word, seen);
    }
    Atomics.sub(words, sleepers, 1);
  }

  #cameWhileYielding(processor: ProcessorControl): boolean {
    for (let turn = this.#yields; turn > 0; turn--) {
      processor.yield();
      if (this.#mayGoOn()) return true;
    }
    this.#yields = Math.max(FEWEST_YIELDS, this.#yields >> 1);
    return false;
  }

  /** The first thread may have the processor on which all others wait to be run. */
  #makeWay(processor: ProcessorControl): void {
    if (this.#hasJoined) return;
    this.#hasJoined = Atomics.load(this.#words, JOINED) === this.#run;
    if (!this.#hasJoined && ++this.#lonely === LONELY_REGIONS) this.#part(processor);
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

  #tellPlace(processor: ProcessorControl): number {
    const place = processor.current() + 1;
    Atomics.store(this.#places, this.#thread, place);
    return place;
  }
}
