/**
 * Four neighbouring floats of 4 or 2 bytes (T is f32 or u16, the bits of a bfloat16) as four lanes of 32 bits. A
 * bfloat16 is the upper half of a 32-bit float.
 */

// @ts-ignore: decorator
@inline
export function loadLanes<T>(at: usize): v128 {
  if (sizeof<T>() == 4) return v128.load(at);
  return widenLow(v128.load64_zero(at));
}

/** Stores lanes that hold bfloat16 numbers, or any for floats of 4 bytes: bits are copied. */
// @ts-ignore: decorator
@inline
export function storeExact<T>(at: usize, value: v128): void {
  if (sizeof<T>() == 4) v128.store(at, value);
  else v128.store64_lane(at, upperHalves(value, value), 0);
}

/** Stores lanes, bfloat16 rounded to the nearest, ties to even. */
// @ts-ignore: decorator
@inline
export function storeRounded<T>(at: usize, value: v128): void {
  if (sizeof<T>() == 4) v128.store(at, value);
  else storeExact<T>(at, roundedBits(value));
}

/** Stores eight lanes, bfloat16 rounded to the nearest, ties to even. */
// @ts-ignore: decorator
@inline
export function storeRoundedPair<T>(at: usize, low: v128, high: v128): void {
  if (sizeof<T>() == 4) {
    v128.store(at, low);
    v128.store(at, high, 16);
  } else {
    v128.store(at, upperHalves(roundedBits(low), roundedBits(high)));
  }
}

// @ts-ignore: decorator
@inline
export function loadOne<T>(at: usize): f32 {
  if (sizeof<T>() == 4) return load<f32>(at);
  return reinterpret<f32>(<u32>load<u16>(at) << 16);
}

// @ts-ignore: decorator
@inline
export function storeExactOne<T>(at: usize, value: f32): void {
  if (sizeof<T>() == 4) store<f32>(at, value);
  else store<u16>(at, <u16>(reinterpret<u32>(value) >>> 16));
}

// @ts-ignore: decorator
@inline
export function storeRoundedOne<T>(at: usize, value: f32): void {
  if (sizeof<T>() == 4) store<f32>(at, value);
  else store<u16>(at, <u16>i16x8.extract_lane_u(roundedBits(f32x4.splat(value)), 1));
}

/** The first four of eight bfloat16 numbers. */
// @ts-ignore: decorator
@inline
export function widenLow(eight: v128): v128 {
  return v128.shuffle<i16>(i16x8.splat(0), eight, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** The last four of eight bfloat16 numbers. */
// @ts-ignore: decorator
@inline
export function widenHigh(eight: v128): v128 {
  return v128.shuffle<i16>(i16x8.splat(0), eight, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** The upper halves of four lanes and of four more. */
// @ts-ignore: decorator
@inline
export function upperHalves(low: v128, high: v128): v128 {
  return v128.shuffle<i16>(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
}

/** Bits whose upper halves are the nearest bfloat16, ties to even; a NaN becomes the usual one. */
// @ts-ignore: decorator
@inline
export function roundedBits(value: v128): v128 {
  const odd = v128.and(i32x4.shr_u(value, 16), i32x4.splat(1));
  const bits = i32x4.add(i32x4.add(value, i32x4.splat(0x7fff)), odd);
  return v128.bitselect(i32x4.splat(0x7fc00000), bits, f32x4.ne(value, value));
}
