/** What random transforms draw: bounds, frequencies, and the same numbers whatever batches and workers there are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError, ShapeError } from "../../src/base/errors.ts";
import { PhiloxStream } from "../../src/base/philox.ts";
import type { ArrayBatch } from "../../src/data/array_batch.ts";
import { DataLoader, LabelledImages } from "../../src/data/index.ts";
import {
  drawAugmentation,
  RAND_AUGMENT_SPACE,
  TRIVIAL_AUGMENT_SPACE,
} from "../../src/data/transforms/augmentation_space.ts";
import * as t from "../../src/data/transforms/index.ts";
import type { OneImage } from "../../src/data/transforms/operations/one_image.ts";
import { drawAffine, drawCorners } from "../../src/data/transforms/random_warps.ts";
import { runTransform, TRANSFORM_KINDS } from "../../src/data/transforms/run_transform.ts";
import type { SpecOf } from "../../src/data/transforms/transform_spec.ts";
import { beta, dirichlet, gamma, normal } from "../../src/data/transforms/variates.ts";

/** Every transform that can be made again from its description, random or not, with settings under which it acts. */
const TRANSFORMS: Record<string, t.Transform> = {
  Compose: t.Compose([t.RandomHorizontalFlip(), t.RandomRotation(20)]),
  ToTensor: t.ToTensor(),
  Normalize: t.Compose([t.ToTensor(), t.Normalize("half")]),
  Resize: t.Resize(7, { interpolation: "bicubic" }),
  CenterCrop: t.CenterCrop(6),
  Pad: t.Pad(2),
  RandomCrop: t.RandomCrop(8, { padding: 2 }),
  RandomHorizontalFlip: t.RandomHorizontalFlip(),
  RandomVerticalFlip: t.RandomVerticalFlip(),
  RandomResizedCrop: t.RandomResizedCrop(8, { interpolation: "nearest" }),
  RandomRotation: t.RandomRotation(40, { interpolation: "bilinear", fill: [1, 2, 3] }),
  RandomAffine: t.RandomAffine(30, [0.2, 0.1], [0.8, 1.2], [-5, 5, -3, 3]),
  RandomPerspective: t.RandomPerspective(0.6),
  ColorJitter: t.ColorJitter(0.4, 0.4, 0.4, 0.2),
  Grayscale: t.Grayscale(3),
  RandomGrayscale: t.RandomGrayscale(0.5),
  RandomInvert: t.RandomInvert(),
  RandomAutocontrast: t.RandomAutocontrast(),
  RandomEqualize: t.RandomEqualize(),
  RandomPosterize: t.RandomPosterize(2),
  RandomSolarize: t.RandomSolarize(100),
  RandomAdjustSharpness: t.RandomAdjustSharpness(2),
  GaussianBlur: t.GaussianBlur([3, 5]),
  RandomErasing: t.RandomErasing({ value: "random" }),
  RandAugment: t.RandAugment(),
  TrivialAugmentWide: t.TrivialAugmentWide(),
  AugMix: t.AugMix(),
};
const FIXED = ["ToTensor", "Normalize", "Resize", "CenterCrop", "Pad", "Grayscale"];

const COUNT = 24;
function images(channels = 3): ArrayBatch {
  const data = Uint8Array.from(
    { length: COUNT * channels * 432 },
    (_, i) => 30 + ((i * 37 + (i >> 3) * 11) % 190),
  );
  return { data, shape: [COUNT, channels, 24, 18], dtype: "uint8" };
}

const context = (count: number, seed = 1, epoch = 0, first = 0) => ({
  seed,
  epoch,
  indices: Array.from({ length: count }, (_, i) => first + i),
});

test("every transform but Lambda is tested here", () => {
  assert.deepEqual(
    Object.keys(TRANSFORMS).sort(),
    TRANSFORM_KINDS.filter((kind) => kind !== "Lambda").sort(),
  );
});

for (const [name, transform] of Object.entries(TRANSFORMS)) {
  test(`${name}: the same image whatever batch it is in, others for another epoch or seed, and from its record`, () => {
    const source = images();
    const before = source.data.slice();
    const whole = runTransform(transform.spec, source, context(COUNT));
    const size = whole.data.length / COUNT;
    for (const n of [0, 5, COUNT - 1]) {
      const alone = {
        ...source,
        data: source.data.subarray(n * 1296, (n + 1) * 1296),
        shape: [1, 3, 24, 18],
      };
      const { data } = runTransform(transform.spec, alone, context(1, 1, 0, n));
      assert.deepEqual(data, whole.data.slice(n * size, (n + 1) * size));
    }
    assert.deepEqual(source.data, before);
    const others = [context(COUNT, 2), context(COUNT, 1, 1)].map((of) =>
      runTransform(transform.spec, source, of),
    );
    for (const { data } of others) {
      if (FIXED.includes(name)) assert.deepEqual(data, whole.data);
      else assert.notDeepEqual(data, whole.data);
    }
    const again = t.transformOf(JSON.parse(JSON.stringify(transform.spec)));
    assert.deepEqual(runTransform(again.spec, source, context(COUNT)), whole);
    assert.equal(String(again), String(transform));
  });
}

