import assert from "node:assert/strict";
import { test } from "node:test";
import { bookBand, bookBands } from "../../src/records/book_band.ts";
import { compareWithBook, renderComparison, renderMetrics } from "../../src/report/book_comparison.ts";

const metrics = {
  epochs: 10,
  trainLoss: 0.2689,
  trainAccuracy: 0.9011,
  testAccuracy: 0.571,
  examplesPerSecond: 20123,
};

test("every band holds its median, and seven entries are there", () => {
  assert.equal(bookBands.length, 7);
  for (const entry of bookBands) {
    for (const band of [entry.trainLoss, entry.trainAccuracy, entry.testAccuracy]) {
      assert.ok(band.low <= band.median && band.median <= band.high, entry.model);
    }
    assert.ok(entry.failedRuns < entry.runs);
  }
  assert.equal(bookBand("bnLenet")?.runs, 49);
  assert.equal(bookBand("BN-LeNet-scratch")?.runs, 51);
  assert.equal(bookBand("vgg-11")?.trainLoss.median, 0.178);
  assert.equal(bookBand("resnet"), undefined);
});

test("parity is judged on training loss and accuracy, not on the test accuracy", () => {
  const comparison = compareWithBook("bn-lenet", metrics);
  assert.equal(comparison?.parity, true);
  assert.deepEqual(
    comparison?.rows.map((row) => row.verdict),
    ["inside", "inside", "below", undefined],
  );
  assert.ok(comparison?.notes.some((note) => /jumps between epochs/.test(note)));
  const off = compareWithBook("bn-lenet", { ...metrics, trainLoss: 0.2756 });
  assert.deepEqual([off?.parity, off?.rows[0].verdict], [false, "above"]);
});

test("the band has three decimals: its edges are inside", () => {
  const loss = (trainLoss: number) => compareWithBook("bn-lenet", { ...metrics, trainLoss })?.rows[0].verdict;
  assert.equal(loss(0.2754), "inside");
  assert.equal(loss(0.2626), "inside");
  assert.equal(loss(0.2624), "below");
  assert.equal(loss(Number.NaN), "not a number");
});

test("another number of epochs, or other settings, are not judged and say so", () => {
  const short = compareWithBook("lenet", { ...metrics, epochs: 2 });
  assert.equal(short?.parity, undefined);
  assert.ok(short?.notes.some((note) => note === "Not judged: this run has 2 epochs, the book's have 10."));
  const other = compareWithBook("lenet", metrics, { differences: ["lr 0.1 instead of 0.9"] });
  assert.ok(other?.notes.some((note) => note.includes("lr 0.1 instead of 0.9")));
  assert.equal(compareWithBook("mine", metrics), undefined);
});

test("the closing table", () => {
  const comparison = compareWithBook("bn-lenet", metrics);
  assert.ok(comparison);
  const lines = renderComparison(comparison, { unicode: false });
  assert.match(lines[0], /^BN-LeNet +ours +the book +its band$/);
  assert.match(lines[2], /^training loss +0\.269 +0\.268 +0\.263-0\.275 +inside$/);
  assert.match(lines[4], /^test accuracy +0\.571 +0\.830 +0\.773-0\.871 +below the band$/);
  assert.match(lines[5], /^examples\/s +20,123 +60,849$/);
  assert.match(lines.join("\n"), /^[\x20-\x7e\n]*$/);
  const painted = renderComparison(comparison, { colour: 4 });
  assert.ok(painted[2].endsWith("\u001b[32minside\u001b[39m"));
});

test("metrics that are missing leave their place empty", () => {
  const comparison = compareWithBook("lenet", { epochs: 10, trainLoss: 0.46, trainAccuracy: 0.82 });
  assert.ok(comparison);
  assert.match(renderComparison(comparison)[4], /^test accuracy +– +0\.807 +0\.787–0\.820$/);
});

test("a network that the book does not have gets its metrics alone", () => {
  const lines = renderMetrics("mine", { epochs: 1, trainLoss: 1, trainAccuracy: 0.5, seconds: 61 });
  assert.match(lines[0], /^mine +1 epoch$/);
  assert.match(lines.at(-1) as string, /^time +1:01$/);
});
