/** `--precision` of the commands: kept with the run, changed by a resume, and reported if unavailable. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isBf16Supported, stopEngine, useEngine } from "../../src/tensor/index.ts";
import { missingLibrary } from "../engines/onednn/library.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const noData = await fashionMnistIsMissing();
const noBf16 = await bf16IsMissing();
const cli = (...args: string[]) => convoyantHere(args, { cwd: folder });
const SHORT = ["--limit-batches", "5", "--batch-size", "64", "--threads", "1"];
const NOTE = "The engine wasm has no fast bf16 on this processor: computing in f32.";

async function bf16IsMissing(): Promise<string | false> {
  const missing = missingLibrary();
  if (missing !== false) return missing;
  await useEngine("onednn", { threads: 1 });
  const supported = await isBf16Supported();
  await stopEngine();
  return supported ? false : "this processor has no fast bf16";
}

function stored(run: string): Record<string, any> {
  return JSON.parse(readFileSync(join(folder, run, "config.json"), "utf8"));
}

test("without fast bf16, train says so once and stays in f32", { skip: noData }, async () => {
  const train = ["train", "lenet", ...SHORT, "--engine", "wasm", "--epochs", "1", "--json"];
  const asked = await cli(...train, "--precision", "bf16", "--out", "asked");
  assert.equal(asked.code, 0, asked.stderr);
  assert.equal(asked.stderr, `${NOTE}\n`);
  assert.equal(asked.events[0].precision, "bf16");
  assert.equal(asked.events.at(-1)?.precision, "f32");
  const { config, environment, command } = stored("asked");
  assert.equal(config.precision, "bf16");
  assert.equal(environment.precision, "f32");
  assert.equal(environment.precisionNote, `bf16 was asked for. ${NOTE}`);
  assert.match(command, /--precision bf16/);
  const people = await cli(...train.slice(0, -1), "--precision", "bf16", "--out", "people");
  assert.match(people.stdout, /^lenet on fashion-mnist: .*, f32, wasm /);
  const plain = await cli(...train, "--out", "plain");
  assert.equal(plain.stderr, "");
  assert.equal(plain.events.at(-1)?.precision, "f32");
  assert.doesNotMatch(stored("plain").command, /--precision/);
  const metrics = (run: string) => readFileSync(join(folder, run, "metrics.jsonl"), "utf8");
  assert.equal(metrics("asked"), metrics("plain"));
});

test("a run from before there was an option goes on in f32", { skip: noData }, async () => {
  const { precision: _none, ...config } = stored("plain").config;
  writeFileSync(join(folder, "plain", "config.json"), JSON.stringify({ ...stored("plain"), config }));
  const more = await cli("train", "--resume", "plain", "--epochs", "2", "--json");
  assert.equal(more.code, 0, more.stderr);
  assert.equal(more.stderr, "");
  assert.equal(more.events.at(-1)?.precision, "f32");
  assert.equal(stored("plain").config.precision, "f32");
  const damaged = { ...stored("plain"), config: { ...config, precision: "f16" } };
  writeFileSync(join(folder, "plain", "config.json"), JSON.stringify(damaged));
  const refused = await cli("train", "--resume", "plain", "--epochs", "3");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /config\.json is damaged: precision is not as expected/);
});

test("a run goes on from f32 to bf16 and back, and says so in one line", {
  skip: noData || noBf16,
}, async () => {
  const train = (...more: string[]) => cli("train", ...more, "--json");
  const first = await train("lenet", ...SHORT, "--engine", "onednn", "--epochs", "1", "--out", "changing");
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.events.at(-1)?.precision, "f32");
  const resume = ["--resume", "changing", "--epochs"];
  const second = await train(...resume, "2", "--precision", "bf16");
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, /^The run goes on with the precision bf16, before it was f32: .*last bit\.\n$/);
  assert.equal(second.events.at(-1)?.precision, "bf16");
  assert.equal(stored("changing").config.precision, "bf16");
  assert.equal(stored("changing").environment.precision, "bf16");
  const same = await train(...resume, "3");
  assert.equal(same.stderr, "");
  assert.equal(same.events.at(-1)?.precision, "bf16");
  const back = await train(...resume, "4", "--precision", "f32", "--engine", "wasm");
  assert.equal(back.code, 0, back.stderr);
  assert.match(
    back.stderr,
    /^The run goes on with the engine wasm \(.*\), before it was onednn \(.*\), and the precision f32, before it was bf16: .*\n$/,
  );
  assert.equal(back.events.at(-1)?.epochs, 4);
  assert.equal(back.events.at(-1)?.precision, "f32");
  const wrong = await train(...resume, "5", "--precision", "fp16");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /unknown precision `fp16`/);
});

test("eval and predict compute as the run was trained, or as they are told", {
  skip: noData || noBf16,
}, async () => {
  const args = [
    "lenet",
    ...SHORT,
    "--engine",
    "onednn",
    "--epochs",
    "1",
    "--precision",
    "bf16",
    "--out",
    "half",
  ];
  const trained = await cli("train", ...args, "--json");
  assert.equal(trained.code, 0, trained.stderr);
  const metrics = async (...more: string[]): Promise<Record<string, any>> => {
    const { code, events, stderr } = await cli("eval", "half", "--limit-batches", "5", ...more, "--json");
    assert.equal(code, 0, stderr);
    return { ...events[0], stderr };
  };
  const half = await metrics();
  assert.equal(half.precision, "bf16");
  assert.equal(half.stderr, "");
  const whole = await metrics("--precision", "f32");
  assert.equal(whole.precision, "f32");
  assert.notEqual(half.testLoss, whole.testLoss);
  assert.ok(Math.abs(half.testLoss - whole.testLoss) < 0.02 * whole.testLoss);
  const elsewhere = await metrics("--engine", "wasm");
  assert.equal(elsewhere.precision, "f32");
  assert.equal(elsewhere.stderr, `${NOTE}\n`);
  const predict = async (...more: string[]) =>
    (await cli("predict", "half", "test:17", ...more, "--json")).events;
  const [ours, end] = await predict();
  const [exact] = await predict("--precision", "f32");
  assert.equal(end.precision, "bf16");
  assert.notDeepEqual(ours.probabilities, exact.probabilities);
  ours.probabilities.forEach((p: number, i: number) => {
    assert.ok(Math.abs(p - exact.probabilities[i]) < 0.01);
  });
});

test("summary --program shows the step in the precision that was asked for", { skip: noBf16 }, async () => {
  const args = ["summary", "lenet", "--program", "--batch-size", "32", "--threads", "1", "--json"];
  const convolution = async (...more: string[]) => {
    const { code, events, stderr } = await cli(...args, ...more);
    assert.equal(code, 0, stderr);
    const step = events.find(({ op, layer }) => /^conv2d/.test(op) && layer === "net.3");
    return { inputs: step?.inputs.join(), precision: events.at(-1)?.precision, stderr };
  };
  const half = await convolution("--engine", "onednn", "--precision", "bf16");
  assert.match(half.inputs, /bfloat16\[32,/);
  assert.equal(half.precision, "bf16");
  const whole = await convolution("--engine", "onednn");
  assert.doesNotMatch(whole.inputs, /bfloat16/);
  assert.equal(whole.precision, "f32");
  const elsewhere = await convolution("--engine", "wasm", "--precision", "bf16");
  assert.equal(elsewhere.precision, "f32");
  assert.equal(elsewhere.stderr, `${NOTE}\n`);
});

test("bench measures each network in each precision, and leaves out what there is not", async () => {
  const bench = [
    "bench",
    "train",
    "--nets",
    "lenet",
    "--batch-size",
    "8",
    "--seconds",
    "0.05",
    "--rounds",
    "1",
  ];
  const engines = ["--precision", "f32,bf16", "--engines", "wasm", "--threads", "1"];
  const { code, events, stderr } = await cli(...bench, ...engines, "--json");
  assert.equal(code, 0, stderr);
  const [line, skipped] = events;
  assert.deepEqual([line.event, line.precision, line.batch], ["bench", "f32", 8]);
  assert.ok(
    line.lowest <= line.examplesPerSecond && line.examplesPerSecond <= line.highest && line.rssMb > 0,
  );
  assert.deepEqual(skipped, {
    event: "skip",
    library: "convoyant",
    engine: "wasm",
    net: "lenet",
    precision: "bf16",
    reason: "no fast bf16 on this processor",
    absent: true,
  });
});

test("bench says truly that it computed in bf16", { skip: noBf16 }, async () => {
  const bench = [
    "bench",
    "train",
    "--nets",
    "lenet",
    "--batch-size",
    "8",
    "--seconds",
    "0.05",
    "--rounds",
    "1",
  ];
  const engines = ["--precision", "bf16", "--engines", "onednn", "--threads", "1"];
  const { code, events, stderr } = await cli(...bench, ...engines, "--json");
  assert.equal(code, 0, stderr);
  assert.deepEqual([events[0].event, events[0].engine, events[0].precision], ["bench", "onednn", "bf16"]);
});
