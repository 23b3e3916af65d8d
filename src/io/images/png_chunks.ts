import { crc32 } from "../checksums.ts";
import { joined } from "../joined_pieces.ts";
import { exifOrientation, type Orientation } from "./exif_orientation.ts";
import { checkClaim, type ImageFailure } from "./image_failure.ts";

/** What the header chunk of a PNG file says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colourType: number;
  readonly interlaced: boolean;
}

/** The chunks of a PNG file that hold the image. */
export interface PngChunks {
  readonly header: PngHeader;
  /** RGB triples, present for colour type 3. */
  readonly palette: Uint8Array | undefined;
  /** Alpha of the palette's colours, or the one grey or colour that is see-through; from tRNS. */
  readonly transparency: Uint8Array | undefined;
  readonly orientation: Orientation;
  /** The IDAT chunks joined: one zlib stream. */
  readonly compressed: Uint8Array;
}

export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** The longest row takes 8 MB. */
const MAX_SIDE = 1 << 20;

const DEPTHS: ReadonlyMap<number, readonly number[]> = new Map([
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
]);

/** Splits a PNG file into its chunks and checks their order, lengths and checksums. */
export function readPngChunks(bytes: Uint8Array, maxPixels: number, fail: ImageFailure): PngChunks {
  if (PNG_SIGNATURE.some((byte, i) => bytes[i] !== byte))
    throw fail("it does not start with PNG's signature");
  let header: PngHeader | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  let orientation: Orientation = 1;
  const parts: Uint8Array[] = [];
  for (let at = 8; ; ) {
    const chunk = readChunk(bytes, at, fail);
    if (header === undefined && chunk.type !== "IHDR")
      throw fail(`its first chunk is ${chunk.type}, not IHDR`);
    if (chunk.type === "IHDR") header = readHeader(chunk.data, header, maxPixels, fail);
    else if (chunk.type === "PLTE") palette = chunk.data;
    else if (chunk.type === "IDAT") parts.push(chunk.data);
    else if (chunk.type === "tRNS") transparency = chunk.data;
    else if (chunk.type === "eXIf") orientation = exifOrientation(chunk.data);
    else if (chunk.type === "IEND") break;
    else if (isCritical(chunk.type)) throw fail(`its chunk ${chunk.type} is unknown and marked as critical`);
    at = chunk.end;
  }
  if (header === undefined || parts.length === 0) throw fail("it has no image data (IDAT)");
  if (header.colourType === 3 && (palette === undefined || palette.length % 3 !== 0)) {
    throw fail("its palette is missing or not a list of RGB triples");
  }
  if (transparency !== undefined && !fits(transparency, header, palette))
    throw fail("its transparency (tRNS) has a wrong length");
  return {
    header,
    palette,
    transparency,
    orientation,
    compressed: parts.length === 1 ? parts[0] : joined(parts),
  };
}

/** Whether a tRNS chunk can belong to the file: a sample of 16 bits for each channel, or bytes for the palette. */
function fits(transparency: Uint8Array, header: PngHeader, palette: Uint8Array | undefined): boolean {
  if (header.colourType === 3) return transparency.length <= (palette?.length ?? 0) / 3;
  return transparency.length === { 0: 2, 2: 6 }[header.colourType];
}

function readChunk(
  bytes: Uint8Array,
  at: number,
  fail: ImageFailure,
): { type: string; data: Uint8Array; end: number } {
  if (at + 12 > bytes.length) throw fail("it is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint32(at);
  const end = at + 12 + length;
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  if (!/^[A-Za-z]{4}$/.test(type)) throw fail(`the chunk at byte ${at} has no valid type`);
  if (end > bytes.length) throw fail(`it is cut short: chunk ${type} claims ${length} bytes`);
  if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
    throw fail(`the checksum of chunk ${type} is wrong`);
  }
  return { type, data: bytes.subarray(at + 8, end - 4), end };
}

function readHeader(
  data: Uint8Array,
  seen: PngHeader | undefined,
  maxPixels: number,
  fail: ImageFailure,
): PngHeader {
  if (seen !== undefined || data.length !== 13)
    throw fail("its header (IHDR) is doubled or has a wrong length");
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colourType, compression, filter, interlace] = data.subarray(8);
  checkClaim(width, height, maxPixels, fail);
  if (Math.max(width, height) > MAX_SIDE) {
    throw fail(`it claims to be ${width} x ${height} pixels; expected at most ${MAX_SIDE} a side`);
  }
  if (!DEPTHS.get(colourType)?.includes(depth)) {
    throw fail(`colour type ${colourType} with ${depth} bits does not exist`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw fail(`compression ${compression}, filter ${filter}, interlace ${interlace} do not exist`);
  }
  return { width, height, depth, colourType, interlaced: interlace === 1 };
}

/** A decoder must not skip an unknown chunk whose name starts with a capital. */
function isCritical(type: string): boolean {
  return type[0] >= "A" && type[0] <= "Z";
}
