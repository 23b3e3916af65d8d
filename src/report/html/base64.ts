const ALPHABET = Uint8Array.from(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  (character) => character.charCodeAt(0),
);
const PADDING = "=".charCodeAt(0);

/** Bytes as base64 (RFC 4648), in Node and in browsers alike: made as bytes, since weights of a network are many. */
export function base64(bytes: Uint8Array): string {
  const text = new Uint8Array(4 * Math.ceil(bytes.length / 3));
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    // What is beyond the end counts as 0.
    const word = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
    text[at++] = ALPHABET[word >> 18];
    text[at++] = ALPHABET[(word >> 12) & 63];
    text[at++] = ALPHABET[(word >> 6) & 63];
    text[at++] = ALPHABET[word & 63];
  }
  text.fill(PADDING, at - ((3 - (bytes.length % 3)) % 3));
  return new TextDecoder().decode(text);
}
