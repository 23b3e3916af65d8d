import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { zlibSync } from "fflate";
import { ArgumentError, FileError } from "../../src/base/errors.ts";
import { adler32, crc32 } from "../../src/io/checksums.ts";
import { encodePng } from "../../src/io/images/encode_png.ts";
import { DEFAULT_SETTINGS } from "../../src/io/images/image_settings.ts";
import { decodePng } from "../../src/io/images/png.ts";
import { decodePnm } from "../../src/io/images/pnm.ts";
import type { Image } from "../../src/records/image.ts";

interface PngCase {
  name: string;
  width: number;
  height: number;
  png: string;
  grey: string;
  /** SHA-256 of the pixels in colour. */
  rgb: string;
}
const CASES = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/images/png.json", import.meta.url), "utf8"),
) as PngCase[];

const hashOf = ({ data }: Image) => createHash("sha256").update(data).digest("hex");

test("checksums give the published check values", () => {
  const nine = new TextEncoder().encode("123456789");
  assert.equal(crc32(nine), 0xcbf43926);
  assert.equal(adler32(nine), 0x091e01de);
  assert.equal(adler32(new Uint8Array(100_000).fill(255)), 0x149a302c);
});

const GREY = { ...DEFAULT_SETTINGS, channels: 1 } as const;

test(`${CASES.length} PNG files are read as Pillow reads them`, () => {
  for (const { name, width, height, png, grey, rgb } of CASES) {
    const image = decodePng(Buffer.from(png, "base64"), GREY);
    assert.deepEqual([image.width, image.height], [width, height], name);
    assert.deepEqual(Buffer.from(image.data), Buffer.from(grey, "base64"), name);
    const colour = decodePng(Buffer.from(png, "base64"), { ...DEFAULT_SETTINGS, channels: 3 });
    assert.equal(hashOf(colour), rgb, name);
  }
});

test("a damaged PNG gives a FileError, whichever byte is hit", () => {
  const good = Buffer.from(CASES.find((c) => c.name.startsWith("colour 2, 8"))?.png as string, "base64");
  for (let length = 0; length < good.length; length++) {
    assert.throws(() => decodePng(good.subarray(0, length)), FileError, `cut to ${length}`);
  }
  for (let at = 0; at < good.length; at++) {
    const bad = Uint8Array.from(good);
    bad[at] ^= 0x55;
    assert.throws(() => decodePng(bad), FileError, `byte ${at}`);
  }
});

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Uint8Array.of(...new TextEncoder().encode(type), ...data);
  const out = new Uint8Array(body.length + 8);
  new DataView(out.buffer).setUint32(0, data.length);
  out.set(body, 4);
  new DataView(out.buffer).setUint32(out.length - 4, crc32(body));
  return out;
}

function png(
  width: number,
  height: number,
  depth: number,
  colour: number,
  ...chunks: Uint8Array[]
): Uint8Array {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([depth, colour], 8);
  const parts = [chunk("IHDR", header), ...chunks, chunk("IEND", new Uint8Array(0))];
  return Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...parts.flatMap((part) => [...part])]);
}

test("PNG files with right checksums that lie", () => {
  const idat = (raw: number[]) => chunk("IDAT", zlibSync(Uint8Array.from(raw)));
  const refused = (data: Uint8Array, message: RegExp) =>
    assert.throws(
      () => decodePng(data, DEFAULT_SETTINGS, "p"),
      (error: Error) => {
        assert.ok(error instanceof FileError);
        assert.match(error.message, message);
        return true;
      },
    );
  refused(png(60_000, 60_000, 8, 0, idat([0, 1])), /claims to be 60000 x 60000/);
  refused(png(7000, 7000, 8, 0, idat([0, 1])), /packed bytes cannot hold them/);
  refused(png(0, 1, 8, 0, idat([0])), /claims to be 0 x 1/);
  refused(png(2, 1, 8, 0, idat([0, 1])), /damaged or of a wrong length/);
  refused(png(1, 1, 8, 0, idat([0, 1, 2, 3])), /damaged/);
  refused(png(1, 1, 8, 0, idat([5, 1])), /row filter 5/);
  refused(png(1, 1, 3, 0, idat([0, 1])), /colour type 0 with 3 bits/);
  refused(png(1, 1, 8, 3, idat([0, 1])), /palette is missing/);
  refused(png(1, 1, 8, 3, chunk("PLTE", new Uint8Array(3)), idat([0, 1])), /colour 1 of a palette of 1/);
  refused(png(1, 1, 8, 0, chunk("ABCD", new Uint8Array(0)), idat([0, 1])), /ABCD is unknown/);
  refused(png(1, 1, 8, 0), /no image data/);
  refused(png(1, 1, 8, 0, chunk("IDAT", new Uint8Array(2))), /packed data is damaged/);
  assert.deepEqual(decodePng(png(1, 1, 8, 0, idat([0, 9]))).data, Uint8Array.of(9));
});

