/**
 * Random numbers for the initial values of weights, in a binary of their own, since they are drawn on the thread that
 * builds the network: Philox4x32-10 (base/philox.ts), four blocks at a time, one in each lane.
 */

/** Leaves the words of `groups` times four blocks, from `index` on, at `to`; none of them carries into `indexHigh`. */
export function randomWords(
  seedLow: i32,
  seedHigh: i32,
  streamLow: i32,
  streamHigh: i32,
  index: i32,
  indexHigh: i32,
  groups: u32,
  to: usize,
): void {
  const multiplier0 = i32x4.splat(0xd2511f53);
  const multiplier1 = i32x4.splat(0xcd9e8d57);
  let indices = i32x4.add(i32x4.splat(index), i32x4(0, 1, 2, 3));
  for (let group: u32 = 0; group < groups; group++) {
    let x0 = indices;
    let x1 = i32x4.splat(indexHigh);
    let x2 = i32x4.splat(streamLow);
    let x3 = i32x4.splat(streamHigh);
    let k0 = i32x4.splat(seedLow);
    let k1 = i32x4.splat(seedHigh);
    for (let round = 0; round < 10; round++) {
      const first0 = i64x2.extmul_low_i32x4_u(multiplier0, x0);
      const second0 = i64x2.extmul_high_i32x4_u(multiplier0, x0);
      const first1 = i64x2.extmul_low_i32x4_u(multiplier1, x2);
      const second1 = i64x2.extmul_high_i32x4_u(multiplier1, x2);
      x0 = v128.xor(v128.xor(v128.shuffle<i32>(first1, second1, 1, 3, 5, 7), x1), k0);
      x1 = v128.shuffle<i32>(first1, second1, 0, 2, 4, 6);
      x2 = v128.xor(v128.xor(v128.shuffle<i32>(first0, second0, 1, 3, 5, 7), x3), k1);
      x3 = v128.shuffle<i32>(first0, second0, 0, 2, 4, 6);
      k0 = i32x4.add(k0, i32x4.splat(0x9e3779b9));
      k1 = i32x4.add(k1, i32x4.splat(0xbb67ae85));
    }
    const left01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const right01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const left23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const right23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(left01, left23, 0, 2));
    v128.store(to, v128.shuffle<i64>(left01, left23, 1, 3), 16);
    v128.store(to, v128.shuffle<i64>(right01, right23, 0, 2), 32);
    v128.store(to, v128.shuffle<i64>(right01, right23, 1, 3), 48);
    to += 64;
    indices = i32x4.add(indices, i32x4.splat(4));
  }
}

/** Puts float32 numbers in the place of words: `low` + (the upper 24 bits) `scale`, in double precision, rounded once. */
export function uniformFromWords(at: usize, groups: u32, low: f64, scale: f64): void {
  const lows = f64x2.splat(low);
  const scales = f64x2.splat(scale);
  for (const end = at + 64 * groups; at < end; at += 16) {
    const bits = i32x4.shr_u(v128.load(at), 8);
    const first = f64x2.add(lows, f64x2.mul(f64x2.convert_low_i32x4_s(bits), scales));
    const upper = v128.shuffle<i64>(bits, bits, 1, 1);
    const second = f64x2.add(lows, f64x2.mul(f64x2.convert_low_i32x4_s(upper), scales));
    v128.store(at, v128.shuffle<i64>(f32x4.demote_f64x2_zero(first), f32x4.demote_f64x2_zero(second), 0, 2));
  }
}
