import { type ChartPalette, chartPalettes } from "./chart_palette.ts";

/** Of a chart: as the reader's screen has it, or one of the two. */
export type ChartTheme = "auto" | "light" | "dark";

/**
 * The style sheet of every SVG chart here: light, and dark if the screen asks for it (paper stays light), or always one
 * of the two.
 * Plain properties instead of variables, because viewers outside browsers know no variables.
 *
 * @example
 * ```ts
 * import { chartStyles } from "convoyant/report";
 * chartStyles().length > 0; // true
 * ```
 */
export function chartStyles(theme: ChartTheme = "auto"): string {
  const { light, dark } = chartPalettes;
  return [
    ".cv-chart{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','PingFang SC',",
    "'Microsoft YaHei','Noto Sans CJK SC',sans-serif;font-size:13px;font-variant-numeric:tabular-nums}\n",
    ".cv-line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}\n",
    ".cv-band{stroke:none;fill-opacity:.16}.cv-hit{fill:transparent;stroke:none}.cv-title{font-weight:600}\n",
    ".cv-chart text{pointer-events:none}.cv-small{font-size:12px}.cv-strong{font-weight:600}\n",
    `${rules(theme === "dark" ? dark : light)}\n`,
    theme === "auto" ? `@media screen and (prefers-color-scheme:dark){${rules(dark)}}` : "",
  ].join("");
}

function rules(palette: ChartPalette): string {
  const parts = [
    `.cv-page{fill:${palette.page}}`,
    `.cv-text{fill:${palette.text}}`,
    `.cv-muted{fill:${palette.muted}}`,
    `.cv-grid{stroke:${palette.grid};stroke-width:1;fill:none}`,
    `.cv-axis{stroke:${palette.axis};stroke-width:1;fill:none}`,
    `.cv-right{fill:${palette.right}}`,
    `.cv-wrong{fill:${palette.wrong}}`,
    `.cv-on{fill:${palette.page}}`,
  ];
  for (const [name, colour] of Object.entries(palette.curves)) {
    parts.push(`.cv-${name}{stroke:${colour}}.cv-f-${name}{fill:${colour}}`);
  }
  return parts.join("");
}
