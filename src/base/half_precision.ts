/**
 * 16-bit floats as bits: bfloat16 (8 bits of exponent, 7 of fraction: a 32-bit float cut in half) and float16 (IEEE
 * 754 binary16: 5 and 10). Numbers are rounded to the nearest, ties to the even one.
 */

const word = new DataView(new ArrayBuffer(4));

function bitsOf(x: number): number {
  word.setFloat32(0, x);
  return word.getUint32(0);
}

/** The number that a bfloat16's bits stand for. */
export function fromBfloat16(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** The bits of the bfloat16 nearest to the 32-bit float nearest to `x`. */
export function toBfloat16(x: number): number {
  const bits = bitsOf(x);
  if (Number.isNaN(x)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that a float16's bits stand for. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of the float16 nearest to the 32-bit float nearest to `x`. */
export function toFloat16(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const single = Math.fround(x);
  const sign = single < 0 || Object.is(single, -0) ? 0x8000 : 0;
  const size = Math.abs(single);
  // 65520 is half way between the largest number, 65504, and the one that would follow.
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 all numbers are 2^-24 apart. The steps up carry into the exponent by themselves.
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24);
  const exponent = (bitsOf(size) >>> 23) - 127;
  return sign | (((exponent + 15) << 10) + roundEven((size / 2 ** exponent - 1) * 1024));
}

function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}
