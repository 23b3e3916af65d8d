/** Ctrl-C: the first asks for an orderly end, the second ends at once. */

export const INTERRUPTED = 130;

/** A signal that is aborted at the first SIGINT or SIGTERM. `release` hands them back. */
export function interruption(onFirst: () => void): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const listener = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
    onFirst();
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  return {
    signal: controller.signal,
    release() {
      process.off("SIGINT", listener);
      process.off("SIGTERM", listener);
    },
  };
}
