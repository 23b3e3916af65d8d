/** Ctrl-C, a closed terminal, a reader that went away: the first asks for a graceful shutdown, the second ends the process at once. */

import { TrainingError } from "../../base/errors.ts";

export const INTERRUPTED = 130;

/** What the running command asked to be called with; null if it can be ended at any moment. */
let gracefulStop: ((reason: "signal" | "reader gone") => void) | null = null;

/** Makes signals end this process with code 130: at once, or in order if a command has asked for it. */
export function listenForInterrupts(): void {
  const onSignal = (): void => {
    if (gracefulStop === null) process.exit(INTERRUPTED);
    gracefulStop("signal");
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  process.stdout.on("error", onBrokenOutput);
  // There is no reader left to report to.
  process.stderr.on("error", () => {});
}

let readerIsGone = false;

/** A reader of our pipe may stop reading (`| head`): that is not an error, but a file on a full disk is. */
function onBrokenOutput(error: NodeJS.ErrnoException): void {
  // Called once: a graceful shutdown goes on writing, and its exit code counts.
  if (readerIsGone) return;
  readerIsGone = true;
  const wanted = error.code !== "EPIPE" && error.code !== "EIO";
  if (wanted) {
    process.stderr.write(`FileError: ${brokenOutput(error)}\n`);
    // Whatever a graceful shutdown sets it to.
    process.on("exit", () => {
      process.exitCode = 1;
    });
  }
  if (gracefulStop === null) process.exit(0);
  gracefulStop("reader gone");
}

function brokenOutput({ code, message }: NodeJS.ErrnoException): string {
  const why = code === "ENOSPC" || code === "EDQUOT" ? `the disk is full (${code})` : message;
  return `cannot write to standard output: ${why}; free some space or send the output elsewhere`;
}

/** How a command's work hears of Ctrl-C. */
export interface Interrupt {
  /** Aborted at the first interruption. */
  readonly signal: AbortSignal;
  /** Until it is called, an interruption ends the process at once: there is nothing to save. */
  arm(): void;
}

/**
 * Runs what the first Ctrl-C ends in order, by the signal; the second ends the process.
 *
 * @param onFirst - called at the first, except when there is no reader any more.
 * @param armed - whether it is so from the start; else from `arm` on.
 */
export async function interruptible<T>(
  onFirst: () => void,
  work: (interrupt: Interrupt) => Promise<T>,
  armed = true,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const arm = () => {
    gracefulStop = (reason) => {
      if (signal.aborted && reason === "signal") process.exit(INTERRUPTED);
      controller.abort();
      if (reason === "signal") onFirst();
    };
  };
  if (armed) arm();
  try {
    return await work({ signal, arm });
  } finally {
    gracefulStop = null;
  }
}

/** Runs what the first Ctrl-C makes throw, by the signal; null then. */
export async function untilInterrupted<T>(
  onFirst: () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  return interruptible(onFirst, async ({ signal }) => {
    try {
      return await work(signal);
    } catch (error) {
      const isEnd = (error as Error).name === "AbortError" || error instanceof TrainingError;
      if (signal.aborted && isEnd) return null;
      throw error;
    }
  });
}
