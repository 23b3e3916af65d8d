import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ArgumentError, FileError } from "../../src/base/errors.ts";
import { type DecodeOptions, decodeImage, readImage } from "../../src/io/images/decode_image.ts";
import { encodePng } from "../../src/io/images/encode_png.ts";
import { encodeJpeg } from "../../src/io/images/jpeg/encode_jpeg.ts";

/** What Pillow reads: the file in base64, and the SHA-256 of its pixels. */
interface DecodedCase {
  name: string;
  width: number;
  height: number;
  channels: number;
  /** The channels that are asked for, null for those that the file has. */
  asked: 1 | 3 | null;
  file: string;
  sha256: string;
}

/** What Pillow writes. Images without pixels have those of the case before. */
interface EncodedCase {
  name: string;
  width: number;
  height: number;
  channels: 1 | 3;
  quality: number;
  pixels: string | null;
  sha256: string;
}

const fixtures = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/images/images.json", import.meta.url), "utf8"),
) as { decoded: DecodedCase[]; encoded: EncodedCase[] };
const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const bytesOf = (name: string) =>
  Buffer.from(fixtures.decoded.find((each) => each.name === name)?.file as string, "base64");

for (const [format, start] of [
  ["JPEG", /^jpeg/],
  ["PNG", /^png/],
  ["WebP", /^webp/],
  ["GIF", /^gif/],
  ["BMP", /^bmp/],
  ["PPM, PGM and PBM", /^(plain|ppm|pgm|pbm)/],
] as const) {
  const cases = fixtures.decoded.filter(({ name }) => start.test(name));
  test(`${cases.length} ${format} images are decoded to Pillow's pixels, bit for bit`, async () => {
    assert.ok(cases.length >= 7);
    for (const { name, file, width, height, channels, asked, sha256: expected } of cases) {
      const image = await decodeImage(Buffer.from(file, "base64"), asked === null ? {} : { channels: asked });
      assert.deepEqual([image.width, image.height, image.channels], [width, height, channels], name);
      assert.equal(sha256(image.data), expected, name);
    }
  });
}

test(`${fixtures.encoded.length} JPEG files are written as Pillow writes them, byte for byte`, () => {
  let data = new Uint8Array(0);
  for (const { name, pixels, sha256: expected, quality, ...size } of fixtures.encoded) {
    if (pixels !== null) data = new Uint8Array(Buffer.from(pixels, "base64"));
    assert.equal(sha256(encodeJpeg({ ...size, data }, { quality })), expected, name);
  }
});

test("alpha: composited on the background, kept when four channels are asked for", async () => {
  const data = Uint8Array.of(255, 0, 0, 255, 0, 0, 0, 0, 100, 100, 100, 51);
  const png = encodePng({ width: 3, height: 1, channels: 4, data });
  assert.deepEqual([...(await decodeImage(png)).data], [255, 0, 0, 255, 255, 255, 224, 224, 224]);
  assert.deepEqual(
    [...(await decodeImage(png, { background: [0, 10, 20] })).data],
    [255, 0, 0, 0, 10, 20, 20, 28, 36],
  );
  assert.deepEqual([...(await decodeImage(png, { channels: 1 })).data], [76, 255, 224]);
  assert.deepEqual((await decodeImage(png, { channels: 4 })).data, data);
  const opaque = await decodeImage(encodeJpeg({ width: 1, height: 1, channels: 1, data: Uint8Array.of(9) }), {
    channels: 4,
  });
  assert.deepEqual([...opaque.data], [9, 9, 9, 255]);
});

