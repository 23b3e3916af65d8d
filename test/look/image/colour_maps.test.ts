/** The colours are matplotlib's, and what is made of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { rand, tensor } from "../../../src/index.ts";
import * as look from "../../../src/look/index.ts";

const recorded = JSON.parse(
  readFileSync(new URL("../../../../test/fixtures/look/colour_maps.json", import.meta.url), "utf8"),
) as Record<"viridis" | "cividis" | "magma" | "berlin", number[][]>;

for (const [name, colours] of Object.entries(recorded)) {
  test(`${name} is matplotlib's`, () => {
    const map = look[name as keyof typeof recorded];
    assert.equal(map.name, name);
    assert.deepEqual([...map.bytes], colours.flat());
  });
}

test("numbers become the colours that matplotlib gives them", () => {
  const values = Float32Array.of(0, 0.25, 0.5, 0.999, 1, Number.NaN);
  const { data } = look.colourize({ width: 6, height: 1, values }, { range: [0, 1] });
  const at = [0, 64, 128, 255, 255, 0];
  assert.deepEqual(
    [...data],
    at.flatMap((i) => recorded.viridis[i]),
  );
});

test("a diverging map has zero in its middle", () => {
  const { data } = look.colourize(
    { width: 3, height: 1, values: Float32Array.of(-1, 0, 4) },
    { colourMap: look.berlin },
  );
  assert.deepEqual(
    [...data],
    [96, 128, 255].flatMap((i) => recorded.berlin[i]),
  );
});

test("maps without a range of their own", () => {
  const colours = (...values: number[]) => [
    ...look.colourize({ width: values.length, height: 1, values: Float32Array.from(values) }).data,
  ];
  assert.deepEqual(
    colours(0, 0),
    [0, 0].flatMap((i) => recorded.viridis[i]),
  );
  assert.deepEqual(
    colours(2, 2),
    [255, 255].flatMap((i) => recorded.viridis[i]),
  );
  assert.deepEqual(
    colours(-2, -2),
    [0, 0].flatMap((i) => recorded.viridis[i]),
  );
  for (const range of [
    [1, 1],
    [0, Number.NaN],
    [2, 1],
  ] as [number, number][])
    assert.throws(() => look.colourize({ width: 1, height: 1, values: new Float32Array(1) }, { range }), {
      name: "ArgumentError",
    });
});

test("an overlay mixes the grey image with the colours", () => {
  const image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 255, 255, 255) } as const;
  const map = { width: 1, height: 1, values: Float32Array.of(1) };
  const mixed = (grey: number) =>
    recorded.viridis[255].map((part) => Math.round(grey + (part - grey) * 0.25));
  assert.deepEqual([...look.overlay(image, map, { opacity: 0.25 }).data], [...mixed(76.245), ...mixed(255)]);
  assert.throws(() => look.overlay(image, map, { opacity: 2 }), { message: /`opacity`/ });
  assert.throws(() => look.overlay({ ...image, width: 3 }, map), { message: /^overlay: image of 3 by 1/ });
});

test("inputs as images", async () => {
  const grey = await look.shownInput(tensor([[[-1, 0, 1]]]));
  assert.deepEqual([...grey.data], [0, 128, 255]);
  const one = { mean: [0.5, 0, 0.25], std: [0.5, 1, 0.25] };
  const colour = await look.shownInput(tensor([[[[-1]], [[0.2]], [[9]]]]), one);
  assert.deepEqual([colour.channels, ...colour.data], [3, 0, 51, 255]);
  assert.equal((await look.shownInput(rand(5, 4, 4))).channels, 1);
  await assert.rejects(look.shownInput(rand(4, 4)), { name: "ShapeError" });
});

test("heat maps are enlarged as PyTorch does it, and shrunk", () => {
  const map = { width: 2, height: 2, values: Float32Array.of(0, 1, 2, 3) };
  assert.deepEqual(
    [...look.resizeHeatMap(map, 4, 3).values],
    [0, 0.25, 0.75, 1, 1, 1.25, 1.75, 2, 2, 2.25, 2.75, 3],
  );
  assert.deepEqual([...look.resizeHeatMap(map, 1, 1).values], [1.5]);
  assert.throws(() => look.resizeHeatMap(map, 0, 2), { name: "ArgumentError" });
});
