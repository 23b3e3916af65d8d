/** What is asked for before the engine has started waits for it: nothing is compiled for an engine that is not known. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { EngineError } from "../../src/base/errors.ts";
import type { Engine } from "../../src/engines/contract/engine.ts";
import { ReferenceEngine } from "../../src/engines/reference/reference_engine.ts";
import { constantValue, type Value } from "../../src/graph/node.ts";
import * as c from "../../src/index.ts";
import { add, mul } from "../../src/ops/elementwise/elementwise.ts";
import { EngineConnection } from "../../src/runtime/runtime.ts";
import { Session } from "../../src/runtime/session.ts";

const { nn, optim } = c;
const MIB = 2 ** 20;

after(() => c.stopEngine());

/** The reference engine, which takes its time to start; `calls` are those that it must not see before. */
function slow(calls: string[], problem?: Error): Engine {
  const inner = new ReferenceEngine();
  return {
    name: "slow",
    async start() {
      const capabilities = await inner.start();
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (problem !== undefined) throw problem;
      calls.push("started");
      return capabilities;
    },
    allocate: (bytes) => inner.allocate(bytes),
    write: (buffer, data) => inner.write(buffer, data),
    read: (buffer) => inner.read(buffer),
    free: (buffer) => inner.free(buffer),
    compile(program) {
      calls.push("compile");
      return inner.compile(program);
    },
    run(compiled, bindings, options) {
      calls.push("run");
      return inner.run(compiled, bindings, options);
    },
    release: (compiled) => inner.release(compiled),
    memory: () => inner.memory(),
    pending: () => inner.pending(),
    stop: () => inner.stop(),
  };
}

function leaf(...numbers: number[]): Value {
  return constantValue(Float32Array.from(numbers), [numbers.length], "float32");
}

test("runs and changes of state wait for the start, in order; nothing is compiled before", async () => {
  const calls: string[] = [];
  const session = new Session((statistics) => new EngineConnection(slow(calls), statistics));
  const owner = { value: leaf(1, 2), deviceBuffer: null };
  session.requestDeviceBuffer(owner);
  const seen: Promise<ArrayLike<number>>[] = [];
  for (let step = 0; step < 3; step++) {
    session.commit(owner, mul(owner.value, leaf(10, 10)));
    session.submit([], { owners: [owner] });
    seen.push(session.fetch(add(owner.value, leaf(step, step))));
  }
  assert.deepEqual(calls, []);
  const numbers = (await Promise.all(seen)).map((data) => [...(data as Float32Array)]);
  assert.deepEqual(numbers, [
    [10, 20],
    [101, 201],
    [1002, 2002],
  ]);
  assert.equal(calls[0], "started");
  assert.equal(calls.filter((call) => call === "run").length, 6);
  assert.ok(calls.filter((call) => call === "compile").length < 6, "equal programs are compiled once");
  await session.exchange(null)?.close();
});

test("an engine that cannot start: whatever waited for it rejects with the reason, and state is as before", async () => {
  const problem = new EngineError("slow: cannot start: no such device");
  const session = new Session((statistics) => new EngineConnection(slow([], problem), statistics));
  const owner = { value: leaf(1, 2), deviceBuffer: null };
  const before = owner.value;
  session.commit(owner, mul(owner.value, leaf(10, 10)));
  session.submit([], { owners: [owner] });
  await assert.rejects(session.caughtUp([owner]), problem);
  assert.equal(owner.value, before);
  await assert.rejects(session.fetch(add(leaf(1), leaf(2))), problem);
  await session.exchange(null)?.close();
});

test("a first step that does not fit: awaiting it rejects, weights are as before, a smaller one works", async () => {
  await c.useEngine("wasm", { threads: 1, memoryLimit: 4 * MIB });
  await c.stopEngine();
  const net = nn.Linear(64, 4);
  const before = await net.weight.tolist();
  await c.stopEngine();
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const step = async (examples: number) => {
    optimizer.zeroGrad();
    net(c.rand(examples, 64)).square().mean().backward();
    await optimizer.step();
  };
  await assert.rejects(step(20_000), { name: "OutOfMemoryError" });
  assert.deepEqual(await net.weight.tolist(), before);
  await step(16);
  assert.notDeepEqual(await net.weight.tolist(), before);
});
