import { unzlibSync, zlibSync } from "fflate";
import { ArgumentError, FileError } from "../base/errors.ts";
import { adler32, crc32 } from "./checksums.ts";
import { type GreyImage, luma, MAX_PIXELS } from "./grey_image.ts";
import { type Fail, PNG_SIGNATURE, type PngHeader, readPngChunks } from "./png_chunks.ts";

/** Samples for each pixel, by colour type. */
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Deflate cannot pack better than this: a match of 258 bytes takes at least two bits. */
const MAX_DEFLATE_RATIO = 1032;

interface Pass {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
}

const WHOLE: readonly Pass[] = [{ x0: 0, y0: 0, dx: 1, dy: 1 }];

/** Adam7. Source: PNG specification (W3C, third edition), section 8.2. */
const ADAM7: readonly Pass[] = [
  { x0: 0, y0: 0, dx: 8, dy: 8 },
  { x0: 4, y0: 0, dx: 8, dy: 8 },
  { x0: 0, y0: 4, dx: 4, dy: 8 },
  { x0: 2, y0: 0, dx: 4, dy: 4 },
  { x0: 0, y0: 2, dx: 2, dy: 4 },
  { x0: 1, y0: 0, dx: 2, dy: 2 },
  { x0: 0, y0: 1, dx: 1, dy: 2 },
];

/**
 * Decodes a PNG file to grey, as Pillow's `Image.open(...).convert("L")` does: colours become their luma,
 * an alpha channel is dropped, 16-bit colour keeps its upper byte, 16-bit grey is clipped at 255.
 *
 * @throws FileError for anything that is damaged, cut short, or larger than `maxPixels`.
 */
export function decodePngGrey(
  bytes: Uint8Array,
  options: { name?: string | undefined; maxPixels?: number | undefined } = {},
): GreyImage {
  const what = options.name === undefined ? "PNG picture" : `PNG file ${options.name}`;
  const fail: Fail = (message) => new FileError(`${what} cannot be read: ${message}; save the picture again`);
  const { header, palette, compressed } = readPngChunks(bytes, options.maxPixels ?? MAX_PIXELS, fail);
  const passes = (header.interlaced ? ADAM7 : WHOLE)
    .map((pass) => ({ ...pass, ...passSize(pass, header) }))
    .filter((pass) => pass.width > 0 && pass.height > 0);
  const bits = header.depth * CHANNELS[header.colourType];
  const rawBytes = passes.reduce((sum, p) => sum + p.height * (1 + rowBytes(p.width, bits)), 0);
  const raw = inflate(compressed, rawBytes, fail);
  const data = new Uint8Array(header.width * header.height);
  const toGrey = greyReader(header, palette, fail);
  let at = 0;
  for (const pass of passes) {
    const stride = rowBytes(pass.width, bits);
    unfilter(raw, at, stride, pass.height, Math.max(1, bits >> 3), fail);
    for (let y = 0; y < pass.height; y++) {
      const row = raw.subarray(at + 1, at + 1 + stride);
      const target = (pass.y0 + y * pass.dy) * header.width + pass.x0;
      for (let x = 0; x < pass.width; x++) data[target + x * pass.dx] = toGrey(row, x);
      at += 1 + stride;
    }
  }
  return { width: header.width, height: header.height, data };
}

/**
 * Encodes a picture of 8-bit samples as PNG.
 *
 * @param image - `data` holds `channels` bytes for each pixel, rows from the top: 1 grey (the default), 3 RGB, 4 RGBA
 */
export function encodePng(image: {
  width: number;
  height: number;
  data: Uint8Array;
  channels?: 1 | 3 | 4;
}): Uint8Array {
  const { width, height, data, channels = 1 } = image;
  if (width < 1 || height < 1 || data.length !== width * height * channels) {
    throw new ArgumentError(
      `encodePng: ${width} x ${height} with ${channels} channels needs ${width * height * channels} bytes, got ${data.length}`,
    );
  }
  const stride = width * channels;
  const raw = new Uint8Array(height * (1 + stride));
  for (let y = 0; y < height; y++) raw.set(data.subarray(y * stride, (y + 1) * stride), y * (1 + stride) + 1);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, { 1: 0, 3: 2, 4: 6 }[channels], 0, 0, 0], 8);
  const chunks = [chunk("IHDR", header), chunk("IDAT", zlibSync(raw)), chunk("IEND", new Uint8Array(0))];
  const out = new Uint8Array(8 + chunks.reduce((sum, c) => sum + c.length, 0));
  out.set(PNG_SIGNATURE);
  let at = 8;
  for (const c of chunks) {
    out.set(c, at);
    at += c.length;
  }
  return out;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

