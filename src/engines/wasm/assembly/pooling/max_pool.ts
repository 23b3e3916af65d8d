import { zero } from "../packing";

/**
 * Max pooling of planes: y and the place of each maximum in its plane. The first of equal maxima wins, a NaN
 * wins over numbers, padding never wins.
 *
 * Windows that lie inside the plane's rows go four at a time if the stride across is 1 or 2 and the
 * kernel is not dilated across; the others one by one.
 */
export function maxPool(
  x: usize, planes: u32, height: i32, width: i32,
  y: usize, indices: usize, rows: i32, columns: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, padY: i32, padX: i32,
  dilationY: i32, dilationX: i32,
): void {
  const planeBytes = <usize>(<u32>(height * width)) << 2;
  const inStrides = dilationX == 1 && strideX <= 2;
  // Windows can be read four at a time from column `firstWhole` to column `lastWhole`.
  const reach = strideX == 1 ? kernelWidth + 3 : kernelWidth + 6;
  const firstWhole = (padX + strideX - 1) / strideX;
  const room = width + padX - reach;
  const lastWhole = inStrides && room >= 0 ? min(room / strideX, columns - 4) : -1;
  for (; planes != 0; planes--) {
    for (let r = 0; r < rows; r++) {
      const top = r * strideY - padY;
      const y0 = top < 0 ? top + ((dilationY - 1 - top) / dilationY) * dilationY : top;
      const y1 = min(top + (kernelHeight - 1) * dilationY + 1, height);
      let c = 0;
      // Windows before this one were found to hold a NaN, and go one by one.
      let slow = 0;
      while (c < columns) {
        if (c >= slow && c >= firstWhole && firstWhole <= lastWhole && c < lastWhole + 4) {
          // The last four step back over windows that are done already.
          const first = min(c, lastWhole);
          const left = first * strideX - padX;
          const at = <usize>first << 2;
          const done =
            strideX == 1
              ? four(1, x, width, y0, y1, dilationY, left, kernelWidth, y + at, indices + at)
              : four(2, x, width, y0, y1, dilationY, left, kernelWidth, y + at, indices + at);
          if (done) c = first + 4;
          else slow = first + 4;
        } else {
          const left = c * strideX - padX;
          const at = <usize>c << 2;
          const x0 = left < 0 ? left + ((dilationX - 1 - left) / dilationX) * dilationX : left;
          const x1 = min(left + (kernelWidth - 1) * dilationX + 1, width);
          one(x, width, y0, y1, dilationY, x0, x1, dilationX, y + at, indices + at);
          c++;
        }
      }
      y += <usize>columns << 2;
      indices += <usize>columns << 2;
    }
    x += planeBytes;
  }
}

function one(
  plane: usize, width: i32, y0: i32, y1: i32, dilationY: i32,
  x0: i32, x1: i32, dilationX: i32, y: usize, indices: usize,
): void {
  let best: f32 = -Infinity;
  let place = y0 * width + x0;
  for (let i = y0; i < y1; i += dilationY) {
    for (let j = x0; j < x1; j += dilationX) {
      const index = i * width + j;
      const value = load<f32>(plane + (<usize>(<u32>index) << 2));
      // Without a branch: which tap wins cannot be foretold.
      const wins = i32(value > best) | i32(value != value);
      best = select(value, best, wins != 0);
      place = select(index, place, wins != 0);
    }
  }
  store<f32>(y, best);
  store<i32>(indices, place);
}

/**
 * Four windows one or two columns apart: floats 0, 2, 4 and 6 then, without reading an eighth. False, and nothing
 * stored, if a NaN is among them.
 */
// @ts-ignore: decorator
@inline
function four(
  apart: i32, plane: usize, width: i32, y0: i32, y1: i32, dilationY: i32, left: i32,
  kernelWidth: i32, y: usize, indices: usize,
): bool {
  let best = f32x4.splat(-Infinity);
  let nan = i32x4.splat(0);
  let place = i32x4.splat(y0 * width + left);
  for (let i = y0; i < y1; i += dilationY) {
    let index = i * width + left;
    for (let j = 0; j < kernelWidth; j++) {
      const at = plane + (<usize>(<u32>index) << 2);
      const value =
        apart == 1 ? v128.load(at) : v128.shuffle<i32>(v128.load(at), v128.load(at, 12), 0, 2, 5, 7);
      nan = v128.or(nan, f32x4.ne(value, value));
      place = v128.bitselect(i32x4.splat(index), place, f32x4.gt(value, best));
      best = f32x4.pmax(best, value);
      index++;
    }
  }
  if (v128.any_true(nan)) return false;
  v128.store(y, best);
  v128.store(indices, i32x4.add(place, apart == 1 ? i32x4(0, 1, 2, 3) : i32x4(0, 2, 4, 6)));
  return true;
}

/** dx from dy and the places of the maxima: overlapping windows add up, in order. */
export function maxPoolGradient(
  dy: usize, indices: usize, planes: u32, outputs: u32, dx: usize, inputs: u32,
): void {
  for (; planes != 0; planes--) {
    zero(dx, <usize>inputs << 2);
    for (let n = outputs; n != 0; n--) {
      const at = dx + (<usize>load<u32>(indices) << 2);
      store<f32>(at, load<f32>(at) + load<f32>(dy));
      indices += 4;
      dy += 4;
    }
    dx += <usize>inputs << 2;
  }
}
