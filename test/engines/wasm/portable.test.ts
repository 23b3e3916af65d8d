/** The same bits in every run-time, with `portable`. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import * as c from "../../../src/index.ts";

after(() => c.stopEngine());

const SCRIPT = new URL("./train_and_hash.js", import.meta.url).pathname;

/** Computed on Node.js 20.20, 22.22 and 24.21 on x64. */
const PORTABLE_HASH = "7bfe81c9dad641e1";

async function trained(
  options: object,
  { flags = [], env = {} }: { flags?: string[]; env?: Record<string, string> } = {},
): Promise<{ info: string; hash: string }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, SCRIPT, JSON.stringify(options)],
    {
      env: { ...process.env, ...env },
    },
  );
  return JSON.parse(stdout);
}

/** Node.js 20 has relaxed SIMD behind a flag; later versions always. */
const RELAXED = process.version.startsWith("v20.") ? ["--experimental-wasm-relaxed-simd"] : [];

test("portable gives the recorded bits, with and without relaxed SIMD in the run-time, on one thread or two", async () => {
  for (const flags of [[], RELAXED]) {
    for (const threads of [1, 2]) {
      const { info, hash } = await trained({ threads, portable: true }, { flags });
      assert.match(info, /, SIMD, portable\)$/);
      assert.equal(hash, PORTABLE_HASH);
    }
  }
});

test("without it, relaxed SIMD is used if there is any, and says so; else the bits are the portable ones", async () => {
  const relaxed = await trained({ threads: 1 }, { flags: RELAXED });
  assert.match(relaxed.info, /relaxed SIMD\)$/);
  if (RELAXED.length === 0) return;
  const plain = await trained({ threads: 1 });
  assert.match(plain.info, /, SIMD\)$/);
  assert.equal(plain.hash, PORTABLE_HASH);
});

test("CONVOYANT_PORTABLE=1 makes it the default, an option says otherwise", async () => {
  const env = { CONVOYANT_PORTABLE: "1" };
  assert.equal((await trained({ threads: 1 }, { flags: RELAXED, env })).hash, PORTABLE_HASH);
  assert.match(
    (await trained({ threads: 1, portable: false }, { flags: RELAXED, env })).info,
    /relaxed SIMD\)$/,
  );
});

test("onednn refuses it, and names the engine that has it", async () => {
  await assert.rejects(
    c.useEngine("onednn", { portable: true }),
    /useEngine\("wasm", \{ portable: true \}\)/,
  );
});

test("a run that is resumed on another engine or binary says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-portable-"));
  const notes: string[] = [];
  const fit = async (epochs: number, resume: boolean) => {
    c.manualSeed(1);
    const net = c.nn.Linear(3, 2);
    await c.train.fit(net, {
      optimizer: c.optim.SGD(net.parameters(), { lr: 0.1 }),
      trainLoader: [[c.ones(4, 3), c.zeros([4], { dtype: "int64" })]],
      epochs,
      out: join(folder, "run"),
      resume,
      progress: false,
      callbacks: { onNote: (note) => void notes.push(note) },
    });
  };
  await c.useEngine("wasm", { threads: 1, portable: true });
  await fit(1, false);
  await c.useEngine("wasm", { threads: 2, portable: true });
  await fit(2, true);
  assert.deepEqual(notes, [], "the number of threads does not matter");
  await c.useEngine("reference");
  await fit(3, true);
  rmSync(folder, { recursive: true });
  assert.equal(notes.length, 1, notes.join("\n"));
  assert.match(
    notes[0],
    /goes on with the engine "?reference .*, before it was "?wasm \(SIMD, portable\)"?: .* last bit/,
  );
});
