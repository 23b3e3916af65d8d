import { zero } from "./copy";

/**
 * Max pooling of pictures with their channels last, as `maxPool` does it for planes: y and the place of each
 * maximum in its plane, for output rows `firstRow` to `lastRow` of one picture.
 */
export function maxPoolLast(
  x: usize,
  channels: u32,
  height: i32,
  width: i32,
  y: usize,
  indices: usize,
  firstRow: i32,
  lastRow: i32,
  columns: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideY: i32,
  strideX: i32,
  padY: i32,
  padX: i32,
  dilationY: i32,
  dilationX: i32,
): void {
  const pixel = <usize>channels << 2;
  for (let r = firstRow; r < lastRow; r++) {
    const top = r * strideY - padY;
    const y0 = top < 0 ? top + ((dilationY - 1 - top) / dilationY) * dilationY : top;
    const y1 = min(top + (kernelHeight - 1) * dilationY + 1, height);
    for (let c = 0; c < columns; c++) {
      const left = c * strideX - padX;
      const x0 = left < 0 ? left + ((dilationX - 1 - left) / dilationX) * dilationX : left;
      const x1 = min(left + (kernelWidth - 1) * dilationX + 1, width);
      const at = <usize>(<u32>(r * columns + c)) * pixel;
      onePixel(x, channels, width, y0, y1, dilationY, x0, x1, dilationX, y + at, indices + at);
    }
  }
}

function onePixel(
  x: usize,
  channels: u32,
  width: i32,
  y0: i32,
  y1: i32,
  dilationY: i32,
  x0: i32,
  x1: i32,
  dilationX: i32,
  y: usize,
  indices: usize,
): void {
  const pixel = <usize>channels << 2;
  const start = y0 * width + x0;
  let live = channels;
  for (; live >= 8; live -= 8) {
    let best = f32x4.splat(-Infinity);
    let best2 = best;
    let place = i32x4.splat(start);
    let place2 = place;
    for (let i = y0; i < y1; i += dilationY) {
      for (let j = x0; j < x1; j += dilationX) {
        const at = x + <usize>(<u32>(i * width + j)) * pixel;
        const index = i32x4.splat(i * width + j);
        const value = v128.load(at);
        const value2 = v128.load(at, 16);
        const wins = v128.or(f32x4.gt(value, best), f32x4.ne(value, value));
        const wins2 = v128.or(f32x4.gt(value2, best2), f32x4.ne(value2, value2));
        best = v128.bitselect(value, best, wins);
        best2 = v128.bitselect(value2, best2, wins2);
        place = v128.bitselect(index, place, wins);
        place2 = v128.bitselect(index, place2, wins2);
      }
    }
    v128.store(y, best);
    v128.store(y, best2, 16);
    v128.store(indices, place);
    v128.store(indices, place2, 16);
    x += 32;
    y += 32;
    indices += 32;
  }
  for (; live != 0; live--) {
    let best: f32 = -Infinity;
    let place = start;
    for (let i = y0; i < y1; i += dilationY) {
      for (let j = x0; j < x1; j += dilationX) {
        const value = load<f32>(x + <usize>(<u32>(i * width + j)) * pixel);
        if (value > best || value != value) {
          best = value;
          place = i * width + j;
        }
      }
    }
    store<f32>(y, best);
    store<i32>(indices, place);
    x += 4;
    y += 4;
    indices += 4;
  }
}

/** dx of one picture from dy and the places of the maxima: overlapping windows add up, in order. */
export function maxPoolLastGradient(
  dy: usize,
  indices: usize,
  channels: u32,
  outputs: u32,
  dx: usize,
  inputs: u32,
): void {
  zero(dx, (<usize>inputs * channels) << 2);
  for (let n = outputs; n != 0; n--) {
    let to = dx;
    for (let c = channels; c != 0; c--) {
      const at = to + ((<usize>load<u32>(indices) * channels) << 2);
      store<f32>(at, load<f32>(at) + load<f32>(dy));
      indices += 4;
      dy += 4;
      to += 4;
    }
  }
}
