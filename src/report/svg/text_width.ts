/**
 * How wide a text is at most, whatever sans-serif font the reader has: the advances are those of DejaVu Sans, which is wider
 * than what systems use (Arial, Helvetica, Roboto, Segoe UI, Noto Sans).
 */
import { displayWidth, graphemesOf } from "../terminal/text_width.ts";

/** Hundredths of the font's size, from the space to the tilde. */
const REGULAR = [
  32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34,
  34, 84, 84, 84, 54, 100, 69, 69, 70, 77, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64, 62, 74,
  69, 99, 69, 62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64,
  64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84,
];

/** How much wider bold letters are at most. */
const BOLD = 1.13;

/** Characters outside of ASCII that labels are written with. */
const SIGNS: Readonly<Record<string, number>> = {
  "×": 84,
  "·": 34,
  "…": 100,
  "→": 84,
  "−": 84,
  "÷": 84,
  "–": 50,
};

/** The widest letter of each range of code points, to the last one. */
const SCRIPTS: readonly (readonly [last: number, width: number])[] = [
  [0xff, 100],
  [0x24f, 107],
  [0x36f, 90],
  [0x3ff, 94],
  [0x52f, 118],
  [0x5ff, 90],
  [0x8ff, 123],
  [0xffff, 130],
];

/** The width of a text of one line in pixels. */
export function textWidth(text: string, size: number, bold = false): number {
  let sum = 0;
  for (const grapheme of graphemesOf(text)) sum += graphemeWidth(grapheme);
  return Math.ceil((sum * size * (bold ? BOLD : 1)) / 100);
}

/** The text, cut to a width; the last character is an ellipsis if something was cut. */
export function fittedText(text: string, size: number, width: number, bold = false): string {
  if (textWidth(text, size, bold) <= width) return text;
  let kept = "";
  for (const grapheme of graphemesOf(text)) {
    if (textWidth(`${kept}${grapheme}…`, size, bold) > width) break;
    kept += grapheme;
  }
  return `${kept.trimEnd()}…`;
}

function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) as number;
  if (code >= 0x20 && code < 0x7f) return REGULAR[code - 0x20];
  if (SIGNS[grapheme] !== undefined) return SIGNS[grapheme];
  // Emoji are drawn wider than the square that a Chinese character takes.
  if (displayWidth(grapheme) === 2)
    return /\p{Script=Han}|[\u3000-\u30ff\uac00-\ud7a3\uff00-\uff60]/u.test(grapheme) ? 100 : 140;
  return (SCRIPTS.find(([last]) => code <= last) ?? [0, 140])[1];
}
