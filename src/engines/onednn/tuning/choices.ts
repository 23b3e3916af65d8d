/**
 * Which of several ways to compute a step is fastest: measured once on a machine and kept in a file beside the
 * library's cache, by library version, processor and sizes.
 *
 * All workers make the same choices in the same order, since they prepare the same programs. The first worker
 * measures; the others wait for its word in memory that they share.
 */
import { processorName } from "../../processor_name.ts";
import type { Dnnl } from "../library/dnnl.ts";
import { libraryFolder } from "../library/load_dnnl.ts";
import type { SliceKernel } from "../native_step.ts";

/** Choices that are remembered in the shared words before they begin anew. */
const WORDS = 8192;
const ROUNDS = 5;
/** The most that the file may have: a network adds some kilobytes. */
const MOST_BYTES = 2 ** 26;
const CLEARLY = 0.95;
/** So many times slower than the best so far, a way is not measured again. */
const HOPELESS = 1.5;

/** Shared words for `Chooser`; nothing where memory cannot be shared, and no engine of this kind can start. */
export function choiceWords(): SharedArrayBuffer | undefined {
  return typeof SharedArrayBuffer === "undefined" ? undefined : new SharedArrayBuffer(WORDS * 4);
}

/** Decides between ways of computing the same. */
export interface Choosing {
  /** Position of the way to take, -1 where there is none. `kernel` gives null for a way that is not to be had. */
  choose(key: string, names: readonly string[], kernel: KernelOf): number;
}

type KernelOf = (way: number) => SliceKernel | null;

export class Chooser implements Choosing {
  readonly #words: Int32Array;
  readonly #first: boolean;
  readonly #dnnl: Dnnl;
  #file: ChoiceFile | undefined;
  #count = 0;

  constructor(words: SharedArrayBuffer | undefined, first: boolean, dnnl: Dnnl) {
    this.#words = new Int32Array(words ?? new ArrayBuffer(WORDS * 4));
    this.#first = first;
    this.#dnnl = dnnl;
  }

