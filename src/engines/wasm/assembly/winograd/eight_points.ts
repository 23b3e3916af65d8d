/**
 * Lines of Winograd's transforms at eight points: 0, 1/2, -1/2, 1, -1, 2, -2 and infinity, or at seven: all of them but
 * infinity (`infinite` is 0). Constants come from a table in memory, as for six points.
 */
import { madd, msub } from "../vector";

/** a = 1/2 and c = 2; b is 1. */
const OF_A: usize = 0;
const OF_C: usize = 16;
const OF_A2: usize = 32;
const OF_C2: usize = 48;
const OF_A3: usize = 64;
const OF_C3: usize = 80;
const OF_A4: usize = 96;
const OF_C4: usize = 112;
const OF_A5: usize = 128;
const OF_C5: usize = 144;
/** b2 + c2, and b2 c2. */
const OF_SUM_BC: usize = 160;
const OF_PRODUCT_BC: usize = 176;
const OF_SUM_AC: usize = 192;
const OF_SUM_AB: usize = 208;
const OF_PRODUCT_AB: usize = 224;
/** a2 + b2 + c2, which is also the sum of their products; the product of all three is 1. */
const OF_SUM: usize = 240;
/** One over the product of a point's distances from the others; -1 for 0. */
const OF_SCALE_A: usize = 256;
const OF_SCALE_B: usize = 272;
const OF_SCALE_C: usize = 288;

export function writeEight(to: usize): void {
  v128.store(to, f32x4.splat(0.5), OF_A);
  v128.store(to, f32x4.splat(2), OF_C);
  v128.store(to, f32x4.splat(0.25), OF_A2);
  v128.store(to, f32x4.splat(4), OF_C2);
  v128.store(to, f32x4.splat(0.125), OF_A3);
  v128.store(to, f32x4.splat(8), OF_C3);
  v128.store(to, f32x4.splat(0.0625), OF_A4);
  v128.store(to, f32x4.splat(16), OF_C4);
  v128.store(to, f32x4.splat(0.03125), OF_A5);
  v128.store(to, f32x4.splat(32), OF_C5);
  v128.store(to, f32x4.splat(5), OF_SUM_BC);
  v128.store(to, f32x4.splat(4), OF_PRODUCT_BC);
  v128.store(to, f32x4.splat(4.25), OF_SUM_AC);
  v128.store(to, f32x4.splat(1.25), OF_SUM_AB);
  v128.store(to, f32x4.splat(0.25), OF_PRODUCT_AB);
  v128.store(to, f32x4.splat(5.25), OF_SUM);
  v128.store(to, f32x4.splat(<f32>(1.0 / (2 * 0.25 * (0.25 - 1) * (0.25 - 4)))), OF_SCALE_A);
  v128.store(to, f32x4.splat(<f32>(1.0 / (2 * 1.0 * (1.0 - 0.25) * (1.0 - 4)))), OF_SCALE_B);
  v128.store(to, f32x4.splat(<f32>(1.0 / (2 * 4.0 * (4.0 - 0.25) * (4.0 - 1)))), OF_SCALE_C);
}

