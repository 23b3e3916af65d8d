/** Decodes BMP images. Source: Microsoft, "Bitmap Storage"; OS/2's headers as in BMP Suite's documentation. */
import { readPackedIndices, readRunLengths } from "./bmp_indices.ts";
import { checkClaim, type ImageFailure, imageFailure } from "./image_failure.ts";
import { DEFAULT_SETTINGS, type Decode } from "./image_settings.ts";
import { PixelWriter } from "./pixel_writer.ts";

const [PLAIN, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS] = [0, 1, 2, 3, 6];

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Where header and masks end and the palette begins. */
  readonly paletteAt: number;
  readonly paletteEntryBytes: 3 | 4;
  readonly colours: number;
  readonly pixelsAt: number;
  /** Of red, green, blue, alpha. */
  readonly masks: readonly number[];
}

/**
 * Decodes a BMP file: 1 to 32 bits a pixel, palettes, run lengths, bit fields with and without alpha, top-down.
 *
 * @throws FileError for anything that is damaged, cut short, or too large.
 */
export const decodeBmp: Decode = (bytes, settings = DEFAULT_SETTINGS, name) => {
  const fail = imageFailure("BMP", name);
  const header = readHeader(bytes, settings.limit, fail);
  const { width, height, bits, topDown, pixelsAt, compression } = header;
  const runLengths = compression === RLE8 || compression === RLE4;
  const stride = 4 * Math.ceil((width * bits) / 32);
  // A run is at most 255 pixels; rows that are left out are rare.
  const needed = runLengths ? Math.max(2, (width * height) / 1024 - 64) : stride * height;
  if (bytes.length - pixelsAt < needed)
    throw fail(`it is cut short: ${width} x ${height} pixels do not fit into ${bytes.length} bytes`);
  const hasAlpha = bits > 8 && header.masks[3] !== 0;
  const writer = new PixelWriter(width, height, hasAlpha ? 4 : 3, settings);
  const rowAt = (y: number) => (topDown ? y : height - 1 - y) * width;
  if (bits <= 8) {
    const palette = readPalette(bytes, header);
    const indices = new Uint8Array(width);
    const samples = new Uint8Array(3 * width);
    const take = (y: number) => {
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++) samples[3 * x + c] = palette[3 * indices[x] + c];
      writer.write(samples, width, rowAt(y));
    };
    const data = bytes.subarray(pixelsAt);
    if (runLengths) readRunLengths(data, bits, height, indices, take, fail);
    else readPackedIndices(data, bits, stride, height, indices, take);
  } else {
    const read = pixelReader(bytes, header, hasAlpha);
    const samples = new Uint8Array((hasAlpha ? 4 : 3) * width);
    for (let y = 0; y < height; y++) {
      read(pixelsAt + y * stride, samples);
      writer.write(samples, width, rowAt(y));
    }
  }
  return writer.image;
};

function readHeader(bytes: Uint8Array, limit: number, fail: ImageFailure): BmpHeader {
  if (bytes.length < 26) throw fail("it is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = view.getUint32(14, true);
  const isCore = size === 12;
  if (!isCore && (size < 16 || size > 1024)) throw fail(`its header of ${size} bytes is of an unknown kind`);
  if (14 + size > bytes.length) throw fail("it is cut short");
  /** A field that short headers have not is 0. */
  const field = (at: number) => (at + 4 <= 14 + size ? view.getUint32(at, true) : 0);
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const tall = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(tall);
  checkClaim(width, height, limit, fail);
  const bits = isCore ? view.getUint16(24, true) : view.getUint16(28, true);
  const compression = isCore ? PLAIN : field(30);
  checkKind(bits, compression, tall < 0, fail);
  const hasFields = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  // With the first header of Windows the masks stand behind it, with later ones inside.
  const behind = hasFields && size === 40 ? (compression === BITFIELDS ? 12 : 16) : 0;
  const paletteAt = 14 + size + behind;
  if (paletteAt > bytes.length) throw fail("it is cut short");
  if (hasFields && bytes.length < 70) throw fail("it is cut short");
  const mask = (i: number) => (i < 3 || size >= 56 || behind === 16 ? view.getUint32(54 + 4 * i, true) : 0);
  const masks = hasFields
    ? [mask(0), mask(1), mask(2), mask(3)]
    : bits === 16
      ? [0x7c00, 0x3e0, 0x1f, 0]
      : [0xff0000, 0xff00, 0xff, 0];
  const pixelsAt = view.getUint32(10, true);
  if (pixelsAt < paletteAt || pixelsAt > bytes.length) throw fail("its pixels begin outside of the file");
  const used = isCore ? 0 : field(46);
  const colours = bits > 8 ? 0 : used > 0 && used < 1 << bits ? used : 1 << bits;
  return {
    ...{ width, height, topDown: tall < 0, bits, compression, paletteAt, masks, pixelsAt, colours },
    paletteEntryBytes: isCore ? 3 : 4,
  };
}

function checkKind(bits: number, compression: number, topDown: boolean, fail: ImageFailure): void {
  const expected = new Map([
    [PLAIN, [1, 2, 4, 8, 16, 24, 32]],
    [RLE8, [8]],
    [RLE4, [4]],
    [BITFIELDS, [16, 32]],
    [ALPHA_BITFIELDS, [16, 32]],
  ]).get(compression);
  if (expected === undefined) throw fail(`its compression ${compression} is not one of BMP's own`);
  if (!expected.includes(bits))
    throw fail(`${bits} bits a pixel do not exist with compression ${compression}`);
  if (topDown && (compression === RLE8 || compression === RLE4))
    throw fail("run lengths with rows from the top do not exist");
}

/** RGB of each index; what the file does not define is black. */
function readPalette(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const palette = new Uint8Array(3 * 256);
  const { paletteAt, paletteEntryBytes, pixelsAt } = header;
  const room = Math.floor((pixelsAt - paletteAt) / paletteEntryBytes);
  for (let i = 0, at = paletteAt; i < Math.min(header.colours, room); i++, at += paletteEntryBytes)
    for (let c = 0; c < 3; c++) palette[3 * i + c] = bytes[at + 2 - c];
  return palette;
}

/** What reads a row of 16, 24 or 32 bits a pixel. */
function pixelReader(
  bytes: Uint8Array,
  { width, bits, masks }: BmpHeader,
  hasAlpha: boolean,
): (at: number, samples: Uint8Array) => void {
  const channels = hasAlpha ? 4 : 3;
  const step = bits >> 3;
  if (bits === 24)
    return (at, samples) => {
      for (let x = 0, from = at, to = 0; x < width; x++, from += 3, to += 3)
        for (let c = 0; c < 3; c++) samples[to + c] = bytes[from + 2 - c];
    };
  const fields = masks.slice(0, channels).map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { shift, largest: mask >>> shift };
  });
  return (at, samples) => {
    for (let x = 0, from = at, to = 0; x < width; x++, from += step) {
      const low = bytes[from] | (bytes[from + 1] << 8);
      const pixel = step === 2 ? low : low | (bytes[from + 2] << 16) | (bytes[from + 3] << 24);
      for (const { shift, largest } of fields) {
        const value = ((pixel >>> shift) & largest) >>> 0;
        samples[to++] = largest === 255 ? value : largest === 0 ? 0 : Math.floor((value * 255) / largest);
      }
    }
  };
}
