/** Base64 that is refused if it is damaged: `Buffer.from` skips what it does not know. */

/** What is not a letter of RFC 4648, neither of the plain alphabet nor of the one for URLs. */
const NOT_A_LETTER = /[^A-Za-z0-9+/_-]/;
const PADDING = /={1,2}$/;
const WHITE_SPACE = /[\r\n\t ]+/g;

/** The bytes; null if the text is not base64. An address `data:image/png;base64,...` is taken too. */
export function bytesOfBase64(text: string): Uint8Array | null {
  const head = /^data:[^,]{0,200};base64,/i.exec(text)?.[0].length ?? 0;
  const letters = text.slice(head).replace(WHITE_SPACE, "").replace(PADDING, "");
  if (letters.length % 4 === 1 || NOT_A_LETTER.test(letters)) return null;
  return Buffer.from(letters, "base64");
}
