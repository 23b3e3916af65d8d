import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSafetensors } from "../../src/io/safetensors/safetensors_file.ts";
import { readCheckpoint } from "../../src/train/runs/checkpoint.ts";
import { cliScript } from "../built_package.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const skip = await fashionMnistIsMissing();
const cli = (...args: string[]) => convoyantHere(args, { cwd: folder });
const SHORT = ["--limit-batches", "5", "--batch-size", "64", "--engine", "wasm", "--threads", "1"];

test("train says what it does, keeps the run, and ends with its metrics", { skip }, async () => {
  const { code, events, stderr } = await cli(
    "train",
    "lenet",
    ...SHORT,
    "--epochs",
    "2",
    "--out",
    "first",
    "--json",
  );
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  assert.equal(events[0].event, "start");
  const points = events.filter(({ event }) => event === "point");
  assert.deepEqual(
    points.map(({ epoch }) => epoch),
    [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2],
  );
  const end = events.at(-1) as Record<string, any>;
  assert.deepEqual(Object.keys(end), [
    "event",
    "model",
    "engine",
    "precision",
    "epochs",
    "trainLoss",
    "trainAccuracy",
    "testAccuracy",
    "examplesPerSecond",
    "seconds",
    "outcome",
    "run",
  ]);
  assert.deepEqual(
    [end.event, end.model, end.engine, end.epochs, end.run],
    ["end", "lenet", "wasm", 2, "first"],
  );
  assert.equal(end.trainLoss, points.at(-1)?.trainLoss);
  for (const metric of [end.trainAccuracy, end.testAccuracy]) assert.ok(metric >= 0 && metric <= 1);
  assert.ok(end.trainLoss > 0 && end.examplesPerSecond > 0 && end.seconds > 0);
});

test("a run's folder holds what it takes to repeat, go on with and look at the run", { skip }, async () => {
  const run = join(folder, "first");
  const files =
    "best.safetensors checkpoint.safetensors config.json curves.svg first_layer.jsonl last.safetensors " +
    "metrics.jsonl report.html timing.jsonl";
  assert.deepEqual(readdirSync(run).sort(), files.split(" "));
  const { config, environment, command } = JSON.parse(readFileSync(join(run, "config.json"), "utf8"));
  assert.equal(config.lr, 0.9);
  assert.equal(config.seed, 0);
  assert.match(environment.convoyant, /^\d+\.\d+\.\d+/);
  assert.equal(environment.node, process.version);
  const again = await cli(...command.split(" ").slice(2), "--out", "again", "--json");
  assert.equal(again.code, 0, again.stderr);
  for (const name of ["metrics.jsonl", "best.safetensors", "last.safetensors"]) {
    assert.ok(
      readFileSync(join(run, name)).equals(readFileSync(join(folder, "again", name))),
      `${name} differs`,
    );
  }
});

test("a second run into the same folder is refused; the first stays as it was", { skip }, async () => {
  const before = readFileSync(join(folder, "first/metrics.jsonl"));
  const { code, stderr } = await cli("train", "bn-lenet", "--epochs", "1", "--out", "first");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /first holds a run already: continue it with --resume first, or choose another folder with --out/,
  );
  assert.ok(before.equals(readFileSync(join(folder, "first/metrics.jsonl"))));
});

test("two runs into one folder at once: one trains, the other is told", { skip }, async () => {
  const both = await Promise.all(
    [1, 2].map(() =>
      convoyant(["train", "lenet", ...SHORT, "--epochs", "1", "--out", "contested"], { cwd: folder }),
    ),
  );
  assert.deepEqual(both.map(({ code }) => code).sort(), [0, 1]);
  const refused = both.find(({ code }) => code === 1);
  assert.match(refused?.stderr ?? "", /contested (is in use by (another )?process|holds a run already)/);
});

test("a finished run can be given more epochs, and nothing else", { skip }, async () => {
  const more = await cli("train", "--resume", "again", "--epochs", "3", "--json");
  assert.equal(more.code, 0, more.stderr);
  assert.equal(more.events.at(-1)?.epochs, 3);
  const other = await cli("train", "--resume", "again", "--lr", "0.1");
  assert.equal(other.code, 2);
  assert.match(
    other.stderr,
    /a resumed run keeps its lr \(0\.9\); only epochs, engine, threads, precision, dataDir, batchSize, microBatch can change/,
  );
  const model = await cli("train", "bn-lenet", "--resume", "again");
  assert.equal(model.code, 2);
  assert.match(model.stderr, /again trains lenet, not bn-lenet/);
});

