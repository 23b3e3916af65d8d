import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cliScript } from "../built_package.ts";
import { fashionMnistIsMissing, convoyant as run } from "../cli/run_cli.ts";
import { tree } from "../data/folders/image_tree.ts";
import { COLOURS, noisyPng } from "../experiments/photos/photo_folder.ts";
import { isMissing, runProgram, temporaryFolder } from "./ranks.ts";

const missing = isMissing("openmpi") || (await fashionMnistIsMissing());
const convoyant = (args: readonly string[]) => run(args, { cwd: temporaryFolder });
const short = ["train", "lenet", "--epochs", "1", "--limit-batches", "3", "--engine", "wasm"];
const hashOf = (folder: string) =>
  createHash("sha256")
    .update(readFileSync(join(folder, "last.safetensors")))
    .digest("hex");

test("train --ranks prints and runs mpirun, and rank 0 alone speaks", { skip: missing }, async () => {
  const [two, alone] = [join(temporaryFolder, "two"), join(temporaryFolder, "alone")];
  const trace = join(temporaryFolder, "trace.json");
  const args = [...short, "--ranks", "2", "--out", two, "--profile", trace];
  const { code, stdout, stderr } = await convoyant(args);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^mpirun\.openmpi -n 2 --bind-to none .* train lenet .* --threads \d+\n/);
  assert.doesNotMatch(stdout.split("\n")[0], /--ranks/);
  assert.equal(stdout.match(/^run: .*two$/gm)?.length, 1, stdout);
  assert.equal(stdout.match(/^epoch 1\/1:/gm)?.length, 1, stdout);
  assert.ok(!stdout.includes("\u001b"), "no colours into a pipe");
  requireTrace(JSON.parse(readFileSync(trace, "utf8")), stdout);
  const second = await convoyant([...short, "--shards", "8", "--out", alone]);
  assert.equal(second.code, 0, second.stderr);
  assert.equal(hashOf(two), hashOf(alone));
  assert.ok(existsSync(join(two, "report.html")));
});

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: { readonly name?: string; readonly bytes?: number };
}

/** A trace of two ranks: computing, waiting and communication of each; the table tells the same shares. */
function requireTrace({ traceEvents }: { traceEvents: readonly TraceEvent[] }, stdout: string): void {
  const names = traceEvents.filter(({ name }) => name === "process_name").map(({ args }) => args.name);
  assert.deepEqual(names, ["rank 0", "rank 1"]);
  for (const rank of [0, 1]) {
    const of = (cat: string) =>
      traceEvents.filter((event) => event.ph === "X" && event.pid === rank && event.cat === cat);
    const total = (cat: string) => of(cat).reduce((sum, { dur = 0 }) => sum + dur, 0);
    assert.ok(of("computing").length > 20);
    assert.ok(of("waiting").length > 0 && of("communication").length > 0);
    // One bucket: the gradients of 61,706 weights, and two totals.
    assert.ok(of("communication").every(({ args }) => args.bytes === 4 * (61_706 + 2)));
    const exposed = (100 * total("waiting")) / (total("waiting") + total("computing"));
    const row = new RegExp(`^ *${rank} +[\\d.]+ +[\\d.]+ +[\\d.]+ +([\\d.]+) %`, "m").exec(stdout);
    assert.ok(row !== null && Math.abs(Number(row[1]) - exposed) < 0.11, `${row?.[1]}, not ${exposed}`);
  }
}

test("a run that only rank 0 can see goes on, on ranks in other folders", { skip: missing }, async () => {
  const [here, elsewhere] = ["here", "elsewhere"].map((name) => join(temporaryFolder, name));
  for (const folder of [here, elsewhere]) mkdirSync(folder);
  const began = await run([...short, "--out", "run"], { cwd: here });
  assert.equal(began.code, 0, began.stderr);
  const command = [
    process.execPath,
    cliScript,
    "train",
    "--resume",
    "run",
    "--epochs",
    "2",
    "--threads",
    "1",
  ];
  const rank = (folder: string) => ["-n", "1", "--wdir", folder, ...command];
  const root = process.getuid?.() === 0 ? ["--allow-run-as-root"] : [];
  const args = [...root, "--bind-to", "none", "--oversubscribe", ...rank(here), ":", ...rank(elsewhere)];
  const { code, stdout, stderr } = await runProgram("mpirun.openmpi", args);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /epoch 2\/2/);
  assert.deepEqual(readdirSync(elsewhere), []);
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
