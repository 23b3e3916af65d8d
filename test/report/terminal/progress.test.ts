import assert from "node:assert/strict";
import { test } from "node:test";
import { Estimate, formatProgress } from "../../../src/report/terminal/progress.ts";
import { displayWidth } from "../../../src/report/terminal/text_width.ts";

const state = {
  epoch: 3,
  epochs: 10,
  step: 120,
  stepsPerEpoch: 235,
  loss: 0.5123,
  accuracy: 0.81,
  examplesPerSecond: 21340,
  elapsed: 65,
  remaining: 321,
};

test("a wide line has everything", () => {
  const line = formatProgress(state, { width: 120, unicode: false });
  assert.match(
    line,
    /^epoch {2}3\/10 {2}#+-+ {2}120\/235 {2}loss 0\.512 {2}accuracy 0\.810 {2}21,340 examples\/s {2}1:05, 5:21 left$/,
  );
  assert.ok(displayWidth(line) <= 120);
});

test("a narrow line drops what matters least, and never wraps", () => {
  for (let width = 1; width <= 130; width++) {
    for (const colour of [0, 8] as const) {
      const line = formatProgress(state, { width, colour });
      assert.ok(displayWidth(line) <= width, `${width}: ${line}`);
      if (width >= 50) assert.match(line, /0\.512/);
      if (width >= 40) assert.match(line, /5:21/);
    }
  }
});

test("before the first step there is neither loss nor estimate", () => {
  const line = formatProgress(
    { epoch: 1, epochs: 10, step: 0, stepsPerEpoch: 235, elapsed: 0 },
    { width: 80 },
  );
  assert.match(line, /-:-- left/);
  assert.doesNotMatch(line, /NaN|undefined/);
});

test("zero steps, zero epochs and NaN do not break the line", () => {
  const odd = { ...state, epochs: 0, stepsPerEpoch: 0, step: 0, loss: Number.NaN };
  assert.match(formatProgress(odd, { width: 100 }), /loss NaN/);
});

test("the estimate leaves the first step out", () => {
  const estimate = new Estimate(100);
  assert.equal(estimate.remaining(), undefined);
  estimate.update(1, 50); // building the program took 50 seconds
  assert.equal(estimate.remaining(), undefined);
  estimate.update(11, 51);
  assert.ok(Math.abs((estimate.remaining() as number) - 8.9) < 1e-9);
  estimate.update(100, 60);
  assert.equal(estimate.remaining(), 0);
});

test("a resumed run is estimated by its own pace", () => {
  const estimate = new Estimate(1000);
  estimate.update(900, 0);
  estimate.update(950, 10);
  assert.ok(Math.abs((estimate.remaining() as number) - 10) < 1e-9);
});
