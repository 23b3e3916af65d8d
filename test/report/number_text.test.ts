import assert from "node:assert/strict";
import { test } from "node:test";
import * as text from "../../src/report/number_text.ts";

test("numbers as text", () => {
  assert.equal(text.formatCount(61706), "61,706");
  assert.equal(text.formatCount(46764746), "46,764,746");
  assert.equal(text.formatCount(-1234), "-1,234");
  assert.equal(text.formatCount(999), "999");
  assert.equal(text.formatScaled(416520), "417 k");
  assert.equal(text.formatScaled(938e6), "938 M");
  assert.equal(text.formatScaled(7.5e9), "7.5 G");
  assert.equal(text.formatScaled(999_600), "1 M");
  assert.equal(text.formatBytes(0), "0 B");
  assert.equal(text.formatBytes(1536), "1.5 KiB");
  assert.equal(text.formatBytes(2 ** 30), "1 GiB");
  assert.equal(text.formatMetric(0.4678), "0.468");
  assert.equal(text.formatMetric(1e9), "1.00e+9");
  assert.equal(text.formatMetric(0.0001), "1.00e-4");
  assert.equal(text.formatMetric(Number.NaN), "NaN");
  assert.equal(text.formatMetric(Number.NEGATIVE_INFINITY), "-inf");
  assert.equal(text.formatRate(21340.4), "21,340");
  assert.equal(text.formatRate(27.41), "27.4");
});

test("a percentage is never rounded to certainty", () => {
  assert.equal(text.formatPercent(1), "100.0 %");
  assert.equal(text.formatPercent(0.99999), "> 99.9 %");
  assert.equal(text.formatPercent(0.00001), "< 0.1 %");
  assert.equal(text.formatPercent(0), "0.0 %");
  assert.equal(text.formatPercent(0.8312), "83.1 %");
});

test("durations", () => {
  assert.equal(text.formatDuration(0), "0:00");
  assert.equal(text.formatDuration(59.6), "1:00");
  assert.equal(text.formatDuration(723), "12:03");
  assert.equal(text.formatDuration(3723), "1:02:03");
  assert.equal(text.formatDuration(93784), "1 d 2:03:04");
  assert.equal(text.formatDuration(Number.NaN), "-:--");
});
