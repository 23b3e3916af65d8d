import type { ColourName } from "../terminal/colour.ts";

/** The colours of charts on a light and on a dark page; all texts reach a contrast of 4.5 to 1 on both. */
interface ChartPalette {
  page: string;
  text: string;
  muted: string;
  grid: string;
  axis: string;
  right: string;
  wrong: string;
  curves: Record<ColourName, string>;
}

const light: ChartPalette = {
  page: "#ffffff",
  text: "#1f2328",
  muted: "#57606a",
  grid: "#e6e9ed",
  axis: "#8c959f",
  right: "#1a63c4",
  wrong: "#c05a00",
  curves: {
    blue: "#1a63c4",
    magenta: "#b0259f",
    green: "#1d7d3c",
    red: "#c9362b",
    amber: "#9a5b00",
    cyan: "#0b7583",
    violet: "#6a51c9",
    grey: "#5f6871",
  },
};

const dark: ChartPalette = {
  page: "#14181d",
  text: "#e6eaef",
  muted: "#a2acb8",
  grid: "#2a3038",
  axis: "#68727e",
  right: "#5ea3f5",
  wrong: "#ee9a3e",
  curves: {
    blue: "#6cb0ff",
    magenta: "#f08be4",
    green: "#5fd184",
    red: "#ff8b80",
    amber: "#f0b54f",
    cyan: "#52cbd8",
    violet: "#b3a1ff",
    grey: "#a5afb9",
  },
};

/**
 * The style sheet of every SVG chart here: light, and dark if the screen asks for it (paper stays light).
 * Plain properties instead of variables, because viewers outside browsers know no variables.
 *
 * @example
 * ```ts
 * import { chartStyles } from "convoyant/report";
 * chartStyles().length > 0; // true
 * ```
 */
export function chartStyles(): string {
  return [
    ".cv-chart{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','PingFang SC',",
    "'Microsoft YaHei','Noto Sans CJK SC',sans-serif;font-size:13px;font-variant-numeric:tabular-nums}\n",
    ".cv-line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}\n",
    ".cv-band{stroke:none;fill-opacity:.16}.cv-hit{fill:transparent;stroke:none}.cv-title{font-weight:600}\n",
    ".cv-chart text{pointer-events:none}.cv-small{font-size:12px}.cv-strong{font-weight:600}\n",
    `${rules(light)}\n`,
    `@media screen and (prefers-color-scheme:dark){${rules(dark)}}`,
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
