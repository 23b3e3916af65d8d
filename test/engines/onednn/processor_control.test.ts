import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { dnnlFacts, loadDnnl } from "../../../src/engines/onednn/library/load_dnnl.ts";

const skip =
  dnnlFacts() === null ? "no oneDNN here" : availableParallelism() < 2 ? "one processor only" : false;

/** Where this thread may run, as the system says. */
const allowed = () => /^Cpus_allowed:\s*(\S+)/m.exec(readFileSync("/proc/thread-self/status", "utf8"))?.[1];

test("a thread leaves a processor, and may run there later", { skip }, () => {
  const { processor } = loadDnnl().dnnl.foreign;
  const before = allowed();
  // The system may bring the thread back between the two calls, but not each time.
  const moved = Array.from({ length: 20 }, () => {
    const from = processor.current();
    processor.leave([from]);
    return processor.current() !== from;
  });
  assert.ok(moved.filter(Boolean).length > 10, `${moved}`);
  assert.equal(allowed(), before);
});

test("a thread that may run nowhere else stays", { skip }, () => {
  const { processor } = loadDnnl().dnnl.foreign;
  const before = allowed();
  processor.leave(Array.from({ length: 2000 }, (_, i) => i));
  assert.ok(processor.current() >= 0);
  assert.equal(allowed(), before);
});
