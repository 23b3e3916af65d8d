/** Text made safe for XML and HTML, in element content and in attributes with either kind of quote. */
export function escapeXml(text: unknown): string {
  return stripForbidden(String(text))
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}

/** XML 1.0 has no way to write most control characters and lone surrogates, not even as a reference. */
function stripForbidden(text: string): string {
  let clean = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    const control = code < 0x20 && code !== 0x9 && code !== 0xa && code !== 0xd;
    const surrogate = code >= 0xd800 && code <= 0xdfff;
    clean += control || surrogate || code === 0xfffe || code === 0xffff ? "\ufffd" : character;
  }
  return clean;
}

/** A coordinate with at most two decimals: enough for any screen, and a third of the bytes. */
export function coordinate(value: number): string {
  const text = value.toFixed(2).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text;
}
