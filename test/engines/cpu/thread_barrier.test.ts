import assert from "node:assert/strict";
import { test } from "node:test";
import { InputGate, makeControl, ThreadBarrier } from "../../../src/engines/cpu/threads/thread_barrier.ts";

test("a thread at a barrier lets others have its processor, and goes on when they have come", () => {
  const control = makeControl(2, true);
  const late = new ThreadBarrier(control, 2);
  let offered = 0;
  // The other thread gets the processor at the third offer.
  const first = new ThreadBarrier(control, 2, () => {
    if (++offered % 3 === 0) late.wait();
  });
  for (let i = 1; i <= 2; i++) {
    first.begin();
    first.wait();
    assert.equal(offered, 3 * i);
  }
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
