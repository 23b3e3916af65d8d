/** Readers of images. Parts of PNG that a checksum guards are mutated before it is made. */
import { readFileSync } from "node:fs";
import { zlibSync } from "fflate";
import { decodeImage } from "../../src/io/images/decode_image.ts";
import { pngChunk } from "../io/png_chunk.ts";
import type { FuzzedReader } from "./fuzz.ts";

const { decoded } = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/images/images.json", import.meta.url), "utf8"),
) as { decoded: { name: string; file: string }[] };
const pngs = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/images/png.json", import.meta.url), "utf8"),
) as { png: string }[];

const filesNamed = (start: RegExp) =>
  decoded
    .filter(({ name }) => start.test(name))
    .map(({ file }) => new Uint8Array(Buffer.from(file, "base64")));

const reader = (name: string, files: readonly Uint8Array[]): FuzzedReader => ({
  name,
  files,
  read: (bytes) => decodeImage(bytes),
});

/** A PNG of the header's fields, a palette, transparency, and rows, all taken from the bytes in this order. */
function pngOf(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    pngChunk("IHDR", bytes.subarray(0, 13)),
    pngChunk("PLTE", bytes.subarray(13, 25)),
    pngChunk("tRNS", bytes.subarray(25, 27)),
    pngChunk("IDAT", zlibSync(bytes.subarray(27), { level: 0 })),
    pngChunk("IEND", new Uint8Array(0)),
  ]);
}

/** What {@link pngOf} takes, for images of 4 x 4 of palette and of grey. */
const pngParts = [
  [2, 3, 0, 4],
  [8, 3, 1, 16],
  [8, 0, 0, 16],
].map(([depth, colourType, interlaced, bytes]) => {
  const rows = interlaced === 1 ? 4 + bytes + 4 : 4 + bytes;
  return Uint8Array.of(
    ...[0, 0, 0, 4, 0, 0, 0, 4, depth, colourType, 0, 0, interlaced],
    ...new Array(14 + rows).fill(0),
  );
});

export const IMAGE_READERS: readonly FuzzedReader[] = [
  reader("jpeg", filesNamed(/^jpeg(?!.*progressive (True|\[\]))/)),
  reader("jpeg-progressive", filesNamed(/^jpeg.*progressive/i)),
  reader(
    "png",
    pngs.map(({ png }) => new Uint8Array(Buffer.from(png, "base64"))),
  ),
  { name: "png-parts", files: pngParts, read: (bytes) => decodeImage(pngOf(bytes)) },
  reader("webp", filesNamed(/^webp(?! lossless)/)),
  reader("webp-lossless", filesNamed(/^webp lossless/)),
  reader("gif", filesNamed(/^gif/)),
  reader("bmp", filesNamed(/^bmp/)),
  reader("pnm", filesNamed(/^(plain|ppm|pgm|pbm)/)),
];
