/** `--reproducible`, and a cache that cannot be written, from the command line. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { candidates, loadDnnl } from "../../src/engines/onednn/library/load_dnnl.ts";
import { missingLibrary } from "../engines/onednn/library.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const noData = await fashionMnistIsMissing();
const skip = noData || missingLibrary();

const RUN = "train lenet --limit-batches 4 --batch-size 64 --epochs 1".split(" ");

/** The library is this machine's; the cache is `cache`. */
async function train(out: string, cache: string, ...options: string[]) {
  const { chosen, paths } = candidates();
  const env = { CONVOYANT_DNNL: chosen ? paths[0] : loadDnnl().path, XDG_CACHE_HOME: cache };
  const dataDir =
    process.env.CONVOYANT_DATA ?? join(process.env.HOME ?? "", ".cache/convoyant/fashion-mnist");
  const args = [...RUN, "--engine", "onednn", "--data-dir", dataDir, "--out", out, ...options];
  // In a process of its own: a cache is read, and found wanting, once.
  const { code, stderr } = await convoyant(args, { cwd: folder, env });
  assert.equal(code, 0, stderr);
  const weights = readFileSync(join(folder, out, "last.safetensors"));
  return { weights: createHash("sha256").update(weights).digest("hex"), stderr };
}

test("equal commands give equal bits by the fixed rule, and with a cache that cannot be written", {
  skip,
}, async () => {
  const byRule = await train("rule", join(folder, "empty"), "--reproducible");
  assert.equal(byRule.stderr, "");
  const { config, command } = JSON.parse(readFileSync(join(folder, "rule/config.json"), "utf8"));
  assert.equal(config.reproducible, true);
  assert.match(command, / --reproducible( |$)/);
  for (const out of ["read-only", "read-only-again"]) {
    const { weights, stderr } = await train(out, "/dev/null/cache");
    assert.equal(weights, byRule.weights);
    assert.match(
      stderr,
      /^convoyant: warning: the autotuning cache \/dev\/null\/cache\/\S+ cannot be (read|written)/,
    );
    assert.equal(stderr.split("\n").length, 2, "said once");
    assert.ok(readFileSync(join(folder, out, "algorithms.jsonl"), "utf8").includes('"chosen"'));
  }
});

test("a resumed run keeps its rule", { skip: noData }, async () => {
  const lenet = "train lenet --limit-batches 1 --epochs 1 --engine wasm --out plain".split(" ");
  assert.equal((await convoyantHere(lenet, { cwd: folder })).code, 0);
  const { code, stderr } = await convoyantHere(["train", "--resume", "plain", "--reproducible"], {
    cwd: folder,
  });
  assert.notEqual(code, 0);
  assert.match(stderr, /a resumed run keeps its reproducible \(false\)/);
});
