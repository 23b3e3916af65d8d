/** The Huffman tables of JPEG's standard. Source: ITU-T T.81, annex K.3. */

/** How many codes have 1 to 16 bits, and the symbols in the order of their codes. */
export interface CodeLengths {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

/** From hexadecimal digits. */
function codeLengths(counts: string, symbols: string): CodeLengths {
  const bytes = (text: string) =>
    Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return { counts: bytes(counts), symbols: bytes(symbols) };
}

export const LUMA_DC_CODES = codeLengths("00010501010101010100000000000000", "000102030405060708090a0b");

export const CHROMA_DC_CODES = codeLengths("00030101010101010101010000000000", "000102030405060708090a0b");

export const LUMA_AC_CODES = codeLengths(
  "0002010303020403050504040000017d",
  "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a34" +
    "35363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a9293949596" +
    "9798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1" +
    "f2f3f4f5f6f7f8f9fa",
);

export const CHROMA_AC_CODES = codeLengths(
  "00020102040403040705040400010277",
  "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a26272829" +
    "2a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a929394" +
    "95969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9ea" +
    "f2f3f4f5f6f7f8f9fa",
);
