import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError } from "../../src/base/errors.ts";
import { confusionMetrics, mostConfused } from "../../src/report/confusion.ts";
import { renderConfusionSvg } from "../../src/report/svg/confusion_svg.ts";
import { smallMatrix } from "./sample_run.ts";
import { readMarkup } from "./svg/markup.ts";

test("precision, recall and F1 by hand", () => {
  const metrics = confusionMetrics(smallMatrix);
  assert.equal(metrics.total, 10);
  assert.equal(metrics.accuracy, 0.7);
  assert.deepEqual(metrics.classes[0], {
    index: 0,
    support: 5,
    predicted: 6,
    right: 4,
    precision: 4 / 6,
    recall: 4 / 5,
    f1: 8 / 11,
  });
  assert.ok(Math.abs(metrics.macroF1 - (8 / 11 + 6 / 9) / 2) < 1e-12);
});

test("a class that never occurs, or never is predicted, has no quotient and does not affect the means", () => {
  const metrics = confusionMetrics([
    [3, 0, 0],
    [1, 0, 0],
    [0, 0, 0],
  ]);
  assert.ok(Number.isNaN(metrics.classes[1].precision));
  assert.equal(metrics.classes[1].recall, 0);
  assert.ok(Number.isNaN(metrics.classes[2].recall));
  assert.equal(metrics.macroRecall, 0.5);
});

test("the pairs that were confused most", () => {
  const pairs = mostConfused(
    [
      [5, 3, 0],
      [1, 9, 0],
      [0, 4, 0],
    ],
    2,
  );
  assert.deepEqual(pairs, [
    { truth: 2, predicted: 1, count: 4, share: 1 },
    { truth: 0, predicted: 1, count: 3, share: 3 / 8 },
  ]);
});

test("matrices that are none are refused", () => {
  assert.throws(
    () => confusionMetrics([[1, 2], [3]]),
    (error: Error) => {
      assert.ok(error instanceof ArgumentError);
      assert.match(error.message, /row 1 has 1 counts, expected 2/);
      return true;
    },
  );
  assert.throws(() => confusionMetrics([[-1]]), /\[0\]\[0\] is -1/);
  assert.throws(() => confusionMetrics([[Number.NaN]]), ArgumentError);
});

test("the heat map: a cell for each pair, counts and names in it, well-formed", () => {
  const names = [{ en: "t-shirt", zh: "T恤" }, `a<b & "c"`];
  const markup = readMarkup(renderConfusionSvg(smallMatrix, { classNames: names }));
  const cells = markup.elements.filter((el) => ["cv-right", "cv-wrong"].includes(el.attributes.class));
  assert.equal(cells.length, 4);
  assert.deepEqual(
    cells.map((cell) => cell.attributes.class),
    ["cv-right", "cv-wrong", "cv-wrong", "cv-right"],
  );
  assert.ok(Number(cells[2].attributes["fill-opacity"]) > Number(cells[1].attributes["fill-opacity"]));
  for (const words of ["t-shirt T恤", `a<b & "c"`, "taken for", "true class"])
    assert.ok(markup.text.includes(words));
  assert.ok(markup.text.includes(`t-shirt T恤 taken for a<b & "c": 1 (20.0 %)`));
  assert.match(markup.elements[0].attributes["aria-label"], /2 classes, 10 examples, accuracy 70\.0 %/);
});

test("many classes, no class, and empty rows stay well-formed", () => {
  for (const n of [0, 1, 12, 13, 30, 120]) {
    const matrix = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (i === j ? 3 : 0)),
    );
    const markup = readMarkup(renderConfusionSvg(matrix, {}));
    const { width, height } = markup.elements[0].attributes;
    assert.ok(Number(width) < 1000 && Number(height) < 1000, `${n}: ${width} x ${height}`);
  }
  readMarkup(
    renderConfusionSvg([
      [0, 0],
      [0, 0],
    ]),
  );
});