test("what encodePng writes is read back", () => {
  const size = fc.integer({ min: 1, max: 40 });
  const channels = fc.constantFrom(1 as const, 3 as const, 4 as const);
  const values = fc.infiniteStream(fc.nat(255));
  const property = fc.property(size, size, channels, values, (width, height, channels, values) => {
    const data = Uint8Array.from({ length: width * height * channels }, () => values.next().value as number);
    const image = { width, height, channels, data };
    assert.deepEqual(decodePng(encodePng(image), { ...DEFAULT_SETTINGS, channels }), image);
  });
  fc.assert(property, { numRuns: 30 });
  const red = encodePng({ width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0) });
  assert.deepEqual(decodePng(red, GREY).data, Uint8Array.of(76));
  const short = { width: 2, height: 1, channels: 1, data: new Uint8Array(3) } as const;
  assert.throws(() => encodePng(short), ArgumentError);
});

const text = (value: string) => new TextEncoder().encode(value);

test("PGM, plain and raw", () => {
  assert.deepEqual(decodePnm(text("P2 # a comment\n2 2\n# another\n255\n0 10\n20 255\n")), {
    width: 2,
    height: 2,
    channels: 1,
    data: Uint8Array.of(0, 10, 20, 255),
  });
  assert.deepEqual(decodePnm(text("P5 2 1 255# so bright\nAB")).data, Uint8Array.of(65, 66));
  assert.deepEqual(decodePnm(text("P2#\n2#\n1#\n255#\n0#\n9#")).data, Uint8Array.of(0, 9));
  assert.deepEqual(decodePnm(text("P2\n3 1\n4\n0 2 4")).data, Uint8Array.of(0, 128, 255));
  assert.deepEqual(decodePnm(Uint8Array.of(...text("P5 2 1 255\n"), 10, 32)).data, Uint8Array.of(10, 32));
  assert.deepEqual(decodePnm(Uint8Array.of(...text("P5 1 1 65535\n"), 0x80, 0)).data, Uint8Array.of(128));
});

test("PGM files that lie", () => {
  const refused = (data: Uint8Array, message: RegExp) =>
    assert.throws(
      () => decodePnm(data),
      (error: Error) => {
        assert.ok(error instanceof FileError);
        assert.match(error.message, message);
        return true;
      },
    );
  refused(text(""), /starts with none of P1 to P6/);
  refused(text("P7 1 1 255\nabc"), /none of P1 to P6/);
  refused(text("P6 1 1 255\nab"), /cut short/);
  refused(text("P4 9 1\na"), /cut short/);
  refused(text("P1 2 1\n12"), /sample 1 is not an integer from 0 to 1/);
  refused(text("P51 1 255\na"), /none of P1 to P6/);
  refused(text("P5 1 x 255\na"), /header/);
  refused(text("P5 1"), /header/);
  refused(text("P5 99999 99999 255\na"), /claims to be 99999 x 99999/);
  refused(text("P5 7999 7999 255\na"), /cut short/);
  refused(text("P5 1 1 70000\nab"), /maximum is 70000/);
  refused(text("P5 1 1 0\nab"), /maximum is 0/);
  refused(text("P5 2 2 255\nabc"), /cut short/);
  refused(text("P2 2 1 10\n5 11"), /sample 1 is not an integer from 0 to 10/);
  refused(text("P2 2 1 10\n5 x "), /sample 1/);
});
