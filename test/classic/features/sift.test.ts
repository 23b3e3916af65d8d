import assert from "node:assert/strict";
import { test } from "node:test";
import { planeKernels } from "../../../src/classic/features/plane_kernels.ts";
import { PlaneMemory } from "../../../src/classic/features/plane_memory.ts";
import { sift } from "../../../src/classic/index.ts";
import { cut, fixtureImage, madeImage, readJson } from "./fixtures.ts";
import { agreement, changesOf, readPoints, repeatability } from "./key_point_agreement.ts";

test("key points and descriptors agree with OpenCV's and scikit-image's", async () => {
  for (const name of ["camera", "chelsea"]) {
    const image = await fixtureImage(name);
    for (const [preset, library, pixels] of [
      ["opencv", "opencv", 1],
      ["ipol", "scikit", 0.5],
    ] as const) {
      const theirs = readPoints(`sift_${library}_${name}.bin`);
      const ours = await sift({ preset }).detect(image);
      const { found, cosine } = agreement(theirs, ours, { pixels, degrees: 10 });
      const told = `${library} ${name}: ${found} found, cosine ${cosine}, ${ours.keypoints.length} points`;
      assert.ok(theirs.count >= 200 && found >= 0.95 && cosine >= 0.99, told);
    }
  }
});

test("key points are found again in changed images as often as OpenCV's", async () => {
  const camera = await fixtureImage("camera");
  const extractor = sift();
  const before = await extractor.detect(camera);
  const theirs: Record<string, number> = readJson("repeatability.json").sift;
  for (const change of changesOf(camera)) {
    const share = repeatability(before, await extractor.detect(change.image), change);
    assert.ok(share >= theirs[change.name] - 0.01, `${change.name}: ${share} against ${theirs[change.name]}`);
  }
});

test("descriptors do not change with contrast, in bytes and as RootSIFT", async () => {
  const image = cut(await fixtureImage("camera"), 60, 40, 160, 160);
  const faint = { ...image, data: image.data.map((level) => level >> 1) };
  const strong = { ...image, data: faint.data.map((level) => level * 2) };
  const [one, other] = [
    await sift({ contrastThreshold: 0.02 }).detect(faint),
    await sift({ contrastThreshold: 0.04 }).detect(strong),
  ];
  assert.ok(one.keypoints.length > 50);
  assert.deepEqual(
    one.keypoints.map(({ x }) => x.toFixed(2)),
    other.keypoints.map(({ x }) => x.toFixed(2)),
  );
  const away = one.descriptors.data.map((value, at) => Math.abs(value - other.descriptors.data[at]));
  assert.ok(Math.max(...away) <= 1, `${Math.max(...away)}`);
  assert.ok(one.descriptors.data.every((value) => Number.isInteger(value) && value >= 0 && value <= 255));
  const root = await sift({ root: true }).detect(strong);
  const [bytes, roots] = [other.descriptors, root.descriptors].map(({ data }) => data.subarray(128, 256));
  const sum = bytes.reduce((total, value) => total + value, 0);
  for (const [i, value] of roots.entries()) assert.ok(Math.abs(value ** 2 - bytes[i] / sum) < 1e-6);
});

test("the strongest key points, and the same ones for any number of workers", async () => {
  const image = await fixtureImage("camera");
  const all = await sift().detect(image);
  const some = await sift({ maxKeypoints: 20 }).detect(image);
  const sorted = all.keypoints.map(({ response }) => response).sort((a, b) => b - a);
  assert.equal(some.keypoints.length, 20);
  assert.equal(some.descriptors.rows, 20);
  assert.equal(Math.min(...some.keypoints.map(({ response }) => response)), sorted[19]);
  const images = [image, madeImage(1, 1), cut(image, 10, 20, 90, 70), cut(image, 100, 100, 220, 120)];
  const extractor = sift({ maxKeypoints: 20 });
  const there = await extractor.detectAll(images, { workers: 2 });
  assert.deepEqual(there, await extractor.detectAll(images, { workers: 0 }));
  assert.deepEqual(there[0], some);
  assert.equal(there.length, 4);
});

test("images without key points give no rows: flat, one pixel, one row", async () => {
  for (const preset of ["opencv", "ipol"] as const) {
    const flat = { width: 64, height: 64, channels: 1, data: new Uint8Array(4096).fill(9) } as const;
    for (const image of [flat, madeImage(1, 1), madeImage(500, 1), madeImage(3, 7, 4)]) {
      const { keypoints, descriptors } = await sift({ preset }).detect(image);
      assert.deepEqual(keypoints, []);
      assert.deepEqual(descriptors, { rows: 0, columns: 128, data: new Float32Array() });
    }
  }
});

test("30,000 pixels wide", async () => {
  const { keypoints } = await sift({ maxKeypoints: 100 }).detect(madeImage(30_000, 24));
  assert.equal(keypoints.length, 100);
  assert.ok(keypoints.some(({ x }) => x > 25_000));
});

test("alpha is composited on white", async () => {
  const grey = cut(await fixtureImage("camera"), 60, 40, 90, 90);
  const data = new Uint8Array(grey.data.length * 4).map((_, at) =>
    at % 4 === 3 ? 255 - grey.data[at >> 2] : 0,
  );
  const { keypoints } = await sift().detect({ ...grey, channels: 4, data });
  const same = await sift().detect(grey);
  assert.ok(same.keypoints.length > 5);
  assert.deepEqual(
    keypoints.map(({ x }) => x.toFixed(3)),
    same.keypoints.map(({ x }) => x.toFixed(3)),
  );
});

test("bad input is one clear error each", async () => {
  const throwing = (call: () => unknown, message: string) =>
    assert.throws(call, { name: "ArgumentError", message });
  throwing(
    () => sift({ preset: "vlfeat" as never }),
    'sift: expected `preset` to be one of "opencv", "ipol", got "vlfeat"',
  );
  throwing(
    () => sift({ octaveLayers: 0 }),
    "sift: expected `octaveLayers` to be an integer from 1 to 16, got 0",
  );
  throwing(
    () => sift({ nOctaveLayers: 3 } as never),
    "sift: unknown option `nOctaveLayers`; did you mean `octaveLayers`? (it takes preset, maxKeypoints, octaveLayers, " +
      "contrastThreshold, edgeThreshold, sigma, doubled, root)",
  );
  await assert.rejects(sift().detect({ ...madeImage(4, 4), data: new Float32Array(16) as never }), {
    name: "ArgumentError",
    message:
      "sift: expected 8 bits a channel in a Uint8Array, got Float32Array; data.decodeImage gives 8 bits for every file",
  });
});

test("a scale space without room is one clear error", async () => {
  const memory = new PlaneMemory(await planeKernels());
  assert.throws(() => memory.take(2 ** 31), {
    name: "OutOfMemoryError",
    message: "features: no room for planes of 8193 MB; shrink the image",
  });
  assert.ok(memory.take(16) > 0, "the memory is of use after it");
});
