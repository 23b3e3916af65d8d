/**
 * Rows of a component at the size of the image, as libjpeg makes them: halved components by its triangle filter
 * ("fancy upsampling"), others by repeating samples. Source: the Independent JPEG Group's jdsample.c.
 */
import type { JpegComponent, JpegFrame } from "./jpeg_frame.ts";

/** Gives row `y` of the image, at least its width of samples. */
export type RowReader = (y: number) => Uint8Array | Uint8ClampedArray;

export function rowReader(component: JpegComponent, frame: JpegFrame): RowReader {
  const { plane, storedWide, width, height } = component;
  const stride = 8 * storedWide;
  const acrossBy = frame.maxH / component.h;
  const downBy = frame.maxV / component.v;
  const rowOf = (y: number) => plane.subarray(y * stride, y * stride + stride);
  if (acrossBy === 1 && downBy === 1) return rowOf;
  const out = new Uint8Array(stride * acrossBy + 2);
  const nearer = (y: number) => rowOf(y >> 1);
  // The other row that a row lies between; that outside of the image is the last within.
  const farther = (y: number) => rowOf(Math.min(height - 1, Math.max(0, (y >> 1) + (y & 1 ? 1 : -1))));
  if (acrossBy === 2 && downBy === 1 && width > 2) return (y) => across(rowOf(y), width, out);
  if (acrossBy === 1 && downBy === 2) return (y) => down(nearer(y), farther(y), width, y & 1, out);
  if (acrossBy === 2 && downBy === 2 && width > 2) {
    const sums = new Uint16Array(width);
    return (y) => both(nearer(y), farther(y), width, sums, out);
  }
  return (y) => {
    const row = rowOf(Math.floor(y / downBy));
    for (let x = 0, to = 0; x < width; x++) for (let i = 0; i < acrossBy; i++) out[to++] = row[x];
    return out;
  };
}

function across(row: Uint8ClampedArray, width: number, out: Uint8Array): Uint8Array {
  const last = width - 1;
  out[0] = row[0];
  out[1] = (3 * row[0] + row[1] + 2) >> 2;
  for (let x = 1; x < last; x++) {
    const near = 3 * row[x];
    out[2 * x] = (near + row[x - 1] + 1) >> 2;
    out[2 * x + 1] = (near + row[x + 1] + 2) >> 2;
  }
  out[2 * last] = (3 * row[last] + row[last - 1] + 1) >> 2;
  out[2 * last + 1] = row[last];
  return out;
}

function down(
  near: Uint8ClampedArray,
  far: Uint8ClampedArray,
  width: number,
  odd: number,
  out: Uint8Array,
): Uint8Array {
  for (let x = 0; x < width; x++) out[x] = (3 * near[x] + far[x] + 1 + odd) >> 2;
  return out;
}

function both(
  near: Uint8ClampedArray,
  far: Uint8ClampedArray,
  width: number,
  sums: Uint16Array,
  out: Uint8Array,
): Uint8Array {
  const last = width - 1;
  for (let x = 0; x < width; x++) sums[x] = 3 * near[x] + far[x];
  out[0] = (4 * sums[0] + 8) >> 4;
  out[1] = (3 * sums[0] + sums[1] + 7) >> 4;
  for (let x = 1; x < last; x++) {
    const here = 3 * sums[x];
    out[2 * x] = (here + sums[x - 1] + 8) >> 4;
    out[2 * x + 1] = (here + sums[x + 1] + 7) >> 4;
  }
  out[2 * last] = (3 * sums[last] + sums[last - 1] + 8) >> 4;
  out[2 * last + 1] = (4 * sums[last] + 7) >> 4;
  return out;
}
