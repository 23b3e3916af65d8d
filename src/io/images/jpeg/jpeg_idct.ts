/**
 * The inverse cosine transform of 8 by 8 coefficients in integers: libjpeg's "islow", so that samples are those of
 * libjpeg bit for bit.
 *
 * Source: C. Loeffler, A. Ligtenberg, G. Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications",
 * ICASSP 1989; constants as in the Independent JPEG Group's jidctint.c, scaled by 2^13. Columns and rows are written
 * out: one function for both took a fifth longer for each block.
 */
const work = new Int32Array(64);

/**
 * @param coefficients - 64 in natural order, from `at`.
 * @param out - samples, a row every `stride`, from `to`.
 */
export function inverseTransform(
  coefficients: Int16Array,
  at: number,
  quant: Uint16Array,
  out: Uint8ClampedArray,
  to: number,
  stride: number,
): void {
  for (let i = 0; i < 8; i++) column(coefficients, at + i, quant, i);
  for (let i = 0; i < 8; i++) row(8 * i, out, to + i * stride);
}

/** The block of a DC coefficient alone. */
export function flatBlock(value: number, out: Uint8ClampedArray, to: number, stride: number): void {
  const sample = (((value << 2) + 16) >> 5) + 128;
  for (let i = 0; i < 8; i++) out.fill(sample, to + i * stride, to + i * stride + 8);
}

function column(coefficients: Int16Array, at: number, quant: Uint16Array, i: number): void {
  const c1 = coefficients[at + 8];
  const c2 = coefficients[at + 16];
  const c3 = coefficients[at + 24];
  const c4 = coefficients[at + 32];
  const c5 = coefficients[at + 40];
  const c6 = coefficients[at + 48];
  const c7 = coefficients[at + 56];
  const d0 = coefficients[at] * quant[i];
  if ((c1 | c2 | c3 | c4 | c5 | c6 | c7) === 0) {
    const value = d0 << 2;
    for (let k = i; k < 64; k += 8) work[k] = value;
    return;
  }
  const d2 = c2 * quant[i + 16];
  const d6 = c6 * quant[i + 48];
  const d4 = c4 * quant[i + 32];
  const shared = Math.imul(d2 + d6, 4433);
  const even2 = shared - Math.imul(d6, 15137);
  const even3 = shared + Math.imul(d2, 6270);
  const even0 = (d0 + d4) << 13;
  const even1 = (d0 - d4) << 13;
  const t10 = even0 + even3 + 1024;
  const t13 = even0 - even3 + 1024;
  const t11 = even1 + even2 + 1024;
  const t12 = even1 - even2 + 1024;
  const d7 = c7 * quant[i + 56];
  const d5 = c5 * quant[i + 40];
  const d3 = c3 * quant[i + 24];
  const d1 = c1 * quant[i + 8];
  const z5 = Math.imul(d7 + d3 + d5 + d1, 9633);
  const z3 = z5 - Math.imul(d7 + d3, 16069);
  const z4 = z5 - Math.imul(d5 + d1, 3196);
  const z1 = Math.imul(d7 + d1, 7373);
  const z2 = Math.imul(d5 + d3, 20995);
  const odd0 = Math.imul(d7, 2446) - z1 + z3;
  const odd1 = Math.imul(d5, 16819) - z2 + z4;
  const odd2 = Math.imul(d3, 25172) - z2 + z3;
  const odd3 = Math.imul(d1, 12299) - z1 + z4;
  work[i] = (t10 + odd3) >> 11;
  work[i + 56] = (t10 - odd3) >> 11;
  work[i + 8] = (t11 + odd2) >> 11;
  work[i + 48] = (t11 - odd2) >> 11;
  work[i + 16] = (t12 + odd1) >> 11;
  work[i + 40] = (t12 - odd1) >> 11;
  work[i + 24] = (t13 + odd0) >> 11;
  work[i + 32] = (t13 - odd0) >> 11;
}

/** A half for rounding, and the 128 by which samples are shifted. */
const ROUND = (1 << 17) + (128 << 18);

function row(from: number, out: Uint8ClampedArray, to: number): void {
  const d0 = work[from];
  const d1 = work[from + 1];
  const d2 = work[from + 2];
  const d3 = work[from + 3];
  const d4 = work[from + 4];
  const d5 = work[from + 5];
  const d6 = work[from + 6];
  const d7 = work[from + 7];
  const shared = Math.imul(d2 + d6, 4433);
  const even2 = shared - Math.imul(d6, 15137);
  const even3 = shared + Math.imul(d2, 6270);
  const even0 = (d0 + d4) << 13;
  const even1 = (d0 - d4) << 13;
  const t10 = even0 + even3 + ROUND;
  const t13 = even0 - even3 + ROUND;
  const t11 = even1 + even2 + ROUND;
  const t12 = even1 - even2 + ROUND;
  const z5 = Math.imul(d7 + d3 + d5 + d1, 9633);
  const z3 = z5 - Math.imul(d7 + d3, 16069);
  const z4 = z5 - Math.imul(d5 + d1, 3196);
  const z1 = Math.imul(d7 + d1, 7373);
  const z2 = Math.imul(d5 + d3, 20995);
  const odd0 = Math.imul(d7, 2446) - z1 + z3;
  const odd1 = Math.imul(d5, 16819) - z2 + z4;
  const odd2 = Math.imul(d3, 25172) - z2 + z3;
  const odd3 = Math.imul(d1, 12299) - z1 + z4;
  out[to] = (t10 + odd3) >> 18;
  out[to + 7] = (t10 - odd3) >> 18;
  out[to + 1] = (t11 + odd2) >> 18;
  out[to + 6] = (t11 - odd2) >> 18;
  out[to + 2] = (t12 + odd1) >> 18;
  out[to + 5] = (t12 - odd1) >> 18;
  out[to + 3] = (t13 + odd0) >> 18;
  out[to + 4] = (t13 - odd0) >> 18;
}
