/** `reproduce` and `compare` as processes: killed, interrupted and resumed, they give the same metrics. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FileError } from "../../src/base/errors.ts";
import { openDataset } from "../../src/data/index.ts";
import { isBf16Supported, stopEngine, useEngine } from "../../src/tensor/index.ts";
import { cliScript } from "../built_package.ts";
import { missingLibrary } from "../engines/onednn/library.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-studies-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let missing: string | null = null;
before(async () => {
  try {
    await openDataset("fashion-mnist", { train: false });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    missing = error.message;
  }
});

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lines: Record<string, any>[];
  readonly errors: string;
}

/** Runs a command; `disturb` is told of every event and may end the process. */
function convoyant(
  args: readonly string[],
  disturb: (event: any, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, [cliScript, ...args, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: Record<string, any>[] = [];
  let errors = "";
  let rest = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() as string;
    for (const part of parts) {
      lines.push(JSON.parse(part));
      disturb(lines.at(-1), (signal) => child.kill(signal));
    }
  });
  return new Promise((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, lines, errors })),
  );
}

const small = [
  "--batch-size",
  "16",
  "--limit-batches",
  "12",
  "--engine",
  "wasm",
  "--threads",
  "1",
  "--checkpoint-seconds",
  "0",
];

test("a reproduction that is interrupted twice and killed once ends with the same metrics", {
  timeout: 120_000,
}, async (t) => {
  if (missing !== null) {
    t.skip(missing);
    return;
  }
  const command = (name: string) => {
    const place = join(folder, name);
    return [
      "reproduce",
      "lenet:1:2",
      "bn-lenet-scratch:1:2",
      ...small,
      "--out",
      place,
      "--write",
      join(place, "document.md"),
    ];
  };
  const whole = await convoyant(command("whole"));
  assert.equal(whole.code, 0, whole.errors);
  assert.deepEqual(
    whole.lines.filter(({ event }) => event === "run").map(({ model, epochs }) => [model, epochs]),
    [
      ["lenet", 2],
      ["bn-lenet-scratch", 2],
    ],
  );

  for (const [signal, at] of [
    ["SIGINT", 3],
    ["SIGKILL", 9],
    ["SIGINT", 6],
  ] as const) {
    let checkpoints = 0;
    const ended = await convoyant(command("disturbed"), ({ event }, kill) => {
      if (event === "checkpoint" && ++checkpoints === at) kill(signal);
    });
    if (signal === "SIGINT") {
      assert.equal(ended.code, 130, ended.errors);
      assert.equal(ended.lines.at(-1)?.event, "interrupted");
      assert.ok(existsSync(join(folder, "disturbed", "document.md")));
    } else assert.equal(ended.signal, "SIGKILL");
  }
  const last = await convoyant(command("disturbed"));
  assert.equal(last.code, 0, last.errors);
  for (const run of ["lenet-seed0", "bn-lenet-scratch-seed0"]) {
    for (const file of ["metrics.jsonl", "last.safetensors"]) {
      assert.ok(
        readFileSync(join(folder, "disturbed", run, file)).equals(
          readFileSync(join(folder, "whole", run, file)),
        ),
        `${run}/${file}`,
      );
    }
  }
  const again = await convoyant(command("whole"));
  assert.equal(again.code, 0, again.errors);
  assert.ok(!again.lines.some(({ event }) => event === "start"), "nothing is trained twice");
  const other = await convoyant([...command("whole"), "--batch-size", "8"]);
  assert.equal(other.code, 2);
  assert.match(other.errors, /holds another training \(batchSize 16, not 8\): choose another folder/);
});

