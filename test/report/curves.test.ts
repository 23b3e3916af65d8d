import assert from "node:assert/strict";
import { test } from "node:test";
import { curveStyle, medianCurve, quantile, trainingCurves } from "../../src/report/curves.ts";
import { samplePoints } from "./sample_run.ts";

test("the book's three curves; test accuracy only if it was measured", () => {
  const curves = trainingCurves(samplePoints());
  assert.deepEqual(
    curves.map((curve) => curve.name),
    ["train loss", "train acc", "test acc"],
  );
  assert.deepEqual(
    curves.map((curve) => curve.points.length),
    [50, 50, 10],
  );
  assert.deepEqual(
    curves[2].points.map((point) => point.x),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  assert.equal(trainingCurves(samplePoints(), { testLoss: true })[3].points.length, 10);
});

test("the book's formats come first, and no look repeats within 32 curves", () => {
  const styles = Array.from({ length: 32 }, (_, i) => curveStyle({ name: "", points: [] }, i));
  assert.deepEqual(styles.slice(0, 4), [
    { colour: "blue", dash: "solid" },
    { colour: "magenta", dash: "dashed" },
    { colour: "green", dash: "dashdot" },
    { colour: "red", dash: "dotted" },
  ]);
  assert.equal(new Set(styles.map((style) => `${style.colour} ${style.dash}`)).size, 32);
});

test("quantiles as numpy.quantile has them", () => {
  assert.equal(quantile([3, 1, 2, 4], 0.5), 2.5);
  assert.ok(Math.abs(quantile([3, 1, 2, 4], 0.1) - 1.3) < 1e-12);
  assert.equal(quantile([7], 0.9), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test("a median over runs keeps common x and leaves failed runs out", () => {
  const run = (values: number[]) => values.map((y, i) => ({ x: i + 1, y }));
  const curve = medianCurve("loss", [run([1, 2, 3]), run([3, Number.NaN, 5]), run([2, 4])]);
  assert.deepEqual(
    curve.points.map((point) => [point.x, point.y]),
    [
      [1, 2],
      [2, 3],
    ],
  );
  assert.ok(Math.abs((curve.points[0].low as number) - 1.2) < 1e-12);
  assert.ok(Math.abs((curve.points[0].high as number) - 2.8) < 1e-12);
  assert.deepEqual(medianCurve("none", []).points, []);
});
