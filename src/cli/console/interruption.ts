/** Ctrl-C, a closed terminal, a reader that went away: the first asks for a graceful shutdown, the second ends the process at once. */

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

/**
 * A signal that is aborted at the first interruption from `arm` on; the second ends the process. `release` hands
 * interruptions back.
 *
 * @param onFirst - called at the first, except when there is no reader any more.
 */
export function interruption(onFirst: () => void): { signal: AbortSignal; arm(): void; release(): void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    arm() {
      gracefulStop = (reason) => {
        if (reason === "reader gone") {
          controller.abort();
          return;
        }
        if (controller.signal.aborted) process.exit(INTERRUPTED);
        controller.abort();
        onFirst();
      };
    },
    release() {
      gracefulStop = null;
    },
  };
}

/**
 * Runs what the first Ctrl-C ends in order, by the signal.
 *
 * @param onFirst - called at the first.
 */
export async function whileInterruptible<T>(
  onFirst: () => void,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupt = interruption(onFirst);
  interrupt.arm();
  try {
    return await body(interrupt.signal);
  } finally {
    interrupt.release();
  }
}
