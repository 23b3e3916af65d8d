/**
 * Blocks of rows of one plane, in a frame of zeros. Rows of the frame are `pitch` floats. Frames are used again from
 * plane to plane: their zeros are written once if `clean` says so, since every plane fills the same places.
 */
import { zero } from "../packing";

/**
 * Frame rows `first` and on, `count` of them: row i holds the plane's row i - top, `left` floats in.
 *
 * @param clean - the frame holds zeros wherever this plane has none of its rows
 */
export function padded(
  plane: usize,
  height: i32,
  width: u32,
  top: i32,
  left: u32,
  first: i32,
  count: i32,
  pitch: u32,
  clean: bool,
  frame: usize,
): void {
  const rowBytes = <usize>pitch << 2;
  if (!clean) zero(frame, rowBytes * <usize>count);
  const begin = max(first, top);
  const end = min(first + count, top + height);
  let to = frame + rowBytes * <usize>(begin - first) + (<usize>left << 2);
  let from = plane + (<usize>(<u32>(begin - top) * width) << 2);
  for (let i = begin; i < end; i++) {
    copyRow(to, from, width);
    to += rowBytes;
    from += <usize>width << 2;
  }
}

// @ts-ignore: decorator
@inline
function copyRow(to: usize, from: usize, width: u32): void {
  if (width < 4) {
    for (let i: u32 = 0; i < width; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)));
    return;
  }
  const last = <usize>(width - 4) << 2;
  for (let at: usize = 0; at < last; at += 16) v128.store(to + at, v128.load(from + at));
  v128.store(to + last, v128.load(from + last));
}

/**
 * The same for a plane whose pixels are two apart in the frame, with zeros between: row i holds the plane's row
 * (i - top) / 2 if there is one, `left` floats in.
 */
export function spread(
  plane: usize,
  height: i32,
  width: u32,
  top: i32,
  left: u32,
  first: i32,
  count: i32,
  pitch: u32,
  clean: bool,
  frame: usize,
): void {
  const rowBytes = <usize>pitch << 2;
  if (!clean) zero(frame, rowBytes * <usize>count);
  for (let y = max(0, (first - top + 1) >> 1); y < height && 2 * y + top < first + count; y++) {
    const to = frame + rowBytes * <usize>(2 * y + top - first) + (<usize>left << 2);
    spreadRow(to, plane + (<usize>(<u32>y * width) << 2), width);
  }
}

// @ts-ignore: decorator
@inline
function spreadRow(to: usize, from: usize, width: u32): void {
  const nothing = f32x4.splat(0);
  let n = width;
  // A vector at its end writes the zero behind its last pixel too, which may be the next row's first: a pixel more is
  // left for the loop below, so that all zeros lie within the row.
  for (; n > 4; n -= 4) {
    const pixels = v128.load(from);
    v128.store(to, v128.shuffle<i32>(pixels, nothing, 0, 4, 1, 5));
    v128.store(to, v128.shuffle<i32>(pixels, nothing, 2, 6, 3, 7), 16);
    from += 16;
    to += 32;
  }
  for (; n != 0; n--) {
    store<f32>(to, load<f32>(from));
    from += 4;
    to += 8;
  }
}
