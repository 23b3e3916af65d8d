import type { MetricsPoint } from "../../records/run_record.ts";
import { trainingCurves } from "../curves.ts";
import { formatDuration, formatMetric, formatRate } from "../number_text.ts";
import { LiveRegion } from "./live_region.ts";
import { Estimate, formatProgress, type ProgressState, stepText } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { renderPlot } from "./terminal_plot.ts";

export interface TrainingDisplayOptions {
  epochs: number;
  /** Null when it is not known beforehand: then nothing is said of the time that is left. */
  stepsPerEpoch: number | null;
  /** Points of the run so far, when it is resumed. */
  points?: readonly MetricsPoint[];
  /** Whether the live curve is drawn on a terminal. Default true. */
  plot?: boolean;
  /** What the images are that judge the epochs, in words and legends. Default "test". */
  heldOut?: "test" | "validation";
  /** Seconds on a steady clock; a test passes its own. */
  now?: () => number;
  /** Least seconds between two frames on a terminal (0.1), and between two lines in a pipe (30). */
  frameSeconds?: number;
  lineSeconds?: number;
}

/** A step that was done. */
export interface StepReport {
  /** Counted from 0. */
  epoch: number;
  /** Steps done in this epoch, this one included. */
  step: number;
  loss?: number;
  accuracy?: number;
  examplesPerSecond?: number;
}

/**
 * Shows a training as it runs. On a terminal: the live curve and a progress line with its estimate, redrawn in place.
 * In a pipe: a plain line at the end of each epoch, and in between at most every half minute, without escape codes.
 *
 * @example
 * ```ts
 * import { TrainingDisplay } from "convoyant/report";
 * const lines: string[] = [];
 * const terminal = { isTTY: false, columns: 80, rows: 24, colour: 0, unicode: true, write: (text: string) => void lines.push(text) } as const;
 * const display = new TrainingDisplay(terminal, { epochs: 10, stepsPerEpoch: 235 });
 * display.step({ epoch: 0, step: 1, loss: 2.3, accuracy: 0.1 });
 * display.point({ epoch: 0.2, trainLoss: 2.3, trainAccuracy: 0.1 });
 * display.stop();
 * ```
 */
