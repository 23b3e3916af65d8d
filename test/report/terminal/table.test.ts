// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape characters are what these tests look for
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderSummary, summaryTotals } from "../../../src/report/terminal/summary_table.ts";
import { renderTable } from "../../../src/report/terminal/table.ts";
import { displayWidth } from "../../../src/report/terminal/text_width.ts";

const rows = [
  ["T恤", "0.85"],
  ["连衣裙", "0.9"],
  ["ankle boot", "0.97"],
];
const columns = [{ title: "class" }, { title: "recall", align: "right" as const }];

test("columns line up by display width", () => {
  const lines = renderTable(columns, rows);
  assert.deepEqual(lines, [
    "class       recall",
    "──────────────────",
    "T恤           0.85",
    "连衣裙         0.9",
    "ankle boot    0.97",
  ]);
  assert.deepEqual([...new Set(lines.map(displayWidth))], [18]);
});

test("a limit is kept, flexible columns give way first, ASCII stays ASCII", () => {
  const wide = [["a very long name of a layer indeed", "12345678"]];
  const lines = renderTable([{ title: "layer", flexible: true }, { title: "n" }], wide, {
    width: 24,
    unicode: false,
  });
  for (const line of lines) assert.ok(displayWidth(line) <= 24, line);
  assert.match(lines[2], /^a very long n~\s+12345678$/);
  assert.match(lines.join("\n"), /^[\x20-\x7e\n]*$/);
});

test("missing cells, no rows, and control characters", () => {
  assert.deepEqual(renderTable(columns, []), ["class  recall", "─────────────"]);
  assert.equal(renderTable(columns, [["a"]])[2], "a");
  assert.doesNotMatch(renderTable(columns, [["a\u001b[31m\nb", "1"]]).join(""), /\u001b|\n/);
});

test("colour only if it is asked for", () => {
  assert.doesNotMatch(renderTable(columns, rows).join(""), /\u001b/);
  assert.match(renderTable(columns, rows, { colour: 8 }).join(""), /\u001b\[1m/);
});

test("within any width every row is one line, numbers are whole or left out, and what is left out is named", () => {
  const columns = [
    { title: "layer", flexible: true, rank: 0 },
    { title: "output shape", short: "output", rank: 1 },
    { title: "parameters", short: "params", align: "right" as const, rank: 2 },
    { title: "bytes", align: "right" as const, rank: 3 },
  ];
  const wide = [
    ["Conv2d(1, 6, kernelSize=5, padding=2)", "6×28×28", "12,345,678", "18.4 KiB"],
    ["连衣裙连衣裙连衣裙连衣裙", "64×112×112", "1", "3.06 MiB"],
  ];
  const whole = new Set(wide.flatMap((row) => row.slice(2)));
  for (let width = 12; width < 90; width++) {
    const lines = renderTable(columns, wide, { width, colour: 8 });
    for (const line of lines) assert.ok(displayWidth(line) <= width, `${width}: ${line}`);
    const rows = lines.slice(2, 4).map((line) => line.trim().split(/ {2,}/));
    for (const row of rows)
      for (const text of row.filter((cell) => /^[\d,.]+( [KM]iB)?$/.test(cell)))
        assert.ok(whole.has(text), `${width}: ${text}`);
    const shown = rows[0].length;
    const note = lines.slice(4).join("");
    if (shown === 4) assert.equal(note, "");
    else assert.match(note, width > 40 ? /no room for: .*bytes/ : /no room for/);
  }
});

test("the summary lists layers and adds them up", () => {
  const layers = [
    {
      path: "0",
      layer: "Conv2d",
      outputShape: [6, 28, 28],
      parameters: 156,
      multiplyAdds: 117600,
      bytes: 18816,
    },
    { path: "1", layer: "Sigmoid", outputShape: [6, 28, 28], parameters: 0, bytes: 18816 },
    { path: "2", layer: "Linear", outputShape: [10], parameters: 61550, multiplyAdds: 850, bytes: 40 },
  ];
  assert.deepEqual(summaryTotals(layers), { parameters: 61706, multiplyAdds: 118450, bytes: 37672 });
  const lines = renderSummary(layers);
  assert.match(lines[2], /^0 +Conv2d +6×28×28 +156 +118 k +18\.4 KiB$/);
  assert.match(lines[3], /^1 +Sigmoid +6×28×28 +18\.4 KiB$/);
  assert.match(lines.at(-1) as string, /^total +61,706 +118 k +36\.8 KiB$/);
  assert.match(renderSummary(layers, { unicode: false }).join("\n"), /^[\x20-\x7e\n]*$/);
});