test("a run may go on with another engine, and says what that changes", { skip }, async () => {
  const args = ["train", "--resume", "contested", "--epochs", "1", "--engine", "reference", "--json"];
  const { code, events, stderr } = await cli(...args);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /goes on with the engine reference \(.*\), before it was wasm \(/);
  assert.equal(events.at(-1)?.engine, "reference");
});

test("eval gives the metrics of the run's best weights on the test set", { skip }, async () => {
  const { code, events, stderr } = await cli("eval", "first", "--json");
  assert.equal(code, 0, stderr);
  const [end] = events;
  assert.equal(end.examples, 10_000);
  assert.equal(
    end.confusion.flat().reduce((a: number, b: number) => a + b, 0),
    10_000,
  );
  assert.ok(end.top5Accuracy >= end.testAccuracy);
  const people = await cli("eval", "first/last.safetensors", "--limit-batches", "2");
  assert.equal(people.code, 0, people.stderr);
  assert.match(people.stdout, /ankle boot 短靴/);
  assert.match(people.stdout, /512 examples in/);
});

test("weights of one network are refused by another", { skip }, async () => {
  const { code, stderr } = await cli("eval", "first/best.safetensors", "--model", "bn-lenet");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /does not fit bn-lenet \(it says that it holds lenet\).*missing keys: .*unexpected keys:/s,
  );
  const checkpoint = await cli("eval", "first/checkpoint.safetensors");
  assert.equal(checkpoint.code, 1);
  assert.match(checkpoint.stderr, /is a checkpoint, to go on training with: name the run's folder/);
});

test("a damaged checkpoint is named, and the weights stay usable", { skip }, async () => {
  const path = join(folder, "first/checkpoint.safetensors");
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
  const { code, stderr } = await cli("train", "--resume", "first", "--epochs", "3");
  assert.equal(code, 1);
  assert.match(stderr, /FileError: .*first\/checkpoint\.safetensors/);
  assert.equal((await cli("eval", "first", "--limit-batches", "1")).code, 0);
});

test("a loss that is not a number ends the training, which says at which step", { skip }, async () => {
  const args = [
    "train",
    "bn-lenet",
    "--lr",
    "1e30",
    "--checkpoint-seconds",
    "0",
    ...SHORT,
    "--epochs",
    "1",
    "--out",
    "diverged",
  ];
  const { code, stderr } = await cli(...args);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /DivergenceError: the (loss|weights).* became NaN or infinite (at|by) step \d+ .*last checkpoint from before it is kept \((the start|step \d+)\)/,
  );
  assert.match(stderr, /Try a smaller learning rate \(it is 1e\+30\)/);
  const { tensors } = await readSafetensors(join(folder, "diverged/checkpoint.safetensors"));
  for (const [name, { data }] of tensors) {
    if (name.startsWith("model.")) assert.ok(Array.from(data).every(Number.isFinite), name);
  }
  assert.ok(existsSync(join(folder, "diverged/report.html")));
});

test("a batch of one in batch norm names the layer and what to do", { skip }, async () => {
  const { code, stderr } = await cli(
    "train",
    "bn-lenet",
    "--batch-size",
    "1",
    "--limit-batches",
    "2",
    "--out",
    "single",
  );
  assert.equal(code, 1);
  assert.match(
    stderr,
    /batchNorm \(net\.10\): .*more than 1 value per channel when training, got input size \[1, 120\]; use a larger batch/,
  );
});

test("a step that does not fit the memory says how much it needs, at once", { skip }, async () => {
  const { code, stderr } = await cli(
    "train",
    "lenet",
    "--batch-size",
    "60000",
    "--micro-batch",
    "60000",
    "--engine",
    "wasm",
    "--epochs",
    "1",
    "--out",
    "huge",
  );
  assert.equal(code, 1);
  assert.match(stderr, /OutOfMemoryError: .*needs [\d.]+ GiB, .* of at most 4\.0 GiB.*use a smaller batch/);
});

test("batches in slices: the size is kept with the run, the metrics are the whole batch's", {
  skip,
}, async () => {
  const run = async (size: string) => {
    const args = ["--epochs", "1", "--micro-batch", size, "--out", `slices-${size}`];
    const { code, stderr, events } = await cli("train", "lenet", ...SHORT, ...args, "--json");
    assert.equal(code, 0, stderr);
    const { config, command } = JSON.parse(
      readFileSync(join(folder, `slices-${size}`, "config.json"), "utf8"),
    );
    return { config, command, loss: events.at(-1)?.trainLoss as number };
  };
  const [whole, slices] = [await run("auto"), await run("20")];
  assert.deepEqual([whole.config.microBatch, slices.config.microBatch], ["auto", 20]);
  assert.match(slices.command, / --micro-batch 20( |$)/);
  assert.ok(Math.abs(slices.loss - whole.loss) < 1e-3, `${slices.loss} instead of ${whole.loss}`);
});

