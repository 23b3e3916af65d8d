import { tiles } from "./tile";
import { activate, activated } from "./activation";
import { loadUpTo4, copy } from "./packing";

/**
 * A block of C: `tileCount` tiles of four rows times `panels` packed panels of B, `panelBytes` apart. Rows go
 * in chunks of `chunkTiles`, whose part of A stays in the first cache while the panels stream past.
 *
 * With `tailRows` not 0 the last panel has fewer than 8 columns in C: it goes to the strip [rows][8] at
 * `tail`, through the row table `tailRows`.
 */
export function product(
  tileCount: u32, chunkTiles: u32, aRows: usize, aBase: usize, segments: usize, segmentCount: u32,
  b: usize, panelBytes: usize, panels: u32,
  cRows: usize, cBase: usize, tailRows: usize, tail: usize, accumulate: usize,
): void {
  const whole = tailRows != 0 ? panels - 1 : panels;
  for (let t: u32 = 0; t < tileCount; t += chunkTiles) {
    const count = min<u32>(chunkTiles, tileCount - t);
    const skip = <usize>t << 4;
    let panel = b;
    let c = cBase;
    for (let p: u32 = 0; p < whole; p++) {
      tiles(count, aRows + skip, aBase, segments, segmentCount, panel, cRows + skip, c, accumulate);
      panel += panelBytes;
      c += 32;
    }
    if (tailRows != 0) {
      tiles(count, aRows + skip, aBase, segments, segmentCount, panel, tailRows + skip, tail, accumulate);
    }
  }
}

/** Copies the first `columns` of each row of a strip [rows][8] into C. */
export function copyStrip(strip: usize, rows: u32, columns: u32, to: usize, toStride: usize): void {
  for (; rows != 0; rows--) {
    copy(to, strip, <usize>columns << 2);
    strip += 32;
    to += toStride;
  }
}

/** rows[r][c] = act(rows[r][c] + bias[c]); `bias` 0: none. */
export function biasActivation(
  at: usize, stride: usize, rows: u32, columns: u32, bias: usize, activation: u32,
): void {
  const nothing = f32x4.splat(0);
  for (; rows != 0; rows--) {
    let n = columns;
    let x = at;
    let b = bias;
    for (; n >= 4; n -= 4) {
      const add = bias == 0 ? nothing : v128.load(b);
      v128.store(x, activate(f32x4.add(v128.load(x), add), activation));
      x += 16;
      b += 16;
    }
    if (n != 0) {
      const add = bias == 0 ? nothing : loadUpTo4(b, n);
      const v = activated(f32x4.add(loadUpTo4(x, n), add), activation);
      store<f32>(x, f32x4.extract_lane(v, 0));
      if (n > 1) store<f32>(x, f32x4.extract_lane(v, 1), 4);
      if (n > 2) store<f32>(x, f32x4.extract_lane(v, 2), 8);
    }
    at += stride;
  }
}

/** rows[r][c] = act(rows[r][c] + bias[r]); `bias` 0: none. */
export function rowBiasActivation(
  at: usize, stride: usize, rows: u32, columns: u32, bias: usize, activation: u32,
): void {
  for (; rows != 0; rows--) {
    const add = bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias);
    let n = columns;
    let x = at;
    for (; n >= 4; n -= 4) {
      v128.store(x, activate(f32x4.add(v128.load(x), add), activation));
      x += 16;
    }
    for (; n != 0; n--) {
      const v = activated(f32x4.add(v128.load32_zero(x), add), activation);
      store<f32>(x, f32x4.extract_lane(v, 0));
      x += 4;
    }
    if (bias != 0) bias += 4;
    at += stride;
  }
}
