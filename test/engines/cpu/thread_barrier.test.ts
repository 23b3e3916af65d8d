import assert from "node:assert/strict";
import { test } from "node:test";
import { InputGate, makeControl, ThreadBarrier } from "../../../src/engines/cpu/threads/thread_barrier.ts";

const ELSEWHERE = { yield() {}, current: () => 0, leave() {} };

test("a thread at a barrier lets others have its processor, and goes on when they have come", () => {
  const control = makeControl(2, true);
  const late = new ThreadBarrier(control, 1, 2);
  let offered = 0;
  // The other thread gets the processor at the third offer.
  const first = new ThreadBarrier(control, 0, 2, {
    ...ELSEWHERE,
    yield() {
      if (++offered % 3 === 0) late.wait();
    },
  });
  for (let i = 1; i <= 2; i++) {
    first.begin();
    first.wait();
    assert.equal(offered, 3 * i);
  }
});

test("a thread that waits leaves a processor that is another's, at most twice in a run, and no other", () => {
  const control = makeControl(2, true);
  const other = new ThreadBarrier(control, 1, 2, { ...ELSEWHERE, current: () => 4 });
  let here = 4;
  const left: number[][] = [];
  const waiting = new ThreadBarrier(control, 0, 2, {
    yield: () => other.wait(),
    current: () => here,
    // It has nowhere to go.
    leave: (taken) => left.push([...taken]),
  });
  other.begin();
  waiting.begin();
  for (let i = 0; i < 4; i++) waiting.wait();
  assert.deepEqual(left, [[4], [4]]);
  waiting.begin();
  here = 5;
  waiting.wait();
  assert.equal(left.length, 2);
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
