/**
 * How many terminal columns a text takes. Chinese, Japanese and Korean characters and emoji take two,
 * combining marks none (Unicode Standard Annex 11, East Asian Width; ambiguous characters count as narrow).
 */

/** Ranges of wide and full-width code points outside the emoji, first and last of each. */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x23f0, 0x23f0],
  [0x23f3, 0x23f3],
  [0x2e80, 0x2e99],
  [0x2e9b, 0x2ef3],
  [0x2f00, 0x2fd5],
  [0x2ff0, 0x303e],
  [0x3041, 0x3096],
  [0x3099, 0x30ff],
  [0x3105, 0x312f],
  [0x3131, 0x318e],
  [0x3190, 0x31e5],
  [0x31ef, 0x321e],
  [0x3220, 0x3247],
  [0x3250, 0x4dbf],
  [0x4e00, 0xa48c],
  [0xa490, 0xa4c6],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe52],
  [0xfe54, 0xfe66],
  [0xfe68, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18aff],
  [0x1aff0, 0x1b2fb],
  [0x1f200, 0x1f265],
  [0x20000, 0x2fffd],
  [0x30000, 0x3fffd],
];

const sgrPattern = /\u001b\[[0-9;]*m/g;

/** The text without colour codes. */
export function stripAnsi(text: string): string {
  return text.replace(sgrPattern, "");
}

/** Columns that `text` takes in a terminal, colour codes not counted. */
export function displayWidth(text: string): number {
  const plain = stripAnsi(text);
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  let width = 0;
  for (const grapheme of graphemesOf(plain)) width += graphemeWidth(grapheme);
  return width;
}

/** `text` cut to `width` columns, the last of them an ellipsis if something was cut. Plain text only. */
export function truncate(text: string, width: number, unicode = true): string {
  if (displayWidth(text) <= width) return text;
  const mark = unicode ? "…" : "~";
  if (width <= 0) return "";
  let kept = "";
  let used = 0;
  for (const grapheme of graphemesOf(text)) {
    const next = graphemeWidth(grapheme);
    if (used + next > width - 1) break;
    kept += grapheme;
    used += next;
  }
  return kept + mark;
}

/** `text` in lines of at most `width` columns, broken between words; a longer word is cut. Plain text only. */
export function wrapped(text: string, width: number = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || displayWidth(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].map((each) => truncate(each, width));
}

/** `text` filled with spaces to `width` columns; longer text stays as it is. */
export function pad(text: string, width: number, align: "left" | "right" | "centre" = "left"): string {
  const missing = width - displayWidth(text);
  if (missing <= 0) return text;
  if (align === "right") return " ".repeat(missing) + text;
  if (align === "left") return text + " ".repeat(missing);
  const before = Math.floor(missing / 2);
  return " ".repeat(before) + text + " ".repeat(missing - before);
}

let segmenter: Intl.Segmenter | undefined;

/** The text's characters as people count them. */
export function* graphemesOf(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) as number;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  if (/^[\p{M}\p{Cf}]/u.test(grapheme)) return 0;
  if (grapheme.includes("\ufe0f") || /^\p{Emoji_Presentation}/u.test(grapheme)) return 2;
  return isWide(code) ? 2 : 1;
}

function isWide(code: number): boolean {
  if (code < wideRanges[0][0]) return false;
  let low = 0;
  let high = wideRanges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (code < wideRanges[middle][0]) high = middle - 1;
    else if (code > wideRanges[middle][1]) low = middle + 1;
    else return true;
  }
  return false;
}
