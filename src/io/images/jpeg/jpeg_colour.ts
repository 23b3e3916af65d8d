/** From the components of a JPEG file to pixels. Sources: JFIF 1.02; Adobe's technical note 5116; libjpeg's jdcolor.c. */
import type { Image } from "../../../records/image.ts";
import type { DecodeSettings } from "../image_settings.ts";
import { PixelWriter } from "../pixel_writer.ts";
import type { JpegFrame } from "./jpeg_frame.ts";
import { type RowReader, rowReader } from "./jpeg_upsample.ts";

/** What the components stand for. */
export type JpegColours = "grey" | "YCbCr" | "RGB" | "CMYK" | "YCCK";

/** As libjpeg guesses it: JFIF is always YCbCr; then what Adobe's marker says; then the names of the components. */
export function coloursOf(frame: JpegFrame, isJfif: boolean, adobe: number | undefined): JpegColours {
  const ids = frame.components.map(({ id }) => id);
  if (ids.length === 1) return "grey";
  if (ids.length === 4) return adobe === undefined || adobe === 0 ? "CMYK" : "YCCK";
  if (isJfif) return "YCbCr";
  if (adobe !== undefined) return adobe === 0 ? "RGB" : "YCbCr";
  return String.fromCharCode(...ids) === "RGB" ? "RGB" : "YCbCr";
}

/** Converts row by row. */
export function toImage(frame: JpegFrame, colours: JpegColours, settings: DecodeSettings): Image {
  const { width, height, components } = frame;
  const rows = components.map((component) => rowReader(component, frame));
  const writer = new PixelWriter(width, height, colours === "grey" ? 1 : 3, settings);
  const samples = new Uint8ClampedArray(3 * width);
  const bytes = new Uint8Array(samples.buffer);
  for (let y = 0; y < height; y++) {
    if (colours === "grey") {
      const { buffer, byteOffset } = rows[0](y);
      writer.write(new Uint8Array(buffer, byteOffset, width), width, y * width);
      continue;
    }
    if (colours === "RGB" || colours === "CMYK") interleave(rows, y, width, samples);
    else toRgb(rows, y, width, samples);
    if (colours === "CMYK") addBlack(rows[3](y), width, samples, false);
    else if (colours === "YCCK") addBlack(rows[3](y), width, samples, true);
    writer.write(bytes, width, y * width);
  }
  return writer.image;
}

const table = (of: (chroma: number) => number) => Int32Array.from({ length: 256 }, (_, i) => of(i - 128));
const RED_OF_CR = table((c) => (91881 * c + 32768) >> 16);
const BLUE_OF_CB = table((c) => (116130 * c + 32768) >> 16);
const GREEN_OF_CR = table((c) => -46802 * c);
const GREEN_OF_CB = table((c) => -22554 * c + 32768);

/** R = Y + 1.402 Cr, G = Y - 0.344 Cb - 0.714 Cr, B = Y + 1.772 Cb, in fixed point. */
function toRgb(rows: readonly RowReader[], y: number, width: number, out: Uint8ClampedArray): void {
  const [lumas, blues, reds] = [rows[0](y), rows[1](y), rows[2](y)];
  for (let x = 0, to = 0; x < width; x++, to += 3) {
    const luma = lumas[x];
    const cb = blues[x];
    const cr = reds[x];
    out[to] = luma + RED_OF_CR[cr];
    out[to + 1] = luma + ((GREEN_OF_CB[cb] + GREEN_OF_CR[cr]) >> 16);
    out[to + 2] = luma + BLUE_OF_CB[cb];
  }
}

function interleave(rows: readonly RowReader[], y: number, width: number, out: Uint8ClampedArray): void {
  const [first, second, third] = [rows[0](y), rows[1](y), rows[2](y)];
  for (let x = 0, to = 0; x < width; x++, to += 3) {
    out[to] = first[x];
    out[to + 1] = second[x];
    out[to + 2] = third[x];
  }
}

/**
 * Ink to light, as Pillow converts CMYK. As every program does, files are taken for Adobe's, which store the inks
 * inverted: 255 is none.
 *
 * @param turned - the colours are RGB of YCCK, whose inversion is the inks as stored.
 */
function addBlack(
  black: Uint8Array | Uint8ClampedArray,
  width: number,
  out: Uint8ClampedArray,
  turned: boolean,
): void {
  for (let x = 0, to = 0; x < width; x++) {
    const light = black[x];
    for (let c = 0; c < 3; c++, to++) {
      const ink = turned ? out[to] : 255 - out[to];
      const product = ink * light + 128;
      out[to] = light - ((product + (product >> 8)) >> 8);
    }
  }
}
