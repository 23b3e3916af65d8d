import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DistributedSampler } from "../../src/distributed/index.ts";
import { ArgumentError } from "../../src/index.ts";

const walk = (length: number, ranks: number, options: object, place: readonly [number, number] = [0, 0]) =>
  Array.from({ length: ranks }, (_, rank) => {
    const sampler = new DistributedSampler({ length }, ranks, rank, options);
    sampler.setEpoch(...place);
    const examples = [...sampler];
    assert.equal(examples.length, sampler.length);
    return examples;
  });

test("without shuffle it is PyTorch's: strided, padded with the first examples", () => {
  // torch.utils.data.DistributedSampler(range(10), 4, r, shuffle=False), r = 0 .. 3
  assert.deepEqual(walk(10, 4, { shuffle: false }), [
    [0, 4, 8],
    [1, 5, 9],
    [2, 6, 0],
    [3, 7, 1],
  ]);
  assert.deepEqual(walk(10, 4, { shuffle: false, dropLast: true }), [
    [0, 4],
    [1, 5],
    [2, 6],
    [3, 7],
  ]);
  assert.deepEqual(walk(1, 3, { shuffle: false }), [[0], [0], [0]]);
});

test("ranks share every example, equally many each, in another order each epoch", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(5),
      (length, ranks, epoch) => {
        const dealt = walk(length, ranks, { seed: 3 }, [epoch, 0]);
        assert.equal(new Set(dealt.map((own) => own.length)).size, 1);
        assert.deepEqual(
          [...new Set(dealt.flat())].sort((a, b) => a - b),
          Array.from({ length }, (_, i) => i),
        );
        assert.ok(dealt.flat().length < length + ranks);
      },
    ),
  );
  assert.notDeepEqual(walk(40, 2, {}, [0, 0]), walk(40, 2, {}, [1, 0]));
  assert.deepEqual(walk(40, 2, { seed: 5 }), walk(40, 2, { seed: 5 }));
});

test("in mid-epoch it goes on where all ranks were, also with another number of ranks", () => {
  const interleave = (dealt: number[][]) => dealt[0].flatMap((_, i) => dealt.map((own) => own[i]));
  const whole = interleave(walk(24, 2, {}, [4, 0]));
  assert.deepEqual(interleave(walk(24, 2, {}, [4, 8])), whole.slice(8));
  assert.deepEqual(interleave(walk(24, 4, {}, [4, 8])), whole.slice(8));
});

test("bad settings are refused", () => {
  const refused: readonly (() => unknown)[] = [
    () => new DistributedSampler({ length: 0 }),
    () => new DistributedSampler({ length: 4 }, 2, 2),
    () => new DistributedSampler({ length: 4 }, 0),
    () => new DistributedSampler({ length: 2 }, { numReplicas: 3, rank: 0, dropLast: true }),
    () => new DistributedSampler({ length: 8 }, 2, 0).setEpoch(0, 3),
  ];
  for (const make of refused) assert.throws(make, ArgumentError);
});
