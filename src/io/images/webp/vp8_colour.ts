/** VP8's luma and chroma as RGB, as libwebp converts them: chroma interpolated between samples, integers throughout. */
import type { Vp8Frame } from "./vp8.ts";

/** Gives row `y` of a frame as RGB, or as RGBA with the alpha untouched, to `out`. */
export function rgbRow(frame: Vp8Frame, y: number, out: Uint8ClampedArray, channels: 3 | 4): void {
  const [luma, u, v] = frame.planes;
  const { width } = frame;
  const chromaRows = (frame.height + 1) >> 1;
  const near = y >> 1;
  const far = Math.min(chromaRows - 1, Math.max(0, near + (y & 1 ? 1 : -1)));
  const chromaWidth = (width + 1) >> 1;
  const us = rowBuffer(0, chromaWidth);
  const vs = rowBuffer(1, chromaWidth);
  interpolate(u.data, near * u.stride, far * u.stride, chromaWidth, us);
  interpolate(v.data, near * v.stride, far * v.stride, chromaWidth, vs);
  const from = y * luma.stride;
  for (let x = 0, to = 0; x < width; x++, to += channels) {
    const light = (luma.data[from + x] * 19077) >> 8;
    const blue = us[x];
    const red = vs[x];
    out[to] = (light + ((red * 26149) >> 8) - 14234) >> 6;
    out[to + 1] = (light - ((blue * 6419) >> 8) - ((red * 13320) >> 8) + 8708) >> 6;
    out[to + 2] = (light + ((blue * 33050) >> 8) - 17685) >> 6;
  }
}

const buffers = [new Uint8Array(0), new Uint8Array(0)];

function rowBuffer(index: number, chromaWidth: number): Uint8Array {
  if (buffers[index].length < 2 * chromaWidth) buffers[index] = new Uint8Array(2 * chromaWidth);
  return buffers[index];
}

/** A row of chroma at the size of luma: 9, 3, 3 and 1 sixteenths of the four samples around, rounded as libwebp does. */
function interpolate(
  data: Uint8ClampedArray,
  near: number,
  far: number,
  width: number,
  out: Uint8Array,
): void {
  out[0] = (3 * data[near] + data[far] + 2) >> 2;
  for (let x = 1; x < width; x++) {
    const nearLeft = data[near + x - 1];
    const nearHere = data[near + x];
    const farLeft = data[far + x - 1];
    const farHere = data[far + x];
    const sum = nearLeft + nearHere + farLeft + farHere + 8;
    const rising = (sum + 2 * (nearHere + farLeft)) >> 3;
    const falling = (sum + 2 * (nearLeft + farHere)) >> 3;
    out[2 * x - 1] = (rising + nearLeft) >> 1;
    out[2 * x] = (falling + nearHere) >> 1;
  }
  const last = width - 1;
  out[2 * last + 1] = (3 * data[near + last] + data[far + last] + 2) >> 2;
}
