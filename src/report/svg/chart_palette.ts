import type { ColourName } from "../terminal/colour.ts";

/** The colours of charts on a light and on a dark page; all texts reach a contrast of 4.5 to 1 on both. */
export interface ChartPalette {
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

/** Light and dark. */
export const chartPalettes = { light, dark } as const;
