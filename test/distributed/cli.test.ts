import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fashionMnistIsMissing, convoyant as run } from "../cli/run_cli.ts";
import { isMissing, temporaryFolder } from "./ranks.ts";

const missing = isMissing("openmpi") || (await fashionMnistIsMissing());
const convoyant = (args: readonly string[]) => run(args, { cwd: temporaryFolder });
const short = ["train", "lenet", "--epochs", "1", "--limit-batches", "3", "--engine", "wasm"];
const hashOf = (folder: string) =>
  createHash("sha256")
    .update(readFileSync(join(folder, "last.safetensors")))
    .digest("hex");

test("train --ranks prints and runs mpirun, and rank 0 alone speaks", { skip: missing }, async () => {
  const [two, alone] = [join(temporaryFolder, "two"), join(temporaryFolder, "alone")];
  const { code, stdout, stderr } = await convoyant([...short, "--ranks", "2", "--out", two]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^mpirun\.openmpi -n 2 --bind-to none .* train lenet .* --threads \d+\n/);
  assert.doesNotMatch(stdout.split("\n")[0], /--ranks/);
  assert.equal(stdout.match(/^run: .*two$/gm)?.length, 1, stdout);
  assert.equal(stdout.match(/^epoch 1\/1:/gm)?.length, 1, stdout);
  assert.ok(!stdout.includes("\u001b"), "no colours into a pipe");
  const second = await convoyant([...short, "--shards", "8", "--out", alone]);
  assert.equal(second.code, 0, second.stderr);
  assert.equal(hashOf(two), hashOf(alone));
  assert.ok(existsSync(join(two, "report.html")));
});

test("wrong numbers of ranks and hosts are refused", { skip: isMissing("openmpi") }, async () => {
  const uneven = await convoyant([...short, "--ranks", "3", "--hosts", "a,b"]);
  assert.equal(uneven.code, 2);
  assert.match(uneven.stderr, /3 ranks cannot be shared evenly by 2 hosts/);
  const alone = await convoyant([...short, "--hosts", "a,b"]);
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /--hosts needs --ranks/);
});
