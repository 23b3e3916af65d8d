/** Runs and memory in a page (`#classifier_runs`; Node.js has `node_runs.ts`). */
import type { OpenedRun } from "./node_runs.ts";

/** A page has no folders: a text is an address. */
export function openRun(_path: string): OpenedRun | null {
  return null;
}

/** A page does not say how much memory it may have. */
export function machineBytes(): number {
  return Number.POSITIVE_INFINITY;
}
