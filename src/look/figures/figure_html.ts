/** Figures as a page of their own. */
import { htmlPage } from "../../report/html/page.ts";
import { escapeXml as e } from "../../report/svg/xml.ts";
import type { DrawnFigure } from "./figure.ts";
import { figureSvg, HOVER } from "./figure_svg.ts";

/** The width of a page's column, and of a telephone's screen. */
export const PAGE_WIDTHS = { wide: 880, narrow: 360 } as const;

/**
 * A page with a figure in two widths, of which a browser shows the one that fits: one file, without scripts, that opens
 * without a network, light or dark as the reader's screen is.
 *
 * @param draw - the figure in a width.
 * @example
 * ```ts
 * import { figureHtml, filters, filtersFigure } from "convoyant/look";
 * const found = await filters(models.lenet());
 * const page = figureHtml((width) => filtersFigure(found, { width }));
 * page.startsWith("<!doctype html>"); // true
 * ```
 */
export function figureHtml(
  draw: (width: number) => DrawnFigure,
  { lang = "en" }: { lang?: "en" | "zh" } = {},
): string {
  const [wide, narrow] = [draw(PAGE_WIDTHS.wide), draw(PAGE_WIDTHS.narrow)];
  const page = htmlPage({
    title: wide.label,
    header: "",
    sections: [
      `<style>${HOVER}\n.wide svg.cv-chart,.narrow svg.cv-chart{width:auto}main{padding-top:1rem}</style>` +
        `<figure aria-label="${e(wide.label)}"><div class="wide">${figureSvg(wide, { inline: true })}</div>` +
        `<div class="narrow">${figureSvg(narrow, { inline: true })}</div></figure>`,
    ],
    footer: "",
  });
  return lang === "en" ? page : page.replace('<html lang="en">', `<html lang="${lang}">`);
}
