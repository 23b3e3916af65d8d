import assert from "node:assert/strict";
import { test } from "node:test";
import { imageMeasures } from "../../../src/data/quality/image_measures.ts";
import { correlation, type Look, nearPairs } from "../../../src/data/quality/near_duplicates.ts";
import { hashDistance, type PerceptualHash } from "../../../src/data/quality/perceptual_hash.ts";
import { numbers } from "../../train/small_data.ts";
import { patternImage } from "./measured_images.ts";

const LIKENESS = { distance: 8, correlation: 0.95 };

/** An image of its own for each number: noise. */
function noise(seed: number): Uint8Array {
  const next = numbers(seed);
  return Uint8Array.from({ length: 1024 }, () => 256 * next());
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
  assert.ok(pairs.length >= 9999 && pairs.length < 11000, String(pairs.length));
  const flat = Array.from({ length: 10000 }, (_, i) => ({
    hash: [0, 0] as const,
    colours: new Uint8Array(1024).fill(i % 2 === 0 ? 0 : 255),
  }));
  assert.equal(nearPairs(flat, LIKENESS).length, 9998);
});

test("the correlation of flat images is that of their brightness", () => {
  const flat = (level: number) => new Uint8Array(1024).fill(level);
  assert.equal(correlation(flat(3), flat(6)), 1);
  assert.equal(correlation(flat(3), flat(60)), 0);
  assert.equal(correlation(flat(3), noise(1)), 0);
  const dimmed = noise(1).map((value) => 0.8 * value);
  assert.ok(correlation(noise(1), dimmed) > 0.99);
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
