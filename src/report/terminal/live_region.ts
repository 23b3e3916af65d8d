import { printableLines } from "./printable.ts";
import type { Terminal } from "./terminal.ts";
import { displayWidth } from "./text_width.ts";

/**
 * Lines at the bottom of a terminal that are redrawn in place.
 *
 * Each frame is one write, and the cursor is hidden only within it: a process that is stopped at any moment, even by
 * SIGKILL, leaves a visible cursor on a line of its own.
 *
 * @example
 * ```ts
 * import { LiveRegion } from "convoyant/report";
 * const lines: string[] = [];
 * const terminal = { isTTY: true, columns: 80, rows: 24, colour: 0, unicode: true, write: (text: string) => void lines.push(text) } as const;
 * const region = new LiveRegion(terminal);
 * region.draw(["epoch 1"]);
 * region.draw(["epoch 2"]);
 * lines.length; // 2
 * ```
 */
export class LiveRegion {
  readonly #terminal: Terminal;
  #drawn: string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Replaces what was drawn by `lines`. Does nothing if lines cannot be redrawn. */
  draw(lines: readonly string[]): void {
    if (!this.#terminal.isTTY) return;
    this.#terminal.write(`${hide}${this.#erase()}${this.#print(lines)}${show}`);
  }

  /** Writes lines that stay, above the region. */
  writeAbove(text: string): void {
    const line = printableLines(text.endsWith("\n") ? text : `${text}\n`);
    if (!this.#terminal.isTTY) {
      this.#terminal.write(line);
      return;
    }
    const region = this.#drawn;
    this.#terminal.write(`${hide}${this.#erase()}${line}${this.#print(region)}${show}`);
  }

  /** Takes the region away. */
  clear(): void {
    if (!this.#terminal.isTTY || this.#drawn.length === 0) return;
    this.#terminal.write(this.#erase());
  }

  /** Leaves what is drawn where it is; what comes next starts below it. */
  release(): void {
    this.#drawn = [];
  }

  #print(lines: readonly string[]): string {
    // A region as high as the screen would scroll, and could then not be reached any more.
    const kept = lines.slice(Math.max(0, lines.length - Math.max(1, this.#terminal.rows - 1)));
    this.#drawn = [...kept];
    return kept.map((line) => `${line}${clearToEnd}\n`).join("");
  }

  /** Moves to the first line of the region and clears from there on. */
  #erase(): string {
    // After the window became narrower the terminal has wrapped the lines.
    const columns = Math.max(1, this.#terminal.columns);
    const height = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)),
      0,
    );
    this.#drawn = [];
    return height === 0 ? "" : `\u001b[${Math.min(height, Math.max(1, this.#terminal.rows - 1))}A\r\u001b[J`;
  }
}

// Synchronised output (mode 2026) keeps terminals that know it from showing half a frame.
const hide = "\u001b[?2026h\u001b[?25l";
const show = "\u001b[?25h\u001b[?2026l";
const clearToEnd = "\u001b[K";
