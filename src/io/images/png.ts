import { Unzlib, zlibSync } from "fflate";
import { ArgumentError, FileError } from "../../base/errors.ts";
import { adler32, crc32 } from "../checksums.ts";
import { type GreyImage, MAX_PIXELS } from "./grey_image.ts";
import { PNG_SIGNATURE, type PngFailure, readPngChunks } from "./png_chunks.ts";
import { PngRows } from "./png_rows.ts";

/** Deflate cannot pack better than this: a match of 258 bytes takes at least two bits. */
const MAX_DEFLATE_RATIO = 1032;

/**
 * The most bytes that the rows of a file may unpack to: the most pixels with four channels of 8 bits each. They are
 * never in memory at once, but unpacking takes its time.
 */
export const MAX_RAW_BYTES = 4 * MAX_PIXELS + (1 << 21);

/** Packed bytes that are unpacked at a time: the fewer, the more they unpack to, since each piece leaves garbage. */
const SMALLEST_PIECE = 1 << 11;
const LARGEST_PIECE = 1 << 14;
/** What a piece is to unpack to. */
const UNPACKED_PIECE = 1 << 20;

/**
 * Decodes a PNG file to grey, as Pillow's `Image.open(...).convert("L")` does: colours become their luma,
 * an alpha channel is dropped, 16-bit colour keeps its upper byte, 16-bit grey is clipped at 255.
 *
 * Rows are unpacked and made grey one by one, so the memory used is about that of the image that is returned.
 *
 * @throws FileError for anything that is damaged, cut short, has more than `maxPixels`, or more channels and bits than
 *   can be unpacked in reasonable time.
 */
export function decodePngGrey(
  bytes: Uint8Array,
  options: { name?: string | undefined; maxPixels?: number | undefined } = {},
): GreyImage {
  const what = options.name === undefined ? "PNG image" : `PNG file ${options.name}`;
  const fail: PngFailure = (message) =>
    new FileError(`${what} cannot be read: ${message}; save the image again`);
  const { header, palette, compressed } = readPngChunks(bytes, options.maxPixels ?? MAX_PIXELS, fail);
  const check = (rawBytes: number) => {
    const { width, height } = header;
    if (rawBytes > MAX_RAW_BYTES)
      throw fail(
        `${width} x ${height} pixels unpack to ${rawBytes} bytes, expected at most ${MAX_RAW_BYTES}`,
      );
    if (rawBytes > compressed.length * MAX_DEFLATE_RATIO)
      throw fail(
        `its header needs ${rawBytes} bytes of pixels, ${compressed.length} packed bytes cannot hold them`,
      );
  };
  const rows = new PngRows(header, palette, check, fail);
  inflateInto(rows, compressed, fail);
  return { width: header.width, height: header.height, data: rows.data };
}

/**
 * Encodes an image of 8-bit samples as PNG.
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

/** Unpacks piece by piece to exactly the bytes that the rows need. */
function inflateInto(rows: PngRows, compressed: Uint8Array, fail: PngFailure): void {
  let sum = 1;
  let unpacked = 0;
  const stream = new Unzlib((piece) => {
    sum = adler32(piece, sum);
    unpacked += piece.length;
    rows.take(piece);
  });
  try {
    for (let at = 0, packed = SMALLEST_PIECE; at < compressed.length; ) {
      const end = at + packed;
      unpacked = 0;
      stream.push(compressed.subarray(at, end), end >= compressed.length);
      at = end;
      const fitting = (packed * UNPACKED_PIECE) / Math.max(unpacked, 1);
      packed = Math.floor(Math.min(Math.max(fitting, SMALLEST_PIECE), LARGEST_PIECE));
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw fail(`its packed data is damaged (${(error as Error).message})`);
  }
  const end = compressed.length - 4;
  const expected = new DataView(compressed.buffer, compressed.byteOffset + end, 4).getUint32(0);
  if (!rows.isWhole || sum !== expected) throw fail("its packed data is damaged or of a wrong length");
}
