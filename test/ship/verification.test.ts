/** How answers are compared, and which images are taken. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSamples, spread } from "../../src/ship/verify/samples.ts";
import { compareAnswers, rowHolds, TOLERANCE } from "../../src/ship/verify/verification.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const reference = [
  [0.9, 0.1],
  [0.2, 0.8],
];

test("the same answers hold, a difference above the tolerance or another class does not", () => {
  const outcome = (rows: number[][]) => compareAnswers("x", { rows }, reference);
  const same = outcome(reference);
  assert.deepEqual(same, { name: "x", outcome: { images: 2, same: 2, difference: 0 } });
  assert.ok(rowHolds(same));
  const close = outcome([[0.9 - TOLERANCE / 2, 0.1 + TOLERANCE / 2]]);
  assert.ok(rowHolds(close));
  assert.ok(!rowHolds(outcome([[0.89, 0.11]])));
  const other = outcome([
    [0.9, 0.1],
    [0.6, 0.4],
  ]);
  assert.deepEqual([rowHolds(other), (other.outcome as { same: number }).same], [false, 1]);
  assert.ok(!rowHolds(outcome([[Number.NaN, 0.1]])), "NaN is a difference");
  assert.ok(!rowHolds(outcome([[0.9]])), "a missing class is a difference");
});

test("what is not installed breaks no promise", () => {
  const row = compareAnswers("x", { skipped: "not installed" }, reference);
  assert.deepEqual(row, { name: "x", outcome: { skipped: "not installed" } });
  assert.ok(rowHolds(row));
});

test("a sample is spread over all images", () => {
  assert.deepEqual(spread([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4), [0, 2, 5, 7]);
  assert.deepEqual(spread([0, 1], 5), [0, 1]);
  assert.deepEqual(spread([0, 1, 2], null), [0, 1, 2]);
});

test("images are read from files and folders, in order", async () => {
  const folder = join(temporaryFolder(), "images");
  mkdirSync(join(folder, "cat"), { recursive: true });
  writeFileSync(join(folder, "cat", "1.png"), "a");
  writeFileSync(join(folder, "2.jpg"), "b");
  writeFileSync(join(folder, "notes.txt"), "c");
  const samples = await readSamples({ images: [folder], count: null, run: null });
  assert.deepEqual(
    samples.map(({ name }) => name.slice(folder.length + 1)),
    ["2.jpg", join("cat", "1.png")],
  );
  const missing = { images: [join(folder, "nowhere")], count: null, run: null };
  await assert.rejects(readSamples(missing), /cannot read .*nowhere: there is no such file/);
  const none = { images: [], count: null, run: null };
  await assert.rejects(
    readSamples(none),
    /the source does not say which images it was tested on: name images/,
  );
});
