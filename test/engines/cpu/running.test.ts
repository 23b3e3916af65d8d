import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { EngineError } from "../../../src/base/errors.ts";
import type { Engine, TensorSpec } from "../../../src/engines/contract/engine.ts";
import { WasmEngine } from "../../../src/engines/wasm/wasm_engine.ts";
import { capabilitiesOf, ProgramBuilder, startEngine } from "./program_builder.ts";

const floats = (...values: number[]) => Float32Array.from(values);
const ramp = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i) * 3);

for (const threads of [1, 2, 3]) {
  describe(`wasm engine, ${threads} threads`, () => {
    const engine: Engine = new WasmEngine({ threads });

    before(async () => {
      const info = await startEngine(engine);
      assert.equal(info.name, "wasm");
      assert.equal(info.threads, threads);
    });
    after(() => engine.stop());

    test("buffers start zeroed, keep what is written and are zeroed again when reused", async () => {
      const buffer = engine.allocate(12);
      assert.deepEqual(new Float32Array(await engine.read(buffer)), floats(0, 0, 0));
      const data = floats(1, 2, 3);
      engine.write(buffer, data);
      data.fill(9);
      assert.deepEqual(new Float32Array(await engine.read(buffer)), floats(1, 2, 3));
      engine.free(buffer);
      const again = engine.allocate(12);
      assert.deepEqual(new Float32Array(await engine.read(again)), floats(0, 0, 0));
      engine.free(again);
      assert.equal(engine.memory().liveBytes, 0);
    });

    test("first contents can be made in place, as long as nothing was freed, and once", async () => {
      const own: Engine = new WasmEngine({ threads });
      await startEngine(own);
      const zeroed = own.allocate(12);
      assert.equal(own.firstContents?.(zeroed), null);
      const buffer = own.allocate(12, false);
      const place = own.firstContents?.(buffer);
      assert.ok(place, "nothing was sent that could touch it");
      new Float32Array(place.buffer, place.byteOffset, 3).set([1, 2, 3]);
      assert.equal(own.firstContents?.(buffer), null);
      own.write(buffer, floats(4));
      assert.deepEqual(new Float32Array(await own.read(buffer)), floats(4, 2, 3));
      own.free(buffer);
      assert.equal(own.firstContents?.(own.allocate(12, false)), null);
      await own.stop();
    });

    test("inputs of a run do not lie where a buffer that was freed has yet to be cleared", async () => {
      const build = new ProgramBuilder(engine);
      const total = build.sum(build.input([300_000]));
      const compiled = engine.compile(build.finish([total]));
      const ones = new Float32Array(300_000).fill(1);
      for (let i = 0; i < 5; i++) {
        // Clearing it takes longer than sending the run.
        const large = engine.allocate(64 * 2 ** 20);
        engine.free(large);
        const { outputs } = await engine.run(compiled, { inputs: [ones], states: [] });
        assert.equal(outputs[0][0], 300_000);
      }
      engine.release(compiled);
    });

    test("fused loops run, in order with reads and writes", async () => {
      const build = new ProgramBuilder(engine);
      const x = build.input([40000]);
      const w = build.state([40000]);
      const y = build.binary("add", build.unary("neg", x), w);
      const total = build.sum(y);
      const compiled = engine.compile(build.finish([y, total]));
      const state = engine.allocate(160000);
      engine.write(state, new Float32Array(40000).fill(2));
      const first = engine.run(compiled, { inputs: [new Float32Array(40000).fill(1)], states: [state] });
      engine.write(state, new Float32Array(40000).fill(5));
      const second = engine.run(compiled, { inputs: [new Float32Array(40000).fill(1)], states: [state] });
      assert.equal(engine.pending(), 2);
      const [a, b] = await Promise.all([first, second]);
      assert.equal(engine.pending(), 0);
      assert.deepEqual([a.outputs[0][39999], a.outputs[1][0]], [1, 40000]);
      assert.deepEqual([b.outputs[0][123], b.outputs[1][0]], [4, 160000]);
      engine.free(state);
      engine.release(compiled);
    });

    test("commits copy into state, also when two states change places; aliases share bytes", async () => {
      const build = new ProgramBuilder(engine);
      const a = build.state([2, 2]);
      const b = build.state([2, 2]);
      const c = build.state([4]);
      const flat = build.alias(a, [4]);
      const doubled = build.binary("add", flat, build.alias(b, [4]));
      build.commit(a, b);
      build.commit(b, a);
      build.commit(build.alias(doubled, [4]), c);
      const compiled = engine.compile(build.finish([build.alias(doubled, [2, 2])]));
      const states = [1, 10, 0].map((value) => {
        const buffer = engine.allocate(16);
        engine.write(buffer, new Float32Array(4).fill(value));
        return buffer;
      });
      const { outputs } = await engine.run(compiled, { inputs: [], states });
      assert.deepEqual(outputs[0], floats(11, 11, 11, 11));
      const after = await Promise.all(states.map((state) => engine.read(state)));
      assert.deepEqual(
        after.map((bytes) => new Float32Array(bytes)[3]),
        [10, 1, 11],
      );
    });

    test("a result that is an alias of a state is written in place", async () => {
      const build = new ProgramBuilder(engine);
      const w = build.state([4]);
      const g = build.input([4]);
      const strides = [1];
      const dtype = "float32" as const;
      const loop = {
        shape: [4],
        inputs: [
          { dtype, strides },
          { dtype, strides },
        ],
        body: [
          { kind: "load", input: 0, dtype },
          { kind: "load", input: 1, dtype },
          { kind: "binary", op: "sub", a: 0, b: 1, dtype },
        ],
        outputs: [{ kind: "store", value: 2, dtype }],
      };
      build.stepInto("fused", { loop }, [w, g], [build.alias(w, [4])]);
      const compiled = engine.compile(build.finish([]));
      const state = engine.allocate(16);
      for (let i = 0; i < 3; i++)
        void engine.run(compiled, { inputs: [floats(1, 2, 3, 4)], states: [state] });
      assert.deepEqual(new Float32Array(await engine.read(state)), floats(-3, -6, -9, -12));
    });

    test("matmul's own kernel and the reference kernel of an op without one", async () => {
      const specs: TensorSpec[] = [
        [5, 7],
        [7, 3],
      ].map((shape) => ({ shape, dtype: "float32" }));
      const made: TensorSpec = { shape: [5, 3], dtype: "float32" };
      const step = { op: "matmul", attributes: {}, inputs: specs, outputs: [made] };
      const plan = capabilitiesOf(engine).plan(step);
      assert.equal(plan?.place, "device");
      const build = new ProgramBuilder(engine);
      const [a, b] = [build.input([5, 7]), build.input([7, 3])];
      const product = build.step("matmul", {}, [a, b], [5, 3]);
      const turned = build.step("permute", { dims: [1, 0] }, [product], [3, 5]);
      const compiled = engine.compile(build.finish([product, build.unary("neg", turned)]));
      const [x, y] = [ramp(35), ramp(21)];
      const { outputs } = await engine.run(compiled, { inputs: [x, y], states: [] });
      for (let i = 0; i < 5; i++) {
        for (let j = 0; j < 3; j++) {
          let sum = 0;
          for (let k = 0; k < 7; k++) sum += x[i * 7 + k] * y[k * 3 + j];
          assert.ok(Math.abs(outputs[0][i * 3 + j] - sum) < 1e-4);
          assert.equal(outputs[1][j * 5 + i], -outputs[0][i * 3 + j]);
        }
      }
    });

    test("a profiled run gives a time for every step", async () => {
      const build = new ProgramBuilder(engine);
      const y = build.unary("exp", build.unary("neg", build.input([100000])));
      const compiled = engine.compile(build.finish([y]));
      const { timings } = await engine.run(
        compiled,
        { inputs: [ramp(100000)], states: [] },
        { profile: true },
      );
      assert.deepEqual(
        timings?.map((timing) => timing.step),
        [0, 1],
      );
    });

    test("the memory grows under data that is there already", async () => {
      const small = engine.allocate(64);
      engine.write(small, new Float32Array(16).fill(7));
      const build = new ProgramBuilder(engine);
      const compiled = engine.compile(
        build.finish([build.unary("neg", build.unary("neg", build.input([1 << 20])))]),
      );
      const large = engine.allocate(1 << 24);
      const { outputs } = await engine.run(compiled, {
        inputs: [new Float32Array(1 << 20).fill(3)],
        states: [],
      });
      assert.equal(outputs[0][1048575], 3);
      assert.equal(new Float32Array(await engine.read(small))[15], 7);
      assert.equal(new Uint8Array(await engine.read(large))[(1 << 24) - 1], 0);
      assert.ok(engine.memory().arenaBytes >= 3 << 22);
      engine.free(small);
      engine.free(large);
    });

    test("bindings that do not fit are refused", async () => {
      const build = new ProgramBuilder(engine);
      const compiled = engine.compile(build.finish([build.unary("neg", build.input([4]))]));
      await assert.rejects(engine.run(compiled, { inputs: [floats(1)], states: [] }), (error: Error) => {
        assert.ok(error instanceof EngineError);
        assert.match(error.message, /input 0 is float32 \[4\] \(16 bytes\), got 4 bytes/);
        return true;
      });
      await assert.rejects(engine.run(compiled, { inputs: [], states: [] }), /takes 1 inputs and 0 states/);
    });
  });
}

test("as many threads as no machine has are refused before any is started", () => {
  for (const threads of [0, 1.5, Number.NaN, 1e6, Number.MAX_SAFE_INTEGER])
    assert.throws(() => new WasmEngine({ threads }), /wasm: threads must be an integer from 1 to \d+, got/);
});

test("the bits do not depend on the number of threads", async () => {
  const results: Buffer[] = [];
  for (const threads of [1, 2, 3]) {
    const engine = new WasmEngine({ threads });
    await startEngine(engine);
    const build = new ProgramBuilder(engine);
    const [a, b] = [build.input([64, 200]), build.input([200, 300])];
    const product = build.step("matmul", {}, [a, b], [64, 300]);
    const y = build.unary("tanh", product);
    const compiled = engine.compile(build.finish([y, build.sum(y)]));
    const { outputs } = await engine.run(compiled, { inputs: [ramp(12800), ramp(60000)], states: [] });
    results.push(Buffer.concat(outputs.map((output) => Buffer.from(output.buffer))));
    await engine.stop();
  }
  assert.ok(results[0].equals(results[1]));
  assert.ok(results[0].equals(results[2]));
});
