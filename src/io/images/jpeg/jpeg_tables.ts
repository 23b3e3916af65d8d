/** Tables of JPEG's standard. Source: ITU-T T.81, figure 5 and annex K. */

/** Where the k-th coefficient of a file lies in the block. */
export const ZIGZAG = Uint8Array.of(
  ...[
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  ],
  ...[14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39],
  ...[46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** Steps of luma and chroma at quality 50, in natural order. */
export const QUANT_TABLES: readonly Uint8Array[] = [
  Uint8Array.of(
    ...[16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56],
    ...[14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92],
    ...[49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
  ),
  Uint8Array.of(
    ...[17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99],
    ...[47, 66, 99, 99, 99, 99, 99, 99],
    ...new Array(32).fill(99),
  ),
];

/** How many codes have 1 to 16 bits, and the symbols in the order of their codes. */
export interface CodeLengths {
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

/** Text of hexadecimal digits as bytes. */
const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const DC_SYMBOLS = hex("000102030405060708090a0b");

export const DC_CODES: readonly CodeLengths[] = [
  { counts: hex("00010501010101010100000000000000"), symbols: DC_SYMBOLS },
  { counts: hex("00030101010101010101010000000000"), symbols: DC_SYMBOLS },
];

export const AC_CODES: readonly CodeLengths[] = [
  {
    counts: hex("0002010303020403050504040000017d"),
    symbols: hex(
      "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a34" +
        "35363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a9293949596" +
        "9798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1" +
        "f2f3f4f5f6f7f8f9fa",
    ),
  },
  {
    counts: hex("00020102040403040705040400010277"),
    symbols: hex(
      "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a26272829" +
        "2a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a929394" +
        "95969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9ea" +
        "f2f3f4f5f6f7f8f9fa",
    ),
  },
];
