import { formatCount, formatDuration } from "../number_text.ts";
import { LiveRegion } from "./live_region.ts";
import { Estimate } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Milliseconds between two lines of progress: on a terminal, where one line is redrawn, and elsewhere. */
const [REDRAW, NEXT_LINE] = [200, 10000];

/**
 * How far something is with many images or other things, with the time that is left: one line, redrawn on a terminal,
 * and elsewhere a line now and then.
 *
 * @example
 * ```ts
 * import { CollectingReporter, CountProgress } from "convoyant/report";
 * const progress = new CountProgress(new CollectingReporter().terminal);
 * progress.show("checked", 10, 1000);
 * progress.end();
 * ```
 */
export class CountProgress {
  readonly #terminal: Terminal;
  readonly #region: LiveRegion;
  /** What is under way. */
  #what: string | null = null;
  #estimate = new Estimate(0);
  #last = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#region = new LiveRegion(terminal);
  }

  /** @param what - what is done to them: "read", "checked". Another one begins a line of its own. */
  show(what: string, done: number, of: number, things = "images"): void {
    const now = performance.now();
    if (this.#what !== what) {
      this.end();
      this.#what = what;
      this.#estimate = new Estimate(of);
      this.#last = now;
    }
    this.#estimate.update(done, now / 1000);
    if (done >= of) this.end();
    if (done >= of || now - this.#last < (this.#terminal.isTTY ? REDRAW : NEXT_LINE)) return;
    this.#last = now;
    const remaining = this.#estimate.remaining();
    const left = remaining === undefined ? "" : `, ${formatDuration(remaining)} left`;
    const text = `${what} ${formatCount(done)} of ${formatCount(of)} ${things}${left}`;
    if (this.#terminal.isTTY) this.#region.draw([text]);
    else this.#terminal.write(`${text}\n`);
  }

  /** Writes a line that stays. */
  note(text: string): void {
    this.#region.writeAbove(text);
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    this.#region.clear();
  }

  /** Takes the line away; what is shown next begins again. */
  end(): void {
    this.#region.clear();
    this.#what = null;
  }
}
