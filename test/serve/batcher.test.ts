/** Batches out of items that wait at the same time. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Batcher } from "../../src/serve/queue/batcher.ts";

/** A batcher of numbers, whose batches are let go by hand. */
function made(
  given: {
    maxBatch?: number;
    maxDelay?: number;
    expected?: () => number;
    fails?: (item: number) => boolean;
  } = {},
) {
  const { maxBatch = 8, maxDelay = 0, expected = () => 0, fails = () => false } = given;
  const batches: number[][] = [];
  const going: (() => void)[] = [];
  const batcher = new Batcher<number, string>({
    keyOf: (item) => (item < 100 ? "small" : "large"),
    maxBatch,
    maxDelay,
    expected,
    run: async (items) => {
      batches.push([...items]);
      await new Promise<void>((go) => going.push(go));
      if (items.some(fails)) throw new Error("one of them fails");
      return items.map((item) => `<${item}>`);
    },
  });
  const go = async () => {
    going.shift()?.();
    await sleep(0);
  };
  const add = (item: number, signal = new AbortController().signal) => batcher.add(item, signal);
  return { batcher, batches, go, add };
}

describe("a batcher", () => {
  test("computes the first item at once, and what comes in the meantime together, in sizes of powers of two", async () => {
    const { batches, go, add } = made();
    const results = Promise.all([0, 1, 2, 3, 4, 5, 6].map((item) => add(item)));
    assert.deepEqual(batches, [[0]]);
    for (let i = 0; i < 4; i++) await go();
    assert.deepEqual(batches, [[0], [1, 2, 3, 4], [5, 6]]);
    assert.deepEqual(await results, ["<0>", "<1>", "<2>", "<3>", "<4>", "<5>", "<6>"]);
  });

  test("never has more in a batch than the most", async () => {
    const { batches, go, add } = made({ maxBatch: 2 });
    const results = Promise.all([0, 1, 2, 3, 4].map((item) => add(item)));
    for (let i = 0; i < 4; i++) await go();
    await results;
    assert.deepEqual(batches, [[0], [1, 2], [3, 4]]);
  });

  test("puts only items of one kind together", async () => {
    const { batches, go, add } = made();
    const results = Promise.all([0, 1, 100, 2, 101].map((item) => add(item)));
    for (let i = 0; i < 4; i++) await go();
    await results;
    assert.deepEqual(batches, [[0], [1, 2], [100, 101]]);
  });

  test("waits for items that are expected, until there are none or the time is over", async () => {
    let coming = 3;
    const { batcher, batches, go, add } = made({ maxDelay: 60_000, expected: () => coming });
    const results = Promise.all([add(1), add(2)]);
    assert.deepEqual(batches, []);
    coming = 0;
    batcher.poke();
    assert.deepEqual(batches, [[1, 2]]);
    await go();
    await results;
    const bounded = made({ maxDelay: 5, expected: () => 1 });
    const late = bounded.add(7);
    assert.deepEqual(bounded.batches, []);
    while (bounded.batches.length === 0) await sleep(1);
    await bounded.go();
    assert.equal(await late, "<7>");
  });

  test("does not wait when a batch is full", () => {
    const { batches, add } = made({ maxBatch: 2, maxDelay: 60_000, expected: () => 5 });
    void add(1);
    void add(2);
    assert.deepEqual(batches, [[1, 2]]);
  });

  test("an item whose signal is aborted leaves the queue; one that is computed does not hold it up", async () => {
    const { batcher, batches, go, add } = made();
    const controllers = [0, 1, 2].map(() => new AbortController());
    const results = controllers.map(({ signal }, i) => add(i, signal));
    const settled = Promise.allSettled(results);
    controllers[0].abort(new Error("gone 0"));
    controllers[1].abort(new Error("gone 1"));
    assert.equal(batcher.length, 1);
    await go();
    await go();
    assert.deepEqual(batches, [[0], [2]]);
    assert.deepEqual(
      (await settled).map((one) => (one.status === "fulfilled" ? one.value : one.reason.message)),
      ["gone 0", "gone 1", "<2>"],
    );
    await assert.rejects(add(3, AbortSignal.abort(new Error("before"))), /before/);
  });

  test("an item that fails does not concern the others of its batch", async () => {
    const { batches, go, add } = made({ fails: (item) => item === 2 });
    const settled = Promise.allSettled([0, 1, 2, 3, 4].map((item) => add(item)));
    for (let i = 0; i < 7; i++) await go();
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    assert.deepEqual(batches, [[0], [1, 2, 3, 4], [1], [2], [3], [4]]);
  });
});
