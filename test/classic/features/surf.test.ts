import assert from "node:assert/strict";
import { test } from "node:test";
import { surf } from "../../../src/entries/classic_surf.ts";
import type { Image } from "../../../src/records/image.ts";
import { reachedFrom, typescriptFiles } from "../../architecture/sources.ts";
import { cut, fixtureImage, madeImage } from "./fixtures.ts";
import {
  agreement,
  changesOf,
  type ForeignPoints,
  readPoints,
  repeatability,
} from "./key_point_agreement.ts";

/** Descriptors of 64 floats in place of 128 bytes. */
function readSurfPoints(name: string): ForeignPoints {
  const { count, points } = readPoints(name);
  const descriptors = new Float32Array(points.buffer, 4 + count * 16, count * 64);
  return { count, points, descriptors };
}

test("key points and descriptors agree with those of mahotas, its faults mended", async () => {
  for (const name of ["camera", "chelsea"]) {
    const theirs = readSurfPoints(`surf_${name}.bin`);
    const ours = await surf({ mixedWeight: 0.6, threshold: 20 }).detect(await fixtureImage(name));
    const { found, cosine } = agreement(theirs, ours, { pixels: 0.5, degrees: 10 });
    const told = `${name}: ${found} found, cosine ${cosine}, ${ours.keypoints.length} points`;
    assert.ok(theirs.count >= 100 && found >= 0.9 && cosine >= 0.95, told);
  }
});

test("key points are found again in changed images", async () => {
  const camera = cut(await fixtureImage("camera"), 0, 0, 320, 320);
  const extractor = surf({ threshold: 20 });
  const before = await extractor.detect(camera);
  assert.ok(before.keypoints.length > 100);
  const least: Record<string, number> = { rotation: 0.4, scaling: 0.3, blur: 0.3, brightness: 0.5 };
  for (const change of changesOf(camera)) {
    const share = repeatability(before, await extractor.detect(change.image), change);
    assert.ok(share >= least[change.name], `${change.name}: ${share}`);
  }
});

test("descriptors have length 1 and do not change with contrast; upright and 128 values", async () => {
  const image = cut(await fixtureImage("camera"), 60, 40, 160, 160);
  const faint = { ...image, data: image.data.map((level) => level >> 1) };
  const strong = { ...image, data: faint.data.map((level) => level * 2) };
  for (const options of [{}, { length: 128, upright: true }] as const) {
    const [one, other] = [
      await surf({ ...options, threshold: 2 }).detect(faint),
      await surf({ ...options, threshold: 8 }).detect(strong),
    ];
    const length = options.length ?? 64;
    assert.ok(one.keypoints.length > 20 && one.descriptors.columns === length);
    assert.equal(one.descriptors.data.length, one.keypoints.length * length);
    const away = one.descriptors.data.map((value, at) => Math.abs(value - other.descriptors.data[at]));
    assert.ok(Math.max(...away) < 1e-5, `${Math.max(...away)}`);
    const squares = one.descriptors.data.subarray(0, length).reduce((sum, value) => sum + value * value, 0);
    assert.ok(Math.abs(squares - 1) < 1e-5);
    if (options.upright) assert.ok(one.keypoints.every(({ angle }) => angle === 0));
  }
});

test("the strongest, workers, images without key points, bad options", async () => {
  const camera = await fixtureImage("camera");
  const extractor = surf({ maxKeypoints: 12, octaves: 2 });
  const wide: Image = { width: 30_000, height: 48, channels: 1, data: new Uint8Array(1_440_000) };
  for (let i = 0; i < 20; i++)
    for (let y = 21; y < 27; y++)
      wide.data.fill(200, y * 30_000 + 1400 * i + 900, y * 30_000 + 1400 * i + 906);
  const images = [camera, madeImage(1, 1), cut(camera, 10, 20, 90, 70), wide];
  const here = await extractor.detectAll(images, { workers: 0 });
  assert.deepEqual(await extractor.detectAll(images, { workers: 2 }), here);
  assert.deepEqual(
    here.map(({ descriptors }) => descriptors.rows),
    [12, 0, 12, 12],
  );
  assert.throws(() => surf({ length: 32 as never }), {
    name: "ArgumentError",
    message: "surf: expected `length` to be 64 or 128, got 32",
  });
  assert.throws(() => surf({ hessianThreshold: 3 } as never), {
    message:
      "surf: unknown option `hessianThreshold` (it takes octaves, scales, threshold, mixedWeight, maxKeypoints, length, upright)",
  });
});

test("nothing but its own entry imports SURF", () => {
  const entries = typescriptFiles("src/entries").filter((file) => file !== "src/entries/classic_surf.ts");
  assert.ok(entries.includes("src/entries/classic.ts"));
  for (const entry of [...entries, "src/index.ts"]) {
    const reached = [...reachedFrom(entry, "default")].filter((file) => file.startsWith("src/classic/surf/"));
    assert.deepEqual(reached, [], entry);
  }
  assert.ok(reachedFrom("src/entries/classic_surf.ts", "default").has("src/classic/surf/surf.ts"));
});