test("images that become too small for the network name the layer", { skip }, async () => {
  const { code, stderr } = await cli(
    "train",
    "lenet",
    "--resize",
    "8",
    "--limit-batches",
    "1",
    "--out",
    "small",
  );
  assert.equal(code, 1);
  assert.match(
    stderr,
    /ShapeError: conv2d \(net\.3\): .*the input is \[256, 6, 4, 4\], weight is \[16, 6, 5, 5\]/,
  );
});

test("Ctrl-C saves, says how to go on, and exits with 130; going on ends as if nothing had been", {
  skip,
}, async () => {
  const args = [
    "lenet",
    "--limit-batches",
    "12",
    "--batch-size",
    "32",
    "--engine",
    "wasm",
    "--epochs",
    "2",
    "--json",
  ];
  const whole = await cli("train", ...args, "--out", "whole");
  assert.equal(whole.code, 0, whole.stderr);
  let pressed = false;
  const stopped = await convoyant(["train", ...args, "--checkpoint-seconds", "0", "--out", "stopped"], {
    cwd: folder,
    onLine: (line, child) => {
      if (pressed || !line.includes('"checkpoint","epoch":0,"batch":3')) return;
      pressed = true;
      child.kill("SIGINT");
    },
  });
  assert.equal(stopped.code, 130, stopped.stderr);
  assert.match(stopped.stderr, /Finishing the step and saving; press Ctrl-C again to stop at once/);
  const [said, end] = stopped.events.slice(-2);
  assert.deepEqual(said, {
    event: "interrupted",
    run: "stopped",
    resume: "npx convoyant train --resume stopped",
  });
  assert.deepEqual([end.event, end.outcome], ["end", "interrupted"]);
  const resumed = await cli("train", "--resume", "stopped", "--json");
  assert.equal(resumed.code, 0, resumed.stderr);
  for (const name of ["metrics.jsonl", "best.safetensors", "last.safetensors"]) {
    assert.ok(
      readFileSync(join(folder, "whole", name)).equals(readFileSync(join(folder, "stopped", name))),
      `${name} differs`,
    );
  }
});

test("interrupted twice it ends at once, and can still go on", { skip }, async () => {
  const args = [
    "train",
    "lenet",
    "--limit-batches",
    "16",
    "--epochs",
    "3",
    "--checkpoint-seconds",
    "0",
    "--out",
    "twice",
    "--json",
  ];
  let pressed = false;
  const stopped = await convoyant(args, {
    cwd: folder,
    onLine: (line, child) => {
      if (pressed || !line.includes('"checkpoint"')) return;
      pressed = true;
      child.kill("SIGINT");
      child.kill("SIGTERM");
    },
  });
  assert.equal(stopped.code, 130, stopped.stderr);
  const resumed = await cli("train", "--resume", "twice", "--epochs", "1", "--json");
  assert.equal(resumed.code, 0, resumed.stderr);
});

test("a reader that goes away interrupts: the run is saved and can go on", { skip }, async () => {
  const train = '"$0" "$1" train lenet --limit-batches 60 --epochs 5 --out unread --json';
  const script = `(${train}; echo "code $?" >&2) | head -n 3 | wc -l`;
  const { stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, cliScript], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(stdout.trim(), "3");
  assert.equal(stderr, "code 130\n");
  const { state } = await readCheckpoint(join(folder, "unread/checkpoint.safetensors"));
  assert.ok(state.step > 0 && state.step < 300, `step ${state.step}`);
});

test("people in a pipe get a line an epoch and a table that compares with the book's results", {
  skip,
}, async () => {
  const { code, stdout, stderr } = await cli("train", "lenet", ...SHORT, "--epochs", "1");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^lenet on fashion-mnist: 1 epoch, batch 64, sgd lr 0\.9, f32, wasm \(/);
  assert.match(stdout, /run: runs\/[\dT-]+-lenet\n/);
  assert.match(stdout, /\nepoch 1\/1: training loss [\d.]+, training accuracy [\d.]+, test accuracy [\d.]+/);
  assert.match(stdout, /the book +its band/);
  assert.ok(!stdout.includes("\u001b"));
});
