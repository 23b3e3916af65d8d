/** `--profile`, from the command line. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const skip = await fashionMnistIsMissing();

const SHORT = "train lenet --epochs 1 --limit-batches 6 --batch-size 32 --engine wasm --threads 1".split(" ");

function events(file: string): { name: string; args: { layer?: string } }[] {
  return JSON.parse(readFileSync(join(folder, file), "utf8")).traceEvents;
}

test("train and predict write a trace and say where the time goes", { skip }, async () => {
  const train = await convoyantHere([...SHORT, "--out", "run", "--profile", "train.json", "--json"], {
    cwd: folder,
  });
  assert.equal(train.code, 0, train.stderr);
  const end = train.events.at(-1) as Record<string, any>;
  assert.equal(end.event, "profile");
  assert.equal(end.file, "train.json");
  assert.ok(end.milliseconds > 0 && end.gflops > 0 && end.gigabytesPerSecond > 0 && end.roofline > 0);
  const rows = train.events.filter(({ event }) => event === "profileStep");
  assert.ok(Math.abs(rows.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-6);
  assert.ok(events("train.json").some(({ name }) => name === "conv2dWeightGradient"));

  const predict = await convoyantHere(["predict", "run", "test:1", "--profile", "predict.json"], {
    cwd: folder,
  });
  assert.equal(predict.code, 0, predict.stderr);
  assert.match(predict.stdout, /ms each, .* % of the roofline/);
  assert.match(predict.stdout, /conv2d \+ sigmoid/);
  assert.ok(events("predict.json").some(({ name }) => name.startsWith("conv2d")));
});

test("bench profiles each of ours in a file of its own", async () => {
  const options =
    "--engines wasm --seconds 0.05 --rounds 1 --threads 1 --batch-size 2 --profile t.json".split(" ");
  const { code, stdout, stderr } = await convoyant(["bench", "infer", "lenet", "bn-lenet", ...options], {
    cwd: folder,
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /lenet, wasm, f32, batch 2:/);
  const traces = readdirSync(folder).filter((name) => name.startsWith("t-"));
  assert.deepEqual(traces.sort(), ["t-bn-lenet-wasm-f32.json", "t-lenet-wasm-f32.json"]);
});

test("a name that is not a trace's, and a folder that is missing, are refused by name", {
  skip,
}, async () => {
  const wrong = await convoyantHere([...SHORT, "--out", "other", "--profile", "trace.txt"], { cwd: folder });
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /--profile: expected the name of a trace, which ends in \.json.*got "trace\.txt"/,
  );
  assert.ok(!existsSync(join(folder, "other")));
  const missing = await convoyantHere([...SHORT, "--out", "third", "--profile", "no/such/t.json"], {
    cwd: folder,
  });
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /no\/such/);
  assert.ok(!existsSync(join(folder, "third")), "found out before the training");
});
