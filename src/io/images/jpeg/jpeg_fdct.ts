/** The forward cosine transform in integers, libjpeg's "islow" (jfdctint.c), as `jpeg_idct.ts` is the inverse. */

/** Transforms 64 samples, less 128, in place; the result is eight times the coefficients. */
export function forwardTransform(block: Int32Array): void {
  for (let i = 0; i < 64; i += 8) line(block, i, 1, 0);
  for (let i = 0; i < 8; i++) line(block, i, 8, 2);
}

/** @param extra - bits that the pass before has added, which this one takes off; the first adds two. */
function line(block: Int32Array, at: number, step: number, extra: 0 | 2): void {
  const shift = extra === 0 ? 11 : 15;
  const half = 1 << (shift - 1);
  const a = (k: number) => block[at + k * step] + block[at + (7 - k) * step];
  const b = (k: number) => block[at + k * step] - block[at + (7 - k) * step];
  const [s0, s1, s2, s3] = [a(0), a(1), a(2), a(3)];
  const [d7, d6, d5, d4] = [b(0), b(1), b(2), b(3)];
  const [t10, t13, t11, t12] = [s0 + s3, s0 - s3, s1 + s2, s1 - s2];
  const scaled = (value: number) => (extra === 0 ? value << 2 : (value + 2) >> 2);
  block[at] = scaled(t10 + t11);
  block[at + 4 * step] = scaled(t10 - t11);
  const shared = Math.imul(t12 + t13, 4433);
  block[at + 2 * step] = (shared + Math.imul(t13, 6270) + half) >> shift;
  block[at + 6 * step] = (shared - Math.imul(t12, 15137) + half) >> shift;
  const z5 = Math.imul(d4 + d6 + d5 + d7, 9633);
  const z1 = Math.imul(d4 + d7, -7373);
  const z2 = Math.imul(d5 + d6, -20995);
  const z3 = Math.imul(d4 + d6, -16069) + z5;
  const z4 = Math.imul(d5 + d7, -3196) + z5;
  block[at + 7 * step] = (Math.imul(d4, 2446) + z1 + z3 + half) >> shift;
  block[at + 5 * step] = (Math.imul(d5, 16819) + z2 + z4 + half) >> shift;
  block[at + 3 * step] = (Math.imul(d6, 25172) + z2 + z3 + half) >> shift;
  block[at + step] = (Math.imul(d7, 12299) + z1 + z4 + half) >> shift;
}
