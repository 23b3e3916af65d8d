/** Runs that failed, until their errors have reached someone. */
import type { RunFailure, Value } from "../graph/node.ts";

class Failure implements RunFailure {
  readonly error: unknown;
  reported = false;

  constructor(error: unknown) {
    this.error = error;
  }
}

export class Failures {
  readonly #known = new WeakMap<object, Failure>();
  readonly #unreported = new Set<Failure>();
  /** Called when there is something to report for the first time. */
  onFirst: (() => void) | null = null;

  /** The failure with this error: one for all runs that fail with it. */
  of(error: unknown): RunFailure {
    const key = typeof error === "object" && error !== null ? error : new Error(String(error));
    let failure = this.#known.get(key);
    if (failure === undefined) {
      failure = new Failure(error);
      this.#known.set(key, failure);
    }
    return failure;
  }

  /** Keeps the failure of a run that was to change something: it must not vanish. */
  keep(failure: RunFailure): void {
    if (failure.reported) return;
    this.#unreported.add(failure as Failure);
    this.onFirst?.();
    this.onFirst = null;
  }

  /** The error, for who throws it. */
  report(failure: RunFailure): unknown {
    (failure as Failure).reported = true;
    this.#unreported.delete(failure as Failure);
    return failure.error;
  }

  /** Failures that have not been reported yet; they count as reported from here on. */
  takeUnreported(): unknown[] {
    return [...this.#unreported].map((failure) => this.report(failure));
  }
}

/** The failure that has to be reported to a user of the value. */
export function failureBehind({ failure, lost }: Value): RunFailure | null {
  return failure !== null && (lost !== null || !failure.reported) ? failure : null;
}

/** Prints, when the process ends, errors that were not reported, and lets it end with exit code 1. */
export function reportAtEnd(failures: Failures): void {
  const { process } = globalThis as { process?: NodeJS.Process };
  process?.once?.("exit", () => {
    for (const error of failures.takeUnreported()) {
      process.exitCode ??= 1;
      console.error("convoyant: a run failed, and nothing that depends on it was read:", error);
    }
  });
}
