/** VP8's inverse transforms. Source: RFC 6386, section 14. */

const columns = new Int32Array(16);

/** Times sqrt(2) cos(pi / 8), in 16 bits behind the point. */
const byCosine = (value: number) => ((value * 20091) >> 16) + value;
/** Times sqrt(2) sin(pi / 8). */
const bySine = (value: number) => (value * 35468) >> 16;

/** Adds the transform of 4 by 4 coefficients from `at` to the samples from `to`. */
export function addTransform(
  coefficients: Int16Array,
  at: number,
  out: Uint8ClampedArray,
  to: number,
  stride: number,
): void {
  for (let i = 0; i < 4; i++) {
    const c1 = coefficients[at + 4 + i];
    const c3 = coefficients[at + 12 + i];
    const a = coefficients[at + i] + coefficients[at + 8 + i];
    const b = coefficients[at + i] - coefficients[at + 8 + i];
    const c = bySine(c1) - byCosine(c3);
    const d = byCosine(c1) + bySine(c3);
    columns[4 * i] = a + d;
    columns[4 * i + 1] = b + c;
    columns[4 * i + 2] = b - c;
    columns[4 * i + 3] = a - d;
  }
  for (let j = 0, row = to; j < 4; j++, row += stride) {
    const m1 = columns[4 + j];
    const m3 = columns[12 + j];
    const a = columns[j] + 4 + columns[8 + j];
    const b = columns[j] + 4 - columns[8 + j];
    const c = bySine(m1) - byCosine(m3);
    const d = byCosine(m1) + bySine(m3);
    out[row] += (a + d) >> 3;
    out[row + 1] += (b + c) >> 3;
    out[row + 2] += (b - c) >> 3;
    out[row + 3] += (a - d) >> 3;
  }
}

/** Adds a DC coefficient alone. */
export function addDc(value: number, out: Uint8ClampedArray, to: number, stride: number): void {
  const dc = (value + 4) >> 3;
  for (let j = 0, row = to; j < 4; j++, row += stride) for (let i = 0; i < 4; i++) out[row + i] += dc;
}

/** The inverse Walsh-Hadamard transform: 16 coefficients from `at` become the DC coefficients of 16 blocks. */
export function inverseWalsh(coefficients: Int16Array, at: number): void {
  for (let i = 0; i < 4; i++) {
    const a0 = coefficients[at + i] + coefficients[at + 12 + i];
    const a1 = coefficients[at + 4 + i] + coefficients[at + 8 + i];
    const a2 = coefficients[at + 4 + i] - coefficients[at + 8 + i];
    const a3 = coefficients[at + i] - coefficients[at + 12 + i];
    columns[i] = a0 + a1;
    columns[8 + i] = a0 - a1;
    columns[4 + i] = a3 + a2;
    columns[12 + i] = a3 - a2;
  }
  for (let i = 0, out = 0; i < 16; i += 4, out += 64) {
    const dc = columns[i] + 3;
    const a0 = dc + columns[i + 3];
    const a1 = columns[i + 1] + columns[i + 2];
    const a2 = columns[i + 1] - columns[i + 2];
    const a3 = dc - columns[i + 3];
    coefficients[out] = (a0 + a1) >> 3;
    coefficients[out + 16] = (a3 + a2) >> 3;
    coefficients[out + 32] = (a0 - a1) >> 3;
    coefficients[out + 48] = (a3 - a2) >> 3;
  }
}
