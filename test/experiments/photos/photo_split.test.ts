import assert from "node:assert/strict";
import { test } from "node:test";
import type { PhotoSplit } from "../../../src/experiments/photos/photo_config.ts";
import type { Photo } from "../../../src/experiments/photos/photo_source.ts";
import { placesOf, splitPhotos } from "../../../src/experiments/photos/photo_split.ts";

function photos(counts: readonly number[], split: PhotoSplit | null = null): Photo[] {
  return counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({
      path: `${label}/${i}`,
      name: `${label}/${i}`,
      label,
      bytes: 1,
      split,
    })),
  );
}

const SHARES = { valSplit: 0.25, testSplit: 0, seed: 5 };

function counts(
  parts: readonly PhotoSplit[],
  all: readonly Photo[],
  part: PhotoSplit,
  label: number,
): number {
  return placesOf(parts, part).filter((i) => all[i].label === label).length;
}

test("a split has the classes in the same shares, and follows its seed", () => {
  const all = photos([40, 20, 8]);
  const parts = splitPhotos(all, SHARES);
  assert.deepEqual(
    [0, 1, 2].map((label) => [counts(parts, all, "train", label), counts(parts, all, "val", label)]),
    [
      [30, 10],
      [15, 5],
      [6, 2],
    ],
  );
  assert.deepEqual(splitPhotos(all, SHARES), parts);
  assert.notDeepEqual(splitPhotos(all, { ...SHARES, seed: 6 }), parts);
});

test("each class of two images or more is trained on and judged, however small the share", () => {
  const all = photos([30, 2, 3]);
  const parts = splitPhotos(all, { valSplit: 0.1, testSplit: 0.1, seed: 0 });
  for (const label of [0, 1, 2])
    for (const part of ["train", "val"] as const)
      assert.ok(counts(parts, all, part, label) >= 1, `class ${label} in ${part}`);
});

test("images keep the part of an earlier split, and new ones are spread over the parts", () => {
  const before = photos([20, 20]);
  const parts = splitPhotos(before, SHARES);
  const kept = new Map(before.map(({ name }, i) => [name, parts[i]]));
  const now = [...photos([28, 20])].filter(({ name }) => name !== "1/3");
  const again = splitPhotos(now, SHARES, kept);
  for (const [i, { name }] of now.entries()) if (kept.has(name)) assert.equal(again[i], kept.get(name), name);
  const added = now.flatMap(({ name }, i) => (kept.has(name) ? [] : [again[i]]));
  assert.deepEqual(added.sort(), ["train", "train", "train", "train", "train", "train", "val", "val"]);
});

test("images in folders of parts stay in them", () => {
  const all = [...photos([4, 4]), ...photos([2, 2], "val"), ...photos([1, 1], "test")];
  const parts = splitPhotos(
    all.map((photo, i) => (i < 8 ? { ...photo, split: "train" } : photo)),
    SHARES,
  );
  assert.deepEqual(parts, [...Array(8).fill("train"), ...Array(4).fill("val"), ...Array(2).fill("test")]);
});

test("nothing judges if no share is kept for it", () => {
  const all = photos([4, 4]);
  assert.deepEqual(new Set(splitPhotos(all, { valSplit: 0, testSplit: 0, seed: 0 })), new Set(["train"]));
});
