/**
 * The autotuning cache: a file beside the installed library that says, for each machine (library version and
 * processor) and each piece of work, which algorithm was chosen and what was measured.
 *
 * One JSON object a line, and lines are only ever appended, each in one write: of two processes that measure the same
 * work at the same time the first line counts, for both of them and for every process after them.
 */
import { processRuns } from "../../../base/running_process.ts";
import { libraryFolder } from "../library/load_dnnl.ts";

/** Milliseconds to three digits, by the name of the algorithm; null for one that is unavailable. */
export type Times = Readonly<Record<string, number | null>>;

/** What was decided for a piece of work. */
export interface TuningResult {
  /** Null if no algorithm was available. */
  readonly chosen: string | null;
  /** Measured in this order. */
  readonly milliseconds: Times;
}

/** The most that the file and one of its lines may have: a network adds some kilobytes. */
const MOST_BYTES = 2 ** 24;
const MOST_LINE = 2 ** 14;

/** What a file of this purpose was called before, and its temporary files. */
const FORMER_NAME = /^choices\.json(?:\.(\d+)\.tmp)?$/;

/** The file of the autotuning cache. */
export function autotuningCachePath(): string {
  return process.getBuiltinModule("node:path").join(libraryFolder(), "autotuning.jsonl");
}

/** Everything that was measured, by machine and work. */
export function measuredAlgorithms(): Readonly<Record<string, Readonly<Record<string, TuningResult>>>> {
  const machines = new Map<string, Map<string, TuningResult>>();
  for (const { machine, work, ...result } of records(wholeText())) {
    const works = machines.get(machine) ?? new Map<string, TuningResult>();
    machines.set(machine, works);
    if (!works.has(work)) works.set(work, result);
  }
  return Object.fromEntries([...machines].map(([machine, works]) => [machine, Object.fromEntries(works)]));
}

function wholeText(): string {
  try {
    return readFrom(autotuningCachePath(), 0)?.text ?? "";
  } catch {
    return "";
  }
}

/** The algorithms chosen on one machine. */
export class AutotuningCache {
  readonly #machine: string;
  readonly #onProblem: (problem: string) => void;
  readonly #path = autotuningCachePath();
  /** In the order of the file; the first that fits the algorithms of this version counts. */
  readonly #results = new Map<string, TuningResult[]>();
  #file = "";
  #read = 0;
  #writable: boolean | undefined;

  /** @param onProblem - called, once, if the file cannot be read or written. */
  constructor(machine: string, onProblem: (problem: string) => void) {
    this.#machine = machine;
    this.#onProblem = onProblem;
  }

  /** What was chosen among these algorithms; undefined if nothing was. */
  find(work: string, names: readonly string[]): TuningResult | undefined {
    const known = this.#known(work, names);
    if (known !== undefined) return known;
    this.#refresh();
    return this.#known(work, names);
  }

  /** Whether the cache can be written. */
  get isWritable(): boolean {
    this.#writable ??= this.#tryAppend("");
    return this.#writable;
  }

  /**
   * Keeps which algorithm was chosen.
   *
   * @returns the record that counts, which is another process's if that was first; undefined if it could not be kept.
   */
  add(work: string, names: readonly string[], result: TuningResult): TuningResult | undefined {
    // A line of its own, whatever a full disk may have cut short before it.
    const line = `\n${JSON.stringify({ machine: this.#machine, work, ...result })}\n`;
    if (!this.isWritable || !this.#tryAppend(line)) return undefined;
    this.#refresh();
    return this.#known(work, names) ?? result;
  }

  #known(work: string, names: readonly string[]): TuningResult | undefined {
    const fits = ({ chosen, milliseconds }: TuningResult) =>
      names.every((name) => Object.hasOwn(milliseconds, name)) && (chosen === null || names.includes(chosen));
    return this.#results.get(work)?.find(fits);
  }

