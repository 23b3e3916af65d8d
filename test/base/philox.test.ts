import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  keyOfSeed,
  PhiloxStream,
  permutation,
  philox4x32,
  philox4x32Into,
  uniformFloat32,
  uniformFloat64,
} from "../../src/base/philox.ts";

// The known-answer vectors published with Random123 (kat_vectors, philox4x32 with 10 rounds).
const KNOWN = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

test("philox4x32-10 gives the published known answers", () => {
  for (const { counter, key, words } of KNOWN) {
    assert.deepEqual([...philox4x32(counter, key)], words);
    const out = new Uint32Array(6);
    philox4x32Into(out, 1, counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
    assert.deepEqual([...out], [0, ...words, 0]);
  }
});

test("uniform conversions stay in [0, 1) and are exact at the ends", () => {
  assert.equal(uniformFloat32(0), 0);
  assert.equal(uniformFloat32(0xffffffff), 1 - 2 ** -24);
  assert.equal(Math.fround(uniformFloat32(0xffffffff)), uniformFloat32(0xffffffff));
  assert.equal(uniformFloat64(0xffffffff, 0xffffffff), 1 - 2 ** -53);
  assert.equal(uniformFloat64(0x80000000, 0), 0.5);
});

test("a seed beyond 32 bits reaches the second key word", () => {
  assert.deepEqual(keyOfSeed(2 ** 32 * 5 + 7), [7, 5]);
  assert.notEqual(new PhiloxStream(1).word(), new PhiloxStream(1 + 2 ** 32).word());
});

test("a stream gives the blocks in order, and streams of other names differ", () => {
  const stream = new PhiloxStream(9, 1, 2, 3);
  const words = Array.from({ length: 8 }, () => stream.word());
  assert.deepEqual(words, [...philox4x32([0, 1, 2, 3], [9, 0]), ...philox4x32([1, 1, 2, 3], [9, 0])]);
  assert.notDeepEqual(words[0], new PhiloxStream(9, 1, 2, 4).word());
});

test("bounded integers stay below the bound and are spread evenly", () => {
  const stream = new PhiloxStream(3);
  const counts = new Array(7).fill(0);
  for (let i = 0; i < 70000; i++) counts[stream.integer(7)]++;
  // Chi-squared with 6 degrees of freedom: beyond 30 once in 25,000 seeds; this seed is fixed.
  const chi = counts.reduce((sum, n) => sum + (n - 10000) ** 2 / 10000, 0);
  assert.ok(chi < 30, `chi-squared ${chi}`);
  assert.equal(stream.integer(1), 0);
  for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 33]) assert.throws(() => stream.integer(bad), RangeError);
});

test("a permutation holds every index once and depends on seed and epoch alone", () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(), fc.nat(50), (length, seed, epoch) => {
      const order = permutation(length, seed, epoch);
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        Array.from({ length }, (_, i) => i),
      );
      assert.deepEqual(permutation(length, seed, epoch), order);
    }),
    { numRuns: 50 },
  );
  assert.notDeepEqual(permutation(50, 1, 0), permutation(50, 1, 1));
  assert.notDeepEqual(permutation(50, 1, 0), permutation(50, 2, 0));
});
