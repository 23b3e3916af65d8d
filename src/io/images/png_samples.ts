/** Samples of PNG rows as 8 bits a channel: packed ones, palettes and transparent colours resolved. */
import type { ImageFailure } from "./image_failure.ts";
import type { SourceChannels } from "./pixel_writer.ts";
import type { PngChunks } from "./png_chunks.ts";

type ReadRow = (row: Uint8Array, width: number, samples: Uint8Array) => void;

/** How many channels a file's pixels have, and what brings an unfiltered row to them; undefined if it has them. */
export function sampleReader(
  chunks: PngChunks,
  fail: ImageFailure,
): { channels: SourceChannels; read: ReadRow | undefined } {
  const { header, palette, transparency } = chunks;
  const { depth, colourType } = header;
  if (colourType === 3) {
    const channels = transparency === undefined ? 3 : 4;
    return { channels, read: paletteReader(palette as Uint8Array, transparency, depth, fail) };
  }
  const stored = ({ 0: 1, 2: 3, 4: 2, 6: 4 } as const)[colourType] as SourceChannels;
  if (transparency !== undefined) {
    const channels = stored === 1 ? 2 : 4;
    return { channels, read: transparentReader(transparency, depth, stored) };
  }
  if (depth === 8) return { channels: stored, read: undefined };
  if (depth === 16)
    return { channels: stored, read: (row, width, out) => upperBytes(row, width * stored, out) };
  const scale = 255 / (2 ** depth - 1);
  const read: ReadRow = (row, width, out) => {
    for (let x = 0; x < width; x++) out[x] = packedSample(row, x, depth) * scale;
  };
  return { channels: stored, read };
}

function upperBytes(row: Uint8Array, count: number, out: Uint8Array): void {
  for (let i = 0; i < count; i++) out[i] = row[2 * i];
}

function paletteReader(
  palette: Uint8Array,
  transparency: Uint8Array | undefined,
  depth: number,
  fail: ImageFailure,
): ReadRow {
  const colours = palette.length / 3;
  const channels = transparency === undefined ? 3 : 4;
  return (row, width, out) => {
    for (let x = 0, to = 0; x < width; x++, to += channels) {
      const index = packedSample(row, x, depth);
      if (index >= colours) throw fail(`a pixel names colour ${index} of a palette of ${colours}`);
      out[to] = palette[3 * index];
      out[to + 1] = palette[3 * index + 1];
      out[to + 2] = palette[3 * index + 2];
      if (transparency !== undefined) out[to + 3] = index < transparency.length ? transparency[index] : 255;
    }
  };
}

/** Pixels of exactly the colour that the file names are see-through; compared as stored. */
function transparentReader(transparency: Uint8Array, depth: number, stored: number): ReadRow {
  const clear = Array.from({ length: stored }, (_, c) => transparency[2 * c] * 256 + transparency[2 * c + 1]);
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  const sampleAt = (row: Uint8Array, i: number) =>
    depth === 16 ? row[2 * i] * 256 + row[2 * i + 1] : packedSample(row, i, depth);
  return (row, width, out) => {
    for (let x = 0, to = 0; x < width; x++) {
      let isClear = true;
      for (let c = 0; c < stored; c++) {
        const sample = sampleAt(row, x * stored + c);
        if (sample !== clear[c]) isClear = false;
        out[to++] = depth === 16 ? sample >> 8 : sample * scale;
      }
      out[to++] = isClear ? 0 : 255;
    }
  };
}

function packedSample(row: Uint8Array, x: number, depth: number): number {
  if (depth === 8) return row[x];
  const bit = x * depth;
  return (row[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}