  /** Position of the fastest way, -1 where there is none; no kernel is asked for where the file knows it. */
  choose(key: string, names: readonly string[], kernel: KernelOf): number {
    const at = this.#count % WORDS;
    // Words of an earlier lap are told from those of this one.
    const lap = Math.floor(this.#count / WORDS) + 1;
    this.#count++;
    if (!this.#first) return this.#await(at, lap);
    this.#file ??= new ChoiceFile(`oneDNN ${this.#dnnl.description}, ${processorName()}`);
    const way = this.#file.find(key, names) ?? this.#measure(this.#file, key, names, kernel);
    Atomics.store(this.#words, at, lap * 16 + way + 1);
    Atomics.notify(this.#words, at);
    return way;
  }

  /** Writes down what was measured. */
  save(): void {
    this.#file?.save();
  }

  #await(at: number, lap: number): number {
    for (;;) {
      const word = Atomics.load(this.#words, at);
      if (word >= lap * 16) return (word % 16) - 1;
      Atomics.wait(this.#words, at, word, 1000);
    }
  }

  #measure(file: ChoiceFile, key: string, names: readonly string[], kernel: KernelOf): number {
    let best = Number.POSITIVE_INFINITY;
    const times = names.map((_, way) => {
      const time = this.#tried(() => kernel(way), best);
      best = Math.min(best, time ?? best);
      return time;
    });
    file.add(key, Object.fromEntries(names.map((name, way) => [name, times[way]])));
    return fastestOf(times);
  }

  /**
   * Null where there is no kernel, or one that the library makes and then fails to run. The other workers wait for a
   * word either way.
   */
  #tried(kernel: () => SliceKernel | null, toBeat: number): number | null {
    try {
      const made = kernel();
      return made && this.#time(made, toBeat);
    } catch {
      return null;
    }
  }

  /**
   * Milliseconds of a slice, on data of its own; only roughly where it is far from the best. They are the processor's,
   * not the clock's: what else the machine does meanwhile must not decide, since the choice is kept.
   */
  #time(kernel: SliceKernel, toBeat: number): number {
    const arrays = kernel.bytes.map((bytes) => new Float32Array(Math.ceil(bytes / 4) + 16).fill(0.5));
    const addresses = arrays.map((array) => Math.ceil(this.#dnnl.foreign.addressOf(array) / 64) * 64);
    const timed = () => {
      const started = this.#dnnl.foreign.threadTime();
      kernel.run(...addresses);
      return this.#dnnl.foreign.threadTime() - started;
    };
    timed();
    let best = timed();
    for (let round = 1; round < ROUNDS && best < HOPELESS * toBeat; round++) best = Math.min(best, timed());
    return best;
  }
}

/**
 * The fastest, or one before it that is as good: a machine that does other things must not decide by a hair.
 * -1 where no way is to be had.
 */
function fastestOf(times: readonly (number | null)[]): number {
  let best = -1;
  times.forEach((time, i) => {
    if (time !== null && (best < 0 || time < CLEARLY * (times[best] as number))) best = i;
  });
  return best;
}

/** Milliseconds, by the name of the way; null for a way that is not to be had. */
export type Times = Readonly<Record<string, number | null>>;

/** Measured times, by what was measured; a file that cannot be read or written is done without. */
class ChoiceFile {
  readonly #machine: string;
  readonly #times: Map<string, Times>;
  #changed = false;

  constructor(machine: string) {
    this.#machine = machine;
    this.#times = new Map(Object.entries(readAll()[machine] ?? {}));
  }

  find(key: string, names: readonly string[]): number | undefined {
    const times = this.#times.get(key);
    if (times === undefined || !names.every((name) => Object.hasOwn(times, name))) return undefined;
    return fastestOf(names.map((name) => times[name]));
  }

  add(key: string, times: Times): void {
    const rounded = Object.entries(times).map(([name, time]) => [
      name,
      time === null ? null : Number(time.toPrecision(3)),
    ]);
    this.#times.set(key, Object.fromEntries(rounded));
    this.#changed = true;
  }

  save(): void {
    if (!this.#changed) return;
    this.#changed = false;
    const all = readAll();
    all[this.#machine] = { ...all[this.#machine], ...Object.fromEntries(this.#times) };
    try {
      makeFolder(libraryFolder());
      replaceFile(choicesPath(), `${JSON.stringify(all, null, 1)}\n`);
    } catch {
      // The ways are measured again another time.
    }
  }
}

/** Not mkdir's own `recursive`, which never returns in Node.js 20 where the system refuses as /proc does. */
function makeFolder(path: string): void {
  const { existsSync, mkdirSync } = process.getBuiltinModule("node:fs");
  if (existsSync(path)) return;
  makeFolder(process.getBuiltinModule("node:path").dirname(path));
  mkdirSync(path);
}

function replaceFile(path: string, text: string): void {
  const { renameSync, rmSync, writeFileSync } = process.getBuiltinModule("node:fs");
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The file of choices. */
export function choicesPath(): string {
  return process.getBuiltinModule("node:path").join(libraryFolder(), "choices.json");
}

/** What the file holds, without whatever in it is no time. */
function readAll(): Record<string, Record<string, Times>> {
  let all: unknown;
  try {
    const { readFileSync, statSync } = process.getBuiltinModule("node:fs");
    const stats = statSync(choicesPath());
    // A pipe would keep us waiting, and a device never end.
    if (!stats.isFile() || stats.size > MOST_BYTES) return {};
    all = JSON.parse(readFileSync(choicesPath(), "utf8"));
  } catch {
    return {};
  }
  return mapped(all, (works) => mapped(works, (times) => mapped(times, timeOf)));
}

/** The properties of an object from a file, each as `read` takes it; those for which it gives nothing are left out. */
function mapped<T>(from: unknown, read: (value: unknown) => T | undefined): Record<string, T> {
  if (typeof from !== "object" || from === null) return {};
  const taken = Object.entries(from).map(([name, value]) => [name, read(value)] as const);
  return Object.fromEntries(taken.filter((one): one is readonly [string, T] => one[1] !== undefined));
}

function timeOf(value: unknown): number | null | undefined {
  const isTime = typeof value === "number" && Number.isFinite(value) && value >= 0;
  return value === null || isTime ? value : undefined;
}

/** Which of several measured ways is taken; they stand in the order in which they were tried. */
export function chosenWay(times: Times): string | undefined {
  return Object.keys(times)[fastestOf(Object.values(times))];
}

/** Everything that was measured, by machine (library, processor), work and way, in milliseconds. */
export function measuredChoices(): Readonly<Record<string, Readonly<Record<string, Times>>>> {
  return readAll();
}
