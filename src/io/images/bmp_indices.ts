/** Rows of palette indices of BMP images, packed or as run lengths. */
import type { ImageFailure } from "./image_failure.ts";

/** Is called when the indices hold row `y` as stored. */
type TakeRow = (y: number) => void;

/** Indices of 1, 2, 4 or 8 bits, the first in the highest bits. */
export function readPackedIndices(
  data: Uint8Array,
  bits: number,
  stride: number,
  height: number,
  indices: Uint8Array,
  take: TakeRow,
): void {
  const mask = (1 << bits) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < indices.length; x++) {
      const bit = x * bits;
      indices[x] = (data[y * stride + (bit >> 3)] >> (8 - bits - (bit & 7))) & mask;
    }
    take(y);
  }
}

/** Run lengths of 8 or 4 bits (RLE8, RLE4); pixels that are left out are of index 0. */
export function readRunLengths(
  data: Uint8Array,
  bits: number,
  height: number,
  indices: Uint8Array,
  take: TakeRow,
  fail: ImageFailure,
): void {
  const width = indices.length;
  let [at, x, y] = [0, 0, 0];
  const endRow = () => {
    take(y++);
    indices.fill(0);
    x = 0;
  };
  /** The index at place `i` of bytes that hold one each, or two. */
  const unpacked = (from: number, i: number) =>
    bits === 8 ? data[from + i] : (data[from + (i >> 1)] >> (i & 1 ? 0 : 4)) & 15;
  while (y < height) {
    if (at + 2 > data.length) throw fail("it is cut short: its run lengths have no end");
    const count = data[at++];
    const value = data[at++];
    if (count > 0) {
      // Both halves of the byte alternate; of 8 bits it is one index.
      for (let i = 0; i < count && x < width; i++)
        indices[x++] = bits === 8 ? value : (value >> (i & 1 ? 0 : 4)) & 15;
    } else if (value === 0) endRow();
    else if (value === 1) while (y < height) endRow();
    else if (value === 2) {
      const [right, up] = [data[at], data[at + 1]];
      at += 2;
      const column = x + right;
      for (let i = 0; i < up && y < height; i++) endRow();
      x = Math.min(width, column);
    } else {
      const bytes = bits === 8 ? value : (value + 1) >> 1;
      if (at + bytes > data.length) throw fail("it is cut short");
      for (let i = 0; i < value && x < width; i++) indices[x++] = unpacked(at, i);
      at += bytes + (bytes & 1);
    }
    if (x >= width && y === height - 1) endRow();
  }
}
