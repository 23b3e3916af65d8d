/** The book's helpers that draw tensors: in a terminal, as SVG, in a file. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inflateSync } from "node:zlib";
import {
  ArgumentError,
  arange,
  book,
  ones,
  ShapeError,
  stopEngine,
  tensor,
  useEngine,
  zeros,
} from "../../src/index.ts";
import type { Terminal } from "../../src/report/terminal/terminal.ts";

before(() => useEngine("reference"));
after(() => stopEngine());

/** The images in an SVG document, decoded: PNG with one unfiltered IDAT chunk, as this package writes it. */
function imagesIn(svg: string): { width: number; height: number; data: number[] }[] {
  return [...svg.matchAll(/href="data:image\/png;base64,([^"]*)"/g)].map(([, text]) => {
    const png = Buffer.from(text, "base64");
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    const start = png.indexOf("IDAT");
    const raw = inflateSync(png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4)));
    const stride = raw.length / height;
    const rows = Array.from({ length: height }, (_, y) => [
      ...raw.subarray(y * stride + 1, (y + 1) * stride),
    ]);
    return { width, height, data: rows.flat() };
  });
}

test("showImages draws grey images from their smallest to their largest value, with titles, row by row", async () => {
  const figure = await book.showImages(arange(12, { dtype: "float32" }).reshape(3, 2, 2), 2, 2, [
    "a",
    "<b>",
    "c",
  ]);
  const svg = figure.toSvg();
  const images = imagesIn(svg);
  assert.deepEqual(
    images.map(({ width, height, data }) => ({ width, height, data })),
    [...Array.from({ length: 3 }, () => ({ width: 2, height: 2, data: [0, 85, 170, 255] }))],
  );
  assert.ok(svg.includes(">a</text>") && svg.includes(">&lt;b&gt;</text>"));
  const places = [...svg.matchAll(/<image x="([\d.]+)" y="([\d.]+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);
  assert.ok(places[0][1] === places[1][1] && places[0][0] < places[1][0]);
  assert.ok(places[2][0] === places[0][0] && places[2][1] > places[0][1]);
  const text = figure.toString(20).split("\n");
  assert.equal(text[0].trimEnd(), "a         <b>");
  assert.ok(text.every((line) => line.length <= 20));
});

test("showImages takes colours, bytes, lists, and fewer images than places", async () => {
  const red = tensor([[[1]], [[0]], [[0.5]]]);
  const bytes = tensor(
    [
      [0, 128],
      [255, 7],
    ],
    { dtype: "uint8" },
  );
  const figure = await book.showImages([red, red.permute(1, 2, 0), bytes], 1, 5, { scale: 0.5 });
  assert.deepEqual(
    imagesIn(figure.toSvg()).map(({ data }) => data),
    [
      [255, 0, 128],
      [255, 0, 128],
      [0, 128, 255, 7],
    ],
  );
  const four = await book.showImages(zeros(4, 1, 2, 2), 1, 2);
  assert.equal(imagesIn(four.toSvg()).length, 2);
});

test("showHeatmaps colours matrices by one scale, with names of axes, titles and a bar", async () => {
  const matrices = tensor([[[[0, 1]], [[3, Number.NaN]]]]);
  const figure = await book.showHeatmaps(matrices, "Keys", "Queries", { titles: ["one", "two"] });
  const svg = figure.toSvg();
  assert.deepEqual(
    imagesIn(svg).map(({ data }) => data),
    [
      // 1 of 0 to 3 lies two thirds of the way from the third of the nine colours to the fourth.
      [0xff, 0xf5, 0xf0, 255, 252, 160, 130, 255],
      [0x67, 0x00, 0x0d, 255, 0, 0, 0, 0],
    ],
  );
  for (const words of ["Keys", "Queries", "one", "two", ">3</text>", ">0</text>"])
    assert.ok(svg.includes(words), words);
  assert.match(figure.toString(), /Queries down, Keys across; 0 to 3$/);
  await assert.rejects(book.showHeatmaps(ones(2, 2), "x", "y"), ShapeError);
  await assert.rejects(
    book.showHeatmaps(ones(1, 1, 2, 2), "x", "y", { cmap: "Redz" }),
    /unknown colour map `Redz`.*`Reds`/,
  );
});

test("what is not an image is refused", async () => {
  await assert.rejects(book.showImages(ones(2, 2), 1, 1), ShapeError);
  await assert.rejects(book.showImages([ones(5, 5, 5)], 1, 1), /expected images of shape \[H, W\]/);
  await assert.rejects(book.showImages([1] as never, 1, 1), ArgumentError);
  await assert.rejects(book.showImages(ones(1, 2, 2), 0, 1), /expected `numRows` to be an integer/);
});

test("a figure goes to the terminal, to a notebook and to a file", async () => {
  const written: string[] = [];
  const terminal: Terminal = {
    write: (text: string) => void written.push(text),
    isTTY: true,
    columns: 40,
    rows: 20,
    colour: 24,
    unicode: true,
  } as Terminal;
  const figure = await book.showImages(ones(2, 2, 2), 1, 2, { terminal });
  assert.ok(written.length > 0 && written.every((line) => line.endsWith("\n")));
  const shown = (figure as unknown as Record<symbol, () => Record<string, string>>)[
    Symbol.for("Jupyter.display")
  ]();
  assert.equal(shown["image/svg+xml"], figure.toSvg());
  const folder = mkdtempSync(join(tmpdir(), "convoyant-figure-"));
  try {
    await figure.save(join(folder, "figure.svg"));
    assert.equal(readFileSync(join(folder, "figure.svg"), "utf8"), figure.toSvg());
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an Accumulator adds numbers only", () => {
  const metric = book.Accumulator(1);
  assert.throws(() => metric.add(ones(1).sum() as never), /await x\.item\(\)/);
  assert.throws(() => metric.add(Promise.resolve(1) as never), ArgumentError);
  metric.add(2);
  assert.equal(metric[0], 2);
});

test("tryGpu names the device there is", () => {
  assert.deepEqual(
    [book.tryGpu(), book.tryGpu(3), book.tryAllGpus(), ones(1).device],
    ["cpu", "cpu", ["cpu"], "cpu"],
  );
  assert.throws(() => book.tryGpu(-1), ArgumentError);
});
