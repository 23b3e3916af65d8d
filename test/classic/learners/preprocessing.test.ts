import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ArgumentError, ShapeError, TrainingError } from "../../../src/base/errors.ts";
import { matrix, PCA, StandardScaler, ZCAWhitening } from "../../../src/classic/index.ts";
import { symmetricEigen } from "../../../src/classic/learners/preprocessing/symmetric_eigen.ts";
import { Turns } from "../../../src/classic/learners/turns.ts";
import { takeRows } from "../../../src/classic/matrix.ts";
import { assertClose, recorded, test64, train } from "./fixtures.ts";
import "../../../src/tensor/index.ts";

const first = takeRows(test64, [0, 1, 2, 3, 4]);

describe("preprocessing as scikit-learn", () => {
  test("StandardScaler", async () => {
    const scaler = await StandardScaler().fit(train);
    assertClose(scaler.mean, recorded.scaler.mean, 1e-8);
    assertClose(scaler.scale, recorded.scaler.scale, 1e-8);
    const z = await scaler.transform(train);
    const mean = z.data.reduce((sum, value) => sum + value, 0) / z.data.length;
    assert.ok(Math.abs(mean) < 1e-6);
  });

  test("PCA", async () => {
    const pca = await PCA({ nComponents: 10 }).fit(train);
    assertClose(pca.explainedVariance, recorded.pca.variance, 1e-5);
    assertClose(pca.explainedVarianceRatio, recorded.pca.ratio, 1e-5);
    assertClose(pca.components.data, recorded.pca.components, 1e-4);
    assertClose((await pca.transform(first)).data, recorded.pca.transformed, 1e-4);
    const white = await PCA({ nComponents: 10, whiten: true }).fit(train);
    assertClose((await white.transform(first)).data, recorded.pca.whitened, 1e-4);
    assert.equal((await PCA({ nComponents: 0.9 }).fit(train)).components.rows, recorded.pca.componentsFor90);
  });

  test("ZCA whitening", async () => {
    const zca = await ZCAWhitening({ epsilon: 0.1 }).fit(train);
    assertClose((await zca.transform(first)).data, recorded.zca, 2e-3);
    const { data } = zca.whitening;
    for (let i = 0; i < 64; i++)
      for (let j = 0; j < i; j++) assert.ok(Math.abs(data[i * 64 + j] - data[j * 64 + i]) < 1e-6);
  });

  test("eigenvectors are orthonormal and diagonalise the matrix", async () => {
    const n = 12;
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = Math.sin(3 * i + 5 * j) + (i === j ? 2 : 0);
    const { values, vectors } = await symmetricEigen(a, n, new Turns("test"));
    for (let k = 0; k < n; k++) {
      assert.ok(k === 0 || values[k] <= values[k - 1]);
      for (let i = 0; i < n; i++) {
        let product = 0;
        for (let j = 0; j < n; j++) product += a[i * n + j] * vectors[k * n + j];
        assert.ok(Math.abs(product - values[k] * vectors[k * n + i]) < 1e-12);
      }
    }
  });
});

describe("bad input of transformers", () => {
  test("is named", async () => {
    await assert.rejects(StandardScaler().transform(train), {
      name: "TrainingError",
      message: /StandardScaler\.transform: not fitted/,
    });
    await assert.rejects(StandardScaler().fit(matrix([[1, Number.NaN]])), {
      name: "ArgumentError",
      message: /expected finite features, got NaN in row 0, column 1/,
    });
    await assert.rejects(
      PCA({ nComponents: 3 }).fit(
        matrix([
          [1, 2],
          [3, 4],
        ]),
      ),
      ArgumentError,
    );
    assert.throws(() => PCA({ nComponents: -1 }), ArgumentError);
    assert.throws(
      () => PCA({ ncomponents: 2 } as object),
      /unknown option `ncomponents`; did you mean `nComponents`\?/,
    );
    const scaler = await StandardScaler().fit(train);
    await assert.rejects(scaler.transform(matrix([[1, 2]])), ShapeError);
    await assert.rejects(scaler.transform({ rows: 2, columns: 64, data: new Float32Array(64) }), ShapeError);
    assert.ok(TrainingError);
  });
});
