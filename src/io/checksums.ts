/** The checksums inside PNG files and zip archives. */

const CRC_TABLE = new Uint32Array(256).map((_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** Tables for four bytes at a time: what a byte does to the sum after 0, 1, 2 and 3 further ones. */
const CRC_TABLES = [CRC_TABLE];
for (let i = 1; i < 4; i++) {
  const before = CRC_TABLES[i - 1];
  CRC_TABLES.push(before.map((c) => (c >>> 8) ^ CRC_TABLE[c & 0xff]));
}
const [T0, T1, T2, T3] = CRC_TABLES;

/**
 * CRC-32 (ISO 3309).
 *
 * @param before - the sum of the bytes that came before.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  let c = ~before;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    c ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    c = T3[c & 0xff] ^ T2[(c >>> 8) & 0xff] ^ T1[(c >>> 16) & 0xff] ^ T0[c >>> 24];
  }
  for (; i < bytes.length; i++) c = T0[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
  return ~c >>> 0;
}

/**
 * Adler-32 (RFC 1950, section 8.2).
 *
 * @param before - the sum of the bytes that came before.
 */
export function adler32(bytes: Uint8Array, before = 1): number {
  let a = before & 0xffff;
  let b = before >>> 16;
  let i = 0;
  while (i < bytes.length) {
    // 3800 additions are the most before b could leave the 32-bit range.
    const end = Math.min(i + 3800, bytes.length);
    for (; i < end; i++) {
      a += bytes[i];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}
