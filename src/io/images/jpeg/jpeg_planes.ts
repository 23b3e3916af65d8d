/** Pixels as the components of a JPEG file, padded to whole blocks, as libjpeg's compressor makes them. */
import type { Image } from "../../../records/image.ts";

/** A component's samples; `wide` and `high` are multiples of 8. */
export interface SamplePlane {
  readonly data: Uint8Array;
  readonly wide: number;
  readonly high: number;
}

const padded = (size: number) => 8 * Math.ceil(size / 8);

/** Grey as it is, or Y, Cb and Cr with the chroma of two by two pixels averaged. Source: JFIF 1.02; jcsample.c. */
export function planesOf({ width, height, channels, data }: Image): SamplePlane[] {
  const wide = padded(width);
  const high = padded(height);
  if (channels === 1) return [plane(wide, high, width, height, (x, y) => data[y * width + x])];
  const mix = (r: number, g: number, b: number, offset: number) => (x: number, y: number) => {
    const at = 3 * (y * width + x);
    return (r * data[at] + g * data[at + 1] + b * data[at + 2] + offset) >> 16;
  };
  const centre = (128 << 16) + 32767;
  const luma = plane(wide, high, width, height, mix(19595, 38470, 7471, 32768));
  const halved = (sample: (x: number, y: number) => number) => {
    const [halfWide, halfHigh] = [Math.ceil(width / 2), Math.ceil(height / 2)];
    const mean = (x: number, y: number) => {
      const [left, right] = [Math.min(2 * x, width - 1), Math.min(2 * x + 1, width - 1)];
      const [top, bottom] = [2 * y, Math.min(2 * y + 1, height - 1)];
      const sum = sample(left, top) + sample(right, top) + sample(left, bottom) + sample(right, bottom);
      // Rounded down and up by turns, so that the mean stays.
      return (sum + 1 + (x & 1)) >> 2;
    };
    // Columns beyond the edge are averaged too: they are rounded by turns as well.
    return plane(padded(halfWide), padded(halfHigh), padded(halfWide), halfHigh, mean);
  };
  return [luma, halved(mix(-11059, -21709, 32768, centre)), halved(mix(32768, -27439, -5329, centre))];
}

/** Samples of a plane; beyond `width` and `height` the last ones are repeated. */
function plane(
  wide: number,
  high: number,
  width: number,
  height: number,
  sample: (x: number, y: number) => number,
): SamplePlane {
  const data = new Uint8Array(wide * high);
  for (let y = 0; y < height; y++) {
    const row = y * wide;
    for (let x = 0; x < width; x++) data[row + x] = sample(x, y);
    data.fill(data[row + width - 1], row + width, row + wide);
  }
  for (let y = height; y < high; y++) data.copyWithin(y * wide, (height - 1) * wide, height * wide);
  return { data, wide, high };
}