test("a reproduction in bf16 that is killed twice ends with the same metrics, and its document says bf16", {
  timeout: 120_000,
}, async (t) => {
  const reason = missing ?? (await bf16IsMissing());
  if (reason !== null) {
    t.skip(reason);
    return;
  }
  const command = (name: string) => {
    const place = join(folder, name);
    const [engine, at] = [small.with(small.indexOf("wasm"), "onednn"), ["--out", place]];
    return ["reproduce", "bn-lenet:1:2:bf16", ...engine, ...at, "--write", join(place, "document.md")];
  };
  const whole = await convoyant(command("whole-bf16"));
  assert.equal(whole.code, 0, whole.errors);
  const run = whole.lines.find(({ event }) => event === "run");
  assert.deepEqual([run?.model, run?.precision, run?.epochs], ["bn-lenet", "bf16", 2]);
  for (const at of [4, 8]) {
    let checkpoints = 0;
    const killed = await convoyant(command("killed-bf16"), ({ event }, kill) => {
      if (event === "checkpoint" && ++checkpoints === at) kill("SIGKILL");
    });
    assert.equal(killed.signal, "SIGKILL", killed.errors);
  }
  const last = await convoyant(command("killed-bf16"));
  assert.equal(last.code, 0, last.errors);
  assert.equal(last.lines.find(({ event }) => event === "start")?.resumed, true);
  for (const file of ["metrics.jsonl", "last.safetensors"]) {
    const [ours, theirs] = ["killed-bf16", "whole-bf16"].map((name) =>
      readFileSync(join(folder, name, "bn-lenet-bf16-seed0", file)),
    );
    assert.ok(ours.equals(theirs), file);
  }
  const text = readFileSync(join(folder, "killed-bf16", "document.md"), "utf8");
  assert.match(text, /\| bf16 \| 1 \| 2 \|/);
  assert.match(text, /\| bn-lenet \| 0 \| 2 \|.*\| onednn \| bf16 \|/);
});

/** Why nothing can be trained in bf16 here. */
async function bf16IsMissing(): Promise<string | null> {
  const library = missingLibrary();
  if (library !== false) return library;
  await useEngine("onednn", { threads: 1 });
  const supported = await isBf16Supported();
  await stopEngine();
  return supported ? null : "this processor has no fast bf16";
}

test("a comparison writes one chart and one table, and notes what diverged", {
  timeout: 120_000,
}, async (t) => {
  if (missing !== null) {
    t.skip(missing);
    return;
  }
  const out = join(folder, "comparison");
  const sets = ["--set", "activation=relu", "--set", "lr=0.1,1e30"];
  const ended = await convoyant([
    "compare",
    "lenet",
    ...sets,
    "--seeds",
    "2",
    "--epochs",
    "1",
    ...small,
    "--out",
    out,
  ]);
  assert.equal(ended.code, 0, ended.errors);
  const variants = ended.lines.filter(({ event }) => event === "variant");
  assert.deepEqual(
    variants.map(({ name, seeds, failed }) => [name, seeds, failed > 0]),
    [
      ["activation=relu lr=0.1", 2, variants[0].failed > 0],
      ["activation=relu lr=1e+30", 2, true],
    ],
  );
  assert.equal(variants[1].failed, 2);
  assert.ok(variants[0].trainLoss.low < variants[0].trainLoss.high, "the seeds differ");
  assert.match(readFileSync(join(out, "compare.md"), "utf8"), /\| activation=relu lr=0\.1 \| 2 \|/);
  assert.match(readFileSync(join(out, "compare.svg"), "utf8"), /<svg .*training accuracy/s);
  assert.deepEqual(ended.lines.at(-1), { event: "end", model: "lenet", variants: 2, seeds: 2, out });
});

test("an option of the network goes into the run and comes back with its weights", {
  timeout: 60_000,
}, async (t) => {
  if (missing !== null) {
    t.skip(missing);
    return;
  }
  const out = join(folder, "set");
  const trained = await convoyant([
    "train",
    "lenet",
    "--set",
    "activation=relu",
    "--set",
    "batchNorm=true",
    "--epochs",
    "1",
    ...small,
    "--out",
    out,
  ]);
  assert.equal(trained.code, 0, trained.errors);
  const { config, command } = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
  assert.deepEqual(config.network, { activation: "relu", batchNorm: true });
  assert.match(command, /--set activation=relu --set batchNorm=true/);
  const evaluated = await convoyant(["eval", out, "--limit-batches", "2"]);
  assert.equal(evaluated.code, 0, evaluated.errors);
  const wrong = await convoyant(["train", "nin", "--set", "activation=relu", "--out", join(folder, "wrong")]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.errors, /nin has no option `activation`/);
  assert.ok(!existsSync(join(folder, "wrong")));
});