/** B^T d of the lines whose addresses stand at `pointers`: combined as the polynomials that vanish at all points but one. */
export function analyseEight(
  pointers: usize, to: usize, stride: usize, bytes: usize, infinite: u32, table: usize,
): void {
  const from0: usize = load<u32>(pointers), from1: usize = load<u32>(pointers, 4);
  const from2: usize = load<u32>(pointers, 8), from3: usize = load<u32>(pointers, 12);
  const from4: usize = load<u32>(pointers, 16), from5: usize = load<u32>(pointers, 20);
  const from6: usize = load<u32>(pointers, 24), from7: usize = load<u32>(pointers, 28);
  const sum = v128.load(table, OF_SUM);
  for (let c: usize = 0; c < bytes; c += 16) {
    const out = to + c;
    const out3 = out + 3 * stride;
    const out6 = out3 + 3 * stride;
    const d1 = v128.load(from1 + c);
    const d2 = v128.load(from2 + c);
    const d3 = v128.load(from3 + c);
    const d4 = v128.load(from4 + c);
    const d5 = v128.load(from5 + c);
    const d6 = v128.load(from6 + c);
    v128.store(out, madd(f32x4.sub(d2, d4), sum, f32x4.sub(d6, v128.load(from0 + c))));
    if (infinite) v128.store(out6 + stride, madd(f32x4.sub(d3, d5), sum, f32x4.sub(v128.load(from7 + c), d1)));
    const sumBC = v128.load(table, OF_SUM_BC);
    const productBC = v128.load(table, OF_PRODUCT_BC);
    const evenA = madd(d2, productBC, msub(d4, sumBC, d6));
    const oddA = f32x4.mul(v128.load(table, OF_A), madd(d1, productBC, msub(d3, sumBC, d5)));
    v128.store(out + stride, f32x4.add(evenA, oddA));
    v128.store(out + 2 * stride, f32x4.sub(evenA, oddA));
    const sumAC = v128.load(table, OF_SUM_AC);
    const evenB = msub(d4, sumAC, f32x4.add(d2, d6));
    const oddB = msub(d3, sumAC, f32x4.add(d1, d5));
    v128.store(out3, f32x4.add(evenB, oddB));
    v128.store(out3 + stride, f32x4.sub(evenB, oddB));
    const sumAB = v128.load(table, OF_SUM_AB);
    const productAB = v128.load(table, OF_PRODUCT_AB);
    const evenC = madd(d2, productAB, msub(d4, sumAB, d6));
    const oddC = f32x4.mul(v128.load(table, OF_C), madd(d1, productAB, msub(d3, sumAB, d5)));
    v128.store(out3 + 2 * stride, f32x4.add(evenC, oddC));
    v128.store(out6, f32x4.sub(evenC, oddC));
  }
}

/**
 * A y, or G w: the polynomial with `count` coefficients, of n that it may have, at the eight points. Its steps are written
 * out, since each changes three sums and an inlined function returns one.
 */
export function evaluateEight(
  from: usize, step: isize, count: i32, n: i32, to: usize, stride: usize, bytes: usize, scaled: u32,
  infinite: u32, table: usize,
): void {
  const nothing = f32x4.splat(0);
  for (const end = from + bytes; from < end; from += 16) {
    let last = v128.load(from);
    let first = last;
    let evenA = last;
    let evenB = last;
    let evenC = last;
    let oddA = nothing;
    let oddB = nothing;
    let oddC = nothing;
    if (count > 1) {
      last = v128.load(from + step);
      oddA = f32x4.mul(last, v128.load(table, OF_A));
      oddB = last;
      oddC = f32x4.mul(last, v128.load(table, OF_C));
    }
    if (count > 2) {
      last = v128.load(from + 2 * step);
      evenA = madd(last, v128.load(table, OF_A2), evenA); evenB = f32x4.add(last, evenB);
      evenC = madd(last, v128.load(table, OF_C2), evenC);
    }
    if (count > 3) {
      last = v128.load(from + 3 * step);
      oddA = madd(last, v128.load(table, OF_A3), oddA); oddB = f32x4.add(last, oddB);
      oddC = madd(last, v128.load(table, OF_C3), oddC);
    }
    if (count > 4) {
      last = v128.load(from + 4 * step);
      evenA = madd(last, v128.load(table, OF_A4), evenA); evenB = f32x4.add(last, evenB);
      evenC = madd(last, v128.load(table, OF_C4), evenC);
    }
    if (count > 5) {
      last = v128.load(from + 5 * step);
      oddA = madd(last, v128.load(table, OF_A5), oddA); oddB = f32x4.add(last, oddB);
      oddC = madd(last, v128.load(table, OF_C5), oddC);
    }
    if (scaled) {
      const scaleA = v128.load(table, OF_SCALE_A);
      const scaleB = v128.load(table, OF_SCALE_B);
      const scaleC = v128.load(table, OF_SCALE_C);
      first = f32x4.neg(first);
      evenA = f32x4.mul(evenA, scaleA); oddA = f32x4.mul(oddA, scaleA);
      evenB = f32x4.mul(evenB, scaleB); oddB = f32x4.mul(oddB, scaleB);
      evenC = f32x4.mul(evenC, scaleC); oddC = f32x4.mul(oddC, scaleC);
    }
    const to3 = to + 3 * stride;
    const to6 = to3 + 3 * stride;
    v128.store(to, first);
    v128.store(to + stride, f32x4.add(evenA, oddA));
    v128.store(to + 2 * stride, f32x4.sub(evenA, oddA));
    v128.store(to3, f32x4.add(evenB, oddB));
    v128.store(to3 + stride, f32x4.sub(evenB, oddB));
    v128.store(to3 + 2 * stride, f32x4.add(evenC, oddC));
    v128.store(to6, f32x4.sub(evenC, oddC));
    if (infinite) v128.store(to6 + stride, count == n ? last : nothing);
    to += 16;
  }
}

