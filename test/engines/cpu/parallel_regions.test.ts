import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  IdleThread,
  InputGate,
  makeControl,
  ParallelRegions,
  RunCounter,
} from "../../../src/engines/cpu/threads/parallel_regions.ts";
import { REGIONS, type RegionThread, RUNS, regionMemory } from "./region_thread.ts";

const ELSEWHERE = { yield() {}, current: () => 0, leave() {} };

test("threads that come late, or not at all, hold up none; each unit runs once, after all of the region before", async () => {
  // Both kinds of regions are to come to pass. On a busy machine the others may be late for all.
  for (let attempt = 0; attempt < 10; attempt++) {
    const [alone, shared] = await regionsOf(3);
    // The script has looked at every unit.
    assert.equal(alone + shared, RUNS * REGIONS);
    if (alone > 0 && shared > 0) return;
  }
  assert.fail("ten times all regions were of one kind");
});

/** How many regions the first of some threads ran alone, and how many with others. */
async function regionsOf(threads: number): Promise<readonly [alone: number, shared: number]> {
  const memory = regionMemory();
  const control = makeControl(threads, true);
  const script = new URL("./region_thread.js", import.meta.url);
  const workers = Array.from({ length: threads }, (_, thread) => {
    const workerData: RegionThread = { thread, threads, memory, control };
    return new Worker(script, { workerData });
  });
  const [[[alone, shared]]] = await Promise.all([
    once(workers[0], "message"),
    ...workers.map((worker) => once(worker, "exit")),
  ]);
  return [alone, shared];
}

test("a thread is let into the region that is open, and into none that was closed or is of a run that is over", () => {
  const control = makeControl(2, true);
  const first = new ParallelRegions(control, 0, 2);
  const helper = new ParallelRegions(control, 1, 2);
  for (const run of [1, 5]) {
    first.begin(run);
    helper.begin(run);
    first.enter();
    assert.equal(helper.enter(), true);
    helper.leave();
    first.leave();
    first.enter();
    first.leave();
    assert.equal(helper.enter(), false);
  }
  for (const run of [6, 7]) {
    first.begin(run);
    first.enter();
    first.leave();
  }
  helper.begin(6);
  assert.equal(helper.enter(), false);
  helper.begin(7);
  assert.equal(helper.enter(), false);
  first.begin(8);
  helper.begin(8);
  first.enter();
  assert.equal(helper.enter(), true);
});

test("the first thread lets others have its processor while one is inside, and goes on when it has left", () => {
  const control = makeControl(2, true);
  const helper = new ParallelRegions(control, 1, 2);
  let offered = 0;
  const first = new ParallelRegions(control, 0, 2, {
    ...ELSEWHERE,
    // The other thread gets the processor at the third offer.
    yield() {
      if (++offered % 3 === 0) helper.leave();
    },
  });
  for (let run = 1; run <= 2; run++) {
    first.begin(run);
    helper.begin(run);
    first.enter();
    assert.equal(helper.enter(), true);
    first.leave();
    assert.equal(offered, 3 * run);
  }
});

test("a thread that waits leaves a processor that is another's, at most twice in a run, and no other", () => {
  const control = makeControl(2, true);
  const first = new ParallelRegions(control, 0, 2, { ...ELSEWHERE, current: () => 4 });
  let here = 4;
  const left: number[][] = [];
  const helper = new ParallelRegions(control, 1, 2, {
    yield: () => first.enter(),
    current: () => here,
    // It has nowhere to go.
    leave: (taken) => left.push([...taken]),
  });
  const run = (number: number, regions: number) => {
    first.begin(number);
    helper.begin(number);
    for (let i = 0; i < regions; i++) {
      assert.equal(helper.enter(), true);
      helper.leave();
      first.leave();
    }
  };
  run(1, 4);
  assert.deepEqual(left, [[4], [4]]);
  here = 5;
  run(2, 1);
  assert.equal(left.length, 2);
});

test("the first thread makes way for one that does not come and was last seen on the same processor", () => {
  const control = makeControl(2, true);
  const helper = new ParallelRegions(control, 1, 2, { ...ELSEWHERE, current: () => 4 });
  const left: number[][] = [];
  const first = new ParallelRegions(control, 0, 2, {
    ...ELSEWHERE,
    current: () => 4,
    leave: (taken) => left.push([...taken]),
  });
  const region = () => {
    first.enter();
    first.leave();
  };
  helper.begin(1);
  first.begin(1);
  region();
  assert.deepEqual(left, []);
  region();
  region();
  assert.deepEqual(left, [[4]]);
  first.begin(2);
  helper.begin(2);
  first.enter();
  assert.equal(helper.enter(), true);
  helper.leave();
  first.leave();
  for (let i = 0; i < 3; i++) region();
  assert.equal(left.length, 1);
});

test("a run waits for its inputs and for those of the runs before it, not for later ones", () => {
  const control = makeControl(1, true);
  const writer = new InputGate(control);
  const reader = new InputGate(control);
  const runs = [writer.next(), writer.next()];
  writer.open();
  reader.wait(runs[0]);
  const words = new Int32Array(control);
  // A wait would block this thread: what it looks at says that the second run is not ready.
  assert.ok(!words.includes(runs[1]));
  writer.open();
  reader.wait(runs[1]);
  reader.wait(runs[0]);
});

const pause = (milliseconds: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

test("a thread stays awake for the next run if the last ones came a few milliseconds apart", (context) => {
  // The test's own clock: on a busy machine a moment may take milliseconds.
  let now = 1000;
  context.mock.method(performance, "now", () => now);
  const passes = (milliseconds: number) => {
    now += milliseconds;
  };
  const control = makeControl(1, true);
  const sent = new RunCounter(control, 1);
  let offered = 0;
  const idle = new IdleThread(control, 0, 1, {
    ...ELSEWHERE,
    yield() {
      if (++offered === 3) sent.add(0);
    },
  });
  const run = (isSent = false) => {
    if (!isSent) sent.add(0);
    offered = 0;
    idle.begin();
    idle.end();
    return offered;
  };
  // The first, and one that comes at once.
  assert.deepEqual([run(), run()], [0, 0]);
  passes(3);
  // It waits until the next one has been sent, which waits for none because it comes at once.
  assert.equal(run(), 3);
  assert.equal(run(true), 0);
  passes(3);
  sent.add(0);
  // One more is on its way already.
  assert.equal(run(), 0);
  passes(100);
  assert.equal(run(true), 0);
});

test("it gives up waiting when none comes, and without a way to offer its processor it does not wait", () => {
  const control = makeControl(1, true);
  const sent = new RunCounter(control, 1);
  const waitAfter = (idle: IdleThread) => {
    for (let run = 0; run < 2; run++) {
      if (run > 0) pause(3);
      sent.add(0);
      idle.begin();
      const started = performance.now();
      idle.end();
      if (run > 0) return performance.now() - started;
    }
    return 0;
  };
  let offered = 0;
  assert.ok(waitAfter(new IdleThread(control, 0, 1, { ...ELSEWHERE, yield: () => offered++ })) >= 19);
  assert.ok(offered > 0);
  assert.ok(waitAfter(new IdleThread(makeControl(1, true), 0, 1)) < 19);
});
