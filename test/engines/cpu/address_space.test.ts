import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressSpace } from "../../../src/engines/cpu/memory/engine_heap.ts";
import { aligned } from "../../../src/engines/cpu/memory/memory_layout.ts";
import { Random } from "./loops/random_loops.ts";

test("ranges never overlap, start at multiples of 64, and freed space is used again", () => {
  const random = new Random(2);
  const space = new AddressSpace(65536, 65536 + (1 << 20));
  const taken = new Map<number, number>();
  for (let i = 0; i < 3000; i++) {
    if (taken.size > 0 && random.below(5) < 2) {
      const [address, bytes] = random.pick([...taken]);
      space.give(address, bytes);
      taken.delete(address);
      continue;
    }
    const bytes = 1 + random.below(20000);
    const address = space.take(bytes);
    if (address === undefined) continue;
    assert.equal(address % 64, 0);
    assert.ok(address >= 65536 && address + bytes <= 65536 + (1 << 20));
    for (const [other, size] of taken) {
      assert.ok(
        address + aligned(bytes) <= other || other + aligned(size) <= address,
        `${address} in ${other}`,
      );
    }
    taken.set(address, bytes);
  }
  for (const [address, bytes] of taken) space.give(address, bytes);
  assert.equal(space.top, 65536);
  assert.equal(space.take(1 << 20), 65536);
  assert.equal(space.take(1), undefined);
});
