/** Figures as SVG. */
import { imageUri } from "../../report/image_uri.ts";
import { photoUri } from "../../report/photo_uri.ts";
import { type ChartTheme, chartStyles } from "../../report/svg/chart_style.ts";
import { coordinate as c, escapeXml as e } from "../../report/svg/xml.ts";
import type { DrawnFigure, Mark, MarkFill } from "./figure.ts";

/** How a figure becomes SVG. */
export interface FigureSvgOptions {
  /** `"auto"` (default): as the reader's screen has it. */
  readonly theme?: ChartTheme;
  /** For use inside a page that brings `chartStyles()` itself: no XML declaration, style sheet or background. */
  readonly inline?: boolean;
}

/**
 * A figure as an SVG document: texts are texts, and images stay as sharp as they are.
 *
 * @example
 * ```ts
 * import { figureSvg, filters, filtersFigure } from "convoyant/look";
 * const svg = figureSvg(filtersFigure(await filters(models.lenet())), { theme: "dark" });
 * svg.includes("<svg"); // true
 * ```
 */
export function figureSvg(
  figure: DrawnFigure,
  { theme = "auto", inline = false }: FigureSvgOptions = {},
): string {
  const { width, height, label, marks } = figure;
  const body = marks.map(markSvg).join("\n");
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" class="cv-chart" role="img" aria-label="${e(label)}" ` +
    `width="${c(width)}" height="${c(height)}" viewBox="0 0 ${c(width)} ${c(height)}">`;
  if (inline) return `${open}\n${body}\n</svg>`;
  const ground = `<rect class="cv-page" width="${c(width)}" height="${c(height)}"/>`;
  const styles = `<style>${chartStyles(theme)}\n${HOVER}</style>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open}\n<title>${e(label)}</title>\n${styles}\n${ground}\n${body}\n</svg>\n`;
}

/** Shows a point's image while the pointer is on it. */
export const HOVER =
  ".cv-thumb{display:none}.cv-point:hover .cv-thumb{display:block}.cv-point:hover circle{stroke:currentColor;stroke-width:2}";

const LOOKS = { title: "cv-text cv-title", text: "cv-text", muted: "cv-muted cv-small" } as const;

function markSvg(mark: Mark): string {
  const title = "title" in mark && mark.title !== undefined ? `<title>${e(mark.title)}</title>` : "";
  switch (mark.kind) {
    case "image":
      return imageSvg(mark, title);
    case "rect":
      return (
        `<rect ${filled(mark.fill)} x="${c(mark.x)}" y="${c(mark.y)}" width="${c(mark.width)}" ` +
        `height="${c(mark.height)}"${title === "" ? "/>" : `>${title}</rect>`}`
      );
    case "circle": {
      const circle = `<circle ${filled(mark.fill)} cx="${c(mark.x)}" cy="${c(mark.y)}" r="${c(mark.r)}"`;
      const whole = title === "" ? `${circle}/>` : `${circle}>${title}</circle>`;
      return mark.thumbnail === undefined ? whole : `<g class="cv-point">${whole}${mark.thumbnail}</g>`;
    }
    case "line":
      return `<path class="cv-${mark.look}" d="M${c(mark.x1)} ${c(mark.y1)}L${c(mark.x2)} ${c(mark.y2)}"/>`;
    case "text": {
      const anchor = (mark.anchor ?? "start") === "start" ? "" : ` text-anchor="${mark.anchor}"`;
      return `<text class="${LOOKS[mark.look]}" x="${c(mark.x)}" y="${c(mark.y)}"${anchor}>${e(mark.words)}</text>`;
    }
  }
}

/** Pixels of a photograph for each pixel of its place: screens have up to two. */
const SHARP = 2;

const THEME_COLOURS = /^#/;

function filled(fill: MarkFill): string {
  if (THEME_COLOURS.test(fill)) return `fill="${e(fill)}"`;
  return fill === "muted" ? 'class="cv-muted"' : `class="cv-f-${fill}"`;
}

function imageSvg({ image, x, y, width, height, photo }: Mark & { kind: "image" }, title: string): string {
  const longest = Math.ceil(SHARP * Math.max(width, height));
  return (
    `<image x="${c(x)}" y="${c(y)}" width="${c(width)}" height="${c(height)}" preserveAspectRatio="none" ` +
    `style="image-rendering:${width >= image.width ? "pixelated" : "auto"}" href="${photo ? photoUri(image, longest) : imageUri(image)}"` +
    `${title === "" ? "/>" : `>${title}</image>`}`
  );
}
