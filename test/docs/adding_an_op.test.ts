/** What docs/adding-an-op.md says to write and change is done to a copy of the sources, and tried there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { compile } from "../architecture/compiler.ts";
import { readSource, root } from "../architecture/sources.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-op-"));
const page = readSource("docs/adding-an-op.md");

before(() => {
  cpSync(join(root, "src"), join(folder, "src"), { recursive: true });
  // What has been built stays as it is: kernels, and files whose sources did not change.
  cpSync(join(root, "build/src"), join(folder, "build/src"), { recursive: true });
  cpSync(join(root, "build/inlined"), join(folder, "build/inlined"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  writeFileSync(join(folder, "package.json"), readSource("package.json"));
  const options = JSON.parse(readSource("tsconfig.json"));
  const compilerOptions = {
    ...options.compilerOptions,
    rootDir: folder,
    incremental: false,
    declaration: false,
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ ...options, compilerOptions: { ...compilerOptions, tsBuildInfoFile: undefined } }),
  );
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Puts the added lines of a diff behind the line of context that precedes them. */
function applyDiff(path: string, diff: string): void {
  const lines = readFileSync(join(folder, path), "utf8").split("\n");
  let at = -1;
  for (const line of diff.trimEnd().split("\n")) {
    if (line.startsWith("+")) lines.splice(++at, 0, line.slice(1));
    else {
      at = lines.indexOf(line.slice(1));
      assert.ok(at >= 0, `${path} has no line "${line.slice(1)}"`);
    }
  }
  writeFileSync(join(folder, path), lines.join("\n"));
}

test("the page's op compiles, and runs on each engine as its formula says", () => {
  const steps = [...page.matchAll(/In `(src\/[\w/.]+)`[^\n]*\n\n```(ts|diff)\n([\s\S]*?)^```$/gm)];
  assert.equal(steps.length, 5);
  for (const [, path, kind, text] of steps) {
    if (kind === "diff") applyDiff(path, text);
    else writeFileSync(join(folder, path), text);
  }
  const compiled = compile(folder);
  const own = compiled.stdout.split("\n").filter((line) => /squared_relu|kernels\.ts|nn\/index/.test(line));
  assert.deepEqual(own, []);

  const program = `
    import { grad, nn, stopEngine, tensor, useEngine } from "./build/src/index.js";
    for (const engine of ["reference", "wasm"]) {
      await useEngine(engine);
      const x = tensor([-1.5, 0, 3], { requiresGrad: true });
      const y = nn.functional.squaredRelu(x);
      const [first] = grad([y.sum()], [x], { createGraph: true });
      const [second] = grad([first.sum()], [x]);
      console.log(JSON.stringify([await y.tolist(), await first.tolist(), await second.tolist()]));
    }
    try {
      nn.functional.squaredRelu(tensor([1n]));
    } catch (error) {
      console.log(error.message);
    }
    await stopEngine();
  `;
  const run = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stderr);
  const [reference, wasm, message] = run.stdout.trim().split("\n");
  assert.deepEqual(JSON.parse(reference), [
    [0, 0, 9],
    [0, 0, 6],
    [0, 0, 2],
  ]);
  assert.equal(wasm, reference);
  assert.match(message, /^squaredRelu: expected a floating-point input, got int64/);
});
