/**
 * Autotuning: which of several algorithms for a piece of work is the fastest. It is measured once on a machine and kept
 * in its cache (`autotuning_cache.ts`); what is kept is the decision, and it is made from times as they are kept.
 *
 * All workers choose the same algorithms in the same order, since they prepare the same programs. The first worker
 * decides; the others wait for its answer in memory that they share.
 */
import { warnOnce } from "../../../base/warnings.ts";
import type { Autotuning } from "../../contract/engine.ts";
import { aligned } from "../../cpu/memory/memory_layout.ts";
import { processorName } from "../../processor_name.ts";
import type { Dnnl } from "../library/dnnl.ts";
import { loadDnnl } from "../library/load_dnnl.ts";
import type { SliceKernel } from "../onednn_step.ts";
import { AutotuningCache, measuredAlgorithms, type Times, type TuningResult } from "./autotuning_cache.ts";

/** Answers that the shared memory holds before they begin again. */
const WORDS = 8192;
const ROUNDS = 3;
/** Milliseconds after which a kernel is not run again, if it has run twice: a slow one is measured well by then. */
const LONG_ENOUGH = 25;
const CLEARLY = 0.95;
/** An algorithm that takes this many times the best so far is not measured again. */
const HOPELESS = 1.25;
/**
 * The same after its first run, which touches memory for the first time and may take several times as long as others (8 ms
 * in place of 0.4): only of kernels that take this many milliseconds.
 */
const HOPELESS_AT_ONCE = 3;
const MILLISECONDS = 25;
/** Of kernels that take less than these milliseconds the best are run again later, lest what came between decide. */
const QUICK = 1;

/** Memory in which the first worker answers the others; undefined if memory cannot be shared: then the engine cannot start. */
export function sharedAnswers(): SharedArrayBuffer | undefined {
  return typeof SharedArrayBuffer === "undefined" ? undefined : new SharedArrayBuffer(WORDS * 4);
}

/** Library version and processor: what was measured holds for these. */
export function machineOf(dnnl: Dnnl): string {
  return `oneDNN ${dnnl.description}, ${processorName()}`;
}

/** Decides between algorithms that compute the same. */
export interface AlgorithmChooser {
  /**
   * Position of the algorithm to take, -1 if there is none. `kernel` gives null for one that is unavailable.
   *
   * @param preferred - position of the one that a fixed rule would take.
   */
  choose(work: string, names: readonly string[], kernel: KernelOf, preferred?: number): number;
}

type KernelOf = (algorithm: number) => SliceKernel | null;

/** Algorithms by work; null if none was available. */
export type Chosen = ReadonlyMap<string, string | null>;

export interface AutotunerOptions {
  /** Decides by the fixed rule alone: neither measures nor reads what was measured. */
  readonly reproducible?: boolean;
  /** Called for each algorithm when it is chosen or adopted. */
  readonly onChosen?: (work: string, chosen: string | null) => void;
  readonly onProblem?: (problem: string) => void;
}

export class Autotuner implements AlgorithmChooser {
  readonly #words: Int32Array;
  readonly #first: boolean;
  readonly #dnnl: Dnnl;
  readonly #options: AutotunerOptions;
  /** Decided here: a process never changes its mind. */
  readonly #made = new Map<string, string | null>();
  #given: Chosen = new Map();
  #measures = true;
  #log: AutotuningCache | undefined;
  #count = 0;
  /**
   * What native code reads and writes while it is timed, the same for all algorithms of a piece of work: V8 knows of no
   * address, and would free arrays that nothing names.
   */
  #operands: Float32Array[] = [];

  constructor(
    words: SharedArrayBuffer | undefined,
    first: boolean,
    dnnl: Dnnl,
    options: AutotunerOptions = {},
  ) {
    this.#words = new Int32Array(words ?? new ArrayBuffer(WORDS * 4));
    this.#first = first;
    this.#dnnl = dnnl;
    this.#options = options;
  }

