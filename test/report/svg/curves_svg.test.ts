import assert from "node:assert/strict";
import { test } from "node:test";
import { type Curve, medianCurve, trainingCurves } from "../../../src/report/curves.ts";
import { renderCurvesSvg } from "../../../src/report/svg/curves_svg.ts";
import { samplePoints } from "../sample_run.ts";
import { type Markup, readMarkup } from "./markup.ts";

const has = (name: string, markup: Markup, classes: string) =>
  markup.elements.filter(
    (element) => element.name === name && (element.attributes.class ?? "").includes(classes),
  );

/** Every number in the coordinates of a chart. */
function coordinates(markup: Markup): number[] {
  return markup.elements.flatMap(({ attributes }) =>
    ["d", "x", "y", "cx", "cy", "width", "height"].flatMap((name) =>
      name in attributes
        ? (attributes[name].match(/-?[\d.]+(e[+-]?\d+)?|NaN|Infinity/g) ?? []).map(Number)
        : [],
    ),
  );
}

test("the book's chart: legend, both axes, three lines with three dashes, last values", () => {
  const source = renderCurvesSvg(trainingCurves(samplePoints()), { title: "LeNet", xRange: [0, 10] });
  assert.match(
    source,
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/,
  );
  const markup = readMarkup(source);
  for (const words of [
    "LeNet",
    "train loss",
    "train acc",
    "test acc",
    "epoch",
    "10",
    "0.250",
    "0.910",
    "0.830",
  ]) {
    assert.ok(markup.text.includes(words), words);
  }
  const lines = has("path", markup, "cv-line").filter((element) => !/h30$/.test(element.attributes.d));
  assert.equal(lines.length, 3);
  assert.equal(new Set(lines.map((element) => element.attributes["stroke-dasharray"])).size, 3);
  assert.equal(lines[0].attributes.d.split("L").length, 50);
  assert.ok(has("path", markup, "cv-grid").length > 8);
  assert.match(markup.elements[0].attributes["aria-label"], /LeNet: train loss 0\.250 at 10/);
  assert.match(markup.text, /prefers-color-scheme:dark/);
});

test("a lower loss lies lower in the chart, a later epoch further right", () => {
  const points = [
    { x: 1, y: 2 },
    { x: 2, y: 1 },
  ];
  const markup = readMarkup(renderCurvesSvg([{ name: "a", points }]));
  const d = has("path", markup, "cv-line").at(-1)?.attributes.d as string;
  const [x0, y0, x1, y1] = (d.match(/-?[\d.]+/g) as string[]).map(Number);
  assert.ok(x1 > x0 && y1 > y0);
});

test("a band is drawn if the points have one", () => {
  const runs = [0, 0.1, 0.2].map((shift) =>
    samplePoints(2).map((p) => ({ x: p.epoch, y: p.trainLoss + shift })),
  );
  const markup = readMarkup(renderCurvesSvg([medianCurve("loss", runs)]));
  const band = has("path", markup, "cv-band");
  assert.equal(band.length, 1);
  assert.match(band[0].attributes.d, /Z$/);
  assert.equal(
    band[0].attributes.d.split("L").length,
    20,
    "up along the high values, back along the low ones",
  );
});

test("names are escaped, and control characters do not break the XML", () => {
  const name = `<script>"a" & 'b'</script> ]]> \u0000\u001b`;
  const source = renderCurvesSvg(
    [
      {
        name,
        points: [
          { x: 0, y: 1 },
          { x: 1, y: 2 },
        ],
      },
    ],
    {
      title: "<b>&amp;</b>",
      xLabel: "a<b",
      yLabel: "x&y",
    },
  );
  const markup = readMarkup(source);
  assert.ok(!markup.elements.some((element) => ["script", "b"].includes(element.name)));
  assert.ok(markup.text.includes(`<script>"a" & 'b'</script>`));
  assert.ok(markup.text.includes("<b>&amp;</b>"));
  assert.doesNotMatch(source, /[\u0000-\u0008\u000e-\u001f]/);
});

test("NaN breaks a line in two; alone it draws nothing; coordinates stay finite", () => {
  const line = (values: number[]): Curve[] => [{ name: "a", points: values.map((y, x) => ({ x, y })) }];
  const dOf = (values: number[]) =>
    has("path", readMarkup(renderCurvesSvg(line(values))), "cv-line").at(-1)?.attributes.d;
  assert.equal(dOf([1, 2, Number.NaN, 3, 4])?.split("M").length, 3);
  for (const values of [
    [],
    [0.5],
    [0.5, 0.5],
    [Number.NaN],
    [1e300, -1e300],
    [-1.7e308, 1.7e308],
    [0, 1e-12],
  ]) {
    const markup = readMarkup(renderCurvesSvg(line(values)));
    const numbers = coordinates(markup);
    assert.ok(
      numbers.every((value) => Number.isFinite(value) && Math.abs(value) < 5000),
      String(values),
    );
  }
  assert.match(readMarkup(renderCurvesSvg(line([]))).text, /no points yet/);
  assert.match(readMarkup(renderCurvesSvg([])).text, /no points yet/);
  assert.equal(has("circle", readMarkup(renderCurvesSvg(line([0.5]))), "cv-f-blue").length, 1);
});

test("a long last value has room beside the field", () => {
  const width = 640;
  const chart = (y: number) => {
    const curves = [
      {
        name: "rate",
        points: [
          { x: 0, y: 2 },
          { x: 10, y },
        ],
      },
    ];
    const markup = readMarkup(renderCurvesSvg(curves, { width }));
    const [value] = has("text", markup, "cv-strong");
    return Number(value.attributes.x);
  };
  // As wide as its letters in bold: "2.60e-8" has seven.
  assert.ok(width - chart(2.6e-8) > 7 * 7.2, `${width - chart(2.6e-8)}`);
  assert.ok(chart(2.6e-8) < chart(0.5));
});

test("last values never overlap", () => {
  const curves = [0.8, 0.801, 0.802, 0.1].map((y, i) => ({
    name: `c${i}`,
    points: [
      { x: 0, y: 0.5 },
      { x: 1, y },
    ],
  }));
  const labels = has("text", readMarkup(renderCurvesSvg(curves)), "cv-strong").map((el) =>
    Number(el.attributes.y),
  );
  assert.equal(labels.length, 4);
  labels.sort((a, b) => a - b);
  for (let i = 1; i < labels.length; i++) assert.ok(labels[i] - labels[i - 1] >= 14.9);
});

test("inline charts bring neither XML declaration nor style sheet", () => {
  const source = renderCurvesSvg(trainingCurves(samplePoints(1)), { inline: true });
  assert.match(source, /^<svg /);
  assert.ok(!readMarkup(source).elements.some((element) => element.name === "style"));
});
