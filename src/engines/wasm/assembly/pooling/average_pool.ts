import { zero } from "../packing";

/** Planes under 2x2 windows, side by side: to[r][c] = mean of four. */
export function averagePool2x2(
  from: usize, planes: u32, width: u32, planeBytes: usize, rows: u32, columns: u32, to: usize,
): void {
  const quarter = f32x4.splat(0.25);
  const rowBytes = <usize>width << 2;
  for (; planes != 0; planes--) {
    let row = from;
    for (let r = rows; r != 0; r--) {
      let x = row;
      let n = columns;
      for (; n >= 4; n -= 4) {
        const low = f32x4.add(v128.load(x), v128.load(x + rowBytes));
        const high = f32x4.add(v128.load(x, 16), v128.load(x + rowBytes, 16));
        const even = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
        const odd = v128.shuffle<i32>(low, high, 1, 3, 5, 7);
        v128.store(to, f32x4.mul(f32x4.add(even, odd), quarter));
        x += 32;
        to += 16;
      }
      for (; n != 0; n--) {
        const left = load<f32>(x) + load<f32>(x + rowBytes);
        const right = load<f32>(x, 4) + load<f32>(x + rowBytes, 4);
        store<f32>(to, (left + right) * 0.25);
        x += 8;
        to += 4;
      }
      row += rowBytes << 1;
    }
    from += planeBytes;
  }
}

/** The gradient of `averagePool2x2`: a quarter of dy in each of four places; zeros where no window was. */
export function averagePool2x2Gradient(
  from: usize, planes: u32, rows: u32, columns: u32, to: usize, height: u32, width: u32,
): void {
  const quarter = f32x4.splat(0.25);
  const rowBytes = <usize>width << 2;
  for (; planes != 0; planes--) {
    for (let r = rows; r != 0; r--) {
      let dx = to;
      let n = columns;
      for (; n >= 4; n -= 4) {
        const v = f32x4.mul(v128.load(from), quarter);
        const low = v128.shuffle<i32>(v, v, 0, 0, 1, 1);
        const high = v128.shuffle<i32>(v, v, 2, 2, 3, 3);
        v128.store(dx, low);
        v128.store(dx, high, 16);
        v128.store(dx + rowBytes, low);
        v128.store(dx + rowBytes, high, 16);
        from += 16;
        dx += 32;
      }
      for (; n != 0; n--) {
        const v = load<f32>(from) * 0.25;
        store<f32>(dx, v);
        store<f32>(dx, v, 4);
        store<f32>(dx + rowBytes, v);
        store<f32>(dx + rowBytes, v, 4);
        from += 4;
        dx += 8;
      }
      for (let c = columns << 1; c < width; c++) {
        store<f32>(dx, 0);
        store<f32>(dx + rowBytes, 0);
        dx += 4;
      }
      to += rowBytes << 1;
    }
    const left = <usize>(height - (rows << 1)) * rowBytes;
    zero(to, left);
    to += left;
  }
}

// The divisor of one window, as PyTorch has it: with `includePad` its whole size, cut off only if it
// leaves the padded input; else the part that lies on the input.
// @ts-ignore: decorator
@inline
function divisorOf(
  y0: i32, x0: i32, y1: i32, x1: i32,
  padY1: i32, padX1: i32, padY0: i32, padX0: i32, includePad: u32, fixedDivisor: f32,
): f32 {
  if (fixedDivisor != 0) return fixedDivisor;
  return includePad ? <f32>((padY1 - padY0) * (padX1 - padX0)) : <f32>((y1 - y0) * (x1 - x0));
}

/**
 * Average pooling of planes under any windows. `gradient` not 0: the other way, from dy at `y` to dx at `x`,
 * which is overwritten. `fixedDivisor` 0: the divisor is the window's size.
 */
export function averagePool(
  x: usize, planes: u32, height: i32, width: i32,
  y: usize, rows: i32, columns: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, padY: i32, padX: i32,
  includePad: u32, fixedDivisor: f32, gradient: u32,
): void {
  const planeBytes = <usize>(<u32>(height * width)) << 2;
  for (; planes != 0; planes--) {
    if (gradient) zero(x, planeBytes);
    for (let r = 0; r < rows; r++) {
      const fullY0 = r * strideY - padY;
      const fullY1 = min(fullY0 + kernelHeight, height + padY);
      const y0 = max(fullY0, 0);
      const y1 = min(fullY1, height);
      for (let c = 0; c < columns; c++) {
        const fullX0 = c * strideX - padX;
        const fullX1 = min(fullX0 + kernelWidth, width + padX);
        const x0 = max(fullX0, 0);
        const x1 = min(fullX1, width);
        if (y0 >= y1 || x0 >= x1) {
          if (!gradient) store<f32>(y, 0);
        } else {
          const d = divisorOf(y0, x0, y1, x1, fullY1, fullX1, fullY0, fullX0, includePad, fixedDivisor);
          if (gradient) spread(x, width, y0, y1, x0, x1, load<f32>(y) / d);
          else store<f32>(y, sumWindow(x, width, y0, y1, x0, x1) / d);
        }
        y += 4;
      }
    }
    x += planeBytes;
  }
}

function sumWindow(plane: usize, width: i32, y0: i32, y1: i32, x0: i32, x1: i32): f32 {
  let sum: f32 = 0;
  for (let y = y0; y < y1; y++) {
    let at = plane + (<usize>(<u32>(y * width + x0)) << 2);
    for (let x = x0; x < x1; x++) {
      sum += load<f32>(at);
      at += 4;
    }
  }
  return sum;
}

function spread(plane: usize, width: i32, y0: i32, y1: i32, x0: i32, x1: i32, value: f32): void {
  for (let y = y0; y < y1; y++) {
    let at = plane + (<usize>(<u32>(y * width + x0)) << 2);
    for (let x = x0; x < x1; x++) {
      store<f32>(at, load<f32>(at) + value);
      at += 4;
    }
  }
}
