/** Points of many features in the plane, against scikit-learn. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { repulsion } from "../../src/look/embedding/quadtree.ts";
import { nearestNeighbours, type Points, principalComponents, tsne } from "../../src/look/index.ts";

const fixture = (name: string) =>
  readFileSync(new URL(`../../../test/fixtures/look/${name}`, import.meta.url));
const recorded = JSON.parse(fixture("embedding.json").toString()) as {
  divergence: { all: number; first300: number };
  components: number[][];
  wideComponents: number[][];
  distances: number[][];
};
const bytes = gunzipSync(fixture("digits.gz"));
const digits = (rows: number): Points => ({
  rows,
  columns: 64,
  data: Float64Array.from(bytes.subarray(0, 64 * rows)),
});

/** Rows of points, every n-th. */
const rowsOf = ({ rows, columns, data }: Points, n: number) =>
  Array.from({ length: Math.ceil(rows / n) }, (_, i) => [
    ...data.subarray(n * i * columns, (n * i + 1) * columns),
  ]);

function assertNear(found: number[][], expected: number[][], tolerance: number): void {
  assert.deepEqual([found.length, found[0].length], [expected.length, expected[0].length]);
  found.flat().forEach((value, i) => {
    assert.ok(Math.abs(value - expected.flat()[i]) < tolerance, `${i}: ${value}, not ${expected.flat()[i]}`);
  });
}

test("principal components are scikit-learn's", () => {
  assertNear(rowsOf(principalComponents(digits(1797), 3), 50), recorded.components, 1e-5);
});

test("principal components of fewer rows than columns are scikit-learn's", () => {
  assertNear(rowsOf(principalComponents(digits(40), 3), 1), recorded.wideComponents, 1e-5);
});

test("the nearest neighbours are scikit-learn's", () => {
  const found = nearestNeighbours(digits(200), 5).map(({ distances }) => [...distances]);
  assertNear(
    found.filter((_, i) => i % 20 === 0),
    recorded.distances,
    1e-6,
  );
});

test("t-SNE of 300 digits ends within 5 % of scikit-learn's divergence, and again at the same places", async () => {
  const found = await tsne(digits(300), { perplexity: 20 });
  const ratio = found.divergence / recorded.divergence.first300;
  assert.ok(ratio < 1.05 && ratio > 0.9, `${found.divergence}, not ${recorded.divergence.first300}`);
  const short = await Promise.all([1, 2].map(() => tsne(digits(60), { perplexity: 5, steps: 60 })));
  assert.deepEqual(short[0].data, short[1].data);
});

test("t-SNE of 1,797 digits ends within 5 % of scikit-learn's divergence", {
  skip: process.env.CONVOYANT_LONG_EMBEDDING === undefined && "CONVOYANT_LONG_EMBEDDING is not set",
}, async (t) => {
  const started = performance.now();
  const found = await tsne(digits(1797));
  t.diagnostic(`${found.divergence} in ${Math.round(performance.now() - started)} ms`);
  const ratio = found.divergence / recorded.divergence.all;
  assert.ok(ratio < 1.05 && ratio > 0.9, `${found.divergence}, not ${recorded.divergence.all}`);
});

test("the tree's forces are those of all pairs if no cell counts as one point", () => {
  const places = Float64Array.from({ length: 80 }, (_, i) => Math.sin(7 * i) * (i % 5));
  // Some points lie at one place.
  places.copyWithin(10, 0, 6);
  const { forces, total } = repulsion(places, 0);
  let sum = 0;
  for (let i = 0; i < 80; i += 2) {
    let [across, down] = [0, 0];
    for (let j = 0; j < 80; j += 2) {
      if (i === j) continue;
      const [dx, dy] = [places[i] - places[j], places[i + 1] - places[j + 1]];
      const near = 1 / (1 + dx * dx + dy * dy);
      sum += near;
      across += near * near * dx;
      down += near * near * dy;
    }
    assert.ok(Math.abs(forces[i] - across) < 1e-9 && Math.abs(forces[i + 1] - down) < 1e-9, `point ${i / 2}`);
  }
  assert.ok(Math.abs(total - sum) < 1e-9);
});

test("points that are all alike, or few, have places", async () => {
  const alike = await tsne({ rows: 6, columns: 3, data: new Float64Array(18).fill(2) }, { steps: 300 });
  assert.ok(alike.data.every(Number.isFinite));
  assert.deepEqual(
    [...principalComponents({ rows: 2, columns: 1, data: Float64Array.of(3, 3) }, 1).data],
    [0, 0],
  );
});

test("what cannot be laid out is said", async () => {
  await assert.rejects(tsne(digits(3)), { message: /at least 4 points, got 3/ });
  await assert.rejects(tsne(digits(20), { perplexity: 20 }), { message: /`perplexity`/ });
  await assert.rejects(tsne(digits(20), { steps: 0 }), { message: /`steps`/ });
  assert.throws(() => principalComponents(digits(20), 21), { message: /from 1 to 20, got 21/ });
  assert.throws(() => nearestNeighbours(digits(4), 0), { message: /`count`/ });
});
