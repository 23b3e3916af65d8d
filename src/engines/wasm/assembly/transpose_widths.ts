/**
 * to[c][r] = from[r][c] for elements of 1, 2 and 8 bytes, as `transpose` does it for 4; strides in bytes between rows
 * of `from` and rows of `to`. Blocks of 8 by 8 (2 by 2 for 8 bytes) are turned over in registers, the edges go one
 * by one.
 */

export function transpose8(
  from: usize, fromStride: usize, to: usize, toStride: usize, rows: u32, columns: u32,
): void {
  inBlocks<u8>(from, fromStride, to, toStride, rows, columns);
}

export function transpose16(
  from: usize, fromStride: usize, to: usize, toStride: usize, rows: u32, columns: u32,
): void {
  inBlocks<u16>(from, fromStride, to, toStride, rows, columns);
}

export function transpose64(
  from: usize, fromStride: usize, to: usize, toStride: usize, rows: u32, columns: u32,
): void {
  inBlocks<u64>(from, fromStride, to, toStride, rows, columns);
}

// @ts-ignore: decorator
@inline
function inBlocks<T>(
  from: usize, fromStride: usize, to: usize, toStride: usize, rows: u32, columns: u32,
): void {
  const side: u32 = sizeof<T>() == 8 ? 2 : 8;
  let r: u32 = 0;
  for (; r + side <= rows; r += side) {
    let c: u32 = 0;
    for (; c + side <= columns; c += side) block<T>(from + c * sizeof<T>(), fromStride, to + c * toStride, toStride);
    oneByOne<T>(from + c * sizeof<T>(), fromStride, to + c * toStride, toStride, side, columns - c);
    from += fromStride * side;
    to += side * sizeof<T>();
  }
  oneByOne<T>(from, fromStride, to, toStride, rows - r, columns);
}

// @ts-ignore: decorator
@inline
function block<T>(from: usize, fromStride: usize, to: usize, toStride: usize): void {
  if (sizeof<T>() == 1) block8(from, fromStride, to, toStride);
  else if (sizeof<T>() == 2) block16(from, fromStride, to, toStride);
  else block64(from, fromStride, to, toStride);
}

/** Any rows and columns, element by element. */
export function oneByOne<T>(
  from: usize, fromStride: usize, to: usize, toStride: usize, rows: u32, columns: u32,
): void {
  for (; rows != 0; rows--) {
    let source = from;
    let target = to;
    for (let c = columns; c != 0; c--) {
      store<T>(target, load<T>(source));
      source += sizeof<T>();
      target += toStride;
    }
    from += fromStride;
    to += sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function block8(from: usize, fromStride: usize, to: usize, toStride: usize): void {
  const ab = rowsOfBytes(from, fromStride);
  const cd = rowsOfBytes(from + (fromStride << 1), fromStride);
  const ef = rowsOfBytes(from + (fromStride << 2), fromStride);
  const gh = rowsOfBytes(from + fromStride * 6, fromStride);
  const low = v128.shuffle<i16>(ab, cd, 0, 8, 1, 9, 2, 10, 3, 11);
  const high = v128.shuffle<i16>(ab, cd, 4, 12, 5, 13, 6, 14, 7, 15);
  const low2 = v128.shuffle<i16>(ef, gh, 0, 8, 1, 9, 2, 10, 3, 11);
  const high2 = v128.shuffle<i16>(ef, gh, 4, 12, 5, 13, 6, 14, 7, 15);
  twoHalves(to, toStride, v128.shuffle<i32>(low, low2, 0, 4, 1, 5));
  twoHalves(to + (toStride << 1), toStride, v128.shuffle<i32>(low, low2, 2, 6, 3, 7));
  twoHalves(to + (toStride << 2), toStride, v128.shuffle<i32>(high, high2, 0, 4, 1, 5));
  twoHalves(to + toStride * 6, toStride, v128.shuffle<i32>(high, high2, 2, 6, 3, 7));
}

/** Eight bytes of two rows, interleaved. */
// @ts-ignore: decorator
@inline
function rowsOfBytes(from: usize, fromStride: usize): v128 {
  const a = v128.load64_zero(from);
  const b = v128.load64_zero(from + fromStride);
  return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function twoHalves(to: usize, toStride: usize, value: v128): void {
  v128.store64_lane(to, value, 0);
  v128.store64_lane(to + toStride, value, 1);
}

// @ts-ignore: decorator
@inline
function block16(from: usize, fromStride: usize, to: usize, toStride: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + fromStride);
  const c = v128.load(from + (fromStride << 1));
  const d = v128.load(from + fromStride * 3);
  const e = v128.load(from + (fromStride << 2));
  const f = v128.load(from + fromStride * 5);
  const g = v128.load(from + fromStride * 6);
  const h = v128.load(from + fromStride * 7);
  const ab = v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  const cd = v128.shuffle<i16>(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
  const ef = v128.shuffle<i16>(e, f, 0, 8, 1, 9, 2, 10, 3, 11);
  const gh = v128.shuffle<i16>(g, h, 0, 8, 1, 9, 2, 10, 3, 11);
  fourColumns(to, toStride, ab, cd, ef, gh);
  const ab2 = v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  const cd2 = v128.shuffle<i16>(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
  const ef2 = v128.shuffle<i16>(e, f, 4, 12, 5, 13, 6, 14, 7, 15);
  const gh2 = v128.shuffle<i16>(g, h, 4, 12, 5, 13, 6, 14, 7, 15);
  fourColumns(to + (toStride << 2), toStride, ab2, cd2, ef2, gh2);
}

// @ts-ignore: decorator
@inline
function block64(from: usize, fromStride: usize, to: usize, toStride: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + fromStride);
  v128.store(to, v128.shuffle<i64>(a, b, 0, 2));
  v128.store(to + toStride, v128.shuffle<i64>(a, b, 1, 3));
}

/** Four columns of eight, from pairs of rows with their elements interleaved. */
// @ts-ignore: decorator
@inline
function fourColumns(to: usize, toStride: usize, ab: v128, cd: v128, ef: v128, gh: v128): void {
  const low = v128.shuffle<i32>(ab, cd, 0, 4, 1, 5);
  const low2 = v128.shuffle<i32>(ef, gh, 0, 4, 1, 5);
  v128.store(to, v128.shuffle<i64>(low, low2, 0, 2));
  v128.store(to + toStride, v128.shuffle<i64>(low, low2, 1, 3));
  const high = v128.shuffle<i32>(ab, cd, 2, 6, 3, 7);
  const high2 = v128.shuffle<i32>(ef, gh, 2, 6, 3, 7);
  v128.store(to + (toStride << 1), v128.shuffle<i64>(high, high2, 0, 2));
  v128.store(to + toStride * 3, v128.shuffle<i64>(high, high2, 1, 3));
}
