import assert from "node:assert/strict";
import { test } from "node:test";
import { WasmEngine } from "../../../src/engines/wasm/wasm_engine.ts";
import { ProgramBuilder, startEngine } from "./program_builder.ts";

const MIB = 2 ** 20;

/** The sum of an input and a state, both of `count` numbers, left in the state. */
function addInto(engine: WasmEngine, count: number) {
  const build = new ProgramBuilder(engine);
  const [x, w] = [build.input([count]), build.state([count])];
  const y = build.binary("add", x, w);
  build.commit(y, w);
  return engine.compile(build.finish([build.sum(y)]));
}

for (const threads of [1, 2]) {
  test(`state is moved between runs that were sent, ${threads} threads`, async () => {
    const engine = new WasmEngine({ threads, memoryLimit: 8 * MIB });
    await startEngine(engine);
    const count = 65536;
    const states = Array.from({ length: 24 }, (_, i) => {
      const buffer = engine.allocate(count * 4);
      engine.write(buffer, new Float32Array(count).fill(i));
      return buffer;
    });
    const add = addInto(engine, count);
    const ones = new Float32Array(count).fill(1);
    const kept = states.filter((_, i) => i % 2 === 1);
    const sums: Promise<number>[] = [];
    const addToAll = () => {
      for (const state of kept) {
        const run = engine.run(add, { inputs: [ones], states: [state] });
        sums.push(run.then(({ outputs }) => outputs[0][0] as number));
      }
    };
    addToAll();
    // Holes of a quarter of a MiB each: nothing larger than half of what is asked for here is in one piece.
    for (const state of states) if (!kept.includes(state)) engine.free(state);
    const large = engine.allocate(2.75 * MIB);
    engine.write(large, new Uint8Array(large.bytes).fill(7));
    addToAll();
    assert.ok(new Uint8Array(await engine.read(large)).every((byte) => byte === 7));
    engine.free(large);
    // A larger arena takes the place of what was moved.
    const wide = addInto(engine, 4 * count);
    addToAll();
    const widest = engine.allocate(4 * count * 4);
    const total = engine.run(wide, { inputs: [new Float32Array(4 * count).fill(3)], states: [widest] });
    assert.deepEqual((await total).outputs[0][0], 12 * count);
    const found = await Promise.all(kept.map(async (state) => new Float32Array(await engine.read(state))));
    found.forEach((values, i) => {
      assert.ok(
        values.every((value) => value === 2 * i + 1 + 3),
        `state ${i} was damaged: ${values[0]}`,
      );
    });
    const expected = [1, 2, 3].flatMap((round) => kept.map((_, i) => (2 * i + 1 + round) * count));
    assert.deepEqual(await Promise.all(sums), expected);
    await engine.stop();
  });
}

test("inputs are not written where bytes still wait to be moved away", async () => {
  const engine = new WasmEngine({ threads: 1, memoryLimit: 8 * MIB });
  await startEngine(engine);
  const count = 262144;
  const add = addInto(engine, count);
  const states = Array.from({ length: 20 }, (_, i) => {
    const buffer = engine.allocate(MIB / 4);
    engine.write(buffer, new Float32Array(MIB / 16).fill(i));
    return buffer;
  });
  const kept = states.filter((_, i) => i % 2 === 1);
  // The worker has something else to do first.
  const reads = Array.from({ length: 200 }, () => engine.read(states[0]));
  for (const state of states) if (!kept.includes(state)) engine.free(state);
  const large = engine.allocate(2.5 * MIB);
  engine.free(large);
  const target = engine.allocate(MIB);
  const run = engine.run(add, { inputs: [new Float32Array(count).fill(3)], states: [target] });
  assert.equal((await run).outputs[0][0], 3 * count);
  await Promise.all(reads);
  for (const [i, state] of kept.entries()) {
    const values = new Float32Array(await engine.read(state));
    assert.ok(values.every((value) => value === 2 * i + 1));
  }
  await engine.stop();
});
