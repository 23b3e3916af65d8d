import { zlibSync } from "fflate";
import type { Image } from "../../records/image.ts";
import { crc32 } from "../checksums.ts";
import { checkImage } from "./check_image.ts";
import { PNG_SIGNATURE } from "./png_chunks.ts";

/**
 * Encodes an image as PNG: grey, RGB or RGBA with 8 bits a channel, by its `channels`.
 *
 * @throws ArgumentError when sizes and data do not belong together.
 * @example
 * ```ts
 * const red = { width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0) } as const;
 * const bytes = data.encodePng(red);
 * (await data.decodeImage(bytes)).data; // Uint8Array(3) [255, 0, 0]
 * ```
 */
export function encodePng(image: Image): Uint8Array {
  checkImage(image, "encodePng");
  const { width, height, data, channels } = image;
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
