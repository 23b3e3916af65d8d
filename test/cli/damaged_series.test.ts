import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FileError } from "../../src/base/errors.ts";
import { readPytorchRecords } from "../../src/experiments/reproduce/reproduction_pytorch.ts";
import { readSeriesRun } from "../../src/experiments/series_run.ts";
import { configure } from "../../src/experiments/training_config.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const config = JSON.stringify({ config: configure("lenet", { engine: "wasm", epochs: 1 }) });
const point = '{"epoch":1,"trainLoss":2,"trainAccuracy":0.5}\n';
const time = '{"epoch":1,"step":3,"seconds":4,"examplesPerSecond":5}\n';

let count = 0;
function runWith(files: Record<string, string>): string {
  const run = join(folder, `run-${count++}`);
  mkdirSync(run);
  for (const [name, text] of Object.entries({ "config.json": config, ...files }))
    writeFileSync(join(run, name), text);
  return run;
}

test("a run of a series is read with its times, whatever its last lines lack", () => {
  const run = readSeriesRun(runWith({ "metrics.jsonl": `${point}{"ep`, "timing.jsonl": `${time}{` }));
  assert.deepEqual(run?.points, [
    { epoch: 1, trainLoss: 2, trainAccuracy: 0.5, seconds: 4, examplesPerSecond: 5 },
  ]);
  assert.equal(run?.failure, null);
  const failed = readSeriesRun(runWith({ "failure.json": '{"message":"it diverged"}' }));
  assert.equal(failed?.failure, "it diverged");
});

const DAMAGED: [string, string, RegExp][] = [
  ["metrics.jsonl", `x\n${point}`, /metrics\.jsonl is damaged: .*line 1 is not a metrics point: x/],
  ["metrics.jsonl", `${point.replace("1", "null")}${point}`, /line 1 is not a metrics point/],
  ["metrics.jsonl", `${point.replace("}", ',"testAccuracy":"x"}')}${point}`, /line 1 is not a metrics point/],
  ["metrics.jsonl", `${point.replace("}", ',"extra":{"a":[]}}')}${point}`, /line 1 is not a metrics point/],
  ["timing.jsonl", `${time}null\n`, /timing\.jsonl is damaged: line 2 has no times: null/],
  ["timing.jsonl", `{"epoch":"1"}\n`, /timing\.jsonl is damaged: line 1 has no times/],
  ["timing.jsonl", "[[[\n", /timing\.jsonl is damaged: line 1 has no times/],
  ["failure.json", "{", /failure\.json is damaged: expected why the training failed; remove it/],
  ["failure.json", '{"message":7}', /failure\.json is damaged/],
  ["failure.json", "null", /failure\.json is damaged/],
];

test("a damaged file of a run is named, with its line and what to do", () => {
  for (const [name, text, message] of DAMAGED) {
    assert.throws(
      () => readSeriesRun(runWith({ [name]: text })),
      (error: Error) => {
        assert.ok(error instanceof FileError, String(error));
        assert.match(error.message, message);
        return true;
      },
      `${name}: ${text}`,
    );
  }
});

test("settings of a run that would exhaust the machine are refused", () => {
  for (const [name, value] of Object.entries({
    threads: 0,
    model: "constructor",
    network: { numClasses: 1e9 },
    resize: 1e9,
    seed: 1e300,
    lr: "1",
    epochs: null,
  })) {
    const changed = JSON.parse(config);
    changed.config[name] = value;
    assert.throws(
      () => readSeriesRun(runWith({ "config.json": JSON.stringify(changed) })),
      new RegExp(`FileError: .*config\\.json is damaged: ${name} is not as expected`),
    );
  }
});

test("PyTorch's results are taken only if they are metrics", () => {
  const path = join(folder, "pytorch.jsonl");
  const good = '{"net":"lenet","seed":0,"precision":"f32","torch":"2.15","epoch":1,"trainLoss":null}';
  writeFileSync(path, `${good}\n`);
  assert.equal(readPytorchRecords(path).length, 1);
  for (const bad of ["null", "7", '{"net":"lenet","seed":0}', good.replace("null", '"x"'), "{"]) {
    writeFileSync(path, `${good}\n${bad}\n`);
    assert.throws(() => readPytorchRecords(path), /FileError: .*line 2 is not a record of PyTorch's results/);
  }
});

test("damaged runs end a series with one error", async () => {
  const out = join(folder, "series");
  mkdirSync(join(out, "lenet-seed0"), { recursive: true });
  writeFileSync(join(out, "lenet-seed0/config.json"), config);
  writeFileSync(join(out, "lenet-seed0/timing.jsonl"), "x\n");
  const { code, stderr } = await convoyantHere(["reproduce", "lenet:1:1", "--engine", "wasm", "--out", out]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^FileError: .*timing\.jsonl is damaged: line 1 has no times: x; remove the file/);
});
