/** Decodes the first frame of GIF images. Source: CompuServe, "Graphics Interchange Format", version 89a. */
import { readLzw } from "./gif_lzw.ts";
import { checkCanvas, checkClaim, type ImageFailure, imageFailure } from "./image_failure.ts";
import { DEFAULT_SETTINGS, type Decode } from "./image_settings.ts";
import { PixelWriter } from "./pixel_writer.ts";

/** Rows of an interlaced frame: every `step`-th from `first`, one pass after the other. */
const INTERLACED = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

/**
 * Decodes the first frame of a GIF file in its place on the canvas; what is see-through, or outside of the frame, is
 * the background.
 *
 * @throws FileError for anything that is damaged, cut short, or too large.
 */
export const decodeGif: Decode = (bytes, settings = DEFAULT_SETTINGS, name) => {
  const fail = imageFailure("GIF", name);
  if (bytes.length < 13) throw fail("it is cut short");
  const { at, palette, transparent } = firstFrame(bytes, fail);
  const word = (from: number) => bytes[from] | (bytes[from + 1] << 8);
  const [left, top, wide, tall] = [word(at), word(at + 2), word(at + 4), word(at + 6)];
  // A frame that goes beyond the canvas makes it larger.
  const width = Math.max(word(6), left + wide);
  const height = Math.max(word(8), top + tall);
  checkClaim(width, height, settings.limit, fail);
  if (wide === 0 || tall === 0) throw fail("its first frame has no pixels");
  const flags = bytes[at + 8];
  const ownColours = flags & 0x80 ? 2 << (flags & 7) : 0;
  const colours = ownColours > 0 ? paletteAt(bytes, at + 9, ownColours, fail) : (palette ?? greyPalette());
  const dataAt = at + 9 + 3 * ownColours;
  // Holds for a frame that covers it, too: a code of twelve bits stands for 4096 pixels at most.
  checkCanvas(width, height, bytes.length, fail);
  const covers = wide === width && tall === height;
  const channels = transparent === undefined && covers ? 3 : 4;
  const writer = new PixelWriter(width, height, channels, settings);
  if (!covers) writer.clear();
  const samples = new Uint8Array(channels * wide);
  const rows = rowOrder(tall, (flags & 0x40) !== 0);
  readLzw(
    bytes,
    dataAt,
    new Uint8Array(wide),
    tall,
    (indices, row) => {
      for (let x = 0, to = 0; x < wide; x++, to += channels) {
        const index = indices[x];
        for (let c = 0; c < 3; c++) samples[to + c] = colours[3 * index + c];
        if (channels === 4) samples[to + 3] = index === transparent ? 0 : 255;
      }
      writer.write(samples, wide, (top + rows(row)) * width + left);
    },
    fail,
  );
  return writer.image;
};

interface FirstFrame {
  /** Where its descriptor begins, behind the comma. */
  readonly at: number;
  /** The file's, RGB triples. */
  readonly palette: Uint8Array | undefined;
  /** The index that is see-through. */
  readonly transparent: number | undefined;
}

function firstFrame(bytes: Uint8Array, fail: ImageFailure): FirstFrame {
  const flags = bytes[10];
  const colours = flags & 0x80 ? 2 << (flags & 7) : 0;
  const palette = colours > 0 ? paletteAt(bytes, 13, colours, fail) : undefined;
  let transparent: number | undefined;
  for (let at = 13 + 3 * colours; ; ) {
    const block = bytes[at++];
    if (block === 0x2c) {
      if (at + 10 > bytes.length) throw fail("it is cut short");
      return { at, palette, transparent };
    }
    if (block === 0x3b) throw fail("it has no frame");
    if (block !== 0x21) throw fail(block === undefined ? "it is cut short" : "a block is of an unknown kind");
    // A graphic control extension: flags, delay, the transparent index.
    if (bytes[at] === 0xf9 && bytes[at + 1] >= 4) transparent = bytes[at + 2] & 1 ? bytes[at + 5] : undefined;
    at++;
    for (;;) {
      const size = bytes[at++];
      if (size === undefined) throw fail("it is cut short");
      if (size === 0) break;
      at += size;
    }
  }
}

/** 256 colours; those that the file does not define are black. */
function paletteAt(bytes: Uint8Array, at: number, colours: number, fail: ImageFailure): Uint8Array {
  if (at + 3 * colours > bytes.length) throw fail("it is cut short");
  const palette = new Uint8Array(3 * 256);
  palette.set(bytes.subarray(at, at + 3 * colours));
  return palette;
}

/** Of a file without any palette: as many programs do, an index is a grey. */
function greyPalette(): Uint8Array {
  return Uint8Array.from({ length: 3 * 256 }, (_, i) => Math.floor(i / 3));
}

/** Which row of the frame the n-th row of the data is. */
function rowOrder(height: number, interlaced: boolean): (n: number) => number {
  if (!interlaced) return (n) => n;
  const order = new Uint16Array(height);
  let n = 0;
  for (const [first, step] of INTERLACED) for (let y = first; y < height; y += step) order[n++] = y;
  return (row) => order[row];
}
