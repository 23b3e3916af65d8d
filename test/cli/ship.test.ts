/** `convoyant ship`. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeClassifier } from "../ship/small_classifier.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const source = await writeClassifier(join(folder, "small.safetensors"));

test("a table of what was written, and the next step", async () => {
  const out = join(folder, "out");
  const { code, stdout, stderr } = await convoyantHere(["ship", source, "-o", out, "--name", "Animals"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /convoyant\.js +\d+ KiB/);
  assert.match(stdout, /out: Animals; look at it with: npx serve /);
  assert.ok(existsSync(join(out, "index.html")));
});

test("--json says what was written", async () => {
  const out = join(folder, "package");
  const { code, events, stderr } = await convoyantHere([
    "ship",
    source,
    "-o",
    out,
    "--npm",
    "--data-description",
    "Mine.",
    "--json",
  ]);
  assert.equal(code, 0, stderr);
  assert.deepEqual([events[0].event, events[0].path, events[0].verification], ["end", out, null]);
  assert.match(readFileSync(join(out, "README.md"), "utf8"), /Mine\./);
});

test("what is wrong is said in the words of the command line", async () => {
  const mine = join(folder, "mine");
  mkdirSync(mine);
  writeFileSync(join(mine, "a.txt"), "");
  const taken = await convoyantHere(["ship", source, "-o", mine]);
  assert.equal(taken.code, 1);
  assert.match(
    taken.stderr,
    /mine is in use: it holds a\.txt .*; choose another with -o, or remove it first/,
  );
  const noImages = await convoyantHere(["ship", source, "-o", join(folder, "x"), "--verify"]);
  assert.equal(noImages.code, 2);
  assert.match(noImages.stderr, /name images, or a folder of them, with --images/);
  assert.equal((await convoyantHere(["ship", source])).code, 2);
  assert.equal((await convoyantHere(["ship", source, "-o", mine, "--dtype", "int8"])).code, 2);
  assert.equal((await convoyantHere(["ship", source, "-o", mine, "--verify", "none"])).code, 2);
});
