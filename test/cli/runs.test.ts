/** `convoyant runs`: which epoch's accuracy it shows. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readRun } from "../../src/experiments/index.ts";
import { metricsLine } from "../../src/records/run_record.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { folderWith } from "./data_files.ts";
import { temporaryFolder } from "./run_cli.ts";

/** The accuracy is best after the first epoch, the loss after the second, and neither after the last. */
const points = [
  { epoch: 1, trainLoss: 0.9, trainAccuracy: 0.6, testLoss: 0.9, testAccuracy: 0.875 },
  { epoch: 2, trainLoss: 0.5, trainAccuracy: 0.8, testLoss: 0.5, testAccuracy: 0.75 },
  { epoch: 3, trainLoss: 0.4, trainAccuracy: 0.9, testLoss: 0.6, testAccuracy: 0.625 },
];

function runOf(name: string, format: string, bestEpoch?: number): string {
  const folder = join(temporaryFolder(), "runs", name);
  const config = { model: "lenet", outcome: "finished", config: { epochs: 3, format }, bestEpoch };
  folderWith(folder, {
    "config.json": JSON.stringify(config),
    "metrics.jsonl": points.map(metricsLine).join(""),
  });
  return folder;
}

test("the accuracy is that of the kept weights: the noted epoch, or the one that the loss or the accuracy chooses", async () => {
  const noted = runOf("noted", "convoyant-run-1", 2);
  const [dataset, photos] = [runOf("dataset", "convoyant-run-1"), runOf("photos", "convoyant-photos-1")];
  const bestOf = (folder: string) => readRun(folder).best?.epoch;
  assert.deepEqual([noted, dataset, photos].map(bestOf), [2, 1, 2]);

  const cwd = temporaryFolder();
  const listed = await convoyantHere(["runs"], { cwd });
  assert.match(listed.stdout, /best val/);
  assert.match(listed.stdout, /best test/);
  assert.match(listed.stdout, /^runs\/dataset .* 0\.875$/m);
  assert.match(listed.stdout, /^runs\/photos .* 0\.750 *$/m);
  assert.match(listed.stdout, /accuracy: of the weights that are kept \(best\.safetensors\)/);
  const shown = await convoyantHere(["runs", "show", "runs/photos"], { cwd });
  assert.match(shown.stdout, /^validation accuracy +0\.625 \(epoch 3, the last\)$/m);
  assert.match(
    shown.stdout,
    /^validation accuracy +0\.750 \(epoch 2, whose weights are kept: best\.safetensors\)$/m,
  );
});