test("grey images go through every transform", () => {
  for (const [name, transform] of Object.entries(TRANSFORMS)) {
    const spec = name === "RandomRotation" ? t.RandomRotation(40).spec : transform.spec;
    const { shape } = runTransform(spec, images(1), context(COUNT));
    assert.equal(shape[1], name === "Grayscale" ? 3 : 1, name);
  }
});

test("an epoch is the same for any number of workers", async () => {
  const source = images();
  const labels: ArrayBatch = { data: new Float64Array(COUNT), shape: [COUNT], dtype: "int64" };
  // All sizes stay, so that one pipeline holds every random transform.
  const pipeline = Object.entries(TRANSFORMS).filter(
    ([name]) => !FIXED.includes(name) && name !== "RandomErasing",
  );
  const transform = t.Compose([...pipeline.map(([, each]) => each), t.ToTensor(), t.RandomErasing()]);
  const dataset = new LabelledImages(source, labels, { transform });
  const epochs = [];
  for (const [numWorkers, batchSize] of [
    [0, 5],
    [1, 5],
    [3, 5],
    [2, 24],
  ]) {
    const loader = DataLoader(dataset, { batchSize, shuffle: true, seed: 4, numWorkers });
    const values: number[] = [];
    for await (const [x] of loader) values.push(...(await x.data()));
    await loader.close();
    epochs.push(values);
  }
  for (const epoch of epochs.slice(1)) assert.deepEqual(epoch, epochs[0]);
});

test("Lambda runs in the loader on the main thread, and its record does not hide that the function is missing", async () => {
  const operations = {
    negative: (batch, { indices }) => ({
      ...batch,
      data: batch.data.map((x: number) => 255 - x) as Uint8Array,
      shape: [indices.length, 3, 24, 18],
    }),
  } satisfies Record<string, t.BatchOperation>;
  const negative = t.Lambda(operations.negative);
  const labels: ArrayBatch = { data: new Float64Array(COUNT), shape: [COUNT], dtype: "int64" };
  const dataset = new LabelledImages(images(), labels, {
    transform: t.Compose([negative, t.RandomVerticalFlip(0)]),
  });
  for await (const [x] of DataLoader(dataset, { batchSize: COUNT, numWorkers: 2 }))
    assert.deepEqual(await x.data(), images().data.map((value: number) => 255 - value) as Uint8Array);
  assert.equal(String(negative), "Lambda()");
  const record: t.TransformSpec = JSON.parse(JSON.stringify(negative.spec));
  assert.deepEqual(record, { kind: "Lambda", name: "negative" });
  assert.throws(() => t.transformOf(record), /Lambda: the function "negative" was not recorded/);
  const wrong = t.Lambda((async () => null) as never).spec;
  assert.throws(() => runTransform(wrong, images(), context(COUNT)), /not a promise/);
});

test("variates have the moments of their distributions", () => {
  const stream = new PhiloxStream(3);
  const moments = (draw: () => number, count = 20_000) => {
    const values = Array.from({ length: count }, draw);
    const mean = values.reduce((sum, x) => sum + x, 0) / count;
    return [mean, values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count];
  };
  const near = ([mean, variance]: number[], [m, v]: number[]) => {
    assert.ok(Math.abs(mean - m) < 0.03 * Math.max(1, m), `mean ${mean}, expected ${m}`);
    assert.ok(Math.abs(variance - v) < 0.06 * Math.max(v, 0.05), `variance ${variance}, expected ${v}`);
  };
  near(
    moments(() => normal(stream)),
    [0, 1],
  );
  for (const shape of [0.3, 1, 4.5])
    near(
      moments(() => gamma(stream, shape)),
      [shape, shape],
    );
  for (const alpha of [0.2, 1, 3])
    near(
      moments(() => beta(stream, alpha)),
      [0.5, 1 / (4 * (2 * alpha + 1))],
    );
  near(
    moments(() => dirichlet(stream, 1, 3)[2]),
    [1 / 3, 2 / 36],
  );
  for (const alpha of [1e-9, 0.01, 100]) {
    const weights = dirichlet(stream, alpha, 4);
    assert.ok(Math.abs(weights.reduce((sum, x) => sum + x, 0) - 1) < 1e-9 && weights.every((x) => x >= 0));
  }
});