  choose(work: string, names: readonly string[], kernel: KernelOf, preferred = 0): number {
    const at = this.#count % WORDS;
    // Words of an earlier generation are distinguished from those of this one.
    const generation = Math.floor(this.#count / WORDS) + 1;
    this.#count++;
    if (!this.#first) return this.#await(at, generation);
    let position = -1;
    try {
      const chosen = this.#chosen(work, names, kernel, preferred);
      if (chosen !== null) position = names.indexOf(chosen);
      this.#options.onChosen?.(work, chosen);
      return position;
    } finally {
      this.#operands = [];
      Atomics.store(this.#words, at, generation * 16 + position + 1);
      Atomics.notify(this.#words, at);
    }
  }

  /**
   * These algorithms come before all others from here on.
   *
   * @param measures - whether the others are measured; if not, the fixed rule decides.
   */
  adopt(given: Chosen, measures = true): void {
    this.#given = given;
    this.#measures = measures;
  }

  #await(at: number, generation: number): number {
    for (;;) {
      const word = Atomics.load(this.#words, at);
      if (word >= generation * 16) return (word % 16) - 1;
      Atomics.wait(this.#words, at, word, 1000);
    }
  }

  #chosen(work: string, names: readonly string[], kernel: KernelOf, preferred: number): string | null {
    const made = this.#measures ? this.#made.get(work) : undefined;
    for (const known of [this.#given.get(work), made]) {
      if (known === null || (known !== undefined && names.includes(known))) return known;
    }
    if (!this.#measures) return this.#byRule(names, kernel, preferred);
    const measured = this.#options.reproducible === true ? undefined : this.#measured(work, names, kernel);
    const chosen = measured === undefined ? this.#byRule(names, kernel, preferred) : measured.chosen;
    this.#made.set(work, chosen);
    return chosen;
  }

  /** By the cache, or by measuring if the result can be kept there: else the next process would choose otherwise. */
  #measured(work: string, names: readonly string[], kernel: KernelOf): TuningResult | undefined {
    this.#log ??= new AutotuningCache(machineOf(this.#dnnl), this.#options.onProblem ?? warnOfCache);
    const known = this.#log.find(work, names);
    if (known !== undefined || !this.#log.isWritable) return known;
    return this.#log.add(work, names, this.#measure(names, kernel));
  }

  /**
   * Runs each once, then the fastest first as often as it takes: most are several times slower than the best, and are known
   * for it after one run.
   */
  #measure(names: readonly string[], kernel: KernelOf): TuningResult {
    const first = names.map((_, i) =>
      this.#timeOrNull(
        () => kernel(i),
        (made) => this.#once(made),
      ),
    );
    const fastestFirst = names.map((_, i) => i).sort((a, b) => (first[a] ?? 0) - (first[b] ?? 0));
    let best = Number.POSITIVE_INFINITY;
    const times = [...first];
    for (const i of fastestFirst) {
      const once = first[i];
      if (once === null || (once > MILLISECONDS && once > HOPELESS_AT_ONCE * best)) continue;
      const time = this.#timeOrNull(
        () => kernel(i),
        (made) => this.#often(made, best),
      );
      times[i] = time;
      best = Math.min(best, time ?? best);
    }
    for (const i of fastestFirst) {
      const time = times[i];
      if (time === null || time > QUICK || time > HOPELESS * best) continue;
      times[i] = Math.min(
        time,
        this.#timeOrNull(
          () => kernel(i),
          (made) => this.#often(made, best),
        ) ?? time,
      );
    }
    const milliseconds = Object.fromEntries(
      names.map((name, i) => [name, times[i] === null ? null : Number(times[i].toPrecision(3))]),
    );
    return { chosen: fastestOf(names, milliseconds), milliseconds };
  }

  /** The preferred algorithm, or the first other one, that has a kernel which runs. */
  #byRule(names: readonly string[], kernel: KernelOf, preferred: number): string | null {
    const others = names.map((_, i) => i).filter((i) => i !== preferred);
    const position = [preferred, ...others].find(
      (i) =>
        this.#timeOrNull(
          () => kernel(i),
          (made) => this.#once(made),
        ) !== null,
    );
    return position === undefined ? null : names[position];
  }

