/**
 * Text from outside (paths, file contents, class names, error messages) for a terminal. What a terminal would obey,
 * or what would make the text look like another, is shown as an escape instead of being sent.
 */

/**
 * Control characters (C0, DEL, C1), what changes the direction of writing, invisible characters, line separators,
 * tags, and halves of surrogate pairs (under the flag u, U+D800 to U+DFFF matches nothing else). The joiners U+200C and U+200D stay: Persian and emoji need them.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\ud800-\udfff]/gu;

/** `\x1b`, `\u202e`, `\U000e0041`: as `$'...'` of bash and zsh reads them. */
function escaped(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  const digits = code.toString(16);
  return code > 0xffff ? `\\U${digits.padStart(8, "0")}` : `\\u${digits.padStart(4, "0")}`;
}

/**
 * A text as one line: a name, a cell of a table. Line breaks and tabs are shown too.
 *
 * @example
 * ```ts
 * import { printable } from "convoyant/report";
 * printable("two\nlines").includes("\n"); // false
 * ```
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/**
 * A text of several lines: a message, a document.
 *
 * @example
 * ```ts
 * import { printableLines } from "convoyant/report";
 * printableLines("two\nlines").split("\n").length; // 2
 * ```
 */
export function printableLines(text: string): string {
  return text.replace(UNSAFE, (character) => (character === "\n" ? character : escaped(character)));
}

/** Colours, bold and dim: the only escape sequences that rendered text is made of. */
const LOOK = /(\u001b\[[0-9;]*m)/;

/**
 * Rendered text: its colours stay. The renderers have made the texts that they were given printable.
 *
 * @example
 * ```ts
 * import { printableRendered } from "convoyant/report";
 * printableRendered("\u001b[31mred\u001b[0m").includes("red"); // true
 * ```
 */
export function printableRendered(text: string): string {
  return text
    .split(LOOK)
    .map((part, i) => (i % 2 === 1 ? part : printableLines(part)))
    .join("");
}

/**
 * A value as one line of JSON, in which what a terminal would obey is escaped as JSON has it.
 *
 * @example
 * ```ts
 * import { printableJson } from "convoyant/report";
 * printableJson({ epoch: 1 }); // "{\"epoch\":1}"
 * ```
 */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, i) => {
      return `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}
