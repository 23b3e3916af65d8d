/**
 * JSON from elsewhere. `JSON.parse` makes some 50 bytes of memory out of each `[`, so a file of brackets takes dozens of
 * times its size: how deep it goes, and how many lists and objects there are, is counted before.
 */

export interface JsonLimits {
  /** Lists and objects inside each other; default 64. */
  readonly depth?: number;
  /** Lists and objects in all; default 500,000. */
  readonly containers?: number;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * `JSON.parse` within limits.
 *
 * @throws SyntaxError if the text is not JSON, or is beyond the limits.
 * @example
 * parseJson('{"epochs": 10}');
 */
export function parseJson(
  text: string,
  { depth = 64, containers = 500_000 }: JsonLimits = {},
  reviver?: (key: string, value: unknown) => unknown,
): unknown {
  let [open, count] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i);
    else if (code === LIST_END || code === OBJECT_END) open--;
    else if (code === LIST || code === OBJECT) {
      if (++open > depth) throw new SyntaxError(`it is nested more than ${depth} deep`);
      if (++count > containers) throw new SyntaxError(`it has more than ${containers} lists and objects`);
    }
  }
  return JSON.parse(text, reviver);
}

/** Position of the quote that ends a string, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i;
  }
  return text.length;
}
