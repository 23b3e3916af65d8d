/** How a camera was held, from EXIF, and turning the image accordingly. */
import type { Image } from "../../records/image.ts";

/** 1 as stored, 2 mirrored, 3 upside down, 4 flipped, 5 to 8 on a side. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 0x0112;
/** Bytes of the TIFF types that hold an integer. */
const INTEGER_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 };

/**
 * The orientation that EXIF data give; 1 if there is none, or if the data are damaged: the image is not, then.
 *
 * @param exif - a TIFF structure, with or without "Exif" and two zeros before it.
 * Source: CIPA DC-008 (Exif 2.32), 4.6.4; TIFF 6.0, section 2.
 */
export function exifOrientation(exif: Uint8Array): Orientation {
  const start = exif[0] === 0x45 && exif[1] === 0x78 && exif[2] === 0x69 && exif[3] === 0x66 ? 6 : 0;
  if (exif.length < start + 14) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset + start, exif.length - start);
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const folder = view.getUint32(4, little);
  if (folder + 2 > view.byteLength) return 1;
  const count = view.getUint16(folder, little);
  for (let i = 0, at = folder + 2; i < count && at + 12 <= view.byteLength; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const bytes = INTEGER_BYTES[view.getUint16(at + 2, little)];
    if (bytes === undefined || view.getUint32(at + 4, little) !== 1) return 1;
    const value =
      bytes === 1
        ? view.getUint8(at + 8)
        : bytes === 2
          ? view.getUint16(at + 8, little)
          : view.getUint32(at + 8, little);
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

/** The image as it was seen, as Pillow's `ImageOps.exif_transpose` gives it. */
export function upright(image: Image, orientation: Orientation): Image {
  if (orientation === 1) return image;
  const { width, height, channels, data } = image;
  const onSide = orientation > 4;
  const [wide, tall] = onSide ? [height, width] : [width, height];
  const turned = new Uint8Array(data.length);
  // Column x and row y of the result lie `right` and `down` pixels from each other in the stored image.
  const mirrored = [2, 3, 7, 8].includes(orientation);
  const flipped = [3, 4, 6, 7].includes(orientation);
  const start = (flipped ? (height - 1) * width : 0) + (mirrored ? width - 1 : 0);
  const along = mirrored ? -1 : 1;
  const across = flipped ? -width : width;
  const [right, down] = onSide ? [across, along] : [along, across];
  let to = 0;
  for (let y = 0; y < tall; y++) {
    for (let x = 0, pixel = start + y * down; x < wide; x++, pixel += right) {
      for (let c = 0; c < channels; c++) turned[to++] = data[pixel * channels + c];
    }
  }
  return { width: wide, height: tall, channels, data: turned };
}
