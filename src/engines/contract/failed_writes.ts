/**
 * What runs that failed were to write, as the worker that runs them keeps it. A caller sends runs ahead, before it can
 * know that one has failed: those that use what it was to write must not compute with the old contents.
 */
import type { Program } from "./engine.ts";

/** A run as its caller sends it, as far as failures go. */
export interface FailingRun {
  readonly request: number;
  /** Ids of the state buffers, in the program's order. */
  readonly buffers: readonly number[];
  /** Ids of the buffers that keep outputs. */
  readonly kept: readonly number[];
  /** The last failed request that the caller knew of when it sent this one. */
  readonly knownFailure: number;
}

export class FailedWrites {
  /** By buffer, the request that failed first. */
  readonly #lost = new Map<number, number>();

  /** The failed run on which one depends that uses these buffers; undefined if there is none. */
  cause(buffers: readonly number[], knownFailure: number): number | undefined {
    if (this.#lost.size === 0) return undefined;
    let first: number | undefined;
    for (const [buffer, request] of this.#lost) {
      // The caller has put the old contents back in their place.
      if (request <= knownFailure) this.#lost.delete(buffer);
      else if (buffers.includes(buffer) && (first === undefined || request < first)) first = request;
    }
    return first;
  }

  /** Notes what a run was to write that has failed, or that depended on the failed run `cause`. */
  add(run: FailingRun, program: Program, cause = run.request): void {
    const written = writtenStates(program).map((state) => run.buffers[state]);
    for (const buffer of [...written, ...run.kept]) {
      if (!this.#lost.has(buffer)) this.#lost.set(buffer, cause);
    }
  }
}

/** Which of a program's states its steps or its end write, by their position. */
export function writtenStates(program: Program): number[] {
  const { values } = program;
  const written = new Set(program.commits.map(({ to }) => values[to].index));
  for (const { outputs } of program.steps) {
    for (const id of outputs) {
      const { kind, index } = values[id];
      if (kind === "alias" && values[index].kind === "state") written.add(values[index].index);
    }
  }
  return [...written];
}

/** Whether a step before the one that failed has already written into a state. */
export function wroteBefore(program: Program, failedStep: number): boolean {
  const { values } = program;
  return program.steps
    .slice(0, failedStep)
    .some(({ outputs }) =>
      outputs.some((id) => values[id].kind === "alias" && values[values[id].index].kind === "state"),
    );
}

/** What is added to the message of an error that came too late to leave everything as it was. */
export const PARTLY_WRITTEN =
  " (some of the tensors that this run changes in place had been changed before it failed)";