test("affine numbers and corners stay within their bounds and reach them", () => {
  const spec = t.RandomAffine([-10, 30], [0.25, 0.5], [0.5, 2], [1, 2, -4, -3])
    .spec as SpecOf<"RandomAffine">;
  const drawn = Array.from({ length: 2000 }, (_, i) => drawAffine(20, 40, spec, new PhiloxStream(1, 0, i)));
  const spread = (values: number[], low: number, high: number) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const near = 0.02 * (high - low);
    assert.ok(least >= low && least <= low + near && most <= high && most >= high - near, `${least} ${most}`);
  };
  spread(
    drawn.map(({ angle }) => angle),
    -10,
    30,
  );
  spread(
    drawn.map(({ scale }) => scale),
    0.5,
    2,
  );
  spread(
    drawn.map(({ translate }) => translate[0]),
    -10,
    10,
  );
  spread(
    drawn.map(({ translate }) => translate[1]),
    -10,
    10,
  );
  spread(
    drawn.map(({ shear }) => shear[0]),
    1,
    2,
  );
  spread(
    drawn.map(({ shear }) => shear[1]),
    -4,
    -3,
  );
  assert.ok(drawn.every(({ translate }) => translate.every(Number.isInteger)));
  const corners = Array.from({ length: 2000 }, (_, i) => drawCorners(20, 41, 0.5, new PhiloxStream(1, 0, i)));
  spread(
    corners.map(([[x]]) => x),
    0,
    10,
  );
  spread(
    corners.map(([, , [, y]]) => y),
    14,
    19,
  );
  spread(
    corners.map(([, [x]]) => x),
    30,
    40,
  );
});

test("operations are chosen equally often, in both directions, and bins reach both ends", () => {
  const stream = new PhiloxStream(8);
  const image = { height: 10, width: 10 } as OneImage;
  const counts = new Map<string, number>();
  let negative = 0;
  for (let i = 0; i < 14_000; i++) {
    const drawn = drawAugmentation(TRIVIAL_AUGMENT_SPACE, stream, image, 31, () => stream.integer(31));
    counts.set(drawn.name, (counts.get(drawn.name) ?? 0) + 1);
    if (drawn.magnitude < 0) negative++;
  }
  assert.equal(counts.size, RAND_AUGMENT_SPACE.length);
  for (const [name, count] of counts) assert.ok(Math.abs(count - 1000) < 150, `${name} ${count}`);
  // Nine of fourteen are signed; one bin of 31 has no strength.
  assert.ok(Math.abs(negative - 14_000 * (9 / 14) * 0.5 * (30 / 31)) < 250, `${negative}`);
});

test("each step of ColorJitter comes in every order", () => {
  const jitter = t.ColorJitter([0.5, 0.5], [2, 2]).spec;
  const source = images();
  const one = (order: t.Transform[]) => runTransform(t.Compose(order).spec, source, context(COUNT)).data;
  const orders = [
    one([t.ColorJitter([0.5, 0.5]), t.ColorJitter(null, [2, 2])]),
    one([t.ColorJitter(null, [2, 2]), t.ColorJitter([0.5, 0.5])]),
  ];
  const { data } = runTransform(jitter, source, context(COUNT));
  const seen = Array.from({ length: COUNT }, (_, n) =>
    orders.findIndex((order) =>
      order.subarray(n * 1296, (n + 1) * 1296).every((x: number, i: number) => x === data[n * 1296 + i]),
    ),
  );
  assert.deepEqual([...new Set(seen)].sort(), [0, 1]);
});

test("RandomErasing: size and place within bounds, one value for each channel, and noise", () => {
  const grey: ArrayBatch = {
    data: new Uint8Array(600 * 400).fill(255),
    shape: [600, 1, 20, 20],
    dtype: "uint8",
  };
  const { data } = runTransform(t.RandomErasing(0.25).spec, grey, context(600));
  let erased = 0;
  for (let n = 0; n < 600; n++) {
    const places = Array.from(data.subarray(400 * n, 400 * (n + 1)), (x, i) => (x === 0 ? i : -1)).filter(
      (i) => i >= 0,
    );
    if (places.length === 0) continue;
    erased++;
    const [ys, xs] = [places.map((i) => Math.floor(i / 20)), places.map((i) => i % 20)];
    const [h, w] = [Math.max(...ys) - Math.min(...ys) + 1, Math.max(...xs) - Math.min(...xs) + 1];
    assert.equal(places.length, h * w);
    assert.ok((h + 0.5) * (w + 0.5) >= 0.02 * 400 && (h - 0.5) * (w - 0.5) <= 0.33 * 400);
    assert.ok((h + 0.5) / (w - 0.5) >= 0.3 && (h - 0.5) / (w + 0.5) <= 3.3);
  }
  assert.ok(Math.abs(erased - 150) < 50, `${erased}`);
  const colours: ArrayBatch = {
    data: new Float32Array(300).fill(9),
    shape: [1, 3, 10, 10],
    dtype: "float32",
  };
  const values = runTransform(t.RandomErasing(1, { value: [1, 2, 3] }).spec, colours, context(1)).data;
  for (let c = 0; c < 3; c++)
    assert.deepEqual([...new Set(values.subarray(100 * c, 100 * (c + 1)))].sort(), [c + 1, 9]);
  const noise = runTransform(t.RandomErasing(1, { value: "random" }).spec, colours, context(1)).data;
  assert.ok(new Set(noise).size > 5);
  assert.throws(
    () => runTransform(t.RandomErasing(1, { value: [1, 2] }).spec, colours, context(1)),
    /one for each of 3 channels, got 2/,
  );
});

