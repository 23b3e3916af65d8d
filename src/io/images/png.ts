import { Unzlib } from "fflate";
import { FileError } from "../../base/errors.ts";
import { adler32 } from "../checksums.ts";
import { upright } from "./exif_orientation.ts";
import { type ImageFailure, imageFailure } from "./image_failure.ts";
import { DEFAULT_SETTINGS, type Decode } from "./image_settings.ts";
import { readPngChunks } from "./png_chunks.ts";
import { PngRows } from "./png_rows.ts";

/** Deflate cannot pack better than this: a match of 258 bytes takes at least two bits. */
const MAX_DEFLATE_RATIO = 1032;

/** Packed bytes that are unpacked at a time: the fewer, the more they unpack to, since each piece leaves garbage. */
const SMALLEST_PIECE = 1 << 11;
const LARGEST_PIECE = 1 << 14;
/** What a piece is to unpack to. */
const UNPACKED_PIECE = 1 << 20;

/**
 * Decodes a PNG file. Samples of 16 bits keep their upper byte, those of fewer bits are spread over 0 to 255.
 *
 * Rows are unpacked and converted one by one, so the memory used is about that of the image that is returned.
 *
 * @throws FileError for anything that is damaged, cut short or too large.
 */
export const decodePng: Decode = (bytes, settings = DEFAULT_SETTINGS, name) => {
  const fail = imageFailure("PNG", name);
  const chunks = readPngChunks(bytes, settings.limit, fail);
  const { width, height } = chunks.header;
  const check = (rawBytes: number) => {
    if (rawBytes > chunks.compressed.length * MAX_DEFLATE_RATIO)
      throw fail(
        `its header (${width} x ${height}) needs ${rawBytes} bytes of pixels, ${chunks.compressed.length} packed bytes cannot hold them`,
      );
  };
  const rows = new PngRows(chunks, settings, check, fail);
  inflateInto(rows, chunks.compressed, fail);
  return upright(rows.image, chunks.orientation);
};

/** Unpacks piece by piece to exactly the bytes that the rows need. */
function inflateInto(rows: PngRows, compressed: Uint8Array, fail: ImageFailure): void {
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
