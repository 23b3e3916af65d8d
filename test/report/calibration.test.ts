import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError } from "../../src/base/errors.ts";
import { calibration } from "../../src/report/calibration.ts";
import { renderCalibrationSvg } from "../../src/report/svg/calibration_svg.ts";

/** A row for two classes with this probability of the first. */
const sure = (p: number) => [p, 1 - p];

test("the expected calibration error is that of the definition", () => {
  // (0.5, 0.6]: 0.55 right, 0.6 wrong; (0.9, 1]: 0.95 right, right, wrong.
  const rows = [sure(0.55), sure(0.6), sure(0.95), sure(0.95), sure(0.95)];
  const { bins, expectedError, examples } = calibration(rows, [0, 1, 0, 0, 1]);
  assert.equal(examples, 5);
  assert.deepEqual(
    bins.map(({ count }) => count),
    [0, 0, 0, 0, 0, 2, 0, 0, 0, 3],
  );
  assert.ok(Math.abs(bins[5].confidence - 0.575) < 1e-12 && bins[5].accuracy === 0.5);
  assert.ok(Math.abs(bins[9].confidence - 0.95) < 1e-12 && Math.abs(bins[9].accuracy - 2 / 3) < 1e-12);
  const expected = (2 / 5) * Math.abs(0.5 - 0.575) + (3 / 5) * Math.abs(2 / 3 - 0.95);
  assert.ok(Math.abs(expectedError - expected) < 1e-12, `${expectedError}, expected ${expected}`);
});

test("a bin holds its upper bound, and certainty is in the last one", () => {
  const { bins } = calibration([sure(0.5), sure(1)], [0, 0], 4);
  assert.deepEqual(
    bins.map(({ count }) => count),
    [0, 1, 0, 1],
  );
});

test("no images have no error, and unequal numbers are refused", () => {
  assert.equal(calibration([], []).expectedError, 0);
  assert.throws(() => calibration([sure(0.5)], []), ArgumentError);
  assert.throws(() => calibration([], [], 0), ArgumentError);
});

test("the diagram has a bar for each bin that has images, and says its error", () => {
  const svg = renderCalibrationSvg(calibration([sure(0.55), sure(0.95)], [0, 1]), { inline: true });
  assert.equal(svg.match(/<rect /g)?.length, 2);
  assert.match(svg, /aria-label="Reliability diagram: expected calibration error 70\.0 %"/);
});
