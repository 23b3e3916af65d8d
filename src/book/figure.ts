/** What the book's drawing helpers give: a figure for the terminal, a notebook or a file. */

import { loadedModule } from "../base/open_files.ts";
import { DISPLAY, type MediaBundle } from "../records/media_bundle.ts";
import { nodeTerminal } from "../report/terminal/node_terminal.ts";
import type { Terminal, TextStyle } from "../report/terminal/terminal.ts";

/** How a figure is made, for a page and for a terminal. */
export interface FigureForms {
  svg(): string;
  lines(width: number, style: TextStyle): string[];
}

/**
 * A figure that is finished: `toSvg()` is it as text, `save(path)` writes it to a file, `toString()` draws it with
 * characters. In a Jupyter kernel that knows `Symbol.for("Jupyter.display")` it is shown as the last value of a cell.
 */
export class Figure {
  readonly #drawing: FigureForms;

  /** @internal Draws at once if there is a terminal. */
  constructor(drawing: FigureForms, terminal: Terminal | null = ownTerminal()) {
    this.#drawing = drawing;
    if (terminal === null || !terminal.isTTY) return;
    const width = Math.min(terminal.columns - 1, 160);
    for (const line of drawing.lines(width, { colour: terminal.colour, unicode: terminal.unicode }))
      terminal.write(`${line}\n`);
  }

  /** The figure as an SVG document. */
  toSvg(): string {
    return this.#drawing.svg();
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
    return this.#drawing.lines(width, { colour: 0, unicode: true }).join("\n");
  }

  /** What a notebook shows. */
  [DISPLAY](): MediaBundle {
    return { "image/svg+xml": this.toSvg(), "text/plain": this.toString() };
  }
}

/** This process's terminal, if it has one. */
export function ownTerminal(): Terminal | null {
  return typeof process === "undefined" || process.stdout === undefined ? null : nodeTerminal();
}

/** Writes a figure to a file. */
export async function saveText(path: string, text: string): Promise<void> {
  const { writeFileAtomic } = await loadedModule(import("#write_file"));
  await writeFileAtomic(path, text);
}
