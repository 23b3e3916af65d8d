/** Letters of pixels, for images: Latin, Greek and Cyrillic. */
import { unzlibSync } from "fflate";
import { BITMAPS, RANGES } from "./pixel_font_data.ts";

/** Pixels across, all letters alike. */
export const GLYPH_WIDTH = 10;

/** Pixels from the top to the bottom, and those of them above the line. */
export const GLYPH_HEIGHT = 20;
export const ASCENT = 16;

const BYTES = (GLYPH_WIDTH * GLYPH_HEIGHT) / 8;

let unpacked: Uint8Array | undefined;

/** Letters that are written as marks above and below others come as one character if there is one. */
export function lettersOf(words: string): string[] {
  return [...words.normalize("NFC")];
}

/** The first character that there is no letter for. */
export function missingLetter(words: string): string | undefined {
  return lettersOf(words).find((character) => placeOf(character) === undefined);
}

/** Of a character, rows from the top; the highest of ten bits is the left pixel. Empty if there is no letter for it. */
export function glyphOf(character: string): readonly number[] {
  const place = placeOf(character);
  if (place === undefined) return [];
  unpacked ??= unzlibSync(Uint8Array.from(atob(BITMAPS), (byte) => byte.charCodeAt(0)));
  const bit = (at: number) => ((unpacked as Uint8Array)[BYTES * place + (at >> 3)] >> (7 - (at & 7))) & 1;
  return Array.from({ length: GLYPH_HEIGHT }, (_, row) => {
    let bits = 0;
    for (let x = 0; x < GLYPH_WIDTH; x++) bits = 2 * bits + bit(row * GLYPH_WIDTH + x);
    return bits;
  });
}

/** Which one it is among the letters. */
function placeOf(character: string): number | undefined {
  const code = character.codePointAt(0) ?? 0;
  let before = 0;
  for (const [first, last] of RANGES) {
    if (code >= first && code <= last) return before + code - first;
    before += last - first + 1;
  }
  return undefined;
}
