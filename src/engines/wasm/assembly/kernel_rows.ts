/**
 * What rows of a kernel matrix are made of, but for the products, which the engine's register tile computes (product.ts):
 * examples in panels of eight as its right operand, single examples as its left, and the kernel's values of products.
 */
import { expBetween } from "./vector";

/** Moves `count` rows of `k` floats by minus the row at `offset`. */
export function subtractRow(rows: usize, count: u32, k: u32, offset: usize): void {
  for (; count != 0; count--) {
    let at: usize = 0;
    for (const end = <usize>(k & ~3) << 2; at < end; at += 16)
      v128.store(rows + at, f32x4.sub(v128.load(rows + at), v128.load(offset + at)));
    for (const end = <usize>k << 2; at < end; at += 4)
      store<f32>(rows + at, load<f32>(rows + at) - load<f32>(offset + at));
    rows += <usize>k << 2;
  }
}

/** Half squared lengths of the eight examples of a panel of `k` by 8, added up in the order of its products. */
export function halfSquaresOfPanel(panel: usize, k: u32, to: usize): void {
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  for (; k != 0; k--) {
    const a = v128.load(panel), b = v128.load(panel, 16);
    low = f32x4.add(low, f32x4.mul(a, a));
    high = f32x4.add(high, f32x4.mul(b, b));
    panel += 32;
  }
  const half = f32x4.splat(0.5);
  v128.store(to, f32x4.mul(low, half));
  v128.store(to, f32x4.mul(high, half), 16);
}

/** Takes one example out of a panel: `at` is the address of its first float. */
export function exampleOfPanel(at: usize, k: u32, to: usize): void {
  for (; k != 0; k--) {
    store<f32>(to, load<f32>(at));
    at += 32;
    to += 4;
  }
}

/**
 * to[j] = exp(factor * (products[j] - own - halves[j])), at most 1, at least e^-87; a NaN stays one.
 *
 * @param products - of one example with others; their number is a multiple of four.
 * @param own - half the squared length of the one, `halves` those of the others.
 * @param factor - twice gamma.
 * @returns whether all are numbers.
 */
export function rbfOfProducts(
  products: usize, halves: usize, own: f32, factor: f32, count: u32, to: usize,
): i32 {
  const mine = f32x4.splat(own);
  const scale = f32x4.splat(factor);
  let sum = f32x4.splat(0);
  for (; count != 0; count -= 4) {
    const half = f32x4.sub(f32x4.sub(v128.load(products), mine), v128.load(halves));
    const exponent = f32x4.pmin(f32x4.pmax(f32x4.mul(scale, half), f32x4.splat(-87)), f32x4.splat(0));
    const value = expBetween(exponent);
    sum = f32x4.add(sum, value);
    v128.store(to, value);
    products += 16;
    halves += 16;
    to += 16;
  }
  return v128.any_true(f32x4.ne(sum, sum)) ? 0 : 1;
}
