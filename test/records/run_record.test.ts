import assert from "node:assert/strict";
import { test } from "node:test";
import { finalMetrics, metricsLine, parseMetrics } from "../../src/records/run_record.ts";
import { samplePoints } from "../report/sample_run.ts";

test("points survive writing and reading", () => {
  const points = samplePoints(2);
  const text = points.map(metricsLine).join("");
  assert.equal(text.split("\n").length, 11);
  assert.deepEqual(parseMetrics(text), { points, length: text.length });
});

test("a file cut off at any place reads up to its last whole line", () => {
  const points = samplePoints(1);
  const text = points.map(metricsLine).join("");
  for (let cut = 0; cut <= text.length; cut++) {
    const read = parseMetrics(text.slice(0, cut));
    const whole = text.slice(0, cut).split("\n").length - 1;
    assert.equal(read.points.length, whole);
    assert.equal(read.length, text.slice(0, cut).lastIndexOf("\n") + 1);
  }
});

test("a loss that is not a number comes back as one", () => {
  const line = metricsLine({ epoch: 0.2, trainLoss: Number.NaN, trainAccuracy: 0.1 });
  assert.match(line, /"trainLoss":null/);
  assert.ok(Number.isNaN(parseMetrics(line).points[0].trainLoss));
});

test("a broken line in the middle is an error that names it, at the end it is left out", () => {
  const good = metricsLine({ epoch: 0.2, trainLoss: 1, trainAccuracy: 0.1 });
  assert.throws(() => parseMetrics(`${good}{"epo\n${good}`), /line 2 is not a metrics point: \{"epo/);
  assert.throws(() => parseMetrics(`42\n${good}`), /line 1/);
  assert.equal(parseMetrics(`${good}{"epo\n`).length, good.length);
});

test("final metrics: the last point, and the last test accuracy", () => {
  const points = samplePoints(3);
  points.push({ epoch: 3.2, trainLoss: 0.2, trainAccuracy: 0.93, seconds: 12 });
  const metrics = finalMetrics(points);
  assert.equal(metrics?.epochs, 3.2);
  assert.equal(metrics?.trainLoss, 0.2);
  assert.equal(metrics?.testAccuracy, points[14].testAccuracy);
  assert.equal(metrics?.seconds, 12);
  assert.equal(finalMetrics([]), undefined);
});
