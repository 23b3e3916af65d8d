import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { niceAxis, plotAxes } from "../../../src/report/svg/axis.ts";

test("ticks are round numbers inside the axis, in order, and not too many", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e12, max: 1e12, noNaN: true }),
      fc.double({ min: -1e12, max: 1e12, noNaN: true }),
      fc.integer({ min: 2, max: 12 }),
      fc.boolean(),
      (a, b, maxTicks, exact) => {
        const axis = niceAxis(Math.min(a, b), Math.max(a, b), { maxTicks, exact });
        assert.ok(axis.low < axis.high);
        const rounding = 1e-6 * Math.max(Math.abs(a), Math.abs(b)) + 1e-280;
        assert.ok(axis.low <= Math.min(a, b) + rounding && axis.high >= Math.max(a, b) - rounding);
        assert.ok(axis.ticks.length <= maxTicks + 2);
        const slack = (axis.high - axis.low) * 1e-5;
        for (const [i, tick] of axis.ticks.entries()) {
          assert.ok(tick.value >= axis.low - slack && tick.value <= axis.high + slack);
          if (i > 0) assert.ok(tick.value > axis.ticks[i - 1].value);
        }
      },
    ),
  );
});

test("epochs get whole ticks, losses a zero", () => {
  const points = [
    { x: 0.2, y: 2.3 },
    { x: 10, y: 0.4 },
  ];
  const { x, y } = plotAxes([{ name: "loss", points }], { xTicks: 6, yTicks: 6, xRange: [0, 10] });
  assert.deepEqual(
    x.ticks.map((tick) => tick.text),
    ["0", "2", "4", "6", "8", "10"],
  );
  assert.equal(y.low, 0);
  assert.ok(y.high >= 2.3);
  assert.deepEqual(
    y.ticks.map((tick) => tick.text),
    ["0", "0.5", "1.0", "1.5", "2.0"],
  );
});

test("accuracies far from zero are not squeezed flat", () => {
  const points = [0.9, 0.91, 0.95].map((y, x) => ({ x, y }));
  const { y } = plotAxes([{ name: "acc", points }], { xTicks: 4, yTicks: 5 });
  assert.ok(y.low > 0.85 && y.high < 1);
});

test("a constant, nothing at all, and the ends of the float range still make an axis", () => {
  for (const values of [
    [0.5, 0.5],
    [0, 0],
    [],
    [Number.NaN],
    [1e300, 1e300],
    [-1.7e308, 1.7e308],
    [1e-300, 2e-300],
  ]) {
    const points = values.map((y, x) => ({ x, y }));
    const { x, y } = plotAxes([{ name: "c", points }], { xTicks: 5, yTicks: 5 });
    for (const axis of [x, y]) {
      assert.ok(axis.low < axis.high, `${values}: ${axis.low} to ${axis.high}`);
      assert.ok(axis.ticks.length >= 1, `${values} has ticks`);
      assert.ok(axis.ticks.every((tick) => Number.isFinite(tick.value) && tick.text.length <= 10));
    }
  }
});
