/** A run's folder: who may write into it, and what lies in it. Node only. */
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync, closeSync } from "node:fs";
import { join } from "node:path";
import { FileError, TrainingError } from "../base/errors.ts";
import { writeFileAtomicSync } from "../io/atomic_file.ts";
import { fileErrorOf } from "../io/file_errors.ts";
import { type MetricsPoint, metricsLine } from "../report/run_record.ts";

/** Names of the files of a run. */
export const RUN_FILES = {
  config: "config.json",
  metrics: "metrics.jsonl",
  timing: "timing.jsonl",
  best: "best.safetensors",
  last: "last.safetensors",
  checkpoint: "checkpoint.safetensors",
  curves: "curves.svg",
  report: "report.html",
  lock: "run.lock",
} as const;

/** `2026-11-23T21-30-05-lenet`: sorts by time, works on every file system. */
export function runName(model: string, now = new Date()): string {
  return `${now.toISOString().slice(0, 19).replaceAll(":", "-")}-${model}`;
}

export class RunFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes a new folder.
   *
   * @throws TrainingError where it holds a run already; FileError where it cannot be made.
   */
  static create(path: string): RunFolder {
    makeFolder(path);
    if (existsSync(join(path, RUN_FILES.config)) || existsSync(join(path, RUN_FILES.metrics))) {
      throw new TrainingError(`${path} holds a run already: continue it with --resume ${path}, or choose another folder with --out`);
    }
    const folder = new RunFolder(path);
    folder.lock();
    return folder;
  }

  /** Makes `<parent>/<time>-<model>`, with a number behind it where two runs start in one second. */
  static createIn(parent: string, model: string): RunFolder {
    makeFolder(parent);
    const name = runName(model);
    for (let attempt = 1; ; attempt++) {
      const path = join(parent, attempt === 1 ? name : `${name}-${attempt}`);
      try {
        mkdirSync(path);
        const folder = new RunFolder(path);
        folder.lock();
        return folder;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 1000) throw fileErrorOf(error, path, "write");
      }
    }
  }

  /**
   * Opens a run to go on with it.
   *
   * @throws FileError where there is none; TrainingError where another process is at it.
   */
  static open(path: string): RunFolder {
    if (!existsSync(join(path, RUN_FILES.config))) {
      throw new FileError(`${path} is not a run: it has no ${RUN_FILES.config}. Runs lie in runs/<time>-<model>`);
    }
    const folder = new RunFolder(path);
    folder.lock();
    return folder;
  }

  file(name: keyof typeof RUN_FILES): string {
    return join(this.path, RUN_FILES[name]);
  }

  has(name: keyof typeof RUN_FILES): boolean {
    return existsSync(this.file(name));
  }

  writeConfig(config: object): void {
    writeFileAtomicSync(this.file("config"), `${JSON.stringify(config, null, 2)}\n`);
  }

  readConfig(): Record<string, unknown> {
    return readRunConfig(this.path);
  }

  /** Replaces the metrics by what a checkpoint knows of them. */
  rewriteMetrics(points: readonly MetricsPoint[]): void {
    writeFileAtomicSync(this.file("metrics"), points.map((p) => metricsLine(withoutTimes(p))).join(""));
    writeFileAtomicSync(this.file("timing"), points.map(timingLine).join(""));
  }

  /** Appends a point. Times lie in a file of their own, so that equal runs have equal metrics to the byte. */
  appendPoint(point: MetricsPoint): void {
    append(this.file("metrics"), metricsLine(withoutTimes(point)));
    append(this.file("timing"), timingLine(point));
  }

  /** Lets others at the folder. */
  close(): void {
    rmSync(this.file("lock"), { force: true });
  }

  private lock(): void {
    const path = this.file("lock");
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const handle = openSync(path, "wx");
        writeSync(handle, String(process.pid));
        closeSync(handle);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileErrorOf(error, path, "write");
        const holder = holderOf(path);
        if (holder !== null) {
          throw new TrainingError(`${this.path} is in use by process ${holder}: wait for it to end, or choose another folder with --out`);
        }
        rmSync(path, { force: true });
      }
    }
    throw new TrainingError(`${this.path} is in use by another process`);
  }
}

/** A run's settings. */
export function readRunConfig(path: string): Record<string, unknown> {
  const file = join(path, RUN_FILES.config);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw fileErrorOf(error, file, "read");
  }
  try {
    const config = JSON.parse(text);
    if (typeof config === "object" && config !== null) return config;
  } catch {
    // Reported below, together with what parses but is no object.
  }
  throw new FileError(`${file} is not a run's settings: expected a JSON object`);
}

/** The process that holds a lock, or null where it is gone. */
function holderOf(path: string): number | null {
  let pid: number;
  try {
    pid = Number(readFileSync(path, "utf8"));
    // A lock without a number is one being written this moment, unless it has been there for a while.
    if (!Number.isInteger(pid) || pid <= 0) return Date.now() - statSync(path).mtimeMs < 2000 ? 0 : null;
  } catch {
    return null;
  }
  if (pid === process.pid) return pid;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? pid : null;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileErrorOf(error, path, "write");
  }
}

function append(path: string, text: string): void {
  try {
    const handle = openSync(path, "a");
    try {
      writeSync(handle, text);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw fileErrorOf(error, path, "write");
  }
}

function withoutTimes(point: MetricsPoint): MetricsPoint {
  const { seconds: _seconds, examplesPerSecond: _rate, ...rest } = point;
  return rest;
}

function timingLine({ epoch, step, seconds, examplesPerSecond }: MetricsPoint): string {
  return `${JSON.stringify({ epoch, step, seconds, examplesPerSecond })}\n`;
}