  /** Reads what was appended since the last time. */
  #refresh(): void {
    try {
      const part = readFrom(this.#path, this.#read, this.#file);
      if (part === null) return;
      if (part.from === 0) this.#results.clear();
      this.#file = part.file;
      this.#read = part.from + part.bytes;
      for (const { machine, work, ...result } of records(part.text)) {
        if (machine !== this.#machine) continue;
        const before = this.#results.get(work);
        if (before === undefined) this.#results.set(work, [result]);
        else before.push(result);
      }
    } catch (error) {
      // What is written would not be found again.
      this.#writable = false;
      this.#fail("read", error);
    }
  }

  #tryAppend(line: string): boolean {
    try {
      const folder = process.getBuiltinModule("node:path").dirname(this.#path);
      makeFolder(folder);
      if (this.#writable === undefined) removeFormer(folder);
      append(this.#path, line);
      return true;
    } catch (error) {
      this.#writable = false;
      this.#fail("written", error);
      return false;
    }
  }

  #fail(what: string, error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    this.#onProblem(
      `the autotuning cache ${this.#path} cannot be ${what} (${code ?? message}): kernels that it does not name are ` +
        "chosen by a fixed rule, not by measuring; a run in a folder still keeps its algorithms there",
    );
  }
}

interface Part {
  readonly text: string;
  /** Which file it is. */
  readonly file: string;
  readonly from: number;
  readonly bytes: number;
}

/**
 * The whole lines from byte `from` on, or from the beginning if the file is not the one of before; null if there is
 * none.
 */
function readFrom(path: string, from: number, before = ""): Part | null {
  const fs = process.getBuiltinModule("node:fs");
  if (fs.statSync(path, { throwIfNoEntry: false }) === undefined) return null;
  return withFile(path, fs.constants.O_RDONLY, (handle, { dev, ino, size }) => {
    const file = `${dev} ${ino}`;
    const start = file === before && size >= from ? from : 0;
    const bytes = Buffer.alloc(size - start);
    const got = bytes.subarray(0, fs.readSync(handle, bytes, 0, bytes.length, start));
    const whole = got.subarray(0, got.lastIndexOf(10) + 1);
    return { text: whole.toString("utf8"), file, from: start, bytes: whole.length };
  });
}

function append(path: string, line: string): void {
  const fs = process.getBuiltinModule("node:fs");
  const { O_WRONLY, O_APPEND, O_CREAT } = fs.constants;
  withFile(path, O_WRONLY | O_APPEND | O_CREAT, (handle) => {
    const bytes = Buffer.from(line);
    if (fs.writeSync(handle, bytes) !== bytes.length) throw new Error("no space is left");
  });
}

/** Opens a file that is one: a pipe would keep us waiting, and a device never end. */
function withFile<T>(
  path: string,
  flags: number,
  body: (handle: number, stats: { dev: number; ino: number; size: number }) => T,
): T {
  const fs = process.getBuiltinModule("node:fs");
  const handle = fs.openSync(path, flags | (fs.constants.O_NONBLOCK ?? 0), 0o644);
  try {
    const stats = fs.fstatSync(handle);
    if (!stats.isFile()) throw new Error("it is not a regular file");
    if (stats.size > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`);
    return body(handle, stats);
  } finally {
    fs.closeSync(handle);
  }
}

/** What the lines say; a line that says nothing is passed over. */
function records(text: string): (TuningResult & { machine: string; work: string })[] {
  return text.split("\n").flatMap((line) => {
    const record = line === "" || line.length > MOST_LINE ? undefined : recordIn(line);
    return record === undefined ? [] : [record];
  });
}

function recordIn(line: string): (TuningResult & { machine: string; work: string }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { machine, work, chosen, milliseconds } = (value ?? {}) as Record<string, unknown>;
  if (typeof machine !== "string" || typeof work !== "string") return undefined;
  if (chosen !== null && typeof chosen !== "string") return undefined;
  if (typeof milliseconds !== "object" || milliseconds === null) return undefined;
  const times = Object.entries(milliseconds).filter(([, time]) => isTime(time));
  return { machine, work, chosen, milliseconds: Object.fromEntries(times) };
}

function isTime(value: unknown): boolean {
  return value === null || (typeof value === "number" && Number.isFinite(value) && value >= 0);
}

/** Not mkdir's own `recursive`, which never returns in Node.js 20 if the system refuses as /proc does. */
function makeFolder(path: string): void {
  const { existsSync, mkdirSync } = process.getBuiltinModule("node:fs");
  if (existsSync(path)) return;
  makeFolder(process.getBuiltinModule("node:path").dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process has just made it.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Removes what versions before this one have left, but no temporary file of a process that runs. */
function removeFormer(folder: string): void {
  const fs = process.getBuiltinModule("node:fs");
  for (const name of fs.readdirSync(folder)) {
    const match = FORMER_NAME.exec(name);
    if (match === null || (match[1] !== undefined && processRuns(Number(match[1])))) continue;
    try {
      fs.unlinkSync(`${folder}/${name}`);
    } catch {
      // It does no harm.
    }
  }
}
