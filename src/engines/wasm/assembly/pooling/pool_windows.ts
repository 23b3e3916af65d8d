/**
 * Where the windows of a pool begin and end along one side of `size` places; with a stride of 0, the cells of a grid
 * of `count` cells: cell i goes from floor(i size / count) to ceil((i + 1) size / count).
 */

// @ts-ignore: decorator
@inline
export function windowStart(i: i32, size: i32, count: i32, stride: i32, pad: i32): i32 {
  return stride == 0 ? (i * size) / count : max(i * stride - pad, 0);
}

// @ts-ignore: decorator
@inline
export function windowEnd(i: i32, size: i32, count: i32, kernel: i32, stride: i32, pad: i32): i32 {
  return stride == 0 ? ((i + 1) * size + count - 1) / count : min(i * stride - pad + kernel, size);
}

/** Places that count, as PyTorch has it: with `includePad` those on the padding too, but none beyond it. */
// @ts-ignore: decorator
@inline
export function placesIn(
  i: i32, size: i32, count: i32, kernel: i32, stride: i32, pad: i32, includePad: u32,
): i32 {
  if (includePad && stride != 0) return min(kernel, size + 2 * pad - i * stride);
  return windowEnd(i, size, count, kernel, stride, pad) - windowStart(i, size, count, stride, pad);
}

/** The first window that holds place `at`; `reach` is what a window's last place lies behind its first. */
// @ts-ignore: decorator
@inline
export function firstOver(at: i32, size: i32, count: i32, reach: i32, stride: i32, pad: i32): i32 {
  if (stride == 0) return (at * count) / size;
  return at + pad > reach ? (at + pad - reach + stride - 1) / stride : 0;
}

/** The one behind the last window that holds place `at`. */
// @ts-ignore: decorator
@inline
export function endOver(at: i32, size: i32, count: i32, stride: i32, pad: i32): i32 {
  if (stride == 0) return ((at + 1) * count + size - 1) / size;
  return min((at + pad) / stride + 1, count);
}
