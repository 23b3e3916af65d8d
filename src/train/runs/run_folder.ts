/** A run's folder: who may write into it, and what lies in it. Node only. */

import { closeSync, existsSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { FileError, TrainingError } from "../../base/errors.ts";
import { parseJson } from "../../base/json_text.ts";
import { removeLeftoversSync, writeFileAtomicSync } from "../../io/atomic_file.ts";
import { fileErrorOf } from "../../io/file_errors.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import { MOST_JSON_BYTES, readTextSync } from "../../io/regular_file.ts";
import { type MetricsPoint, metricsLine } from "../../records/run_record.ts";
import { releaseLock, takeLock } from "./run_lock.ts";

/** Names of the files of a run. */
export const RUN_FILES = {
  config: "config.json",
  metrics: "metrics.jsonl",
  timing: "timing.jsonl",
  algorithms: "algorithms.jsonl",
  firstLayer: "first_layer.jsonl",
  best: "best.safetensors",
  last: "last.safetensors",
  averaged: "averaged.safetensors",
  checkpoint: "checkpoint.safetensors",
  curves: "curves.svg",
  report: "report.html",
  photos: "photos.json",
  onnx: "network.onnx",
  results: "results.json",
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
   * @throws TrainingError if it holds a run already; FileError if it cannot be made.
   */
  static create(path: string): RunFolder {
    makeFolderSync(path);
    const folder = new RunFolder(path);
    folder.lock();
    // Looked at under the lock: another run may just have ended here.
    if (folder.has("config") || folder.has("metrics") || folder.has("checkpoint")) {
      folder.close();
      throw new TrainingError(`${path} holds a run already`, {
        cure: ": continue it with fit(net, { out, resume: true, ... }), or choose another folder as `out`",
        reason: "run exists",
        facts: { path },
      });
    }
    return folder;
  }

  /** Makes `<parent>/<time>-<model>`, with a number behind it if two runs start in one second. */
  static createIn(parent: string, model: string): RunFolder {
    makeFolderSync(parent);
    const name = runName(model);
    for (let attempt = 1; ; attempt++) {
      const path = join(parent, attempt === 1 ? name : `${name}-${attempt}`);
      try {
        mkdirSync(path);
        const folder = new RunFolder(path);
        folder.lock();
        return folder;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 1000)
          throw fileErrorOf(error, path, "write");
      }
    }
  }

  /**
   * Opens a run to go on with it.
   *
   * @throws FileError if there is none; TrainingError if another process is training it.
   */
  static open(path: string): RunFolder {
    readRunConfig(path);
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

  /** The engine's algorithms, a line for each; empty if there are none. */
  readAlgorithms(): string {
    return this.has("algorithms") ? readTextSync(this.file("algorithms")) : "";
  }

  rewriteAlgorithms(lines: readonly string[]): void {
    writeFileAtomicSync(this.file("algorithms"), lines.join(""));
  }

  appendAlgorithm(line: string): void {
    append(this.file("algorithms"), line);
  }

  /** Snapshots of the first convolution, a line an epoch; empty if there are none. */
  readFirstLayer(): string {
    return this.has("firstLayer") ? readTextSync(this.file("firstLayer")) : "";
  }

  rewriteFirstLayer(lines: readonly string[]): void {
    writeFileAtomicSync(this.file("firstLayer"), lines.join(""));
  }

  appendFirstLayer(line: string): void {
    append(this.file("firstLayer"), line);
  }

  /** Lets others at the folder. */
  close(): void {
    releaseLock(this.file("lock"));
  }

  private lock(): void {
    takeLock(this.file("lock"), this.path);
    try {
      removeLeftoversSync(this.path);
    } catch (error) {
      this.close();
      throw fileErrorOf(error, this.path, "read");
    }
  }
}

/** How far a run in a folder has come: nothing is there, it was begun, or it has a checkpoint. */
export function runProgress(path: string): "none" | "begun" | "checkpoint" {
  if (existsSync(join(path, RUN_FILES.checkpoint))) return "checkpoint";
  return existsSync(join(path, RUN_FILES.config)) ? "begun" : "none";
}

/** @throws TrainingError if the folder holds a run already. */
export function requireNoRun(path: string): void {
  RunFolder.create(path).close();
}

/**
 * A run's settings.
 *
 * @throws FileError if there is no run, or its settings cannot be read.
 */
export function readRunConfig(path: string): Record<string, unknown> {
  const file = join(path, RUN_FILES.config);
  if (!existsSync(path))
    throw new FileError(`there is no run ${path}: name the folder of a run, such as runs/<time>-<model>`);
  if (!existsSync(file)) {
    throw new FileError(
      `${path} is not a run: it has no ${RUN_FILES.config}; name the folder of a run, such as runs/<time>-<model>`,
    );
  }
  const text = readTextSync(file, MOST_JSON_BYTES);
  try {
    const config = parseJson(text) as Record<string, unknown>;
    if (typeof config === "object" && config !== null) return config;
  } catch {
    // Reported below, together with what parses but is not an object.
  }
  throw new FileError(`${file} is damaged: expected a JSON object with the run's settings. Start a new run`);
}

/** Appends a whole line or nothing: a disk that fills up first takes a part. */
function append(path: string, line: string): void {
  try {
    const handle = openSync(path, "a");
    try {
      const before = fstatSync(handle).size;
      const bytes = Buffer.from(line);
      let written = 0;
      try {
        while (written < bytes.length) written += writeSync(handle, bytes, written);
      } catch (error) {
        ftruncateSync(handle, before);
        throw error;
      }
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
