import assert from "node:assert/strict";
import { test } from "node:test";
import { wrongLabels } from "../../../src/data/quality/wrong_labels.ts";
import { numbers } from "../../train/small_data.ts";

/** Points about a place of their own for each class, in `size` dimensions; `spread` is how far they lie from it. */
function clusters(perClass: number, classes: number, size: number, spread: number) {
  const next = numbers(9);
  const around = (scale: number) => (next() + next() + next() + next() - 2) * scale;
  const centres = Array.from({ length: classes }, () => Array.from({ length: size }, () => around(1)));
  const labels: number[] = [];
  const rows: Float32Array[] = [];
  for (let i = 0; i < perClass * classes; i++) {
    labels.push(i % classes);
    rows.push(Float32Array.from(centres[i % classes], (centre) => centre + around(spread)));
  }
  return { rows, labels };
}

test("labels that were exchanged are found, with the right class, and no others", () => {
  const { rows, labels } = clusters(40, 5, 24, 0.5);
  const given = [...labels];
  const exchanged = [3, 17, 42, 88, 101, 150, 199];
  for (const i of exchanged) given[i] = (labels[i] + 2) % 5;
  const found = wrongLabels(rows, given, 5);
  assert.deepEqual(
    found.map(({ index }) => index).sort((a, b) => a - b),
    exchanged,
  );
  for (const { index, suggested, probability, labelProbability } of found) {
    assert.equal(suggested, labels[index]);
    assert.ok(probability > labelProbability && probability <= 1);
  }
  const surest = found.map(({ probability, labelProbability }) => probability - labelProbability);
  assert.deepEqual(
    surest,
    [...surest].sort((a, b) => b - a),
  );
});

test("with right labels nothing is found, also in classes of unequal size", () => {
  const { rows, labels } = clusters(40, 5, 24, 0.5);
  assert.deepEqual(wrongLabels(rows, labels, 5), []);
  const kept = labels.flatMap((label, i) => (label !== 4 || i < 20 ? [i] : []));
  const some = kept.map((i) => rows[i]);
  const own = kept.map((i) => labels[i]);
  assert.deepEqual(wrongLabels(some, own, 5), []);
});

test("the scale of features does not matter, nor one that is the same everywhere", () => {
  const { rows, labels } = clusters(30, 3, 8, 0.4);
  labels[10] = (labels[10] + 1) % 3;
  const scaled = rows.map((row) => Float32Array.from([...row].map((value, d) => value * 10 ** (d - 4) + d)));
  const flat = rows.map((row) => Float32Array.from([7, ...row]));
  for (const features of [rows, scaled, flat])
    assert.deepEqual(
      wrongLabels(features, labels, 3).map(({ index }) => index),
      [10],
    );
});

test("a class of one example is left out, and one class alone says nothing", () => {
  const { rows, labels } = clusters(30, 3, 8, 0.4);
  const odd = Float32Array.from(rows[0], (value) => -value);
  assert.deepEqual(wrongLabels([...rows, odd], [...labels, 3], 4), []);
  assert.deepEqual(
    wrongLabels(
      rows,
      labels.map(() => 0),
      1,
    ),
    [],
  );
  assert.deepEqual(wrongLabels([], [], 3), []);
});
