/** How much room the texts of figures take, in whatever form they are written. */
import { fittedText, textWidth } from "../../report/svg/text_width.ts";
import type { TextLook } from "./figure.ts";
import { SCALE } from "./figure_image.ts";
import { GLYPH_WIDTH, lettersOf } from "./pixel_font.ts";

/** Sizes of the fonts of `chartStyles`. */
const SIZES: Readonly<Record<TextLook, readonly [size: number, bold: boolean]>> = {
  title: [13, true],
  text: [13, false],
  muted: [12, false],
};

/** Pixels that a text takes at most, in the reader's font or in letters of pixels. */
export function wordsWidth(words: string, look: TextLook): number {
  return Math.max(textWidth(words, ...SIZES[look]), (lettersOf(words).length * GLYPH_WIDTH) / SCALE);
}

/** A text cut to a width in pixels. */
export function fitted(words: string, look: TextLook, width: number): string {
  if (wordsWidth(words, look) <= width) return words;
  let cut = fittedText(words, SIZES[look][0], width, SIZES[look][1]);
  while (cut.length > 1 && wordsWidth(cut, look) > width) cut = `${cut.slice(0, -2).trimEnd()}…`;
  return cut;
}

/** Lines of at most a width: Chinese texts break between any two characters, others between words. */
export function linesOf(words: string, look: TextLook, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const part of words.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/g) ?? []) {
    // A line does not begin with a mark that ends a clause.
    const stays = /^[，。；：、]$/.test(part);
    if (line !== "" && !stays && wordsWidth(line + part.trimEnd(), look) > width) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += part;
  }
  // Room for a mark that stayed.
  return [...lines, line.trimEnd()].map((each) => fitted(each, look, width + SIZES[look][0]));
}
