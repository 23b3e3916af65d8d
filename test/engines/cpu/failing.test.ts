import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { ArgumentError, EngineError } from "../../../src/base/errors.ts";
import type { Engine } from "../../../src/engines/contract/engine.ts";
import { engineNames } from "../../../src/engines/engine_names.ts";
import { ReferenceEngine } from "../../../src/engines/reference/reference_engine.ts";
import { createEngine, loadEngine } from "../../../src/engines/select.ts";
import { WasmEngine } from "../../../src/engines/wasm/wasm_engine.ts";
import { fusesLoops, ProgramBuilder, startEngine } from "./program_builder.ts";

async function withEngine(engine: Engine, use: (engine: Engine) => Promise<void>): Promise<void> {
  await startEngine(engine);
  try {
    await use(engine);
  } finally {
    await engine.stop();
  }
}

const engines: [string, () => Engine][] = [
  ["wasm with 1 thread", () => new WasmEngine({ threads: 1 })],
  ["wasm with 3 threads", () => new WasmEngine({ threads: 3 })],
  ["reference", () => new ReferenceEngine()],
];

for (const [name, make] of engines) {
  test(`${name}: an op without a kernel rejects its run; nothing is committed and the engine stays usable`, () =>
    withEngine(make(), async (engine) => {
      const fused = fusesLoops(engine);
      const build = new ProgramBuilder(engine);
      const x = build.input([50000]);
      const state = build.state([50000]);
      const before = fused ? build.unary("neg", x) : build.step("neg", {}, [x], [50000]);
      const broken = build.step("noSuchOp", {}, [before], [50000]);
      const after = fused ? build.unary("neg", broken) : build.step("neg", {}, [broken], [50000]);
      build.commit(after, state);
      const compiled = engine.compile(build.finish([after]));
      const buffer = engine.allocate(200000);
      const inputs = [new Float32Array(50000).fill(1)];
      for (let i = 0; i < 3; i++) {
        await assert.rejects(engine.run(compiled, { inputs, states: [buffer] }), (error: Error) => {
          assert.ok(error instanceof EngineError);
          assert.match(error.message, /`noSuchOp`/);
          return true;
        });
      }
      assert.equal(new Float32Array(await engine.read(buffer))[7], 0);
      const good = new ProgramBuilder(engine);
      const input = good.input([3]);
      const works = engine.compile(good.finish([good.step("neg", {}, [input], [3])]));
      const { outputs } = await engine.run(works, { inputs: [Float32Array.of(1, 2, 3)], states: [] });
      assert.deepEqual(outputs[0], Float32Array.of(-1, -2, -3));
    }));

  test(`${name}: runs sent after one that fails, and before it was known, fail if they use what it was to write`, () =>
    withEngine(make(), async (engine) => {
      const size = [60000];
      const program = (op: string, commits: boolean) => {
        const build = new ProgramBuilder(engine);
        const [from, to] = [build.state(size), build.state(size)];
        const result =
          op === "neg" && fusesLoops(engine) ? build.unary("neg", from) : build.step(op, {}, [from], size);
        if (commits) build.commit(result, to);
        return engine.compile(build.finish([result]));
      };
      const [bad, good] = [program("noSuchOp", true), program("neg", true)];
      const [a, b, d, e] = [1, 2, 3, 4].map((value) => {
        const buffer = engine.allocate(4 * size[0]);
        engine.write(buffer, new Float32Array(size[0]).fill(value));
        return buffer;
      });
      const first = async (buffer: typeof a) => new Float32Array(await engine.read(buffer))[size[0] - 1];
      const run = (what: typeof bad, from: typeof a, to: typeof a) =>
        engine.run(what, { inputs: [], states: [from, to] });
      for (let round = 0; round < 2; round++) {
        // a fails to be written; b depends on it; e does not; a second failure in between; d depends on both.
        const sent = [run(bad, d, a), run(good, a, b), run(good, e, e), run(bad, e, e), run(good, b, d)];
        const reading = engine.read(b);
        const ends = await Promise.allSettled(sent);
        assert.deepEqual(
          ends.map(({ status }) => status),
          ["rejected", "rejected", "fulfilled", "rejected", "rejected"],
        );
        assert.match((ends[0] as PromiseRejectedResult).reason.message, /`noSuchOp`/);
        assert.match((ends[1] as PromiseRejectedResult).reason.message, /depends on .* a run that failed/);
        assert.match((ends[3] as PromiseRejectedResult).reason.message, /`noSuchOp`/);
        await assert.rejects(reading, /depends on/);
        assert.deepEqual([await first(a), await first(b), await first(d)], [1, 2, 3]);
        assert.equal(await first(e), round === 0 ? -4 : 4);
      }
      await run(good, a, b);
      assert.equal(await first(b), -1);
    }));

  test(`${name}: calls before start, after stop and on freed buffers are refused`, async () => {
    const engine = make();
    assert.throws(() => engine.allocate(4), /not started/);
    const starting = engine.start();
    const early = engine.allocate(4);
    engine.write(early, Float32Array.of(5));
    const reading = engine.read(early);
    await starting;
    assert.equal(new Float32Array(await reading)[0], 5);
    engine.free(early);
    await assert.rejects(engine.read(early), /was freed/);
    assert.throws(() => engine.write(early, Float32Array.of(1)), /was freed/);
    const kept = engine.allocate(4);
    const unfinished = engine.read(kept);
    const refused = assert.rejects(unfinished, /stopped/);
    await engine.stop();
    await refused;
    assert.throws(() => engine.allocate(4), EngineError);
    engine.free(kept);
  });
}

