import assert from "node:assert/strict";
import { test } from "node:test";
import { imageMeasures } from "../../../src/data/quality/image_measures.ts";
import { Likenesses } from "../../../src/data/quality/likeness.ts";
import { type Look, nearPairs } from "../../../src/data/quality/near_duplicates.ts";
import { hashDistance, type PerceptualHash } from "../../../src/data/quality/perceptual_hash.ts";
import { numbers } from "../../train/small_data.ts";
import { patternImage } from "./measured_images.ts";

const LIKENESS = { distance: 8, correlation: 0.95 };

/** An image of its own for each number: noise. */
function noise(seed: number): Uint8Array {
  const next = numbers(seed);
  return Uint8Array.from({ length: 768 }, () => 256 * next());
}

function flipped(hash: PerceptualHash, bits: readonly number[]): PerceptualHash {
  const halves = [...hash];
  for (const bit of bits) halves[bit >> 5] ^= 1 << (bit & 31);
  return [halves[0] >>> 0, halves[1] >>> 0];
}

test("distances between hashes count the bits that differ", () => {
  assert.equal(hashDistance([0, 0], [0xffffffff, 0xffffffff]), 64);
  assert.equal(hashDistance([0x80000001, 2], [1, 7]), 3);
});

test("among many random hashes those within the distance are found, whatever bits differ, and no others", () => {
  const next = numbers(1);
  const random = (): PerceptualHash => [
    Math.floor(next() * 2 ** 32) >>> 0,
    // The generator's lower bits alternate.
    Math.floor(next() * 2 ** 16) * 65536 + Math.floor(next() * 2 ** 16),
  ];
  const looks: Look[] = [];
  const expected: string[] = [];
  for (let i = 0; i < 2000; i++) looks.push({ hash: random(), colours: noise(i) });
  for (let i = 0; i < 300; i++) {
    const differ = i % 12;
    const bits = new Set<number>();
    while (bits.size < differ) bits.add(Math.floor(next() * 64));
    looks.push({ hash: flipped(looks[i].hash, [...bits]), colours: noise(i) });
    if (differ <= 8) expected.push(`${i} ${2000 + i} ${differ}`);
  }
  const found = nearPairs(looks, LIKENESS).map(({ a, b, distance }) => `${a} ${b} ${distance}`);
  assert.deepEqual(found, expected);
});

test("images that only have a hash in common are not alike", () => {
  const hash: PerceptualHash = [5, 6];
  const looks = [1, 2, 1, 3, 2].map((seed) => ({ hash, colours: noise(seed) }));
  const pairs = nearPairs(looks, LIKENESS);
  assert.deepEqual(pairs, [
    { a: 0, b: 2, distance: 0 },
    { a: 1, b: 4, distance: 0 },
  ]);
});

test("10,000 images that look the same, and as many flat ones, are grouped without comparing all pairs", () => {
  const alike = Array.from({ length: 10000 }, (_, i) => ({
    hash: flipped([1, 2], [i % 5]),
    colours: noise(7),
  }));
  const pairs = nearPairs(alike, LIKENESS);
  assert.equal(pairs.length, 9999);
  const flat = Array.from({ length: 10000 }, (_, i) => ({
    hash: [0, 0] as const,
    colours: new Uint8Array(768).fill(i % 2 === 0 ? 0 : 255),
  }));
  assert.equal(nearPairs(flat, LIKENESS).length, 9998);
});

test("images are alike from a correlation on; flat ones, if they are equally bright", () => {
  const flat = (level: number) => new Uint8Array(768).fill(level);
  const base = noise(1);
  const others = Array.from({ length: 60 }, (_, i) => {
    const other = noise(2 + i);
    return base.map((value, at) => Math.round((value * i + other[at] * (59 - i)) / 59));
  });
  const images = [base, ...others, base.map((value) => Math.floor(0.8 * value)), flat(3), flat(6), flat(60)];
  const likenesses = new Likenesses(images, 0.95);
  for (let i = 0; i < images.length - 3; i++) {
    const expected = pearson(base, images[i]);
    assert.ok(Math.abs(likenesses.correlation(0, i) - expected) < 1e-9);
    assert.equal(likenesses.alike(0, i), expected >= 0.95, `${i}: ${expected}`);
  }
  const [a, b, c] = [62, 63, 64];
  assert.deepEqual(
    [likenesses.alike(a, b), likenesses.alike(a, c), likenesses.alike(a, 0), likenesses.alike(0, a)],
    [true, false, false, false],
  );
});

function pearson(a: Uint8Array, b: Uint8Array): number {
  const mean = (list: Uint8Array) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [p, q] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - p) * (b[i] - q);
    aa += (a[i] - p) ** 2;
    bb += (b[i] - q) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

test("thousands of images with much the same hashes that differ in their colours are told apart", () => {
  const next = numbers(5);
  const looks = Array.from({ length: 1500 }, (_, i) => {
    const bits = Array.from({ length: 20 }, (_, bit) => bit).filter(() => next() < 0.5);
    return { hash: flipped([0x5a500000, 0x12345678], bits), colours: noise(i) };
  });
  assert.deepEqual(nearPairs(looks, LIKENESS), []);
  const doubled = [...looks, ...looks.slice(0, 100)];
  assert.equal(nearPairs(doubled, LIKENESS).length, 100);
});

test("a smaller copy of an image is near it, another image is not", () => {
  const looks = [
    patternImage("smooth", 700, 500, 3),
    patternImage("blocks", 700, 500, 3),
    patternImage("smooth", 700, 500, 1),
  ].map((image) => imageMeasures(image));
  assert.ok(hashDistance(looks[0].hash, looks[1].hash) > 8);
  const pairs = nearPairs(looks, LIKENESS);
  assert.ok(pairs.every(({ a, b }) => a === 0 && b === 2));
});
