/** The checksums inside PNG files, zip archives and event files. */

/** Tables for four bytes at a time: what a byte does to the sum after 0, 1, 2 and 3 further ones. */
function crcTables(polynomial: number): readonly Uint32Array[] {
  const table = new Uint32Array(256).map((_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1;
    return c;
  });
  const tables = [table];
  for (let i = 1; i < 4; i++) tables.push(tables[i - 1].map((c) => (c >>> 8) ^ table[c & 0xff]));
  return tables;
}

let crc32Tables: readonly Uint32Array[] | undefined;
let crc32cTables: readonly Uint32Array[] | undefined;

/**
 * CRC-32 (ISO 3309).
 *
 * @param before - the sum of the bytes that came before.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  crc32Tables ??= crcTables(0xedb88320);
  return crc(bytes, crc32Tables, before);
}

/** CRC-32C (Castagnoli; RFC 3720, section 12.1). */
export function crc32c(bytes: Uint8Array): number {
  crc32cTables ??= crcTables(0x82f63b78);
  return crc(bytes, crc32cTables, 0);
}

function crc(bytes: Uint8Array, [t0, t1, t2, t3]: readonly Uint32Array[], before: number): number {
  let c = ~before;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    c ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    c = t3[c & 0xff] ^ t2[(c >>> 8) & 0xff] ^ t1[(c >>> 16) & 0xff] ^ t0[c >>> 24];
  }
  for (; i < bytes.length; i++) c = t0[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
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
