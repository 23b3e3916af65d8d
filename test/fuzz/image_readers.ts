/** Readers of images. Parts of PNG that a checksum guards are mutated before it is made. */
import { readFileSync } from "node:fs";
import { zlibSync } from "fflate";
import { crc32 } from "../../src/io/checksums.ts";
import { decodeImage } from "../../src/io/images/decode_image.ts";
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
  const chunk = (type: string, data: Uint8Array) => {
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length);
    out.write(type, 4, "latin1");
    out.set(data, 8);
    out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
    return out;
  };
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", bytes.subarray(0, 13)),
    chunk("PLTE", bytes.subarray(13, 25)),
    chunk("tRNS", bytes.subarray(25, 27)),
    chunk("IDAT", zlibSync(bytes.subarray(27), { level: 0 })),
    chunk("IEND", new Uint8Array(0)),
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
