/** What `draw` gives. */
import { loadedModule } from "../base/open_files.ts";
import { printAs } from "../base/printed_form.ts";
import { DISPLAY, type MediaBundle } from "../records/media_bundle.ts";

/** What is said of a drawing. */
export interface DrawingFacts {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
}

/**
 * A drawing: `toSvg()` and `toString()` are it as SVG text, `save(path)` writes it to a file. In a notebook it is shown as the
 * last value of a cell: in a Jupyter kernel that knows `Symbol.for("Jupyter.display")`, such as Deno's.
 */
export class Drawing {
  readonly #svg: string;
  /** In pixels, at natural size. */
  readonly width: number;
  readonly height: number;
  /** What is drawn, in a few words. */
  readonly title: string;
  /** The network in words, for those who do not see it. */
  readonly description: string;

  /** @internal */
  constructor(svg: string, { width, height, title, description }: DrawingFacts) {
    this.#svg = svg;
    this.width = width;
    this.height = height;
    this.title = title;
    this.description = description;
  }

  /** The drawing as an SVG document, which can also stand in an HTML page as it is. */
  toSvg(): string {
    return this.#svg;
  }

  toString(): string {
    return this.#svg;
  }

  /**
   * Writes the drawing to a file. Node.js only.
   *
   * @throws FileError if the file cannot be written.
   */
  async save(path: string): Promise<void> {
    const { writeFileAtomic } = await loadedModule(import("#write_file"));
    await writeFileAtomic(path, this.#svg);
  }

  /** What a notebook shows. */
  [DISPLAY](): MediaBundle {
    return { "image/svg+xml": this.#svg, "text/plain": this.description };
  }
}

printAs(Drawing, ({ title, width, height }) => `Drawing(${title}, ${width}×${height})`);
