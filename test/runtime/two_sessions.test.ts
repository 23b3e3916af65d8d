/** Sessions share nothing: two engines compute at once, each with its own programs, state and failures. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEngine, loadEngine } from "../../src/engines/select.ts";
import { constantValue, type Value } from "../../src/graph/node.ts";
import { add, mul } from "../../src/ops/elementwise/elementwise.ts";
import { EngineConnection } from "../../src/runtime/runtime.ts";
import { Session } from "../../src/runtime/session.ts";

function leaf(...numbers: number[]): Value {
  return constantValue(Float32Array.from(numbers), [numbers.length], "float32");
}

test("two engines at once: state and runs of one never reach the other", async () => {
  await loadEngine("reference");
  const sessions = (["wasm", "reference"] as const).map((name) => {
    const engine = createEngine(name, { threads: 1 });
    return new Session((statistics) => new EngineConnection(engine, statistics));
  });
  const owners = sessions.map((session, i) => {
    const owner = { value: leaf(1 + i, 2), deviceBuffer: null };
    session.requestDeviceBuffer(owner);
    return owner;
  });
  for (let step = 0; step < 3; step++) {
    sessions.forEach((session, i) => {
      session.commit(owners[i], mul(owners[i].value, leaf(2, 3)));
      session.submit([], { owners: [owners[i]] });
    });
  }
  const read = sessions.map((session, i) => session.fetch(add(owners[i].value, leaf(0.5, 0.5))));
  const [a, b] = (await Promise.all(read)).map((data) => [...(data as Float32Array)]);
  assert.deepEqual(a, [8.5, 54.5]);
  assert.deepEqual(b, [16.5, 54.5]);
  assert.deepEqual(
    sessions.map(({ connection, statistics }) => [connection.engine.name, statistics.runs]),
    [
      ["wasm", 4],
      ["reference", 4],
    ],
  );
  await sessions[0].exchange(null)?.close();
  assert.deepEqual([...((await sessions[1].fetch(owners[1].value)) as Float32Array)], [16, 54]);
  await sessions[1].exchange(null)?.close();
});
