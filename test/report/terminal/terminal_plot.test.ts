// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape characters are what these tests look for
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Curve } from "../../../src/report/curves.ts";
import { trainingCurves } from "../../../src/report/curves.ts";
import { renderPlot } from "../../../src/report/terminal/terminal_plot.ts";
import { displayWidth } from "../../../src/report/terminal/text_width.ts";
import { samplePoints } from "../sample_run.ts";

const curves = trainingCurves(samplePoints());
const line = (name: string, values: number[]): Curve => ({ name, points: values.map((y, x) => ({ x, y })) });

/** The rows of the field, without what stands left of the axis. */
function fieldOf(lines: string[]): string[] {
  return lines.flatMap((text) => /[│┤|+](.*)$/.exec(text)?.[1] ?? []);
}

test("exactly the lines and at most the columns that were asked for, whatever they are", () => {
  for (const [width, height] of [
    [80, 24],
    [120, 40],
    [40, 10],
    [24, 8],
    [10, 3],
    [1, 1],
    [300, 5],
    [79, 200],
  ]) {
    for (const unicode of [true, false]) {
      for (const colour of [0, 4, 8, 24] as const) {
        const lines = renderPlot(curves, {
          width,
          height,
          unicode,
          colour,
          xRange: [0, 10],
          xLabel: "轮次 epoch",
        });
        assert.equal(lines.length, height, `${width}x${height}`);
        for (const text of lines) assert.ok(displayWidth(text) <= width, `${width}x${height}: ${text}`);
      }
    }
  }
});

test("no escape code without colour, and nothing but ASCII without Unicode", () => {
  const options = { width: 80, height: 20, xRange: [0, 10] as const, xLabel: "epoch" };
  assert.doesNotMatch(renderPlot(curves, options).join("\n"), /\u001b/);
  assert.match(renderPlot(curves, { ...options, unicode: false }).join("\n"), /^[\x20-\x7e\n]*$/);
  assert.match(renderPlot(curves, { ...options, colour: 4 }).join("\n"), /\u001b\[94m/);
});

test("legend has every name with its last value; the axis has its ticks and its name", () => {
  const text = renderPlot(curves, { width: 80, height: 20, xRange: [0, 10], xLabel: "epoch" });
  assert.match(text[0], /train loss 0\.250 .*train acc 0\.910 .*test acc 0\.830/);
  assert.match(text.at(-1) as string, /^\s+0\s+2\s+4\s+6\s+8\s+epoch\s+10$/);
  assert.match(text.join("\n"), /0\.8 ┤[\s\S]*0\.2 ┤/);
});

test("a falling curve falls from the upper left to the lower right", () => {
  const rows = fieldOf(
    renderPlot([line("loss", [3, 2, 1, 0])], { width: 40, height: 12, unicode: false }),
  ).slice(0, -1);
  const columns = rows.map((row) => row.indexOf("*")).filter((at) => at >= 0);
  assert.ok(columns.length >= 8);
  assert.deepEqual(
    columns,
    [...columns].sort((a, b) => a - b),
  );
  assert.equal(rows.at(-1)?.trimEnd().length, Math.max(...rows.map((row) => row.trimEnd().length)));
});

test("curves differ without colour: marks in ASCII, dashes in braille", () => {
  const two = [line("a", [1, 1.01]), line("b", [3, 3.01])];
  const ascii = fieldOf(renderPlot(two, { width: 60, height: 12, unicode: false })).join("");
  assert.ok(ascii.includes("*") && ascii.includes("+"));
  const rows = fieldOf(renderPlot(two, { width: 60, height: 12 }));
  const inked = rows.map((row) => [...row].filter((c) => c > "\u2800" && c <= "\u28ff").length);
  const drawn = rows.filter((_, i) => inked[i] > 15);
  const gaps = drawn.map((row) => /[\u2801-\u28ff][ \u2800]+[\u2801-\u28ff]/.test(row));
  assert.deepEqual([...new Set(gaps)].sort(), [false, true], "one line unbroken, one broken");
});

test("a value that is not finite breaks the line and moves nothing", () => {
  const whole = renderPlot([line("a", [1, 2, 3, 4])], { width: 60, height: 12, unicode: false });
  const broken = renderPlot([line("a", [1, 2, Number.NaN, 4])], { width: 60, height: 12, unicode: false });
  const count = (lines: string[]) => fieldOf(lines).join("").split("*").length;
  assert.ok(count(broken) < count(whole));
  assert.equal(broken.at(-1), whole.at(-1));
  const infinite = renderPlot([line("a", [1, 2, Number.POSITIVE_INFINITY])], { width: 60, height: 12 });
  assert.match(infinite[0], /a inf/);
});

test("one point, a constant, no point, no curve, huge values: a chart all the same", () => {
  const inkOf = (list: Curve[]) =>
    fieldOf(renderPlot(list, { width: 60, height: 12, unicode: false }))
      .join("")
      .split("*").length - 1;
  assert.equal(inkOf([line("a", [0.5])]), 1);
  assert.ok(inkOf([line("a", [0.5, 0.5, 0.5])]) > 30);
  assert.equal(inkOf([line("a", [])]), 0);
  assert.equal(inkOf([line("a", [Number.NaN, Number.NaN])]), 0);
  assert.equal(renderPlot([], { width: 60, height: 12 }).length, 12);
  assert.ok(inkOf([line("a", [0, 1e300])]) > 5);
  assert.ok(inkOf([line("a", [-1.7e308, 1.7e308])]) > 5);
});

test("a name with an escape sequence reaches the terminal harmless", () => {
  assert.doesNotMatch(
    renderPlot([line("\u001b[2Jx", [1, 2])], { width: 60, height: 12 }).join("\n"),
    /\u001b/,
  );
});
