import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type HogOptions, hog } from "../../../src/classic/index.ts";
import { decodeImage } from "../../../src/io/images/decode_image.ts";
import type { Image } from "../../../src/records/image.ts";
import { madeImage, readJson, smallImages } from "./fixtures.ts";

interface HogCase {
  readonly image: "grey" | "small" | "coffee";
  readonly options: Record<string, number | string | boolean>;
  readonly values: number[];
}

const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

test("HOG is scikit-image's, and Dalal and Triggs' as their paper defines it, within 1e-5", async () => {
  const images = await smallImages();
  const cases: HogCase[] = readJson("hog.json");
  assert.equal(cases.length, 9);
  for (const { image, options, values } of cases) {
    const named = Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name), value]));
    const found = hog(named as Partial<HogOptions>).describe(images[image]);
    const name = `${image} ${JSON.stringify(options)}`;
    assert.equal(found.length, values.length, name);
    const worst = Math.max(...found.map((value, at) => Math.abs(value - values[at])));
    assert.ok(worst < 1e-5, `${name}: ${worst}`);
  }
});

test("HOG does not change with contrast, and alpha is composited on white", () => {
  const image = madeImage(32, 32);
  const data = image.data.map((level) => level >> 1);
  const doubled: Image = { ...image, data: data.map((level) => level * 2) };
  const [faint, strong] = [hog().describe({ ...image, data }), hog().describe(doubled)];
  assert.ok(faint.every((value, at) => Math.abs(value - strong[at]) < 1e-5));
  const colour = madeImage(24, 24, 3);
  const withAlpha = new Uint8Array(24 * 24 * 4).map((_, at) =>
    at % 4 === 3 ? 255 : colour.data[Math.floor(at / 4) * 3 + (at % 4)],
  );
  assert.deepEqual(hog().describe({ ...colour, channels: 4, data: withAlpha }), hog().describe(colour));
});

test("features are the same for any number of workers", async () => {
  const images = Array.from({ length: 700 }, (_, i) => madeImage(28, 28, 1, i + 1));
  const extractor = hog({ pixelsPerCell: 7, cellsPerBlock: 2 });
  const done: number[] = [];
  const [here, there] = [
    await extractor.extract(images, { workers: 0 }),
    await extractor.extract(images, { workers: 3, onProgress: (count) => done.push(count) }),
  ];
  assert.equal(here.rows, 700);
  assert.equal(here.columns, 324);
  assert.deepEqual(there, here);
  assert.deepEqual(here.data.subarray(0, 324), extractor.describe(images[0]));
  assert.deepEqual(done, [335, 670, 700]);
  assert.deepEqual(await extractor.extract([]), { rows: 0, columns: 0, data: new Float32Array() });
});

test("a signal ends an extraction, here and in workers", async () => {
  const images = Array.from({ length: 400 }, () => madeImage(28, 28));
  const signal = AbortSignal.abort(new Error("enough"));
  for (const workers of [0, 1])
    await assert.rejects(hog().extract(images, { workers, signal }), { message: "enough" });
});

test("bad input is one clear error each", async () => {
  const throwing = (call: () => unknown, message: string) =>
    assert.throws(call, { name: "ArgumentError", message });
  throwing(
    () => hog({ orientations: 0 }),
    "hog: expected `orientations` to be an integer from 1 to 180, got 0",
  );
  throwing(
    () => hog({ blockNorm: "L3" as never }),
    'hog: expected `blockNorm` to be one of "L1", "L1-sqrt", "L2", "L2-Hys", got "L3"',
  );
  throwing(
    () => hog({ cellSize: 8 } as never),
    "hog: unknown option `cellSize` (it takes variant, orientations, pixelsPerCell, cellsPerBlock, blockNorm, transformSqrt)",
  );
  throwing(
    () => hog().describe(madeImage(1, 1)),
    "hog: image of 1 by 1 is smaller than one block of 24 by 24 pixels; give larger images, or smaller `pixelsPerCell` or `cellsPerBlock`",
  );
  const rejecting = (call: Promise<unknown>, message: string) =>
    assert.rejects(call, { name: "ArgumentError", message });
  for (const workers of [0, 1]) {
    await rejecting(
      hog().extract([madeImage(1, 1)], { workers }),
      "hog: image of 1 by 1 is smaller than one block of 24 by 24 pixels; give larger images, or smaller `pixelsPerCell` or `cellsPerBlock`",
    );
  }
  await rejecting(
    hog().extract([madeImage(24, 24), madeImage(24, 32)]),
    "hog: expected images of one size, got 24 by 24 and 24 by 32; resize them first, or describe them one by one",
  );
  await rejecting(
    hog().extract([madeImage(24, 24), { ...madeImage(24, 24), width: 3 }]),
    "hog: image 1: image of 3 by 24 with 1 channels and 576 values: expected integer sizes above 0, 1, 3 or 4 channels, and width * height * channels values",
  );
  await rejecting(
    hog().extract([madeImage(24, 24)], { workers: -2 }),
    "hog: expected `workers` to be an integer from 0 to 64, got -2",
  );
  await rejecting(hog().extract(7 as never), "hog: expected a list of images, got 7");
});

test("30,000 pixels wide", () => {
  assert.equal(hog().describe(madeImage(30_000, 24)).length, (3750 - 2) * 81);
});

test("files of 16 bits, with a palette and with alpha are described once they are decoded", async () => {
  const files: { name: string; png: string }[] = JSON.parse(
    readFileSync(new URL("../../../../test/fixtures/images/png.json", import.meta.url), "utf8"),
  );
  const kinds = [
    "colour 0, 16 bit",
    "colour 2, 16 bit",
    "colour 3, 8 bit",
    "colour 4, 8 bit",
    "colour 6, 16 bit",
  ];
  for (const kind of kinds) {
    const file = files.find(({ name }) => name.startsWith(kind) && name.endsWith("13 x 9"));
    const image = await decodeImage(Buffer.from(file!.png, "base64"));
    const values = hog({ pixelsPerCell: 3, cellsPerBlock: 2 }).describe(image);
    assert.equal(values.length, 2 * 3 * 36, kind);
    assert.ok(values.every(Number.isFinite) && values.some((value) => value > 0), kind);
  }
});

test("timers run during an extraction, here and in workers", async () => {
  const images = Array.from({ length: 2000 }, (_, i) => madeImage(28, 28, 1, i + 1));
  for (const workers of [0, 2]) {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await hog().extract(images, { workers });
    clearInterval(timer);
    assert.ok(ticks > 0, `${workers}`);
  }
});
