const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Bytes as base64 (RFC 4648), in Node and in browsers alike. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += alphabet[word >> 18] + alphabet[(word >> 12) & 63];
    text += left > 1 ? alphabet[(word >> 6) & 63] : "=";
    text += left > 2 ? alphabet[word & 63] : "=";
  }
  return text;
}
