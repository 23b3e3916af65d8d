import type { ColourDepth } from "./terminal.ts";

/** Colours by name. The first eight are also the colours of curves, in this order. */
export type ColourName = "blue" | "magenta" | "green" | "red" | "amber" | "cyan" | "violet" | "grey";

/** Looks that need no colour of their own. */
export type Emphasis = "bold" | "dim";

/**
 * Each colour for the theme's palette, for 256 colours, and for red-green-blue: mid tones, legible on black and on
 * white, because a program cannot know which of the two it has.
 */
const codes: Record<ColourName, readonly [ansi: number, palette: number, rgb: string]> = {
  blue: [94, 69, "79;143;247"],
  magenta: [35, 170, "205;90;205"],
  green: [32, 71, "67;168;92"],
  red: [31, 167, "222;91;82"],
  amber: [33, 172, "204;138;32"],
  cyan: [36, 37, "34;166;179"],
  violet: [95, 104, "138;128;214"],
  grey: [90, 245, "138;138;138"],
};

/** `text` in a colour or emphasis; untouched if there is no colour. */
export function paint(text: string, look: ColourName | Emphasis, depth: ColourDepth): string {
  if (depth === 0 || text === "") return text;
  if (look === "bold") return `\u001b[1m${text}\u001b[22m`;
  if (look === "dim") return `\u001b[2m${text}\u001b[22m`;
  const [ansi, palette, rgb] = codes[look];
  const code = depth === 4 ? String(ansi) : depth === 8 ? `38;5;${palette}` : `38;2;${rgb}`;
  return `\u001b[${code}m${text}\u001b[39m`;
}