/** The first `count` coefficients of A^T m, or of G^T m, with the line at `shift` added, and no less than `least`. */
export function gatherEight(
  from: usize, step: usize, n: i32, count: i32, to: usize, stride: usize, bytes: usize,
  shift: usize, least: f32, scaled: u32, infinite: u32, table: usize,
): void {
  const floor = f32x4.splat(least);
  for (const end = from + bytes; from < end; from += 16) {
    const more = v128.load(shift);
    const from3 = from + 3 * step;
    const from6 = from3 + 3 * step;
    let first = v128.load(from);
    const m1 = v128.load(from + step);
    const m2 = v128.load(from + 2 * step);
    let evenA = f32x4.add(m1, m2);
    let oddA = f32x4.sub(m1, m2);
    const m3 = v128.load(from3);
    const m4 = v128.load(from3 + step);
    let evenB = f32x4.add(m3, m4);
    let oddB = f32x4.sub(m3, m4);
    const m5 = v128.load(from3 + 2 * step);
    const m6 = v128.load(from6);
    let evenC = f32x4.add(m5, m6);
    let oddC = f32x4.sub(m5, m6);
    const last = infinite ? f32x4.add(v128.load(from6 + step), more) : more;
    if (scaled) {
      const scaleA = v128.load(table, OF_SCALE_A);
      const scaleB = v128.load(table, OF_SCALE_B);
      const scaleC = v128.load(table, OF_SCALE_C);
      first = f32x4.neg(first);
      evenA = f32x4.mul(evenA, scaleA); oddA = f32x4.mul(oddA, scaleA);
      evenB = f32x4.mul(evenB, scaleB); oddB = f32x4.mul(oddB, scaleB);
      evenC = f32x4.mul(evenC, scaleC); oddC = f32x4.mul(oddC, scaleC);
    }
    first = f32x4.add(f32x4.add(first, more), f32x4.add(evenA, f32x4.add(evenB, evenC)));
    // pmax(x, y) is x < y ? y : x, and keeps NaN.
    v128.store(to, f32x4.pmax(first, floor));
    if (count > 1) {
      const sum = f32x4.add(oddB, madd(oddC, v128.load(table, OF_C), n == 2 ? last : more));
      v128.store(to + stride, f32x4.pmax(madd(oddA, v128.load(table, OF_A), sum), floor));
    }
    if (count > 2) {
      const sum = f32x4.add(evenB, madd(evenC, v128.load(table, OF_C2), n == 3 ? last : more));
      v128.store(to + 2 * stride, f32x4.pmax(madd(evenA, v128.load(table, OF_A2), sum), floor));
    }
    if (count > 3) {
      const sum = f32x4.add(oddB, madd(oddC, v128.load(table, OF_C3), n == 4 ? last : more));
      v128.store(to + 3 * stride, f32x4.pmax(madd(oddA, v128.load(table, OF_A3), sum), floor));
    }
    if (count > 4) {
      const sum = f32x4.add(evenB, madd(evenC, v128.load(table, OF_C4), n == 5 ? last : more));
      v128.store(to + 4 * stride, f32x4.pmax(madd(evenA, v128.load(table, OF_A4), sum), floor));
    }
    if (count > 5) {
      const sum = f32x4.add(oddB, madd(oddC, v128.load(table, OF_C5), last));
      v128.store(to + 5 * stride, f32x4.pmax(madd(oddA, v128.load(table, OF_A5), sum), floor));
    }
    to += 16;
    shift += 16;
  }
}
