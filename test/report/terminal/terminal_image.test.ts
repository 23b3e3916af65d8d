// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape characters are what these tests look for
import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError } from "../../../src/base/errors.ts";
import { resample } from "../../../src/report/image.ts";
import { renderImage, renderPrediction } from "../../../src/report/terminal/terminal_image.ts";
import { displayWidth, stripAnsi } from "../../../src/report/terminal/text_width.ts";

const ramp = (width: number, height: number) => ({
  width,
  height,
  channels: 1 as const,
  data: Uint8Array.from({ length: width * height }, (_, i) =>
    Math.round((255 * (i % width)) / (width - 1 || 1)),
  ),
});

test("two pixels a character in colour, with their own greys", () => {
  const image = { width: 2, height: 2, channels: 1 as const, data: Uint8Array.of(0, 255, 10, 200) };
  assert.deepEqual(renderImage(image, { colour: 24 }), [
    "\u001b[38;2;0;0;0;48;2;10;10;10m▀\u001b[38;2;255;255;255;48;2;200;200;200m▀\u001b[0m",
  ]);
  assert.match(renderImage(image, { colour: 8 })[0], /38;5;16;48;5;232m▀.*38;5;231;48;5;251m▀/);
});

test("sizes: 28x28, odd heights, large and long images", () => {
  for (const colour of [0, 4, 8, 24] as const) {
    const square = renderImage(ramp(28, 28), { colour });
    assert.equal(square.length, 14);
    for (const line of square) assert.equal(displayWidth(line), 28);
    const odd = renderImage(ramp(3, 5), { colour });
    assert.equal(odd.length, 3);
    const large = renderImage(ramp(224, 224), { colour, maxColumns: 40, maxRows: 20 });
    assert.equal(large.length, 20);
    assert.equal(displayWidth(large[0]), 40);
    assert.equal(renderImage(ramp(500, 1), { colour }).length, 1);
    assert.equal(renderImage(ramp(1, 1), { colour }).length, 1);
  }
});

test("without colour: no escape code, dense characters where the image is light", () => {
  const lines = renderImage(ramp(10, 4), { unicode: false });
  assert.deepEqual(lines, [" .:-=+*#%@", " .:-=+*#%@"]);
  assert.equal(renderImage(ramp(10, 4), {})[0].at(-1), "█");
});

test("resampling keeps the mean brightness", () => {
  const mean = (data: ArrayLike<number>) => Array.from(data).reduce((a, b) => a + b, 0) / data.length;
  const small = resample(ramp(28, 28), 9, 5);
  assert.equal(small.data.length, 45);
  assert.ok(Math.abs(mean(small.data) - 127.5) < 1);
});

test("an image whose values do not fit its size is refused", () => {
  assert.throws(
    () => renderImage({ width: 28, height: 28, channels: 1, data: Uint8Array.of(1, 2) }),
    ArgumentError,
  );
  assert.throws(
    () => renderImage({ width: 0, height: 0, channels: 1, data: new Uint8Array(0) }),
    ArgumentError,
  );
});

const classes = [
  { label: "shirt 衬衫", probability: 0.2 },
  { label: "t-shirt T恤", probability: 0.7 },
  { label: "dress 连衣裙", probability: 0.1 },
];

test("a prediction: likeliest first, bars by probability, the right class marked", () => {
  const text = renderPrediction(ramp(28, 28), classes, { truth: "shirt 衬衫", title: "test:17" }).map(
    stripAnsi,
  );
  const found = text.flatMap(
    (line) => /(✓)? +(t-shirt|shirt|dress)\b.*?(█*)[▏▎▍▌▋▊▉]? +([\d.]+) %/.exec(line.slice(28)) ?? [],
  );
  assert.deepEqual(
    text.flatMap((line) => /(t-shirt|shirt|dress) /.exec(line)?.[1] ?? []),
    ["t-shirt", "shirt", "dress"],
  );
  assert.ok(found.length > 0);
  assert.ok(text.some((line) => line.includes("✓ shirt 衬衫")));
  assert.ok(text.some((line) => line.endsWith("test:17")));
  const bars = text.flatMap((line) => (/ %$/.test(line) ? [line.slice(28).split("█").length - 1] : []));
  assert.ok(bars[0] > bars[1] && bars[1] > bars[2]);
  const ends = text.filter((line) => line.endsWith("%")).map(displayWidth);
  assert.equal(new Set(ends).size, 1, "percentages line up");
});

test("a prediction fits the terminal, beside or below", () => {
  for (const columns of [100, 80, 61, 50, 30]) {
    const lines = renderPrediction(ramp(28, 28), classes, { columns, title: "x".repeat(200), colour: 24 });
    for (const line of lines) assert.ok(displayWidth(line) <= columns, `${columns}: ${stripAnsi(line)}`);
  }
});

test("NaN probabilities and labels with escape codes do no harm", () => {
  const odd = [
    { label: "a\u001b[2J", probability: Number.NaN },
    { label: "b", probability: 1 },
  ];
  const text = renderPrediction(ramp(4, 4), odd, { unicode: false }).join("\n");
  assert.match(text, /NaN/);
  assert.doesNotMatch(text, /\u001b/);
});