function passSize(pass: Pass, { width, height }: PngHeader): { width: number; height: number } {
  return {
    width: Math.max(0, Math.ceil((width - pass.x0) / pass.dx)),
    height: Math.max(0, Math.ceil((height - pass.y0) / pass.dy)),
  };
}

function rowBytes(width: number, bitsPerPixel: number): number {
  return Math.ceil((width * bitsPerPixel) / 8);
}

/** Unpacks to exactly `length` bytes; refuses before allocating what the packed bytes cannot possibly hold. */
function inflate(compressed: Uint8Array, length: number, fail: Fail): Uint8Array {
  if (length > compressed.length * MAX_DEFLATE_RATIO) {
    throw fail(
      `its header needs ${length} bytes of pixels, ${compressed.length} packed bytes cannot hold them`,
    );
  }
  let raw: Uint8Array;
  try {
    raw = unzlibSync(compressed, { out: new Uint8Array(length) });
  } catch (error) {
    throw fail(`its packed data is damaged (${(error as Error).message})`);
  }
  const found = new DataView(compressed.buffer, compressed.byteOffset + compressed.length - 4, 4).getUint32(
    0,
  );
  if (raw.length !== length || adler32(raw) !== found)
    throw fail("its packed data is damaged or of a wrong length");
  return raw;
}

/** Undoes the row filters in place. Source: PNG specification, section 9. */
function unfilter(
  raw: Uint8Array,
  start: number,
  stride: number,
  rows: number,
  bpp: number,
  fail: Fail,
): void {
  for (let y = 0; y < rows; y++) {
    const row = start + y * (1 + stride) + 1;
    const above = y === 0 ? -1 : row - stride - 1;
    const filter = raw[row - 1];
    if (filter > 4) throw fail(`row filter ${filter} does not exist`);
    for (let i = 0; i < stride; i++) {
      const left = i >= bpp ? raw[row + i - bpp] : 0;
      const up = above >= 0 ? raw[above + i] : 0;
      const corner = above >= 0 && i >= bpp ? raw[above + i - bpp] : 0;
      if (filter === 1) raw[row + i] += left;
      else if (filter === 2) raw[row + i] += up;
      else if (filter === 3) raw[row + i] += (left + up) >> 1;
      else if (filter === 4) raw[row + i] += paeth(left, up, corner);
    }
  }
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const byLeft = Math.abs(estimate - left);
  const byUp = Math.abs(estimate - up);
  const byCorner = Math.abs(estimate - corner);
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

/** A function that gives the grey value of pixel `x` of an unfiltered row. */
function greyReader(
  header: PngHeader,
  palette: Uint8Array | undefined,
  fail: Fail,
): (row: Uint8Array, x: number) => number {
  const { depth, colourType } = header;
  const step = (depth >> 3) * CHANNELS[colourType];
  const part = depth >> 3;
  if (colourType === 2 || colourType === 6) {
    return (row, x) => luma(row[x * step], row[x * step + part], row[x * step + 2 * part]);
  }
  if (colourType === 3) {
    const greys = paletteGreys(palette as Uint8Array);
    return (row, x) => {
      const index = packedSample(row, x, depth);
      if (index >= greys.length) throw fail(`a pixel names colour ${index} of a palette of ${greys.length}`);
      return greys[index];
    };
  }
  if (depth < 8) {
    const scale = 255 / (2 ** depth - 1);
    return (row, x) => packedSample(row, x, depth) * scale;
  }
  // Pillow clips 16-bit grey, but takes the upper byte where an alpha channel stands beside it.
  if (depth === 16 && colourType === 0) return (row, x) => (row[2 * x] !== 0 ? 255 : row[2 * x + 1]);
  return (row, x) => row[x * step];
}

function packedSample(row: Uint8Array, x: number, depth: number): number {
  if (depth === 8) return row[x];
  const bit = x * depth;
  return (row[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

function paletteGreys(palette: Uint8Array): Uint8Array {
  return new Uint8Array(palette.length / 3).map((_, i) =>
    luma(palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]),
  );
}
