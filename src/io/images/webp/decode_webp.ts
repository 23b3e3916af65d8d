/** Decodes WebP files: lossy, lossless, with alpha; of animations the first frame. Source: RFC 9649, section 2. */
import { exifOrientation, type Orientation, upright } from "../exif_orientation.ts";
import { checkCanvas, checkClaim, type ImageFailure, imageFailure } from "../image_failure.ts";
import { DEFAULT_SETTINGS, type Decode } from "../image_settings.ts";
import { PixelWriter } from "../pixel_writer.ts";
import { decodeVp8 } from "./vp8.ts";
import { rgbRow } from "./vp8_colour.ts";
import { readVp8Size } from "./vp8_header.ts";
import { decodeVp8l, readVp8lSize } from "./vp8l.ts";
import { readAlpha } from "./webp_alpha.ts";

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** The first frame, and where it lies. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly bits: Chunk;
  readonly alpha: Uint8Array | undefined;
}

/** @throws FileError for anything that is damaged, cut short, or too large. */
export const decodeWebp: Decode = (bytes, settings = DEFAULT_SETTINGS, name) => {
  const fail = imageFailure("WebP", name);
  if (bytes.length < 20) throw fail("it is cut short");
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (size + 8 > bytes.length)
    throw fail(`it is cut short: it claims ${size + 8} bytes, it has ${bytes.length}`);
  const chunks = readChunks(bytes.subarray(12, size + 8), fail);
  const extended = chunks.find(({ type }) => type === "VP8X")?.data;
  if (extended !== undefined && extended.length < 10) throw fail("its extended header is cut short");
  const frame = firstFrame(chunks, fail);
  const own = sizeOf(frame.bits, fail);
  const [width, height] =
    extended === undefined ? [own.width, own.height] : [1 + int24(extended, 4), 1 + int24(extended, 7)];
  checkClaim(width, height, settings.limit, fail);
  if (frame.left + own.width > width || frame.top + own.height > height)
    throw fail(`its frame of ${own.width} x ${own.height} does not fit into ${width} x ${height}`);
  const covers = own.width === width && own.height === height;
  if (!covers) checkCanvas(width, height, bytes.length, fail);
  const hasAlpha =
    frame.alpha !== undefined || (extended === undefined ? own.usesAlpha : (extended[0] & 0x10) !== 0);
  const channels = hasAlpha || !covers ? 4 : 3;
  const writer = new PixelWriter(width, height, channels, settings);
  if (!covers) writer.clear();
  writeFrame(frame, writer, channels, hasAlpha, fail);
  const exif = chunks.find(({ type }) => type === "EXIF")?.data;
  const orientation: Orientation = exif === undefined ? 1 : exifOrientation(exif);
  return upright(writer.image, orientation);
};

function writeFrame(
  { left, top, bits, alpha }: Frame,
  writer: PixelWriter,
  channels: 3 | 4,
  hasAlpha: boolean,
  fail: ImageFailure,
): void {
  const canvas = writer.image.width;
  if (bits.type === "VP8L") {
    const { width, height, pixels } = decodeVp8l(bits.data, Number.POSITIVE_INFINITY, fail);
    const samples = new Uint8Array(channels * width);
    for (let y = 0; y < height; y++) {
      for (let x = 0, from = 4 * y * width, to = 0; x < width; x++, from += 4, to += channels) {
        for (let c = 0; c < 3; c++) samples[to + c] = pixels[from + c];
        if (channels === 4) samples[to + 3] = hasAlpha ? pixels[from + 3] : 255;
      }
      writer.write(samples, width, (top + y) * canvas + left);
    }
    return;
  }
  const frame = decodeVp8(bits.data, fail);
  const { width, height } = frame;
  const alphas = alpha === undefined ? undefined : readAlpha(alpha, width, height, fail);
  const samples = new Uint8ClampedArray(channels * width);
  if (channels === 4) samples.fill(255);
  for (let y = 0; y < height; y++) {
    rgbRow(frame, y, samples, channels);
    if (alphas !== undefined) for (let x = 0; x < width; x++) samples[4 * x + 3] = alphas[y * width + x];
    writer.write(new Uint8Array(samples.buffer), width, (top + y) * canvas + left);
  }
}

function int24(data: Uint8Array, at: number): number {
  return data[at] | (data[at + 1] << 8) | (data[at + 2] << 16);
}

function readChunks(data: Uint8Array, fail: ImageFailure): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at + 8 <= data.length; ) {
    const type = String.fromCharCode(...data.subarray(at, at + 4));
    const length = new DataView(data.buffer, data.byteOffset + at).getUint32(4, true);
    if (at + 8 + length > data.length)
      throw fail(`it is cut short: chunk ${JSON.stringify(type)} claims ${length} bytes`);
    chunks.push({ type, data: data.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length & 1);
  }
  return chunks;
}

function firstFrame(chunks: readonly Chunk[], fail: ImageFailure): Frame {
  const animation = chunks.find(({ type }) => type === "ANMF");
  if (animation !== undefined && animation.data.length < 16) throw fail("its first frame is cut short");
  const parts = animation === undefined ? chunks : readChunks(animation.data.subarray(16), fail);
  const [left, top] =
    animation === undefined ? [0, 0] : [2 * int24(animation.data, 0), 2 * int24(animation.data, 3)];
  const bits = parts.find(({ type }) => type === "VP8 " || type === "VP8L");
  if (bits === undefined) throw fail("it has no image");
  const alpha = bits.type === "VP8 " ? parts.find(({ type }) => type === "ALPH")?.data : undefined;
  return { left, top, bits, alpha };
}

function sizeOf(bits: Chunk, fail: ImageFailure): { width: number; height: number; usesAlpha: boolean } {
  if (bits.type === "VP8L") return readVp8lSize(bits.data, fail);
  const [width, height] = readVp8Size(bits.data, fail);
  if (width === 0 || height === 0) throw fail(`it claims to be ${width} x ${height} pixels`);
  return { width, height, usesAlpha: false };
}
