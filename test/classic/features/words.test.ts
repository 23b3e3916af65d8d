import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BagOfWordsOptions,
  bagOfWords,
  denseSift,
  GaussianMixture,
  KMeans,
  type LocalExtractor,
  type LocalFeatures,
  type Matrix,
  matchDescriptors,
  matrix,
  sift,
} from "../../../src/entries/classic.ts";
import { cut, fixtureImage, madeImage, readJson } from "./fixtures.ts";

const expected = readJson("words.json");

const rowsOf = (values: readonly number[], columns: number): Matrix => ({
  rows: values.length / columns,
  columns,
  data: Float32Array.from(values),
});

const x = rowsOf(expected.x, 5);
const words = rowsOf(expected.words, 5);

const part = (from: number, to: number): Matrix => ({
  rows: to - from,
  columns: 5,
  data: x.data.slice(from * 5, to * 5),
});

function near(found: ArrayLike<number>, values: readonly number[], within: number, name: string): void {
  assert.equal(found.length, values.length, name);
  const worst = Math.max(...values.map((value, at) => Math.abs(found[at] - value)));
  assert.ok(worst <= within, `${name}: ${worst}`);
}

/** An extractor whose descriptors are those of the fixture. */
const features: LocalFeatures = {
  keypoints: expected.points.map(([px, py]: [number, number]) => ({
    x: px,
    y: py,
    scale: 1,
    angle: 0,
    response: 1,
    octave: 0,
  })),
  descriptors: part(0, 12),
};
const extractor: LocalExtractor = {
  name: "fixture",
  descriptorLength: 5,
  detect: async () => features,
  detectAll: async (images) => images.map(({ width }) => (width === 1 ? none : features)),
};
const none: LocalFeatures = { keypoints: [], descriptors: matrix(0, 5) };
const size = { width: 40, height: 20 };

test("a Gaussian mixture is scikit-learn's", async () => {
  const { mixture, start, freeLikelihood } = expected;
  const init = {
    weights: [0.25, 0.25, 0.25, 0.25],
    means: rowsOf(start, 5),
    covariances: rowsOf(new Array(20).fill(2), 5),
  };
  const ours = await new GaussianMixture({ nComponents: 4, tol: 1e-6, maxIter: 200 }).fit(x, init);
  assert.ok(ours.converged && ours.iterations > 3);
  near(ours.weights, mixture.weights, 1e-5, "weights");
  near(ours.means.data, mixture.means, 1e-4, "means");
  near(ours.covariances.data, mixture.covariances, 1e-4, "covariances");
  assert.ok(Math.abs(ours.lowerBound - mixture.likelihood) < 1e-5);
  near((await ours.predictProba(part(0, 10))).data, mixture.probabilities, 1e-4, "probabilities");
  const free = await new GaussianMixture({ nComponents: 4 }).fit(x);
  assert.ok(free.lowerBound > freeLikelihood - 0.05, `${free.lowerBound} against ${freeLikelihood}`);
  const again = await new GaussianMixture({ nComponents: 4 }).fit(x);
  assert.deepEqual(again.means, free.means);
});

test("encodings are what their definitions say, Fisher vectors scikit-image's", async () => {
  const { weights, means, covariances } = expected.mixture;
  const mixture = GaussianMixture.of({
    weights,
    means: rowsOf(means, 5),
    covariances: rowsOf(covariances, 5),
  });
  const cases: [string, Matrix | GaussianMixture, Partial<BagOfWordsOptions>][] = [
    ["hard", words, {}],
    ["hardPyramid", words, { pyramid: 2 }],
    ["soft", words, { encoding: "soft", sigma: 1.5 }],
    ["vlad", words, { encoding: "vlad" }],
    ["vladPyramid", words, { encoding: "vlad", pyramid: 1 }],
    ["fisher", mixture, { encoding: "fisher" }],
  ];
  for (const [name, vocabulary, options] of cases) {
    const bag = bagOfWords(extractor, vocabulary, options);
    const rows = await bag.encode([features, none], [size, size]);
    assert.equal(rows.columns, bag.length, name);
    near(rows.data.subarray(0, bag.length), expected[name], 2e-6, name);
    assert.ok(rows.data.subarray(bag.length).every((value) => value === 0));
  }
});

test("tf-idf weights counts by the images that have a word", async () => {
  const bag = bagOfWords(extractor, words, { tfIdf: true });
  const images = [madeImage(40, 20), madeImage(1, 1), madeImage(1, 1)];
  await assert.rejects(bag.extract(images), {
    name: "TrainingError",
    message: "bagOfWords: with `tfIdf`, call `fit` on the training images first",
  });
  await bag.fit(images);
  const idf = Math.log(3);
  const weighted = expected.hard.map((count: number) => count * idf);
  const length = Math.hypot(...weighted);
  const rows = await bag.extract(images);
  near(
    rows.data.subarray(0, 3),
    weighted.map((value: number) => value / length),
    1e-6,
    "tf-idf",
  );
  assert.ok(rows.data.subarray(3).every((value) => value === 0));
});

