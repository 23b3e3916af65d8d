/** The records of reproductions: what other machines trained stays known. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { processorName } from "../../src/engines/processor_name.ts";
import {
  mergeRecords,
  onMachine,
  type Records,
  readRecords,
  recordsPath,
  recordsText,
} from "../../src/experiments/reproduce/reproduction_records.ts";
import { reproductionDocument } from "../../src/experiments/reproduce/reproduction_report.ts";
import type { TrainedRun } from "../../src/experiments/series_run.ts";
import { configure } from "../../src/experiments/training_config.ts";
import { finalMetrics } from "../../src/records/run_record.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-records-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const environment = {
  processor: "Test 9000",
  processors: 2,
  memoryGib: 24,
  platform: "linux x64",
  node: "v20",
  convoyant: "0.1.0",
  engine: "onednn (2 threads, oneDNN 3.2 (AVX2), /home/user/.cache/libdnnl.so.3)",
  precision: "f32",
};

function trained(
  model: string,
  epochs: number,
  trainLoss: number,
  more: Partial<TrainedRun> = {},
): TrainedRun {
  const points = Array.from({ length: epochs * 5 }, (_, i) => ({
    epoch: (i + 1) / 5,
    trainLoss: trainLoss + epochs - (i + 1) / 5,
    trainAccuracy: 0.5,
  }));
  const config = configure(model, { engine: "onednn", dataDir: "/home/user/data" });
  const metrics = finalMetrics(points);
  return { config, points, metrics, failure: null, startedAt: "2026-11-23T10:00:00Z", environment, ...more };
}

const none: Records = { runs: [], starts: [], pytorch: [] };

test("the records lie beside the document", () => {
  assert.equal(recordsPath("docs/reproduction.md"), "docs/reproduction.jsonl");
  assert.equal(recordsPath("a.b/document"), "a.b/document.jsonl");
});

test("records are read as they were written, less what is this machine's alone", () => {
  const path = join(folder, "records.jsonl");
  const failed = trained("nin", 1, 2.3, { failure: "the loss became NaN" });
  const pytorch = onMachine(
    [{ net: "nin", seed: 0, precision: "f32", torch: "2.15.0", epoch: 1 }],
    environment,
  );
  writeFileSync(path, recordsText({ runs: [trained("lenet", 2, 0.5)], starts: [failed], pytorch }));
  const read = readRecords(path);
  assert.deepEqual(
    read.runs[0].points.map(({ epoch, trainLoss }) => [epoch, trainLoss]),
    [
      [1, 1.5],
      [1.8, 0.7],
      [2, 0.5],
    ],
  );
  assert.equal(read.runs[0].metrics?.trainLoss, 0.5);
  assert.equal(read.runs[0].config.dataDir, null);
  assert.equal(read.runs[0].environment.engine, "onednn (2 threads, oneDNN 3.2 (AVX2), libdnnl.so.3)");
  assert.equal(read.starts[0].failure, "the loss became NaN");
  assert.equal(read.pytorch[0].machine, "2 x Test 9000, 24 GiB, linux x64");
  assert.equal(recordsText(read), recordsText(readRecords(path)));
  assert.deepEqual(readRecords(join(folder, "nowhere.jsonl")), none);
});

test("of the same training the longer record counts, of equally long ones the newer", () => {
  const known = { ...none, runs: [trained("lenet", 2, 0.5), trained("nin", 3, 0.4)] };
  const failed = {
    points: [],
    metrics: undefined,
    failure: "the loss became NaN",
    startedAt: "2026-11-24T11:00:00Z",
  };
  const later = { startedAt: "2026-11-24T10:00:00Z" };
  const bf16 = { environment: { ...environment, precision: "bf16" } };
  const found = {
    ...none,
    runs: [trained("lenet", 2, 0.6, later), trained("nin", 1, 0.9, later), trained("lenet", 1, 0.7, bf16)],
    starts: [trained("nin", 1, 2.3, { points: [], metrics: undefined }), trained("nin", 1, 2.3, failed)],
  };
  const merged = mergeRecords(known, found);
  assert.deepEqual(
    merged.runs.map(({ config, metrics }) => [config.model, metrics?.trainLoss.toFixed(1)]),
    [
      ["lenet", "0.6"],
      ["nin", "0.4"],
      ["lenet", "0.7"],
    ],
  );
  assert.deepEqual(mergeRecords(merged, found).runs, merged.runs);
  assert.deepEqual(merged.starts, [found.starts[1]], "a start that was stopped before its first metrics");
  const start = { net: "nin", seed: 0, precision: "f32", torch: "2.15.0", steps: 200, lastLoss: 2.3 };
  const twice = mergeRecords(none, { ...none, pytorch: [start, { ...start, lastLoss: 2.2 }] });
  assert.deepEqual(
    twice.pytorch.map(({ lastLoss }) => lastLoss),
    [2.2],
    "told once more after an interruption",
  );
});

test("PyTorch's results are compared with ours of the same machine only", () => {
  const record = { net: "lenet", seed: 0, precision: "f32", torch: "2.15.0", epoch: 2, trainLoss: 0.511 };
  const other = { ...environment, processor: "Test 4000" };
  const [here, there] = [environment, other].map((machine) => {
    const pytorch = onMachine([record], machine);
    const records = { ...none, runs: [trained("lenet", 2, 0.5)], pytorch };
    return reproductionDocument({ records, now: new Date(0), command: "npx convoyant reproduce" });
  });
  assert.match(here, /\| lenet \| f32 \| 2 \| 0\.500 \| 0\.511 \|/);
  assert.doesNotMatch(there, /in PyTorch, on the same machine/);
});

test("a line that is not a record is named", () => {
  const path = join(folder, "broken.jsonl");
  const good = recordsText({ ...none, runs: [trained("lenet", 1, 0.5)] });
  const cases: readonly (readonly [string, RegExp])[] = [
    ["{", /broken\.jsonl: line 2 is not a JSON object: \{/],
    ["[1]", /line 2 is not a record of a training: \[1\]/],
    ['{"kind":"pytorch","net":"nin"}', /line 2 is not a record of PyTorch's results/],
    [good.trim().replace('"lr":0.9', '"lr":"high"'), /line 2 is damaged: lr is not as expected/],
    [good.trim().replace('"epoch":1', '"epoch":null'), /line 2 is not a record of a training/],
  ];
  for (const [line, message] of cases) {
    writeFileSync(path, `${good}${line}\n`);
    assert.throws(() => readRecords(path), { name: "FileError", message });
  }
});

test("a processor is told by family and model too, if the system reports them", () => {
  assert.match(
    processorName("cpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n"),
    / \(family 25, model 1\)$/,
  );
  assert.doesNotMatch(processorName("Hardware\t: something else\n"), /family/);
});