test("a kernel that traps on another thread rejects the run, and the next one works", () =>
  withEngine(new WasmEngine({ threads: 2 }), async (engine) => {
    const build = new ProgramBuilder(engine);
    const strides = [1 << 20];
    const dtype = "float32" as const;
    // Reads past the end of the memory in the second half, which the second thread takes.
    const loop = {
      shape: [100000],
      inputs: [{ dtype, strides }],
      body: [
        { kind: "load", input: 0, dtype },
        { kind: "unary", op: "neg", a: 0, dtype },
      ],
      outputs: [{ kind: "store", value: 1, dtype }],
    };
    const bad = engine.compile(build.finish([build.step("fused", { loop }, [build.input([4])], [100000])]));
    for (let i = 0; i < 3; i++) {
      await assert.rejects(engine.run(bad, { inputs: [new Float32Array(4)], states: [] }), /out of bounds/);
    }
    const good = new ProgramBuilder(engine);
    const works = engine.compile(good.finish([good.unary("neg", good.input([70000]))]));
    const { outputs } = await engine.run(works, { inputs: [new Float32Array(70000).fill(4)], states: [] });
    assert.equal(outputs[0][69999], -4);
  }));

test("out of memory names the bytes, the limit and what to do, and leaves the engine as it was", () =>
  withEngine(new WasmEngine({ threads: 1 }), async (engine) => {
    const first = engine.allocate(1024);
    assert.throws(
      () => engine.allocate(5 * 2 ** 30),
      (error: Error) => {
        assert.ok(error instanceof EngineError);
        assert.match(error.message, /needs 5\.0 GiB, .* of at most 4\.0 GiB .*smaller batch/);
        return true;
      },
    );
    const build = new ProgramBuilder(engine);
    const huge = build.unary("neg", build.input([1 << 29]));
    assert.throws(
      () => engine.compile(build.finish([build.unary("neg", huge)])),
      /program's arena needs 6\.0 GiB/,
    );
    assert.equal(engine.memory().liveBytes, 1024);
    assert.equal((await engine.read(first)).byteLength, 1024);
  }));

test("engines by name", async () => {
  assert.deepEqual(engineNames(), ["wasm", "onednn", "reference"]);
  await loadEngine("reference");
  assert.equal(createEngine("reference").name, "reference");
  await assert.rejects(loadEngine("wsam"), /unknown engine `wsam`; did you mean `wasm`\?/);
  assert.throws(
    () => createEngine("wsam"),
    (error: Error) => {
      assert.ok(error instanceof ArgumentError);
      assert.match(error.message, /unknown engine `wsam`; did you mean `wasm`\?/);
      return true;
    },
  );
  assert.throws(() => new WasmEngine({ threads: 0 }), EngineError);
});

for (const engine of ["wasm_engine", "reference_engine"]) {
  test(`${engine}: a script that is done ends by itself, and an awaited read keeps it alive`, async () => {
    const folder = engine.slice(0, engine.indexOf("_"));
    const className = engine === "wasm_engine" ? "WasmEngine" : "ReferenceEngine";
    const url = new URL(`../../../src/engines/${folder}/${engine}.js`, import.meta.url);
    const script = `
      const { ${className} } = await import(${JSON.stringify(url.href)});
      const engine = new ${className}();
      await engine.start();
      const buffer = engine.allocate(8);
      engine.write(buffer, Float64Array.of(42));
      const bytes = await engine.read(buffer);
      console.log(new Float64Array(bytes)[0]);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { timeout: 20000 });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (err += chunk));
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.deepEqual({ code, out, err }, { code: 0, out: "42\n", err: "" });
  });
}
