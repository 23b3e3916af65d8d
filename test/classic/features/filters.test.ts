import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clahe,
  equalizeHistogram,
  gammaCorrect,
  gaussianBlur,
  greyPlane,
} from "../../../src/classic/index.ts";
import type { Image } from "../../../src/records/image.ts";
import { cut, madeImage, readJson, smallImages } from "./fixtures.ts";

const expected: Record<string, number[]> = readJson("filters.json");

test("histogram equalisation and CLAHE give OpenCV's bytes", async () => {
  const { grey } = await smallImages();
  assert.deepEqual([...equalizeHistogram(grey).data], expected.equalizeHistogram);
  const cases = Object.keys(expected).filter((name) => name.startsWith("clahe"));
  assert.equal(cases.length, 4);
  for (const name of cases) {
    const [clipLimit, tilesX, tilesY] = name.split(" ").slice(1).map(Number);
    assert.deepEqual([...clahe(grey, { clipLimit, tilesX, tilesY }).data], expected[name], name);
  }
});

test("Gaussian blur is OpenCV's within one level", async () => {
  const { grey, coffee } = await smallImages();
  const colour = gaussianBlur(cut(coffee, 0, 0, 32, 24), { sigma: 1.2 });
  const cases: [Image, string][] = [[colour, "gaussianBlur colour"]];
  for (const sigma of [0.6, 1, 2.5]) cases.push([gaussianBlur(grey, { sigma }), `gaussianBlur ${sigma}`]);
  for (const [{ data }, name] of cases) {
    const away = Array.from(data, (level, at) => Math.abs(level - expected[name][at]));
    assert.equal(data.length, expected[name].length, name);
    assert.ok(Math.max(...away) <= 1, `${name}: ${Math.max(...away)}`);
    assert.ok(away.filter((one) => one > 0).length < data.length / 20, name);
  }
});

test("gamma, grey and alpha", () => {
  const image: Image = { width: 2, height: 1, channels: 4, data: Uint8Array.of(255, 0, 0, 255, 9, 9, 9, 0) };
  assert.deepEqual([...gammaCorrect(image, 2).data], [255, 0, 0, 255, 0, 0, 0, 0]);
  const { data } = greyPlane(image);
  assert.ok(Math.abs(data[0] - 76.245) < 1e-4);
  assert.equal(data[1], 255, "what cannot be seen is white, as a decoder makes it");
  assert.deepEqual([...gammaCorrect(madeImage(5, 5), 1).data], [...madeImage(5, 5).data]);
});

test("flat images and one pixel", () => {
  const flat: Image = { width: 5, height: 4, channels: 1, data: new Uint8Array(20).fill(77) };
  assert.deepEqual([...equalizeHistogram(flat).data], [...flat.data]);
  assert.deepEqual([...gaussianBlur(flat, { sigma: 3 }).data], [...flat.data]);
  const one = madeImage(1, 1, 3);
  for (const filtered of [equalizeHistogram(one), clahe(one), gaussianBlur(one), gammaCorrect(one, 0.5)])
    assert.equal(filtered.width * filtered.height, 1);
  assert.deepEqual([...gaussianBlur(one).data], [...one.data]);
});

test("bad input is one clear error each", () => {
  const image = madeImage(4, 4);
  const throwing = (call: () => unknown, message: string) =>
    assert.throws(call, { name: "ArgumentError", message });
  throwing(
    () => clahe(image, { clipLimit: 0 }),
    "clahe: expected `clipLimit` to be a number above 0, at most 65536, got 0",
  );
  throwing(
    () => clahe(image, { tiles: 3 } as never),
    "clahe: unknown option `tiles`; did you mean `tilesX`? (it takes clipLimit, tilesX, tilesY)",
  );
  throwing(
    () => gaussianBlur(image, { sigma: Number.NaN }),
    "gaussianBlur: expected `sigma` to be a number above 0, at most 100, got NaN",
  );
  throwing(
    () => gammaCorrect(image, -1),
    "gammaCorrect: expected `gamma` to be a number above 0, at most 100, got -1",
  );
  throwing(
    () => equalizeHistogram({ ...image, data: new Uint16Array(16) as never }),
    "equalizeHistogram: expected 8 bits a channel in a Uint8Array, got Uint16Array; data.decodeImage gives 8 bits for every file",
  );
  throwing(
    () => greyPlane({ ...image, width: 5 }),
    "greyPlane: image of 5 by 4 with 1 channels and 16 values: expected integer sizes above 0, 1, 3 or 4 channels, and width * height * channels values",
  );
  throwing(
    () => greyPlane("cat.png" as never),
    'greyPlane: expected an image { width, height, channels, data }, got "cat.png"; decode files with data.decodeImage or data.readImage',
  );
});