test("formats are recognised by content, and those that are not decoded name a way out", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "photo.png");
  writeFileSync(path, bytesOf("jpeg optimized"));
  assert.equal((await readImage(path, { channels: 1 })).channels, 1);
  const box = (brand: string) => Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0`, "latin1");
  for (const [bytes, message] of [
    [box("heic"), /photo\.png is a HEIC image.*heif-convert/],
    [box("mif1"), /HEIC/],
    [box("avif"), /AVIF.*avifdec/],
    [Buffer.from("II*\0\x08\0\0\0", "latin1"), /TIFF.*convert it to JPEG or PNG/],
    [Buffer.from("MM\0*\0\0\0\x08", "latin1"), /TIFF/],
    [Buffer.from("<svg xmlns"), /SVG/],
    [Buffer.from(""), /is empty/],
    [Buffer.from("hello"), /is not an image of a known format/],
  ] as const) {
    writeFileSync(path, bytes);
    await assert.rejects(
      readImage(path),
      (error: Error) => error instanceof FileError && message.test(error.message),
    );
  }
  await assert.rejects(readImage(join(folder, "none.jpg")), /there is no such file/);
});

test("options with wrong values are refused before anything is read", async () => {
  const png = encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(9) });
  const wrong: [unknown, RegExp][] = [
    [{ channels: 2 }, /expected channels to be 1, 3 or 4, got 2/],
    [{ background: [0, 0, 256] }, /expected background to be three integers from 0 to 255/],
    [{ limit: 0 }, /expected limit to be an integer of pixels above 0, got 0/],
    [{ decoder: "fast" }, /expected decoder to be "exact" or "sharp"/],
    [{ chanels: 1 }, /decodeImage has no option "chanels"; its options: channels, background/],
    [7, /expected options as an object/],
  ];
  for (const [options, message] of wrong)
    await assert.rejects(
      decodeImage(png, options as DecodeOptions),
      (error: Error) => error instanceof ArgumentError && message.test(error.message),
    );
  await assert.rejects(decodeImage("photo.jpg" as never), /expected the bytes of an image/);
  await assert.rejects(readImage(7 as never), ArgumentError);
  const image = { width: 1, height: 1, channels: 1, data: Uint8Array.of(9) } as const;
  assert.throws(() => encodeJpeg(image, { quality: 0 }), /quality to be an integer from 1 to 100, got 0/);
  assert.throws(() => encodeJpeg({ ...image, channels: 4, data: new Uint8Array(4) }), /JPEG has no alpha/);
  assert.throws(() => encodeJpeg({ ...image, channels: 2 as never }), ArgumentError);
});

test("a size that a header merely claims is refused before anything is allocated", async () => {
  const claims = (bytes: Uint8Array, at: number, ...values: number[]) => {
    const copy = Uint8Array.from(bytes);
    copy.set(values, at);
    return copy;
  };
  const jpeg = bytesOf("jpeg quality 75, subsampling 2, progressive False");
  const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0)) + 5;
  const progressive = bytesOf("jpeg quality 75, subsampling 2, progressive True");
  const scans = progressive.indexOf(Buffer.of(0xff, 0xc2)) + 5;
  const lossless = bytesOf("webp lossless, photo, method 0");
  const bmp = bytesOf("bmp 24");
  const gif = bytesOf("gif");
  for (const [name, bytes, message] of [
    [
      "jpeg",
      claims(jpeg, frame, 0xff, 0xff, 0xff, 0xff),
      /claims to be 65535 x 65535 pixels; expected 1 to 64000000/,
    ],
    [
      "jpeg below the limit",
      claims(jpeg, frame, 0x1f, 0x3f, 0x1f, 0x3f),
      /7999 x 7999 pixels, which \d+ bytes cannot hold/,
    ],
    ["progressive", claims(progressive, scans, 0x1f, 0x3f, 0x1f, 0x3f), /which \d+ bytes cannot hold/],
    ["webp", claims(lossless, 21, 0xff, 0xff, 0xff, 0x0f), /16384 x 16384 pixels|does not fit/],
    [
      "webp, a canvas below the limit around a small frame",
      claims(bytesOf("webp with alpha 75, method 0"), 24, 0x3f, 0x1f, 0, 0x3f, 0x1f, 0),
      /claims 8000 x 8000 pixels, which \d+ bytes cannot hold/,
    ],
    ["gif", claims(gif, 6, 0xff, 0xff, 0xff, 0xff), /claims to be 65535 x 65535/],
    [
      "gif, a canvas below the limit around a small frame",
      claims(gif, 6, 0x3f, 0x1f, 0x3f, 0x1f),
      /claims 7999 x 7999 pixels, which \d+ bytes cannot hold/,
    ],
    ["bmp", claims(bmp, 18, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0), /claims to be 65535 x 65535/],
    ["bmp below the limit", claims(bmp, 18, 0x3f, 0x1f, 0, 0, 0x3f, 0x1f, 0, 0), /do not fit into/],
  ] as const) {
    const before = process.memoryUsage().arrayBuffers;
    await assert.rejects(decodeImage(bytes), (error: Error) => {
      assert.ok(error instanceof FileError, `${name}: ${error.stack}`);
      assert.match(error.message, message, name);
      return true;
    });
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 22, name);
  }
  await assert.rejects(decodeImage(jpeg, { limit: 1000 }), /claims to be 37 x 29 pixels; expected 1 to 1000/);
  assert.equal((await decodeImage(jpeg, { limit: 37 * 29 })).width, 37);
});

test("a file that is cut short anywhere gives a FileError", async () => {
  for (const name of [
    "jpeg restart every 2 blocks",
    "jpeg quality 75, subsampling 2, progressive True",
    "jpeg CMYK 60 2",
    "webp with alpha 75, method 0",
    "webp lossless, 16 colours, method 6",
    "gif",
    "bmp 8",
    "ppm",
  ]) {
    const bytes = bytesOf(name);
    for (let length = 0; length < bytes.length - 2; length += 1 + (length >> 6))
      await assert.rejects(
        decodeImage(bytes.subarray(0, length)),
        (error: Error) => error instanceof FileError,
        `${name}, cut to ${length} of ${bytes.length}`,
      );
  }
});

test("JPEG kinds that are not read are named", async () => {
  const jpeg = bytesOf("jpeg optimized");
  const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
  const changed = (at: number, value: number) => {
    const copy = Uint8Array.from(jpeg);
    copy[frame + at] = value;
    return copy;
  };
  await assert.rejects(
    decodeImage(changed(1, 0xc9)),
    /coded arithmetically; expected a baseline or progressive/,
  );
  await assert.rejects(decodeImage(changed(1, 0xc3)), /lossless/);
  await assert.rejects(decodeImage(changed(4, 12)), /12 bits a sample, expected 8/);
  await assert.rejects(decodeImage(changed(11, 0x31)), /sampled 1 x 1 of 3 x 1|sampled|damaged/);
});
