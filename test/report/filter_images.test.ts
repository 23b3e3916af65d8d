/** Kernels as images, and the section of the report that shows them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { filterImages, tiled } from "../../src/report/filter_images.ts";
import { renderReport } from "../../src/report/html/report_html.ts";
import { sampleReport } from "./sample_run.ts";

const grey = { layer: "0", shape: [2, 1, 1, 3], data: [-1, 0, 3, 5, 5, 5] } as const;

test("each filter on a scale of its own, or all on one with 0 in the middle", () => {
  const bytes = (scale: "each" | "all") => filterImages(grey, { scale }).map(({ data }) => [...data]);
  assert.deepEqual(bytes("each"), [
    [0, 64, 255],
    [128, 128, 128],
  ]);
  assert.deepEqual(bytes("all"), [
    [102, 128, 204],
    [255, 255, 255],
  ]);
});

test("three channels are colours, other numbers of channels an image each", () => {
  const data = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const [colour] = filterImages({ layer: "0", shape: [1, 3, 2, 2], data });
  assert.deepEqual(
    [colour.channels, ...colour.data],
    [3, ...[0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map((x) => Math.round((255 * x) / 11))],
  );
  assert.equal(filterImages({ layer: "0", shape: [3, 2, 1, 2], data }).length, 6);
});

test("weights that are not finite are the middle grey and no end of a scale", () => {
  const [image] = filterImages({
    layer: "0",
    shape: [1, 1, 1, 4],
    data: [0, Number.NaN, 1, Number.POSITIVE_INFINITY],
  });
  assert.deepEqual([...image.data], [0, 128, 255, 128]);
});

test("data that do not belong to the shape, and unknown scales, are refused", () => {
  assert.throws(() => filterImages({ ...grey, data: [1] }), { name: "ArgumentError" });
  assert.throws(() => filterImages(grey, { scale: "one" as never }), {
    message: /"each" or "all", got "one"/,
  });
});

test("tiles lie in rows, a transparent pixel apart", () => {
  const tiles = tiled(
    filterImages({ layer: "0", shape: [3, 1, 1, 1], data: [1, 2, 3] }, { scale: "all" }),
    2,
  );
  assert.deepEqual([tiles.width, tiles.height], [3, 3]);
  assert.deepEqual(
    [...tiles.data].filter((_, i) => i % 4 === 3),
    [255, 0, 255, 0, 0, 0, 255, 0, 0],
  );
  assert.throws(() => tiled([], 2), { name: "ArgumentError" });
});

test("the report shows the filters before and after training, if there are both", () => {
  const report = (...epochs: number[]) =>
    renderReport({ ...sampleReport(), filters: epochs.map((epoch) => ({ ...grey, epoch })) });
  assert.match(report(0, 1, 2), /before training.*after 2 epochs/s);
  assert.match(report(3, 4), /after 3 epochs.*after 4 epochs/s);
  for (const page of [report(), report(0)]) assert.ok(!page.includes("Filters of the first layer"));
});