export class TrainingDisplay {
  readonly #terminal: Terminal;
  readonly #region: LiveRegion;
  readonly #options: TrainingDisplayOptions;
  readonly #points: MetricsPoint[];
  readonly #estimate: Estimate;
  readonly #now: () => number;
  readonly #started: number;
  #state: ProgressState;
  #lastShown = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(terminal: Terminal, options: TrainingDisplayOptions) {
    this.#terminal = terminal;
    this.#region = new LiveRegion(terminal);
    this.#options = options;
    this.#points = [...(options.points ?? [])];
    this.#now = options.now ?? (() => performance.now() / 1000);
    this.#started = this.#now();
    // A pipe's first line is due after a while, not at once.
    if (!terminal.isTTY) this.#lastShown = this.#started;
    const { epochs, stepsPerEpoch } = options;
    this.#estimate = new Estimate(epochs * (stepsPerEpoch ?? 0));
    this.#state = { epoch: 1, epochs, step: 0, stepsPerEpoch, elapsed: 0 };
  }

  /** A step was done. Cheap: nothing is drawn more often than `frameSeconds` says. */
  step(report: StepReport): void {
    if (this.#stopped) return;
    const { epochs, stepsPerEpoch } = this.#options;
    const elapsed = this.#now() - this.#started;
    this.#estimate.update(report.epoch * (stepsPerEpoch ?? 0) + report.step, elapsed);
    const { loss = this.#state.loss, accuracy = this.#state.accuracy } = report;
    const examplesPerSecond = report.examplesPerSecond ?? this.#state.examplesPerSecond;
    this.#state = {
      epoch: report.epoch + 1,
      epochs,
      step: report.step,
      stepsPerEpoch,
      elapsed,
      ...(loss !== undefined && { loss }),
      ...(accuracy !== undefined && { accuracy }),
      ...(examplesPerSecond !== undefined && { examplesPerSecond }),
    };
    this.#show(false);
  }

  /** Something else goes on, for example "testing" or "saving"; the next step ends it. */
  phase(name: string): void {
    if (this.#stopped) return;
    this.#state = { ...this.#state, phase: name, elapsed: this.#now() - this.#started };
    if (this.#terminal.isTTY) this.#show(true);
  }

  /** A point of the curves. The end of an epoch writes a line into a pipe. */
  point(point: MetricsPoint): void {
    if (this.#stopped) return;
    this.#points.push(point);
    if (this.#terminal.isTTY) this.#show(true);
    else if (Number.isInteger(point.epoch)) {
      this.#terminal.write(`${epochLine(point, this.#options, this.#remaining())}\n`);
      this.#lastShown = this.#now();
    }
  }

  /** Writes a line that stays, above the live part. */
  log(text: string): void {
    this.#region.writeAbove(text);
  }

  /** Ends the display. The last chart stays, without the progress line; safe to call twice. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (!this.#terminal.isTTY) return;
    const chart = this.#points.length > 0 ? this.#plot() : [];
    this.#region.draw(chart);
    this.#region.release();
  }

  #show(now: boolean): void {
    const { frameSeconds = 0.1, lineSeconds = 30 } = this.#options;
    const time = this.#now();
    const due = time - this.#lastShown >= (this.#terminal.isTTY ? frameSeconds : lineSeconds);
    if (!due && !now) return;
    this.#lastShown = time;
    const remaining = this.#remaining();
    const state = { ...this.#state, ...(remaining !== undefined && { remaining }) };
    if (!this.#terminal.isTTY) {
      this.#terminal.write(`${plainLine(state)}\n`);
      return;
    }
    // One column stays free: a full line would wrap in some terminals.
    const width = Math.max(1, this.#terminal.columns - 1);
    const { colour, unicode } = this.#terminal;
    this.#region.draw([...this.#plot(), formatProgress(state, { width, colour, unicode })]);
  }

  #plot(): string[] {
    const { columns, rows, colour, unicode } = this.#terminal;
    if (this.#options.plot === false || rows < 12 || columns < 40) return [];
    const width = Math.min(columns - 1, 120);
    const height = Math.min(rows - 3, 24, Math.max(10, Math.round(width / 4)));
    const { heldOut = "test" } = this.#options;
    const curves = trainingCurves(this.#points, { heldOut });
    return renderPlot(curves, {
      width,
      height,
      colour,
      unicode,
      xRange: [0, this.#options.epochs],
      xLabel: "epoch",
    });
  }

  #remaining(): number | undefined {
    return this.#options.stepsPerEpoch === null ? undefined : this.#estimate.remaining();
  }
}

/**
 * The line that stays when a training has ended.
 *
 * @example
 * ```ts
 * import { resultLine } from "convoyant/report";
 * resultLine({ epoch: 1, trainLoss: 0.5, trainAccuracy: 0.8 }, { outcome: "done", examplesPerSecond: 0, seconds: 60 });
 * ```
 */
export function resultLine(
  last: MetricsPoint | undefined,
  how: {
    readonly outcome: string;
    readonly examplesPerSecond: number;
    readonly seconds: number;
    readonly heldOut?: "test" | "validation";
  },
): string {
  const parts = last === undefined ? [] : metricTexts(last, how.heldOut);
  if (how.examplesPerSecond > 0) parts.push(`${formatRate(how.examplesPerSecond)} examples/s`);
  parts.push(formatDuration(how.seconds));
  return `${how.outcome}: ${parts.join(", ")}`;
}

/** What a point holds; a network that is not a classifier has no accuracy. */
function metricTexts(point: MetricsPoint, heldOut = "test"): string[] {
  const { trainLoss, trainAccuracy, testLoss, testAccuracy } = point;
  const parts = [`training loss ${formatMetric(trainLoss)}`];
  if (!Number.isNaN(trainAccuracy)) parts.push(`training accuracy ${formatMetric(trainAccuracy)}`);
  if (testAccuracy !== undefined) parts.push(`${heldOut} accuracy ${formatMetric(testAccuracy)}`);
  else if (testLoss !== undefined) parts.push(`${heldOut} loss ${formatMetric(testLoss)}`);
  return parts;
}

function plainLine(state: ProgressState): string {
  const parts = [`epoch ${state.epoch}/${state.epochs}`, `step ${stepText(state).trimStart()}`];
  if (state.loss !== undefined) parts.push(`loss ${formatMetric(state.loss)}`);
  if (state.accuracy !== undefined) parts.push(`accuracy ${formatMetric(state.accuracy)}`);
  if (state.examplesPerSecond !== undefined) parts.push(`${formatRate(state.examplesPerSecond)} examples/s`);
  if (state.remaining !== undefined) parts.push(`${formatDuration(state.remaining)} left`);
  return parts.join(", ");
}

function epochLine(
  point: MetricsPoint,
  { epochs, heldOut }: TrainingDisplayOptions,
  remaining: number | undefined,
): string {
  const parts = [`epoch ${point.epoch}/${epochs}: ${metricTexts(point, heldOut).join(", ")}`];
  if (point.examplesPerSecond !== undefined) parts.push(`${formatRate(point.examplesPerSecond)} examples/s`);
  if (remaining !== undefined && remaining > 0) parts.push(`${formatDuration(remaining)} left`);
  return parts.join(", ");
}
