import { formatDuration } from "../number_text.ts";
import type { Reporter } from "../reporter.ts";
import { LiveRegion } from "./live_region.ts";
import { bar } from "./progress.ts";

/** Milliseconds between two drawings; machines get fewer lines. */
const DRAW_MS = 100;
const EVENT_MS = 1000;
const BAR = 24;

/**
 * How far a phase of some work is, with an estimate of what is left: a bar for people, `progress` events for machines.
 *
 * @example
 * ```ts
 * import { CollectingReporter, PhaseProgress } from "convoyant/report";
 * const progress = new PhaseProgress(new CollectingReporter());
 * progress.update("features", 0.5);
 * progress.stop();
 * ```
 */
export class PhaseProgress {
  readonly #reporter: Reporter;
  readonly #region: LiveRegion;
  #phase = "";
  #began = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
    this.#region = new LiveRegion(reporter.terminal);
  }

  /** @param done - share of the phase, 0 to 1. */
  update(phase: string, done: number): void {
    const { json, style } = this.#reporter;
    const now = performance.now();
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#began = now;
      this.#last = Number.NEGATIVE_INFINITY;
    }
    if (now - this.#last < (json ? EVENT_MS : DRAW_MS) && done < 1) return;
    this.#last = now;
    const seconds = (now - this.#began) / 1000;
    const remaining = done > 0 ? (seconds / done) * (1 - done) : null;
    this.#reporter.event({ event: "progress", phase, done, seconds, remainingSeconds: remaining });
    if (json) return;
    const left = remaining === null ? "-:--" : formatDuration(remaining);
    const shown = `${phase.padEnd(18)} ${bar(done, BAR, style)} ${formatDuration(seconds)}, ${left} left`;
    this.#region.draw([shown]);
  }

  /** Removes the line; safe to call twice. */
  stop(): void {
    if (!this.#reporter.json) this.#region.draw([]);
  }
}
