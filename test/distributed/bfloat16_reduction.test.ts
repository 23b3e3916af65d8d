import assert from "node:assert/strict";
import { test } from "node:test";
import { bfloat16AllReduce } from "../../src/distributed/mpi/bfloat16_reduction.ts";
import type { RankGroup, Task } from "../../src/distributed/mpi/reduction.ts";

const rounded = (value: number) => {
  const word = new Uint32Array(new Float32Array([value]).buffer)[0];
  return new Float32Array(new Uint32Array([((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) << 16]).buffer)[0];
};

/** Ranks whose messages are copied from array to array; counts the bytes that the first one sends. */
function connected(size: number) {
  const arrays: Uint16Array[] = [];
  const sent = new Map<string, Uint16Array[]>();
  let bytes = 0;
  const groupOf = (rank: number) => {
    const mpi = {
      addressOf: (array: Uint16Array) => arrays.push(array) - 1,
      send: ({ address, count }: { address: number; count: number }, to: number) => {
        const pair = `${rank} ${to}`;
        sent.set(pair, [...(sent.get(pair) ?? []), arrays[address].slice(0, count / 2)]);
        if (rank === 0) bytes += count;
        return () => true;
      },
      receive:
        ({ address }: { address: number }, from: number) =>
        () => {
          const data = sent.get(`${from} ${rank}`)?.shift();
          if (data === undefined) return false;
          arrays[address].set(data);
          return true;
        },
      test: (request: () => boolean) => request(),
    };
    return { mpi, communicator: 0, rank, size } as unknown as RankGroup;
  };
  return { groupOf, bytes: () => bytes };
}

test("gradients that cross as bfloat16: rounded sums in the binary tree of ranks, and half the bytes", () => {
  const count = 1001;
  for (const size of [2, 4, 8]) {
    const { groupOf, bytes } = connected(size);
    const values = Array.from({ length: size }, (_, rank) =>
      Float32Array.from({ length: count }, (_, i) => rounded(Math.sin(7 * i + rank) * 10 ** (i % 9))),
    );
    let expected: readonly Float32Array[] = values.map((own) => own.slice());
    while (expected.length > 1)
      expected = expected
        .filter((_, i) => i % 2 === 0)
        .map((left, i) => left.map((value, at) => rounded(Math.fround(value + expected[2 * i + 1][at]))));
    const tasks: Task[] = values.map((own, rank) => {
      const words = new Uint32Array(own.buffer);
      const room = () => new Uint16Array(count);
      return bfloat16AllReduce(groupOf(rank), { words, outgoing: room(), incoming: room() }, 1);
    });
    const left = new Set(tasks);
    while (left.size > 0) for (const task of left) if (task.next().done) left.delete(task);
    for (const own of values) assert.deepEqual(own, expected[0]);
    // As many numbers as the other all-reduce sends, of 2 bytes.
    const numbers = 2 * count * (1 - 1 / size);
    assert.ok(Math.abs(bytes() - 2 * numbers) <= 4 * size, `${bytes()} bytes`);
  }
});

test("a NaN and an infinity of one rank reach all", () => {
  const { groupOf } = connected(2);
  const values = [Float32Array.of(Number.NaN, 1, 2), Float32Array.of(1, Number.POSITIVE_INFINITY, 3)];
  const tasks = values.map((own, rank) => {
    const place = {
      words: new Uint32Array(own.buffer),
      outgoing: new Uint16Array(3),
      incoming: new Uint16Array(3),
    };
    return bfloat16AllReduce(groupOf(rank), place, 1);
  });
  const left = new Set(tasks);
  while (left.size > 0) for (const task of left) if (task.next().done) left.delete(task);
  for (const own of values) assert.deepEqual([...own], [Number.NaN, Number.POSITIVE_INFINITY, 5]);
});