test("words of real descriptors: rows of one length, images without key points zero", async () => {
  const camera = await fixtureImage("camera");
  const dense = denseSift({ step: 8 });
  const { descriptors } = await dense.detect(cut(camera, 0, 0, 120, 120));
  const { clusterCenters } = await KMeans({ nClusters: 6, seed: 1 }).fit(descriptors);
  const images = [cut(camera, 50, 60, 64, 48), madeImage(1, 1), cut(camera, 100, 100, 90, 90)];
  for (const encoding of ["hard", "soft", "vlad"] as const) {
    const bag = bagOfWords(dense, clusterCenters, { encoding });
    const rows = await bag.extract(images);
    assert.deepEqual([rows.rows, rows.columns], [3, encoding === "vlad" ? 6 * 128 : 6]);
    assert.ok(rows.data.every(Number.isFinite));
    assert.ok(rows.data.subarray(rows.columns, 2 * rows.columns).every((value) => value === 0));
    const sum = rows.data.subarray(0, rows.columns).reduce((total, value) => total + value, 0);
    if (encoding !== "vlad") assert.ok(Math.abs(sum - 1) < 1e-5);
    assert.deepEqual(await bag.extract(images, { workers: 2 }), rows);
  }
});

test("matches are those of OpenCV's BFMatcher", async () => {
  const [first, second] = [part(0, 50), part(50, 120)];
  for (const [name, options] of [
    ["matches", {}],
    ["crossCheck", { crossCheck: true }],
    ["ratio", { ratio: 0.8 }],
  ] as const) {
    const found = await matchDescriptors(first, second, options);
    const theirs: [number, number, number][] = expected[name];
    assert.deepEqual(
      found.map(({ query, train }) => [query, train]),
      theirs.map(([query, train]) => [query, train]),
      name,
    );
    for (const [at, { distance }] of found.entries()) assert.ok(Math.abs(distance - theirs[at][2]) < 1e-4);
  }
  assert.ok(expected.ratio.length > 5 && expected.ratio.length < 45);
  assert.deepEqual(await matchDescriptors(matrix(0, 5), second), []);
  assert.deepEqual(await matchDescriptors(first, part(0, 1), { ratio: 0.9 }), []);
});

test("key points of a photograph match those of it brighter", async () => {
  const image = cut(await fixtureImage("camera"), 60, 40, 180, 180);
  const bright = { ...image, data: image.data.map((level) => Math.min(255, level + 25)) };
  const [one, other] = await sift().detectAll([image, bright]);
  const matches = await matchDescriptors(one.descriptors, other.descriptors, {
    ratio: 0.8,
    crossCheck: true,
  });
  const right = matches.filter(({ query, train }) => {
    const [a, b] = [one.keypoints[query], other.keypoints[train]];
    return Math.hypot(a.x - b.x, a.y - b.y) < 1;
  });
  assert.ok(matches.length > 50 && right.length > 0.95 * matches.length);
});

test("bad input is one clear error each", async () => {
  const rejecting = (call: Promise<unknown>, name: string, message: string) =>
    assert.rejects(call, { name, message });
  await rejecting(
    new GaussianMixture({ nComponents: 9 }).fit(part(0, 5)),
    "ArgumentError",
    "GaussianMixture.fit: expected at least as many rows as components, got 5 rows for 9 components; take fewer components or more rows",
  );
  const broken = { ...part(0, 5), data: part(0, 5).data.fill(Number.NaN, 7, 8) };
  await rejecting(
    new GaussianMixture().fit(broken),
    "ArgumentError",
    "GaussianMixture.fit: expected finite features, got NaN in row 1, column 2",
  );
  await rejecting(
    new GaussianMixture().predictProba(part(0, 5)),
    "TrainingError",
    "GaussianMixture is not fitted yet; call `fit` first",
  );
  await rejecting(
    matchDescriptors(part(0, 5), broken),
    "ArgumentError",
    "matchDescriptors: expected finite features, got NaN in row 1, column 2",
  );
  await rejecting(
    matchDescriptors(part(0, 5), matrix(3, 4)),
    "ShapeError",
    "matchDescriptors: expected descriptors of one length, got 5 and 4 values; take both from the same extractor",
  );
  await rejecting(
    matchDescriptors(part(0, 5), part(0, 5), { ratio: 2 }),
    "ArgumentError",
    "matchDescriptors: expected `ratio` to be a number above 0, at most 1, got 2",
  );
  const throwing = (call: () => unknown, name: string, message: string) =>
    assert.throws(call, { name, message });
  throwing(
    () => bagOfWords(extractor, matrix(3, 128)),
    "ShapeError",
    "bagOfWords: expected words of 5 values, as the descriptors, got 128",
  );
  throwing(
    () => bagOfWords(extractor, matrix(0, 5)),
    "ArgumentError",
    "bagOfWords: expected at least one word, got none",
  );
  throwing(
    () => bagOfWords(extractor, words, { encoding: "fisher" }),
    "ArgumentError",
    'bagOfWords: expected a fitted GaussianMixture for encoding "fisher", got a matrix of words',
  );
  throwing(
    () => bagOfWords(extractor, words, { encoding: "vlad", tfIdf: true }),
    "ArgumentError",
    'bagOfWords: `tfIdf` weights counts; encoding "vlad" has none',
  );
  throwing(
    () => bagOfWords(extractor, broken),
    "ArgumentError",
    "bagOfWords: expected finite features, got NaN in row 1, column 2",
  );
  await rejecting(
    bagOfWords(extractor, words).encode([features], []),
    "ArgumentError",
    "bagOfWords.encode: expected a size for each image, got 0 sizes for 1 images",
  );
});
