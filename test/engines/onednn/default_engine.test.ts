/** Which engine is taken if none was asked for, and what happens when it cannot start. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { missingLibrary } from "./library.ts";

const skip = missingLibrary();
const script = fileURLToPath(new URL("./use_default.js", import.meta.url));

interface Said {
  readonly first: string;
  readonly engine: string;
  readonly information: string;
  readonly bfloat16: boolean;
  readonly losses: number[];
}

/** Runs the program; `way` is what it does before. */
function run(way: string, env: Record<string, string> = {}): Said {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, way], {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

test("oneDNN if its library is here, else wasm", { skip }, () => {
  const fastest = run("nothing");
  assert.equal(fastest.first, "onednn");
  assert.equal(fastest.engine, "onednn");
  assert.match(fastest.information, /^onednn \(\d+ threads?, oneDNN \d.*\)$/);
  const without = run("nothing", { CONVOYANT_DNNL: "/nowhere/libdnnl.so.3" });
  assert.equal(without.first, "wasm");
  assert.match(without.information, /^wasm \(\d+ threads?, [a-zA-Z ]*SIMD\)$/);
  assert.equal(without.bfloat16, false);
  sameLosses(fastest, without);
});

test("no koffi: wasm, without a word", () => {
  const without = run("no koffi");
  assert.equal(without.first, "wasm");
  assert.equal(without.engine, "wasm");
});

test("no koffi, and oneDNN asked for: an error that says how to get it", () => {
  const { status, stderr } = spawnSync(process.execPath, [script, "ask, no koffi"], { encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /EngineError: onednn: cannot start: the package koffi is not installed; install it with `npm install koffi@3`\n/,
  );
});

test("a library that the workers cannot load: goes on with wasm and says why", { skip }, () => {
  const fallen = run("vanish");
  assert.equal(fallen.first, "onednn");
  assert.equal(fallen.engine, "wasm");
  assert.match(
    fallen.information,
    /^wasm \(\d+ threads?, [a-zA-Z ]*SIMD; onednn cannot start: oneDNN cannot be used: \/gone\/libdnnl\.so\.3: not found\)$/,
  );
  assert.equal(fallen.bfloat16, false);
  sameLosses(fallen, run("nothing", { CONVOYANT_DNNL: "/nowhere/libdnnl.so.3" }));
});

function sameLosses(a: Said, b: Said): void {
  for (const [i, loss] of a.losses.entries()) {
    assert.ok(Math.abs(loss - b.losses[i]) <= 1e-4 * Math.abs(loss), `${a.losses} and ${b.losses}`);
  }
}
