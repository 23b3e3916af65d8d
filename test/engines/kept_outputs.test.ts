/** Outputs that stay in a buffer of the engine until they are read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine, EngineBuffer } from "../../src/engines/contract/engine.ts";
import { ReferenceEngine } from "../../src/engines/reference/reference_engine.ts";
import { WasmEngine } from "../../src/engines/wasm/wasm_engine.ts";
import { fusesLoops, ProgramBuilder, startEngine } from "./cpu/program_builder.ts";

const SIZE = 50_000;

const engines: [string, () => Engine][] = [
  ["wasm with 1 thread", () => new WasmEngine({ threads: 1 })],
  ["wasm with 2 threads", () => new WasmEngine({ threads: 2 })],
  ["reference", () => new ReferenceEngine()],
];

function neg(build: ProgramBuilder, engine: Engine, x: number): number {
  return fusesLoops(engine) ? build.unary("neg", x) : build.step("neg", {}, [x], [SIZE]);
}

async function numbers(engine: Engine, buffer: EngineBuffer): Promise<Float32Array> {
  return new Float32Array(await engine.read(buffer));
}

for (const [name, make] of engines) {
  test(`${name}: an output stays in its buffer, is read when asked for, and is a state of the next run`, async () => {
    const engine = make();
    await startEngine(engine);
    try {
      const build = new ProgramBuilder(engine);
      const x = build.input([SIZE]);
      const y = neg(build, engine, x);
      const z = neg(build, engine, y);
      const compiled = engine.compile(build.finish([y, z]));
      const next = new ProgramBuilder(engine);
      const again = engine.compile(next.finish([neg(next, engine, next.state([SIZE]))]));
      const kept = engine.allocate(4 * SIZE);
      const inputs = [Float32Array.from({ length: SIZE }, (_, i) => i)];
      const both = await engine.run(compiled, { inputs, states: [] });
      assert.deepEqual([both.outputs[0][7], both.outputs[1][7]], [-7, 7]);
      const one = engine.run(compiled, { inputs, states: [], keep: [kept, null] });
      const after = engine.run(again, { inputs: [], states: [kept] });
      const { outputs } = await one;
      assert.equal(outputs.length, 1, "what is kept is not copied out");
      assert.equal(outputs[0][SIZE - 1], SIZE - 1);
      assert.equal((await after).outputs[0][SIZE - 1], SIZE - 1, "computed from what was kept");
      assert.equal((await numbers(engine, kept))[SIZE - 1], 1 - SIZE);
    } finally {
      await engine.stop();
    }
  });

  test(`${name}: a run that fails leaves what the buffer held, and what uses its result fails with its error`, async () => {
    const engine = make();
    await startEngine(engine);
    try {
      const build = new ProgramBuilder(engine);
      const x = build.input([SIZE]);
      const bad = engine.compile(build.finish([build.step("noSuchOp", {}, [x], [SIZE])]));
      const next = new ProgramBuilder(engine);
      const user = engine.compile(next.finish([neg(next, engine, next.state([SIZE]))]));
      const kept = engine.allocate(4 * SIZE);
      engine.write(kept, new Float32Array(SIZE).fill(3));
      const failing = engine.run(bad, { inputs: [new Float32Array(SIZE)], states: [], keep: [kept] });
      const depending = engine.run(user, { inputs: [], states: [kept] });
      const reading = engine.read(kept);
      await assert.rejects(failing, /noSuchOp/);
      await assert.rejects(depending, /depends on the result of a run that failed/);
      await assert.rejects(reading, /depends on the result of a run that failed/);
      assert.equal((await numbers(engine, kept))[5], 3);
    } finally {
      await engine.stop();
    }
  });

  test(`${name}: buffers that cannot keep an output are refused`, async () => {
    const engine = make();
    await startEngine(engine);
    try {
      const build = new ProgramBuilder(engine);
      const state = build.state([SIZE]);
      const y = neg(build, engine, state);
      const compiled = engine.compile(build.finish([y, neg(build, engine, y)]));
      const [a, b, small] = [4 * SIZE, 4 * SIZE, 8].map((bytes) => engine.allocate(bytes));
      const run = (keep: (EngineBuffer | null)[]) => engine.run(compiled, { inputs: [], states: [a], keep });
      await assert.rejects(run([b]), /has 2 outputs, got 1 entries of keep/);
      await assert.rejects(run([a, null]), /cannot be kept in buffer/);
      await assert.rejects(run([b, b]), /cannot be kept in buffer/);
      await assert.rejects(
        run([small, null]),
        /kept output 0 is float32 \[50000\] \(200000 bytes\), got 8 bytes/,
      );
      engine.free(b);
      await assert.rejects(run([b, null]), /was freed/);
      await run([null, null]);
    } finally {
      await engine.stop();
    }
  });
}
