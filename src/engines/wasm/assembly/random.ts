/**
 * Uniform numbers in [0, 1) with 24 random bits: elements 4 `block` to 4 `block` + `count` - 1 of a draw whose key
 * (seed low and high, stream low and high) lies at `key`. Philox4x32-10 as in base/philox.ts; tensors draw from
 * streams with the top bit set.
 */
export function uniform(key: usize, block: u32, to: usize, count: u32): void {
  const seedLow = load<u32>(key);
  const seedHigh = load<u32>(key, 4);
  const streamLow = load<u32>(key, 8);
  const streamHigh = load<u32>(key, 12) | 0x80000000;
  while (count != 0) {
    let x0 = block;
    let x1: u32 = 0;
    let x2 = streamLow;
    let x3 = streamHigh;
    let k0 = seedLow;
    let k1 = seedHigh;
    for (let round = 0; round < 10; round++) {
      const product0 = <u64>0xd2511f53 * <u64>x0;
      const product1 = <u64>0xcd9e8d57 * <u64>x2;
      x0 = <u32>(product1 >> 32) ^ x1 ^ k0;
      x1 = <u32>product1;
      x2 = <u32>(product0 >> 32) ^ x3 ^ k1;
      x3 = <u32>product0;
      k0 += 0x9e3779b9;
      k1 += 0xbb67ae85;
    }
    store<f32>(to, <f32>(x0 >> 8) * <f32>5.9604644775390625e-8);
    if (count >= 4) {
      store<f32>(to, <f32>(x1 >> 8) * <f32>5.9604644775390625e-8, 4);
      store<f32>(to, <f32>(x2 >> 8) * <f32>5.9604644775390625e-8, 8);
      store<f32>(to, <f32>(x3 >> 8) * <f32>5.9604644775390625e-8, 12);
      count -= 4;
    } else {
      if (count > 1) store<f32>(to, <f32>(x1 >> 8) * <f32>5.9604644775390625e-8, 4);
      if (count > 2) store<f32>(to, <f32>(x2 >> 8) * <f32>5.9604644775390625e-8, 8);
      count = 0;
    }
    to += 16;
    block++;
  }
}
