/** Whether an image file ends as its format does: a look that costs no decoding. */
import type { ImageFormat } from "./image_format.ts";

/** Bytes at the end of a file that tell. */
export const END_BYTES = 16;

const uint32 = (bytes: Uint8Array, at: number): number =>
  bytes.length < at + 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

/** Whether all pixels of a raw PBM, PGM or PPM file are there; a header with comments, or plain numbers, is not looked at. */
function holdsPnmPixels(start: Uint8Array, size: number): boolean {
  const text = String.fromCharCode(...start);
  const bitmap = /^P4\s+(\d+)\s+(\d+)\s/.exec(text);
  if (bitmap !== null) return size >= bitmap[0].length + Math.ceil(Number(bitmap[1]) / 8) * Number(bitmap[2]);
  const raw = /^P([56])\s+(\d+)\s+(\d+)\s+(\d+)\s/.exec(text);
  if (raw === null) return false;
  const [kind, width, height, maximum] = raw.slice(1).map(Number);
  const pixelBytes = (kind === 6 ? 3 : 1) * (maximum > 255 ? 2 : 1);
  return size >= raw[0].length + width * height * pixelBytes;
}

/**
 * For each format whether a file surely ends where it says. Others may be whole, too: there may be something behind the
 * image, such as the film of a phone's photograph, and only decoding tells.
 */
const ENDS: Readonly<Record<ImageFormat, (start: Uint8Array, end: Uint8Array, size: number) => boolean>> = {
  JPEG: (_, end) => end.at(-2) === 0xff && end.at(-1) === 0xd9,
  PNG: (_, end) => String.fromCharCode(...end.subarray(-8, -4)) === "IEND",
  WebP: (start, _, size) => uint32(start, 4) + 8 <= size,
  GIF: (_, end) => end.at(-1) === 0x3b,
  BMP: (start, _, size) => uint32(start, 2) > 0 && uint32(start, 2) <= size,
  PNM: (start, _, size) => holdsPnmPixels(start, size),
};

/**
 * Whether a file ends as its format does. If not, it may have been cut short, by a download that broke off for instance.
 *
 * @param start - its first bytes.
 * @param end - its last bytes.
 * @param size - in bytes.
 */
export function endsWell(format: ImageFormat, start: Uint8Array, end: Uint8Array, size: number): boolean {
  return ENDS[format](start, end, size);
}
