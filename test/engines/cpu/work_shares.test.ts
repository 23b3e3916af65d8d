import assert from "node:assert/strict";
import { test } from "node:test";
import { shareWords, WorkShares } from "../../../src/engines/cpu/threads/work_shares.ts";
import { Random } from "./loops/random_loops.ts";

const equally = (units: number, threads: number) =>
  Array.from({ length: threads + 1 }, (_, thread) => Math.floor((units * thread) / threads));

test("every unit is taken once, in whatever order the threads come, stage after stage", () => {
  const random = new Random(1);
  for (const threads of [1, 2, 3, 5]) {
    const words = new Int32Array(shareWords(threads));
    const shares = Array.from({ length: threads }, (_, t) => new WorkShares(words, t, threads));
    for (let stage = 0; stage < 40; stage++) {
      const units = random.below(40);
      const taken = new Array<number>(units).fill(0);
      shares[0].reset();
      for (const share of shares) share.start(equally(units, threads));
      const working = [...shares];
      while (working.length > 0) {
        const i = random.below(working.length);
        if (!working[i].next()) working.splice(i, 1);
        else for (let u = working[i].begin; u < working[i].end; u++) taken[u]++;
      }
      assert.ok(
        taken.every((times) => times === 1),
        `${threads} threads, ${units} units: ${taken}`,
      );
    }
  }
});

test("a thread begins with its own share and helps with the others' after", () => {
  const words = new Int32Array(shareWords(2));
  const [first, second] = [0, 1].map((t) => new WorkShares(words, t, 2));
  first.start([0, 4, 8]);
  second.start([0, 4, 8]);
  const order: number[] = [];
  while (second.next()) for (let u = second.begin; u < second.end; u++) order.push(u);
  assert.deepEqual(order, [4, 5, 6, 7, 0, 1, 2, 3]);
  assert.equal(first.next(), false);
});
