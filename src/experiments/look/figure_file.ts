/** Figures as files: SVG, a page, or PNG. */
import { extname } from "node:path";
import { ArgumentError } from "../../base/errors.ts";
import { encodePng } from "../../io/images/encode_png.ts";
import { type FigureLanguage, figureHtml, figureImage, figureSvg } from "../../look/index.ts";
import type { Draw } from "./look_figures.ts";

/** How a figure looks in its file. */
export interface FigureFileOptions {
  readonly width: number;
  /** As the reader's system is set by default; of PNG light. */
  readonly theme?: "light" | "dark" | undefined;
  /** @default "en" */
  readonly lang?: FigureLanguage | undefined;
}

/**
 * What a figure becomes, by the ending of the file's name.
 *
 * @throws ArgumentError for an ending that there is no format for.
 */
export function figureWriter(file: string, options: FigureFileOptions): (draw: Draw) => Uint8Array {
  const { width, theme, lang = "en" } = options;
  const text = (content: string) => new TextEncoder().encode(content);
  const look = theme === undefined ? {} : { theme };
  switch (extname(file).toLowerCase()) {
    case ".svg":
      return (draw) => text(figureSvg(draw(width), look));
    case ".html":
      return (draw) => text(figureHtml(draw, { lang }));
    case ".png":
      if (lang !== "en")
        throw new ArgumentError(`--lang ${lang}: PNG files have no Chinese texts; write .svg or .html`);
      return (draw) => encodePng(figureImage(draw(width), look));
    default:
      throw new ArgumentError(
        `--output ${file}: expected a name that ends in .png, .svg or .html, got ${extname(file) || "none"}`,
      );
  }
}