test("bad settings are refused when the transform is made", () => {
  const bad: [() => unknown, RegExp][] = [
    [() => t.RandomVerticalFlip(-0.1), /RandomVerticalFlip: expected p from 0 to 1, got -0.1/],
    [() => t.RandomRotation(-5), /degrees/],
    [() => t.RandomRotation([10, 5]), /lowest before highest/],
    [() => t.RandomRotation(5, "bicubic" as never), /nearest, bilinear, got bicubic/],
    [() => t.RandomRotation(5, { center: [1] }), /center to be \[x, y\]/],
    [() => t.RandomRotation(5, { fill: "black" as never }), /fill to be a number/],
    [() => t.RandomAffine(5, [0.1, 1.5]), /fractions of width and height/],
    [() => t.RandomAffine(5, { scale: [0, 1] }), /scale to be two positive numbers/],
    [() => t.RandomAffine(5, { shear: [1, 2, 3] }), /2 or 4 numbers/],
    [() => t.RandomPerspective(1.5), /distortionScale/],
    [() => t.ColorJitter(-1), /brightness/],
    [() => t.ColorJitter([0.5, 0.2]), /brightness to be two numbers of at least 0 in order/],
    [() => t.ColorJitter({ hue: 0.6 }), /hue/],
    [() => t.ColorJitter({ hue: [-0.6, 0] }), /hue to be two numbers from -0.5 to 0.5/],
    [() => t.ColorJitter({ brightnes: 1 } as object), /did you mean `brightness`/],
    [() => t.Grayscale(2), /1 or 3/],
    [() => t.GaussianBlur(4), /odd/],
    [() => t.GaussianBlur(3, 0), /sigma to be two positive numbers/],
    [() => t.RandomPosterize(9), /bits/],
    [() => t.RandomPosterize(1.5), /bits/],
    [() => t.RandomSolarize("a" as never), /threshold/],
    [() => t.RandomAdjustSharpness(-1), /sharpnessFactor/],
    [() => t.RandomErasing({ p: 2 }), /p from 0 to 1/],
    [() => t.RandomErasing({ scale: [0.1, 2] }), /scale to be two numbers from 0 to 1/],
    [() => t.RandomErasing({ value: "noise" as never }), /or "random"/],
    [() => t.RandAugment({ magnitude: 31 }), /magnitude.*0 to 30/],
    [() => t.RandAugment({ numOps: -1 }), /numOps/],
    [() => t.TrivialAugmentWide(0), /numMagnitudeBins/],
    [() => t.AugMix(11), /severity.*1 to 10/],
    [() => t.AugMix({ alpha: 0 }), /alpha/],
    [() => t.Normalize("imagnet" as never), /unknown data set "imagnet".*did you mean `imagenet`/],
    [() => t.Normalize("imagenet", [1]), /stands for mean and std/],
    [() => t.Normalize([0.5] as never), /std/],
    [() => t.Lambda(3 as never), /expected a function, got 3/],
    [() => t.transformOf({ kind: "Resise" } as never), /did you mean `Resize`/],
    [() => t.transformOf(null as never), /expected the description of a transform/],
  ];
  for (const [make, message] of bad) {
    assert.throws(make, (error: Error) => {
      assert.ok(error instanceof ArgumentError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});

test("images that do not fit are refused when the transform runs", () => {
  const run = (transform: t.Transform, batch = images()) =>
    runTransform(transform.spec, batch, context(COUNT));
  const five: ArrayBatch = { data: new Uint8Array(COUNT * 5 * 16), shape: [COUNT, 5, 4, 4], dtype: "uint8" };
  assert.throws(() => run(t.GaussianBlur(51)), ShapeError);
  assert.throws(() => run(t.ColorJitter(0.5), five), /1 or 3 channels, got 5/);
  assert.throws(() => run(t.RandAugment(), five), /RandAugment: expected images of 1 or 3 channels/);
  assert.throws(() => run(t.RandomRotation(5, { fill: [1, 2] })), /one for each of 3 channels, got 2/);
  assert.throws(() => run(t.RandomSolarize(300, 1)), /at most 255/);
  assert.throws(() => run(t.RandomRotation(40, { expand: true })), /the images of a batch became/);
});
