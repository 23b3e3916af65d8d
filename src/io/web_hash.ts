/** Hashes with what a page has. */

/** The SHA-256 of bytes; null if it cannot be computed: only pages of a secure context (https, localhost) can. */
export async function sha256OfBytes(bytes: Uint8Array): Promise<string | null> {
  const { subtle } = globalThis.crypto ?? {};
  if (subtle === undefined) return null;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
