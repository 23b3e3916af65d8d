/**
 * Lines of Winograd's transforms at six points: 0, a, -a, b, -b and infinity, where a = 3/4 and b = 3/2. They round two
 * to three times less than the usual 1 and 2 do.
 *
 * Constants come from a table in memory: a loop that reads them keeps them, one that has them in its code makes them
 * again each time.
 */
import { madd, msub } from "../vector";

const A: f32 = 0.75;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;

const OF_A: usize = 0;
const OF_B: usize = 16;
const OF_A2: usize = 32;
const OF_B2: usize = 48;
const OF_A3: usize = 64;
const OF_B3: usize = 80;
const OF_A4: usize = 96;
const OF_B4: usize = 112;
const OF_PRODUCT: usize = 128;
const OF_SUM: usize = 144;
/** One over the product of a point's distances from the others. */
const OF_SCALE_0: usize = 160;
const OF_SCALE_A: usize = 176;
const OF_SCALE_B: usize = 192;

export function writeSix(to: usize): void {
  v128.store(to, f32x4.splat(A), OF_A);
  v128.store(to, f32x4.splat(B), OF_B);
  v128.store(to, f32x4.splat(A2), OF_A2);
  v128.store(to, f32x4.splat(B2), OF_B2);
  v128.store(to, f32x4.splat(A2 * A), OF_A3);
  v128.store(to, f32x4.splat(B2 * B), OF_B3);
  v128.store(to, f32x4.splat(A2 * A2), OF_A4);
  v128.store(to, f32x4.splat(B2 * B2), OF_B4);
  v128.store(to, f32x4.splat(A2 * B2), OF_PRODUCT);
  v128.store(to, f32x4.splat(-A2 - B2), OF_SUM);
  v128.store(to, f32x4.splat(<f32>(1.0 / (0.5625 * 2.25))), OF_SCALE_0);
  v128.store(to, f32x4.splat(<f32>(1.0 / (2 * 0.5625 * (0.5625 - 2.25)))), OF_SCALE_A);
  v128.store(to, f32x4.splat(<f32>(1.0 / (2 * 2.25 * (2.25 - 0.5625)))), OF_SCALE_B);
}

/** B^T d of the lines whose addresses stand at `pointers`: combined as the polynomials that vanish at all points but one. */
export function analyseSix(pointers: usize, to: usize, stride: usize, bytes: usize, table: usize): void {
  const from0: usize = load<u32>(pointers), from1: usize = load<u32>(pointers, 4);
  const from2: usize = load<u32>(pointers, 8), from3: usize = load<u32>(pointers, 12);
  const from4: usize = load<u32>(pointers, 16), from5: usize = load<u32>(pointers, 20);
  const a = v128.load(table, OF_A), b = v128.load(table, OF_B);
  const a2 = v128.load(table, OF_A2), b2 = v128.load(table, OF_B2);
  const product = v128.load(table, OF_PRODUCT);
  const sum = v128.load(table, OF_SUM);
  for (let c: usize = 0; c < bytes; c += 16) {
    const out = to + c;
    const out3 = out + 3 * stride;
    const d2 = v128.load(from2 + c);
    const d4 = v128.load(from4 + c);
    v128.store(out, madd(v128.load(from0 + c), product, madd(d2, sum, d4)));
    const d1 = v128.load(from1 + c);
    const d3 = v128.load(from3 + c);
    v128.store(out3 + 2 * stride, madd(d1, product, madd(d3, sum, v128.load(from5 + c))));
    const evenA = msub(d2, b2, d4);
    const oddA = f32x4.mul(a, msub(d1, b2, d3));
    v128.store(out + stride, f32x4.add(evenA, oddA));
    v128.store(out + 2 * stride, f32x4.sub(evenA, oddA));
    const evenB = msub(d2, a2, d4);
    const oddB = f32x4.mul(b, msub(d1, a2, d3));
    v128.store(out3, f32x4.add(evenB, oddB));
    v128.store(out3 + stride, f32x4.sub(evenB, oddB));
  }
}

