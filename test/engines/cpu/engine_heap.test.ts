import assert from "node:assert/strict";
import { test } from "node:test";
import { EngineHeap, type HeapBlock } from "../../../src/engines/cpu/memory/engine_heap.ts";
import { aligned } from "../../../src/engines/cpu/memory/memory_layout.ts";
import { Random } from "./loops/random_loops.ts";

const LIMIT = 20 * 65536;
/** What the kernels keep for themselves. */
const OWN = new EngineHeap(false, { grow() {}, move() {}, letGo() {} }, LIMIT).arena.address;

/** A heap over bytes of our own, which does what it is asked at once. */
function heapOverBytes() {
  const bytes = new Uint8Array(LIMIT);
  let moved = 0;
  const heap = new EngineHeap(
    false,
    {
      grow: () => {},
      move: (from, to, count) => {
        assert.ok(to < from, `${to} is not below ${from}`);
        bytes.copyWithin(to, from, from + count);
        moved++;
      },
      letGo: () => {},
    },
    LIMIT,
  );
  return { heap, bytes, moved: () => moved };
}

/** Fills a block with bytes of its own, and says whether they are still there. */
function fill(bytes: Uint8Array, block: HeapBlock, mark: number): () => void {
  bytes.fill(mark, block.address, block.address + block.bytes);
  return () => {
    // One byte of each 64: whatever is moved or taken begins and ends at a multiple of them.
    for (let at = block.address; at < block.address + block.bytes; at += 64)
      if (bytes[at] !== mark) assert.fail(`byte ${at} of block ${mark} was overwritten`);
  };
}

test("what is free in pieces is pushed together: blocks and arena fit as long as their bytes do", () => {
  const random = new Random(5);
  const { heap, bytes, moved } = heapOverBytes();
  const blocks = new Map<HeapBlock, () => void>();
  const taken = () => [...blocks.keys()].reduce((sum, block) => sum + aligned(block.bytes), 0);
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    if (blocks.size > 0 && random.below(5) < 2) {
      const [block, check] = random.pick([...blocks]);
      check();
      heap.free(block);
      blocks.delete(block);
      continue;
    }
    const free = LIMIT - OWN - taken() - aligned(heap.arena.bytes);
    if (random.below(40) === 0 && heap.arena.bytes < LIMIT / 4) {
      const wanted = heap.arena.bytes + random.below(Math.max(1, free));
      heap.growArena(wanted);
      assert.ok(heap.arena.bytes >= wanted);
    } else {
      const wanted = 1 + random.below(120_000);
      if (aligned(wanted) > free) {
        assert.throws(() => heap.allocate(wanted, "a buffer"), { name: "OutOfMemoryError" });
        refused++;
        continue;
      }
      const block = heap.allocate(wanted, "a buffer");
      assert.ok(block.address >= OWN && block.address + wanted <= LIMIT);
      blocks.set(block, fill(bytes, block, 1 + (i % 250)));
    }
    bytes.fill(255, heap.arena.address, heap.arena.address + heap.arena.bytes);
    for (const check of blocks.values()) check();
  }
  assert.ok(moved() > 20 && refused > 20, `${moved()} moves, ${refused} refused`);
});

test("a fixed block stays where it is, and idle ones are asked back before anything is moved", () => {
  let idle: HeapBlock | null = null;
  const moves: number[] = [];
  const heap = new EngineHeap(
    false,
    {
      grow: () => {},
      move: (from) => moves.push(from),
      letGo: () => {
        if (idle !== null) heap.unfix(idle);
        idle = null;
      },
    },
    LIMIT,
  );
  const whole = LIMIT - OWN;
  const quarter = aligned(whole / 4 - 64);
  const low = heap.allocate(quarter, "low");
  const fixed = heap.fix(quarter) as HeapBlock;
  const high = heap.allocate(quarter, "high");
  idle = heap.fix(whole - 3 * quarter);
  assert.equal(heap.fix(64), null);
  heap.free(low);
  const place = fixed.address;
  assert.throws(() => heap.allocate(whole - 2 * quarter + 64, "both"), {
    name: "OutOfMemoryError",
    message: /both needs/,
  });
  assert.equal(idle, null);
  assert.deepEqual(moves, []);
  // A quarter is free below the fixed block, one at the top: the high block goes down, where it leaves both together.
  heap.growArena(2 * quarter);
  assert.equal(fixed.address, place);
  assert.equal(high.address, OWN);
  assert.equal(moves.length, 1);
});
