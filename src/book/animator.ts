/** Curves that grow while one watches: in a terminal, in a notebook, in a file. */

import { ArgumentError } from "../base/errors.ts";
import { callable } from "../base/params/callable.ts";
import { DISPLAY, type MediaBundle } from "../records/media_bundle.ts";
import type { Curve, CurvePoint, Dash } from "../report/curves.ts";
import { renderCurvesSvg } from "../report/svg/curves_svg.ts";
import { LiveRegion } from "../report/terminal/live_region.ts";
import type { Terminal } from "../report/terminal/terminal.ts";
import { renderPlot } from "../report/terminal/terminal_plot.ts";
import { ownTerminal, saveText } from "./figure.ts";

export interface AnimatorOptions {
  /** Name of the horizontal axis; none by default. */
  xlabel?: string;
  /** Name of the vertical axis; none by default. */
  ylabel?: string;
  /** Names of the curves; no legend by default. */
  legend?: readonly string[];
  /** Ends of the horizontal axis; by default those of the values. */
  xlim?: readonly [number, number];
  /** Ends of the vertical axis; by default those of the values. */
  ylim?: readonly [number, number];
  /** Where to draw; by default this process's terminal, and nothing if there is none. */
  terminal?: Terminal | null;
}

/** Matplotlib's line styles of the book's curves. */
const DASHES: readonly Dash[] = ["solid", "dashed", "dashdot", "dotted"];

/** See {@link Animator}. */
export class AnimatorObject {
  readonly #options: AnimatorOptions;
  readonly #points: CurvePoint[][] = [];
  readonly #terminal: Terminal | null;
  readonly #region: LiveRegion | null;

  constructor(options: AnimatorOptions = {}) {
    this.#options = options;
    this.#terminal = options.terminal === undefined ? ownTerminal() : options.terminal;
    this.#region = this.#terminal?.isTTY ? new LiveRegion(this.#terminal) : null;
  }

  /**
   * Adds points and draws.
   *
   * @param x - one place for all curves, or one for each.
   * @param y - a value, or one for each curve; null leaves a curve out.
   * @throws ArgumentError if there are places for another number of curves than there are values.
   */
  add(x: number | readonly (number | null)[], y: number | null | readonly (number | null)[]): void {
    const values = Array.isArray(y) ? (y as (number | null)[]) : [y as number | null];
    const places = Array.isArray(x) ? (x as (number | null)[]) : values.map(() => x as number);
    if (places.length !== values.length) {
      throw new ArgumentError(
        `Animator.add: expected as many places as values, got ${places.length} and ${values.length}`,
      );
    }
    values.forEach((value, i) => {
      this.#points[i] ??= [];
      const place = places[i];
      if (value !== null && place !== null) this.#points[i].push({ x: place, y: value });
    });
    this.#draw();
  }

  /** The curves so far. */
  get curves(): Curve[] {
    const { legend = [] } = this.#options;
    return this.#points.map((points, i) => ({
      name: legend[i] ?? `curve ${i + 1}`,
      points: [...points],
      dash: DASHES[i % DASHES.length],
    }));
  }

  /** Leaves the last figure in the terminal; what is printed next stands below it. */
  stop(): void {
    this.#region?.release();
  }

  /** The figure as an SVG document. */
  toSvg(): string {
    const { xlabel, ylabel, xlim, ylim } = this.#options;
    return renderCurvesSvg(this.curves, { xLabel: xlabel ?? "", yLabel: ylabel, xRange: xlim, yRange: ylim });
  }

  /**
   * Writes the figure to a file. Node.js only.
   *
   * @throws FileError if the file cannot be written.
   */
  async save(path: string): Promise<void> {
    await saveText(path, this.toSvg());
  }

  /** The figure as characters, 72 columns wide unless `width` says otherwise. */
  toString(width = 72): string {
    return this.#plot(width, Math.max(10, Math.round(width / 4)), 0, true).join("\n");
  }

  /** What a notebook shows. */
  [DISPLAY](): MediaBundle {
    return { "image/svg+xml": this.toSvg(), "text/plain": this.toString() };
  }

  #draw(): void {
    const terminal = this.#terminal;
    if (terminal === null || this.#region === null || terminal.rows < 12 || terminal.columns < 40) return;
    const width = Math.min(terminal.columns - 1, 100);
    const height = Math.min(terminal.rows - 2, Math.max(10, Math.round(width / 4)));
    this.#region.draw(this.#plot(width, height, terminal.colour, terminal.unicode));
  }

  #plot(width: number, height: number, colour: Terminal["colour"], unicode: boolean): string[] {
    const { xlabel, xlim, ylim } = this.#options;
    return renderPlot(this.curves, {
      width,
      height,
      colour,
      unicode,
      xRange: xlim,
      yRange: ylim,
      xLabel: xlabel,
    });
  }
}

/**
 * Draws data while it comes, as the book's figures of training do.
 *
 * In a terminal the plot is redrawn in place. In a Jupyter kernel that knows `Symbol.for("Jupyter.display")` (Deno's
 * does) an animator as the last value of a cell is shown as a figure. `toSvg()` is the figure as text, `save(path)`
 * writes it to a file.
 *
 * Source: "Dive into Deep Learning", section 3.6.5, `Animator`.
 *
 * @example
 * ```ts
 * const animator = book.Animator({ xlabel: "epoch", xlim: [1, 3], legend: ["train loss", "train acc"] });
 * animator.add(1, [0.9, 0.6]);
 * animator.add(2, [0.7, null]);
 * console.log(animator.toSvg().length);
 * ```
 */
export const Animator = callable("Animator", AnimatorObject);
export type Animator = AnimatorObject;
