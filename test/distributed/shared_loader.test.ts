import assert from "node:assert/strict";
import { test } from "node:test";
import type { Collective } from "../../src/distributed/mpi/mpi_messages.ts";
import { Agreement, SharedLoader } from "../../src/distributed/training/shared_loader.ts";
import { zeros } from "../../src/index.ts";
import type { Loader } from "../../src/train/loop/fit_options.ts";

/** Batches of one example; it may give another number than it tells. */
function loaderOf(batches: number, told: number | null): Loader {
  return {
    ...{ length: told, examples: told, batchSize: 1 },
    batchAt: (example) => example,
    async *iterate({ fromExample = 0 }) {
      for (let i = fromExample; i < batches; i++) yield [zeros(2, 1), zeros(2)];
    },
  };
}

/** A rank's walk beside one that wants as many batches as `others` says; what the rank has asked for, and how many it got. */
async function walk(loader: Loader, msPerBatch: number, others: (message: number) => number, from = 0) {
  const asked: number[] = [];
  const client = {
    collective: async (collective: Collective) => {
      if (collective.kind !== "allReduce") throw new Error("not expected");
      const words = new Int32Array(collective.elements.buffer);
      assert.equal(collective.op, "max");
      asked.push(0 - words[0]);
      words[0] = Math.max(words[0], -others(asked.length - 1));
    },
  };
  let taken = 0;
  const agreement = new Agreement(client, () => taken * msPerBatch);
  const shared = new SharedLoader(loader, { rank: 0, worldSize: 2, shards: 2 }, agreement);
  for await (const _ of shared.iterate({ epoch: 0, fromExample: from })) taken++;
  return { asked, taken };
}

const unbounded = () => 1000;

test("short steps are agreed upon many at a time, up to the end; long ones one by one", async () => {
  const short = await walk(loaderOf(20, 20), 1, unbounded);
  assert.equal(short.taken, 20);
  assert.equal(short.asked.at(-1), 0);
  assert.ok(short.asked.length < 10);
  const long = await walk(loaderOf(5, 5), 200, unbounded);
  // The clock stands still before the first step.
  assert.ok(
    long.asked.slice(2).every((batches) => batches <= 1),
    `${long.asked}`,
  );
  assert.equal(long.taken, 5);
  assert.equal((await walk(loaderOf(20, 20), 1, unbounded, 15)).taken, 5);
});

test("the rank that is sure of the fewest batches decides", async () => {
  const { taken } = await walk(loaderOf(20, 20), 1, (message) => (message < 7 ? 1 : 0));
  assert.equal(taken, 7);
});

test("without a length that is sure, each batch is agreed upon", async () => {
  const { asked, taken } = await walk(loaderOf(4, null), 1, unbounded);
  assert.equal(taken, 4);
  assert.deepEqual(asked, [1, 1, 1, 1, 0]);
});

test("a loader that gives fewer batches than it has told is an error: others count on them", async () => {
  await assert.rejects(walk(loaderOf(10, 40), 1, unbounded), {
    name: "DistributedError",
    message: /fewer batches than its length/,
  });
});
