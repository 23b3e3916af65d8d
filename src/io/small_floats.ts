/** 16-bit floating point formats as files hold them, widened to float32 (which holds all their values). */

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** IEEE 754 binary16 (F16): 1 sign bit, 5 exponent bits, 10 fraction bits. */
export function float16ToFloat32(bits: Uint16Array, out = new Float32Array(bits.length)): Float32Array {
  for (let i = 0; i < bits.length; i++) out[i] = float16Value(bits[i]);
  return out;
}

/** bfloat16 (BF16): the upper half of a float32. */
export function bfloat16ToFloat32(bits: Uint16Array, out = new Float32Array(bits.length)): Float32Array {
  const outBits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) outBits[i] = bits[i] << 16;
  return out;
}

function float16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent < 31) return sign * (1024 + fraction) * 2 ** (exponent - 25);
  if (fraction === 0) return sign * Number.POSITIVE_INFINITY;
  // A NaN keeps its payload, which arithmetic would lose.
  scratchBits[0] = ((half & 0x8000) << 16) | 0x7f800000 | (fraction << 13);
  return scratch[0];
}
