/**
 * Blocks of rows of one plane, in a frame of zeros. Rows of the frame are `pitch` floats. Frames are used again from
 * plane to plane: their zeros are written once if `clean` says so, since every plane fills the same places.
 */
import { zero } from "../packing";

/**
 * Frame rows `first` and on, `count` of them: row i holds the plane's row (i - top) / step if there is one, `left` floats
 * in. With a step of 2, pixels of a row are two apart as well, with zeros between.
 *
 * @param step - 1 or 2
 * @param clean - the frame holds zeros wherever this plane has none of its rows
 * @param frame - 0: rows are read in place (no padding, a step of 1)
 * @returns where the rows are
 */
export function framed(
  step: i32, plane: usize, height: i32, width: u32, top: i32, left: u32, first: i32, count: i32, pitch: u32,
  clean: bool, frame: usize,
): usize {
  const rowBytes = <usize>pitch << 2;
  if (frame == 0) return plane + rowBytes * <usize>first;
  if (!clean) zero(frame, rowBytes * <usize>count);
  if (step == 1) place(1, plane, height, width, top, left, first, count, rowBytes, frame);
  else place(2, plane, height, width, top, left, first, count, rowBytes, frame);
  return frame;
}

/** Copies the rows that meet the plane's. `step` is a constant. */
// @ts-ignore: decorator
@inline
function place(
  step: i32, plane: usize, height: i32, width: u32, top: i32, left: u32, first: i32, count: i32, rowBytes: usize,
  frame: usize,
): void {
  const begin = max(0, (first - top + step - 1) / step);
  const end = min(height, (first + count - top + step - 1) / step);
  let to = frame + rowBytes * <usize>(begin * step + top - first) + (<usize>left << 2);
  let from = plane + (<usize>(<u32>begin * width) << 2);
  for (let i = begin; i < end; i++) {
    if (step == 1) copyRow(to, from, width);
    else spreadRow(to, from, width);
    to += rowBytes * <usize>step;
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
