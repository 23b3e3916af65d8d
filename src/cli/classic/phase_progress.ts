/** How far a phase of work is, with an estimate of what is left. */
import { TrainingError } from "../../base/errors.ts";
import type { ClassicWatch } from "../../experiments/classic/classic_run.ts";
import { formatDuration } from "../../report/number_text.ts";
import { LiveRegion } from "../../report/terminal/live_region.ts";
import { bar } from "../../report/terminal/progress.ts";
import { useEngine } from "../../tensor/index.ts";
import { whileInterruptible } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";

/** Milliseconds between two drawings; JSON gets fewer lines. */
const DRAW_MS = 100;
const EVENT_MS = 1000;
const BAR = 24;

class PhaseProgress {
  readonly #output: Output;
  readonly #region: LiveRegion;
  #phase = "";
  #began = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
    this.#region = new LiveRegion(output.terminal);
  }

  /** @param done - share of the phase, 0 to 1. */
  update(phase: string, done: number): void {
    const now = performance.now();
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#began = now;
      this.#last = Number.NEGATIVE_INFINITY;
    }
    if (now - this.#last < (this.#output.json ? EVENT_MS : DRAW_MS) && done < 1) return;
    this.#last = now;
    const seconds = (now - this.#began) / 1000;
    const remaining = done > 0 ? (seconds / done) * (1 - done) : null;
    if (this.#output.json) {
      this.#output.event({ event: "progress", phase, done, seconds, remainingSeconds: remaining });
      return;
    }
    const left = remaining === null ? "-:--" : formatDuration(remaining);
    const shown = `${phase.padEnd(18)} ${bar(done, BAR, this.#output.style)} ${formatDuration(seconds)}, ${left} left`;
    this.#region.draw([shown]);
  }

  /** Removes the line; safe to call twice. */
  stop(): void {
    if (!this.#output.json) this.#region.draw([]);
  }
}

/** Runs a command's work with its progress, on its engine; null if Ctrl-C ended it. */
export async function withPhases<T>(
  output: Output,
  { engine, threads }: { readonly engine?: string | undefined; readonly threads?: number | undefined },
  body: (watch: Required<ClassicWatch> & { stopProgress(): void }) => Promise<T>,
): Promise<T | null> {
  if (engine !== undefined) await useEngine(engine, threads === undefined ? {} : { threads });
  const progress = new PhaseProgress(output);
  const onFirst = () => output.note("Stopping; press Ctrl-C again to stop at once.");
  return whileInterruptible(onFirst, async (signal) => {
    try {
      return await body({
        signal,
        onProgress: ({ phase, done }) => progress.update(phase, done),
        stopProgress: () => progress.stop(),
      });
    } catch (error) {
      progress.stop();
      const isEnd = error instanceof TrainingError || (error as Error).name === "AbortError";
      if (signal.aborted && isEnd) return null;
      throw error;
    } finally {
      progress.stop();
    }
  });
}