  /**
   * Milliseconds of a slice. Null if there is no kernel, or one that the library makes and then fails to run: the other
   * workers wait for an answer either way.
   */
  #timeOrNull(kernel: () => SliceKernel | null, time: (made: SliceKernel) => number): number | null {
    try {
      const made = kernel();
      return made && time(made);
    } catch {
      return null;
    }
  }

  #once(kernel: SliceKernel): number {
    return this.#onOperands(kernel, (timed) => timed());
  }

  /** Milliseconds of a slice that has run before; only roughly if it is far from the best. */
  #often(kernel: SliceKernel, toBeat: number): number {
    return this.#onOperands(kernel, (timed) => {
      let best = timed();
      let spent = best;
      for (let round = 1; round < ROUNDS && best < HOPELESS * toBeat && spent < LONG_ENOUGH; round++) {
        const time = timed();
        best = Math.min(best, time);
        spent += time;
      }
      return best;
    });
  }

  /**
   * @param measure - gets a function that runs a slice, on data of its own, and gives its milliseconds. They are the
   * processor's, not the clock's: what else the machine does meanwhile must not decide, since the result is kept.
   */
  #onOperands(kernel: SliceKernel, measure: (timed: () => number) => number): number {
    const addresses = kernel.bytes.map((bytes, i) => {
      const length = Math.ceil(bytes / 4) + 16;
      if (!(this.#operands[i]?.length >= length)) this.#operands[i] = new Float32Array(length).fill(0.5);
      return aligned(this.#dnnl.foreign.addressOf(this.#operands[i]));
    });
    kernel.prepare?.();
    return measure(() => {
      const started = this.#dnnl.foreign.threadTime();
      kernel.run(...addresses);
      return (this.#dnnl.foreign.threadTime() - started) / (kernel.slices ?? 1);
    });
  }
}

/**
 * The fastest, or one before it that is as good: a machine that does other things must not decide by a hair.
 * Null if none is available.
 */
function fastestOf(names: readonly string[], times: Times): string | null {
  let best: string | null = null;
  for (const name of names) {
    const time = times[name];
    if (time !== null && (best === null || time < CLEARLY * (times[best] as number))) best = name;
  }
  return best;
}

/** On the thread that it happens on. */
export function warnOfCache(problem: string): void {
  warnOnce("autotuning-cache", problem);
}

/** What the first worker reports. */
export type AutotuningNote =
  | { readonly work: string; readonly chosen: string | null }
  | { readonly problem: string };

/** Messages to the first worker: algorithms that come before its own. */
export interface AutotuningOrder {
  readonly adopt: Chosen;
  /** Whether others are measured. */
  readonly measures: boolean;
}

/** The engine's side: what its first worker has chosen, and what it is to choose. */
export class EngineAlgorithms implements Autotuning {
  onChosen: Autotuning["onChosen"] = null;
  measures = true;
  /** Sends an order to the first worker. */
  post: (order: AutotuningOrder) => void = () => {};
  readonly reproducible: boolean;
  readonly #chosen = new Map<string, string | null>();
  #adopted: Chosen = new Map();

  constructor(reproducible: boolean) {
    this.reproducible = reproducible;
  }

  get machine(): string | null {
    try {
      return machineOf(loadDnnl().dnnl);
    } catch {
      return null;
    }
  }

  get chosen(): Chosen {
    return this.#chosen;
  }

  get remembered(): Chosen {
    const { machine } = this;
    // The fixed rule needs no memory.
    const works = this.reproducible || machine === null ? undefined : measuredAlgorithms()[machine];
    return new Map(Object.entries(works ?? {}).map(([work, { chosen }]) => [work, chosen]));
  }

  get adopted(): Chosen {
    return this.#adopted;
  }

  adopt(given: Chosen): boolean {
    const before = this.#adopted;
    const differs = ([work, chosen]: [string, string | null]) =>
      given.has(work) ? given.get(work) !== chosen : before.has(work) || !this.measures;
    const changes = [...this.#chosen].some(differs);
    if (changes) this.#chosen.clear();
    this.#adopted = given;
    this.post({ adopt: given, measures: this.measures });
    return changes;
  }

  /** Takes a note of the first worker's. */
  receive(note: AutotuningNote): void {
    if ("problem" in note) warnOfCache(note.problem);
    else this.note(note.work, note.chosen);
  }

  note(work: string, chosen: string | null): void {
    if (this.#chosen.has(work) && this.#chosen.get(work) === chosen) return;
    this.#chosen.set(work, chosen);
    this.onChosen?.(work, chosen);
  }
}
