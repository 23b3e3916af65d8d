import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fashionMnistIsMissing, convoyant as run } from "../cli/run_cli.ts";
import { tree } from "../data/folders/image_tree.ts";
import { COLOURS, noisyPng } from "../experiments/photos/photo_folder.ts";
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

test("photographs: decoded, embedded and trained on by all ranks, to the same weights", {
  skip: isMissing("openmpi"),
}, async () => {
  const colours = Object.entries(COLOURS).flatMap(([name, colour], k) =>
    Array.from(
      { length: 7 },
      (_, i) => [`photos/${name}/${i}.png`, noisyPng(colour, 10 * k + i, 36)] as const,
    ),
  );
  tree(Object.fromEntries(colours), temporaryFolder);
  const quick =
    "--from scratch --model squeezenet1-1 --resize 32 --engine wasm --epochs 1 --freeze-epochs 2 --batch-size 8";
  const train = (out: string, ...more: string[]) =>
    convoyant(["train", "./photos", ...quick.split(" "), "--threads", "1", "--out", out, ...more]);
  const two = await train("photos-two", "--ranks", "2");
  assert.equal(two.code, 0, two.stderr);
  assert.equal(two.stdout.match(/^run: /gm)?.length, 1, two.stdout);
  assert.equal(two.stdout.match(/^images: 21 in 3 classes/gm)?.length, 1);
  assert.equal(two.stdout.match(/^validation: accuracy/gm)?.length, 1);
  const one = await train("photos-one", "--ranks", "1");
  assert.equal(one.code, 0, one.stderr);
  const [second, first] = ["photos-two", "photos-one"].map((name) => hashOf(join(temporaryFolder, name)));
  assert.equal(second, first);
});

test("wrong numbers of ranks and hosts are refused", { skip: isMissing("openmpi") }, async () => {
  const uneven = await convoyant([...short, "--ranks", "3", "--hosts", "a,b"]);
  assert.equal(uneven.code, 2);
  assert.match(uneven.stderr, /3 ranks cannot be shared evenly by 2 hosts/);
  const alone = await convoyant([...short, "--hosts", "a,b"]);
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /--hosts needs --ranks/);
});
