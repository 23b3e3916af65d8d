import assert from "node:assert/strict";
import { test } from "node:test";
import { type DaisyOptions, daisy, denseSift, gaussianBlur } from "../../../src/classic/index.ts";
import { cut, fixtureImage, madeImage, readJson, smallImages } from "./fixtures.ts";

interface Expected {
  readonly daisy: { readonly options: Partial<DaisyOptions>; readonly values: number[] }[];
  readonly denseSift: { readonly step: number; readonly size: number; readonly values: number[] }[];
  readonly upright: { readonly points: [number, number][]; readonly values: number[] };
}

const expected: Expected = readJson("dense.json");

const worst = (found: Float32Array, values: readonly number[]) =>
  Math.max(...found.map((value, at) => Math.abs(value - values[at])));

test("DAISY is scikit-image's within 1e-4", async () => {
  const { grey } = await smallImages();
  assert.equal(expected.daisy.length, 4);
  for (const { options, values } of expected.daisy) {
    const { descriptors, keypoints } = await daisy(options).detect(grey);
    assert.equal(descriptors.data.length, values.length, JSON.stringify(options));
    assert.equal(keypoints.length, descriptors.rows);
    assert.ok(worst(descriptors.data, values) < 1e-5, `${worst(descriptors.data, values)}`);
    assert.deepEqual((await daisy(options).extract([grey])).data, descriptors.data);
  }
});

test("dense SIFT is what its definition says", async () => {
  const { small } = await smallImages();
  assert.equal(expected.denseSift.length, 3);
  for (const { step, size, values } of expected.denseSift) {
    const { descriptors } = await denseSift({ step, binSizes: [size] }).detect(small);
    assert.equal(descriptors.data.length, values.length, `${step} ${size}`);
    const away = descriptors.data.map((value, at) => Math.abs(value - values[at]));
    assert.ok(Math.max(...away) <= 1, `${step} ${size}: ${Math.max(...away)}`);
    assert.ok(away.filter((one) => one > 0).length < away.length / 100);
  }
  const both = await denseSift({ step: 4, binSizes: [4, 8] }).detect(small);
  assert.equal(both.descriptors.rows, 16 + 1);
  assert.deepEqual(
    both.keypoints.slice(15).map(({ x, y, scale }) => [x, y, scale.toFixed(2)]),
    [
      [19, 19, "1.33"],
      [13, 13, "2.67"],
    ],
  );
});

test("dense descriptors are nearly OpenCV's of upright points on the blurred image", async () => {
  const { points, values } = expected.upright;
  const blurred = gaussianBlur(await fixtureImage("chelsea"), { sigma: Math.sqrt(1.6 ** 2 - 0.5 ** 2) });
  const { keypoints, descriptors } = await denseSift({ step: 1, binSizes: [6] }).detect(
    cut(blurred, 40, 40, 110, 100),
  );
  const places = new Map(keypoints.map(({ x, y }, at) => [`${x} ${y}`, at]));
  const cosines = points.map(([x, y], i) => {
    const at = places.get(`${x - 40} ${y - 40}`)!;
    const ours = descriptors.data.subarray(at * 128, at * 128 + 128);
    const theirs = values.slice(i * 128, i * 128 + 128);
    const product = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((sum, value, k) => sum + value * b[k], 0);
    return product(ours, theirs) / Math.sqrt(product(ours, ours) * product(theirs, theirs));
  });
  cosines.sort((a, b) => a - b);
  assert.ok(points.length >= 80 && cosines[cosines.length >> 1] > 0.99, `${cosines[cosines.length >> 1]}`);
});

test("rows of features, workers, RootSIFT", async () => {
  const images = Array.from({ length: 400 }, (_, i) => madeImage(28, 28, 1, i + 1));
  const extractor = denseSift({ step: 8, root: true });
  const here = await extractor.extract(images, { workers: 0 });
  assert.deepEqual([here.rows, here.columns], [400, 4 * 128]);
  assert.deepEqual(await extractor.extract(images, { workers: 2 }), here);
  const length = here.data.subarray(128, 256).reduce((sum, value) => sum + value * value, 0);
  assert.ok(Math.abs(length - 1) < 1e-5);
  const rings = daisy({ radius: 7, step: 7 });
  assert.deepEqual(await rings.extract(images, { workers: 2 }), await rings.extract(images, { workers: 0 }));
});

test("small images have no descriptors, and make no row of features", async () => {
  for (const extractor of [denseSift(), daisy()]) {
    const { descriptors, keypoints } = await extractor.detect(madeImage(1, 1));
    assert.deepEqual([descriptors.rows, keypoints.length], [0, 0]);
    await assert.rejects(extractor.extract([madeImage(12, 12), madeImage(12, 12)]), {
      name: "ArgumentError",
      message: `${extractor.name}: images of 12 by 12 are too small for a descriptor; give larger images, or smaller descriptors`,
    });
    await assert.rejects(extractor.extract([madeImage(40, 40), madeImage(40, 41)]), {
      name: "ArgumentError",
    });
    const flat = { width: 40, height: 40, channels: 1, data: new Uint8Array(1600).fill(3) } as const;
    assert.ok((await extractor.extract([flat])).data.every(Number.isFinite));
  }
});

test("options out of range", () => {
  const throwing = (call: () => unknown, message: string) =>
    assert.throws(call, { name: "ArgumentError", message });
  throwing(
    () => denseSift({ binSizes: [] }),
    "denseSift: expected `binSizes` to be a list of 1 to 16 integers from 1 to 256, got []",
  );
  throwing(() => denseSift({ step: 0 }), "denseSift: expected `step` to be an integer from 1 to 1024, got 0");
  throwing(() => daisy({ rings: 1.5 }), "daisy: expected `rings` to be an integer from 1 to 16, got 1.5");
});