/** A y, or G w: the polynomial with `count` coefficients, of n that it may have, at the six points. */
export function evaluateSix(
  from: usize, step: isize, count: i32, n: i32, to: usize, stride: usize, bytes: usize, scaled: u32,
  table: usize,
): void {
  const a = v128.load(table, OF_A), b = v128.load(table, OF_B);
  const a2 = v128.load(table, OF_A2), b2 = v128.load(table, OF_B2);
  const a3 = v128.load(table, OF_A3), b3 = v128.load(table, OF_B3);
  for (const end = from + bytes; from < end; from += 16) {
    let last = v128.load(from);
    let first = last;
    let evenA = last;
    let evenB = last;
    let oddA = f32x4.splat(0);
    let oddB = oddA;
    if (count > 1) {
      last = v128.load(from + step);
      oddA = f32x4.mul(last, a);
      oddB = f32x4.mul(last, b);
    }
    if (count > 2) {
      last = v128.load(from + 2 * step);
      evenA = madd(last, a2, evenA);
      evenB = madd(last, b2, evenB);
    }
    if (count > 3) {
      last = v128.load(from + 3 * step);
      oddA = madd(last, a3, oddA);
      oddB = madd(last, b3, oddB);
    }
    if (count > 4) {
      last = v128.load(from + 4 * step);
      evenA = madd(last, v128.load(table, OF_A4), evenA);
      evenB = madd(last, v128.load(table, OF_B4), evenB);
    }
    if (scaled) {
      first = f32x4.mul(first, v128.load(table, OF_SCALE_0));
      evenA = f32x4.mul(evenA, v128.load(table, OF_SCALE_A)); oddA = f32x4.mul(oddA, v128.load(table, OF_SCALE_A));
      evenB = f32x4.mul(evenB, v128.load(table, OF_SCALE_B)); oddB = f32x4.mul(oddB, v128.load(table, OF_SCALE_B));
    }
    v128.store(to, first);
    v128.store(to + stride, f32x4.add(evenA, oddA));
    v128.store(to + 2 * stride, f32x4.sub(evenA, oddA));
    const to3 = to + 3 * stride;
    v128.store(to3, f32x4.add(evenB, oddB));
    v128.store(to3 + stride, f32x4.sub(evenB, oddB));
    v128.store(to3 + 2 * stride, count == n ? last : f32x4.splat(0));
    to += 16;
  }
}

/** The first `count` coefficients of A^T m, or of G^T m, with the line at `shift` added, and no less than `least`. */
export function gatherSix(
  from: usize, step: usize, n: i32, count: i32, to: usize, stride: usize, bytes: usize,
  shift: usize, least: f32, scaled: u32, table: usize,
): void {
  const floor = f32x4.splat(least);
  const a = v128.load(table, OF_A), b = v128.load(table, OF_B);
  const a2 = v128.load(table, OF_A2), b2 = v128.load(table, OF_B2);
  const a3 = v128.load(table, OF_A3), b3 = v128.load(table, OF_B3);
  for (const end = from + bytes; from < end; from += 16) {
    const more = v128.load(shift);
    let first = v128.load(from);
    const m1 = v128.load(from + step);
    const m2 = v128.load(from + 2 * step);
    const from3 = from + 3 * step;
    const m3 = v128.load(from3);
    const m4 = v128.load(from3 + step);
    const last = f32x4.add(v128.load(from3 + 2 * step), more);
    let evenA = f32x4.add(m1, m2);
    let oddA = f32x4.sub(m1, m2);
    let evenB = f32x4.add(m3, m4);
    let oddB = f32x4.sub(m3, m4);
    if (scaled) {
      first = f32x4.mul(first, v128.load(table, OF_SCALE_0));
      evenA = f32x4.mul(evenA, v128.load(table, OF_SCALE_A)); oddA = f32x4.mul(oddA, v128.load(table, OF_SCALE_A));
      evenB = f32x4.mul(evenB, v128.load(table, OF_SCALE_B)); oddB = f32x4.mul(oddB, v128.load(table, OF_SCALE_B));
    }
    first = f32x4.add(f32x4.add(first, more), f32x4.add(evenA, evenB));
    // pmax(x, y) is x < y ? y : x, and keeps NaN.
    v128.store(to, f32x4.pmax(first, floor));
    if (count > 1) {
      const sum = madd(oddA, a, madd(oddB, b, n == 2 ? last : more));
      v128.store(to + stride, f32x4.pmax(sum, floor));
    }
    if (count > 2) {
      const sum = madd(evenA, a2, madd(evenB, b2, n == 3 ? last : more));
      v128.store(to + 2 * stride, f32x4.pmax(sum, floor));
    }
    if (count > 3) {
      const sum = madd(oddA, a3, madd(oddB, b3, n == 4 ? last : more));
      v128.store(to + 3 * stride, f32x4.pmax(sum, floor));
    }
    if (count > 4) {
      const sum = madd(evenA, v128.load(table, OF_A4), madd(evenB, v128.load(table, OF_B4), last));
      v128.store(to + 4 * stride, f32x4.pmax(sum, floor));
    }
    to += 16;
    shift += 16;
  }
}
