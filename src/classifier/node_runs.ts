/** Runs and memory where there are files (`#classifier_runs`; a page has `page_runs.ts`). */
import { existsSync, statSync } from "node:fs";
import { totalmem } from "node:os";
import { readRunConfig } from "../train/runs/run_folder.ts";
import { weightsOfRun } from "../train/runs/run_weights.ts";

/** A run's weights and settings. */
export interface OpenedRun {
  /** The file of its weights. */
  readonly weights: string;
  /** `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * The run in a folder; null if the path is not a folder.
 *
 * @throws FileError for a folder without a run, and for a run without weights.
 */
export function openRun(path: string): OpenedRun | null {
  if (!existsSync(path) || !statSync(path).isDirectory()) return null;
  return { weights: weightsOfRun(path), config: readRunConfig(path) };
}

/** Bytes of memory that this process can have at most. */
export function machineBytes(): number {
  // Node.js gives a number beyond the machine's memory if nothing constrains the process.
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
