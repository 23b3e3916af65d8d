/** Filters, activations, images that make units active, histograms and features of the last hidden layer. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { models, nn, noGrad, rand, randint, stopEngine, useEngine } from "../../src/index.ts";
import * as look from "../../src/look/index.ts";
import { histogram } from "../../src/look/layers/histograms.ts";
import { blurred, rolled, variationGradient } from "../../src/look/layers/smooth_planes.ts";
import { patterned } from "./patterned_network.ts";
import { smallNetwork } from "./small_network.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

test("filters are the weights of the first convolution, or of one that is named", async () => {
  const net = smallNetwork();
  const first = await look.filters(net);
  assert.deepEqual([first.layer, first.shape], ["0", [8, 3, 3, 3]]);
  assert.deepEqual([...(first.data as Float32Array)], await net.getParameter("0.weight").flatten().tolist());
  assert.deepEqual((await look.filters(net, { layer: "4" })).shape, [12, 8, 3, 3]);
  await assert.rejects(look.filters(net, { layer: "net.0" }), {
    message: 'filters: there is no layer "net.0"; these have: 0, 4',
  });
  await assert.rejects(look.filters(net, { layer: "1" }), {
    message: /`1` is a BatchNorm2d and has no filters/,
  });
  await assert.rejects(look.filters(nn.Sequential(nn.Linear(2, 2))), { message: /no layer has any/ });
});

test("activations are what layers give, before others write over it", async () => {
  const net = smallNetwork();
  const image = patterned([1, 3, 16, 16], 1000);
  const found = await look.activations(net, image, { most: 2 });
  assert.deepEqual(
    found.map(({ layer, shape }) => `${layer} ${shape.join("x")}`),
    ["0 8x16x16", "1 8x16x16", "2 8x16x16", "3 8x8x8", "4 12x6x6", "2 12x6x6", "6 12x3x3", "7 108", "8 5"],
  );
  assert.deepEqual(
    found.slice(0, 2).map(({ maps }) => maps.length),
    [2, 2],
  );
  const norm = found[1].maps[0].values;
  // The ReLU in place has not reached it.
  assert.ok(norm.some((value) => value < 0));
  const [scores] = (await noGrad(() => net.eval()(image)).tolist()) as number[][];
  found[8].maps[0].values.forEach((value, i) => assert.ok(Math.abs(value - scores[i]) < 1e-6));
  await assert.rejects(look.activations(net, image, { layers: ["9"] }), { message: /there is no layer "9"/ });
  await assert.rejects(look.activations(net, rand(1, 1, 16, 16)), { name: "ShapeError" });
});

test("an image that makes a unit active does, and again from the same seed", async () => {
  const net = smallNetwork();
  const shape = [3, 16, 16] as const;
  for (const layer of [undefined, "4"]) {
    const options = { shape, unit: 2, steps: 24, seed: 5, ...(layer && { layer }) };
    const [a, b] = [await look.maximise(net, options), await look.maximise(net, options)];
    assert.ok((a.values.at(-1) as number) > a.values[0] + 0.1, `${layer}: ${a.values[0]} ${a.values.at(-1)}`);
    assert.deepEqual(a.input, b.input);
    const other = await look.maximise(net, { ...options, seed: 6, steps: 1 });
    assert.notDeepEqual(other.input, (await look.maximise(net, { ...options, steps: 1 })).input);
  }
});

test("what cannot be made active is said", async () => {
  const net = smallNetwork();
  const shape = [3, 16, 16] as const;
  await assert.rejects(look.maximise(net, { shape, unit: 5 }), { message: /from 0 to 4, got 5/ });
  await assert.rejects(look.maximise(net, { shape, layer: "12" }), { message: /there is no layer "12"/ });
  await assert.rejects(look.maximise(net, { shape: [1, 16, 16] }), { name: "ShapeError" });
  await assert.rejects(look.maximise(net, { shape: [16, 16] as never }), {
    message: /`shape` to be \[C, H, W\]/,
  });
  for (const wrong of [{ steps: 0 }, { lr: -1 }, { blur: Number.NaN }])
    await assert.rejects(look.maximise(net, { shape, ...wrong }), { name: "ArgumentError" });
});

test("shifts go round, a blur keeps the mean of a flat image, and variation points to the neighbours", () => {
  const image = Float32Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual([...rolled(image, [1, 2, 3], 1, -1)], [5, 6, 4, 2, 3, 1]);
  assert.deepEqual([...rolled(rolled(image, [1, 2, 3], 1, -2), [1, 2, 3], -1, 2)], [...image]);
  assert.ok(
    [...blurred(new Float32Array(12).fill(3), [1, 3, 4], 1)].every((value) => Math.abs(value - 3) < 1e-6),
  );
  assert.deepEqual([...variationGradient(Float32Array.of(1, 2, 4), [1, 1, 3])], [-1, -1, 2]);
});

test("histograms count every finite number once", () => {
  const found = histogram([0, 1, 2, 3, 4, Number.NaN], 4);
  assert.deepEqual([found.counts, found.low, found.high, found.mean], [[1, 1, 1, 2], 0, 4, 2]);
  assert.ok(Math.abs(found.std - Math.sqrt(2)) < 1e-12);
  assert.deepEqual(histogram([5, 5], 3).counts, [0, 2, 0]);
  assert.deepEqual(histogram([], 2).counts, [0, 0]);
});

test("gradients are counted also of frozen parameters, and none is kept", async () => {
  const net = smallNetwork();
  net.at(0).requiresGrad_(false);
  const batch = [rand(4, 3, 16, 16), randint(0, 5, [4])] as const;
  const found = await look.histograms(net, { batch, bins: 7 });
  assert.equal(found.length, net.parameters().length);
  for (const { gradients, shape } of found)
    assert.equal(
      gradients?.counts.reduce((a, b) => a + b),
      shape.reduce((a, b) => a * b, 1),
    );
  assert.ok(net.parameters().every(({ grad }) => grad === null));
  assert.equal(net.getParameter("0.weight").requiresGrad, false);
  assert.equal((await look.histograms(net))[0].gradients, null);
  await assert.rejects(look.histograms(net, { bins: 0 }), { message: /`bins`/ });
});

test("features are what the last layer is given; feature maps become their means", async () => {
  const net = models.lenet();
  const images = rand(5, 1, 28, 28);
  const found = await look.hiddenFeatures(net, [images]);
  assert.deepEqual([found.rows, found.columns, found.head], [5, 84, "11"]);
  assert.equal((await look.hiddenFeatures(net, [images], { head: "9" })).columns, 120);
  const conv = nn.Sequential(
    nn.Conv2d(1, 4, 3),
    nn.ReLU(),
    nn.Conv2d(4, 2, 1),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
  );
  assert.equal((await look.hiddenFeatures(conv, [images])).columns, 4);
  await assert.rejects(look.hiddenFeatures(net, []), { message: /batches of images, got none/ });
  await assert.rejects(look.hiddenFeatures(net, [rand(2, 3, 28, 28)]), { name: "ShapeError" });
});

test("a Gabor bank has mean 0, and its first filter runs across", () => {
  const { shape, data } = look.gaborBank({ size: 5, orientations: 2, wavelengths: [4] });
  assert.deepEqual(shape, [2, 1, 5, 5]);
  const at = (filter: number, y: number, x: number) => data[25 * filter + 5 * y + x];
  assert.ok(
    Math.abs(
      Array.from(data)
        .slice(0, 25)
        .reduce((a, b) => a + b),
    ) < 1e-12,
  );
  assert.ok(at(0, 2, 2) > 0 && at(0, 2, 0) < 0 && at(0, 0, 2) > 0);
  assert.ok(Math.abs(at(1, 0, 2) - at(0, 2, 0)) < 1e-12);
  assert.throws(() => look.gaborBank({ orientations: 0 }), { message: /`orientations`/ });
  assert.throws(() => look.gaborBank({ wavelengths: [0] }), { message: /`wavelengths`/ });
});

test("figures as pixels have the theme's ground and ink where letters are", async () => {
  const figure = look.filtersFigure(await look.filters(smallNetwork()), { width: 300 });
  for (const [theme, ground] of [
    ["light", [255, 255, 255]],
    ["dark", [20, 24, 29]],
  ] as const) {
    const { width, height, data } = look.figureImage(figure, { theme });
    assert.deepEqual([width, height], [600, 2 * figure.height]);
    assert.deepEqual([...data.slice(0, 3)], ground);
    // The title's line.
    const line = Array.from({ length: 600 }, (_, x) => data[3 * (600 * 48 + x)]);
    assert.ok(line.some((red) => Math.abs(red - ground[0]) > 100));
  }
});

test("settings of figures out of their range are refused", async () => {
  const found = await look.filters(smallNetwork());
  assert.throws(() => look.filtersFigure(found, { width: 10 }), { message: /`width`/ });
  assert.throws(() => look.filtersFigure(found, { lang: "fr" as never }), {
    message: /"en" or "zh", got "fr"/,
  });
  assert.throws(() => look.filmstripFigure([]), { message: /expected snapshots/ });
  const places = { rows: 2, columns: 3, data: new Float64Array(6) };
  assert.throws(() => look.embeddingFigure(places, { method: "pca", labels: [0, 1] }), {
    name: "ShapeError",
  });
  assert.throws(
    () =>
      look.maximiseFigure([], { images: [{ width: 1, height: 1, channels: 1, data: new Uint8Array(1) }] }),
    {
      name: "ArgumentError",
    },
  );
});
