import { formatDuration, formatMetric, formatRate } from "../number_text.ts";
import { paint } from "./colour.ts";
import type { TextStyle } from "./terminal.ts";
import { displayWidth, truncate } from "./text_width.ts";

/** What a progress line shows. */
export interface ProgressState {
  /** The epoch under way, counted from 1. */
  epoch: number;
  epochs: number;
  /** Steps done in this epoch. */
  step: number;
  /** Null when it is not known. */
  stepsPerEpoch: number | null;
  /** Running means of the epoch; left out before the first step. */
  loss?: number;
  accuracy?: number;
  examplesPerSecond?: number;
  /** Seconds since training began. */
  elapsed: number;
  /** Seconds to go; left out if nothing can be said yet. */
  remaining?: number;
  /** What else is going on, for example "testing". */
  phase?: string;
}

/**
 * One line of progress, at most `width` columns wide. What matters least goes first when it gets narrow: the rate,
 * then the bar, then the accuracy, the loss.
 *
 * @example
 * ```ts
 * import { formatProgress } from "convoyant/report";
 * formatProgress({ epoch: 1, epochs: 10, step: 3, stepsPerEpoch: 235, elapsed: 2 }, { width: 60 });
 * ```
 */
export function formatProgress(state: ProgressState, options: TextStyle & { width: number }): string {
  const depth = options.colour ?? 0;
  const unicode = options.unicode !== false;
  const digits = String(state.epochs).length;
  const parts: { text: string; rank: number }[] = [];
  const add = (text: string, rank: number) => parts.push({ text, rank });
  add(`epoch ${String(state.epoch).padStart(digits)}/${state.epochs}`, 0);
  add("", 3); // the bar's place; it takes the columns that are left
  add(state.phase ?? stepText(state), 4);
  if (state.loss !== undefined) add(`${paint("loss", "dim", depth)} ${formatMetric(state.loss)}`, 1);
  if (state.accuracy !== undefined)
    add(`${paint("accuracy", "dim", depth)} ${formatMetric(state.accuracy)}`, 2);
  if (state.examplesPerSecond !== undefined) {
    add(`${formatRate(state.examplesPerSecond)} ${paint("examples/s", "dim", depth)}`, 5);
  }
  const left = state.remaining === undefined ? "-:--" : formatDuration(state.remaining);
  add(`${formatDuration(state.elapsed)}, ${left} ${paint("left", "dim", depth)}`, 0.5);

  const gap = 2;
  const minimumBar = 8;
  const widthOf = (kept: typeof parts) =>
    kept.reduce((sum, part) => sum + (part.rank === 3 ? minimumBar : displayWidth(part.text)) + gap, -gap);
  let kept = parts;
  while (kept.length > 1 && widthOf(kept) > options.width) {
    const worst = Math.max(...kept.map((part) => part.rank));
    kept = kept.filter((part) => part.rank !== worst);
  }
  const room = Math.min(40, minimumBar + options.width - widthOf(kept));
  const { step, stepsPerEpoch } = state;
  const done = stepsPerEpoch === null ? 0 : stepsPerEpoch > 0 ? step / stepsPerEpoch : 1;
  const line = kept.map((part) =>
    part.rank === 3 ? bar(done, room, { colour: depth, unicode }) : part.text,
  );
  const text = line.join(" ".repeat(gap));
  return displayWidth(text) > options.width ? truncate(`epoch ${state.epoch}`, options.width, unicode) : text;
}

/**
 * The step of an epoch, and of how many.
 *
 * @example
 * ```ts
 * import { stepText } from "convoyant/report";
 * stepText({ step: 3, stepsPerEpoch: 235 }); // "  3/235"
 * ```
 */
export function stepText({ step, stepsPerEpoch }: Pick<ProgressState, "step" | "stepsPerEpoch">): string {
  if (stepsPerEpoch === null) return String(step);
  return `${String(step).padStart(String(stepsPerEpoch).length)}/${stepsPerEpoch}`;
}

/**
 * A bar of `width` columns, filled to `share` (0 to 1; values outside are held at the ends).
 *
 * @example
 * ```ts
 * import { bar } from "convoyant/report";
 * bar(0.5, 10, { unicode: false });
 * ```
 */
export function bar(share: number, width: number, style: TextStyle): string {
  const depth = style.colour ?? 0;
  const held = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  const inner = Math.max(1, Math.floor(width));
  const full = Math.round(held * inner);
  if (style.unicode === false) return "#".repeat(full) + "-".repeat(inner - full);
  const rest = depth > 0 ? paint("━".repeat(inner - full), "grey", depth) : "┄".repeat(inner - full);
  return paint("━".repeat(full), "blue", depth) + rest;
}

/**
 * Estimates the time that is left from the pace since the first step, which is left out because it builds the
 * program and says nothing about the others.
 *
 * @example
 * ```ts
 * import { Estimate } from "convoyant/report";
 * const estimate = new Estimate(100);
 * estimate.update(10, 5);
 * estimate.update(20, 6);
 * estimate.remaining(); // 8
 * ```
 */
export class Estimate {
  readonly #total: number;
  #firstSteps: number | undefined;
  #firstTime = 0;
  #steps = 0;
  #time = 0;

  /** `total` steps in all, those before a resume included. */
  constructor(total: number) {
    this.#total = total;
  }

  /** `steps` are done at `seconds` on any steady clock. */
  update(steps: number, seconds: number): void {
    if (this.#firstSteps === undefined) {
      this.#firstSteps = steps;
      this.#firstTime = seconds;
    }
    this.#steps = steps;
    this.#time = seconds;
  }

  /** Seconds to go after the last update; undefined until two updates differ. */
  remaining(): number | undefined {
    if (this.#firstSteps === undefined) return undefined;
    const steps = this.#steps - this.#firstSteps;
    if (this.#steps >= this.#total) return 0;
    if (steps <= 0) return undefined;
    return ((this.#time - this.#firstTime) / steps) * (this.#total - this.#steps);
  }
}
