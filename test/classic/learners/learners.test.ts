import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ArgumentError } from "../../../src/base/errors.ts";
import {
  accuracyScore,
  confusionMatrix,
  GridSearchCV,
  KMeans,
  KNeighborsClassifier,
  LinearSVC,
  MiniBatchKMeans,
  matrix,
  PCA,
  Pipeline,
  SoftmaxRegression,
  StandardScaler,
  StratifiedKFold,
  SVC,
} from "../../../src/classic/index.ts";
import { takeRows } from "../../../src/classic/matrix.ts";
import {
  agreement,
  assertClose,
  labels,
  recorded,
  test1,
  test64,
  testLabels,
  train,
  train1,
} from "./fixtures.ts";
import "../../../src/tensor/index.ts";

describe("k-means as scikit-learn", () => {
  test("from the same first centres", async () => {
    const init = takeRows(
      train,
      Array.from({ length: 10 }, (_, i) => i),
    );
    const kMeans = await KMeans({ nClusters: 10, init }).fit(train);
    const { centers, labels: clusters, inertia, iterations } = recorded.kmeans;
    assertClose(kMeans.clusterCenters.data, centers, 1e-5);
    assert.deepEqual([...kMeans.labels], clusters);
    assertClose([kMeans.inertia], [inertia], 1e-6);
    assert.equal(kMeans.iterations, iterations);
    assert.deepEqual([...(await kMeans.predict(train))], clusters);
  });

  test("seeded by k-means++, no worse than theirs", async () => {
    const theirs: number[] = recorded.kmeans.seededInertia;
    const worst = Math.max(...theirs);
    for (const seed of [0, 1, 2]) {
      const kMeans = await KMeans({ nClusters: 10, seed }).fit(train);
      assert.ok(kMeans.inertia <= worst * 1.02, `${kMeans.inertia}, theirs at most ${worst}`);
      const batches = await MiniBatchKMeans({ nClusters: 10, seed, batchSize: 128 }).fit(train);
      assert.ok(batches.inertia <= worst * 1.1, `${batches.inertia}, theirs at most ${worst}`);
      const again = await MiniBatchKMeans({ nClusters: 10, seed, batchSize: 128 }).fit(train);
      assert.deepEqual(again.clusterCenters.data, batches.clusterCenters.data);
    }
  });

  test("empty clusters get the farthest rows", async () => {
    const init = matrix([[0], [0.5], [500]]);
    const kMeans = await KMeans({ nClusters: 3, init }).fit(matrix([[0], [1], [10], [11]]));
    assert.deepEqual([...kMeans.clusterCenters.data].sort((a, b) => a - b).map(Number.isFinite), [
      true,
      true,
      true,
    ]);
    assert.equal(new Set(kMeans.labels).size, 3);
  });

  test("more clusters than rows are refused", async () => {
    for (const learner of [KMeans({ nClusters: 5 }), MiniBatchKMeans({ nClusters: 5 })]) {
      await assert.rejects(learner.fit(matrix([[0], [1]])), {
        name: "ArgumentError",
        message: /expected at least as many rows as clusters, got 2 rows for 5 clusters/,
      });
    }
  });
});

describe("classifiers as scikit-learn", () => {
  test("k nearest neighbours", async () => {
    const knn = await KNeighborsClassifier({ nNeighbors: 5 }).fit(train, labels);
    const rows = takeRows(
      test64,
      Array.from({ length: 20 }, (_, i) => i),
    );
    const { indices, distances } = await knn.kneighbors(rows);
    assertClose(distances, recorded.knn.distances, 1e-6);
    assert.ok(agreement(indices, recorded.knn.indices) > 0.97);
    assert.deepEqual([...(await knn.predict(test64))], recorded.knn.predicted);
    const matrixOfCounts = confusionMatrix(testLabels, await knn.predict(test64));
    assert.deepEqual(matrixOfCounts.flat(), recorded.confusion);
    await assert.rejects(KNeighborsClassifier().fit(matrix([[0], [1]]), [0, 1]), ArgumentError);
  });

  test("softmax regression", async () => {
    const softmax = await SoftmaxRegression({ maxIter: 500, tol: 1e-6 }).fit(train1, labels);
    assert.ok(agreement(await softmax.predict(test1), recorded.softmax.predicted) >= 0.995);
    const proba = await softmax.predictProba(takeRows(test1, [0, 1, 2, 3, 4]));
    assertClose(proba.data, recorded.softmax.proba, 5e-3);
    assertClose(softmax.coefficients.data, recorded.softmax.coefficients, 2e-2);
  });

  test("features with NaN and one class are refused by all", async () => {
    const pipeline = Pipeline([["svm", SVC()]]);
    for (const learner of [
      KNeighborsClassifier({ nNeighbors: 1 }),
      SoftmaxRegression(),
      LinearSVC(),
      SVC(),
      pipeline,
    ]) {
      await assert.rejects(learner.fit(matrix([[Number.NaN], [1]]), [0, 1]), {
        name: "ArgumentError",
        message: /expected finite features, got NaN in row 0, column 0/,
      });
      await assert.rejects(learner.fit(matrix([[0], [1]]), [4, 4]), /at least two classes, got only class 4/);
      await learner.fit(matrix([[0], [1]]), [4, 5]);
      await assert.rejects(learner.predict(matrix([[0], [Number.POSITIVE_INFINITY]])), {
        name: "ArgumentError",
        message: /expected finite features, got Infinity in row 1, column 0/,
      });
      await assert.rejects(learner.predict(matrix([[0, 1]])), {
        name: "ShapeError",
        message: /expected 1 features/,
      });
    }
    for (const learner of [KMeans({ nClusters: 1 }), MiniBatchKMeans({ nClusters: 1 })])
      await assert.rejects(learner.fit(matrix([[Number.NaN], [1]])), /expected finite features, got NaN/);
  });
});

describe("selection as scikit-learn", () => {
  test("stratified folds", () => {
    const folds = StratifiedKFold({ nSplits: 3 }).split(labels.slice(0, 30));
    assert.deepEqual(
      folds.map(({ test: part }) => [...part]),
      recorded.folds,
    );
    assert.throws(
      () => StratifiedKFold({ nSplits: 3 }).split([0, 0, 0, 1]),
      /at least 3 examples of every class, got 1/,
    );
    const shuffled = StratifiedKFold({ nSplits: 3, shuffle: true, seed: 1 }).split(labels);
    assert.equal(new Set(shuffled.flatMap(({ test: part }) => [...part])).size, labels.length);
  });

  test("grid search", async () => {
    const progress: number[] = [];
    const search = await GridSearchCV(KNeighborsClassifier(), { nNeighbors: [1, 3, 9] }, { cv: 3 }).fit(
      train,
      labels,
      {
        onProgress: ({ done, total, remainingSeconds }) => {
          progress.push(done / total);
          assert.ok(remainingSeconds >= 0);
        },
      },
    );
    assertClose(
      search.results.map(({ meanScore }) => meanScore),
      recorded.grid.mean,
      1e-9,
    );
    assert.equal(search.bestParameters.nNeighbors, recorded.grid.best);
    assert.equal(progress.at(-1), 1);
    assert.throws(() => GridSearchCV(KNeighborsClassifier(), { nNeighbors: [] }), ArgumentError);
    await assert.rejects(
      GridSearchCV(KNeighborsClassifier(), { k: [1] }).fit(train, labels),
      /unknown option `k`/,
    );
  });

  test("a pipeline does its steps one after the other", async () => {
    const pipeline = Pipeline([
      ["scale", StandardScaler()],
      ["pca", PCA({ nComponents: 20 })],
      ["knn", KNeighborsClassifier({ nNeighbors: 3 })],
    ]);
    await pipeline.fit(train, labels);
    const scaler = await StandardScaler().fit(train);
    const pca = await PCA({ nComponents: 20 }).fit(await scaler.transform(train));
    const knn = await KNeighborsClassifier({ nNeighbors: 3 }).fit(
      await pca.transform(await scaler.transform(train)),
      labels,
    );
    const alone = await knn.predict(await pca.transform(await scaler.transform(test64)));
    assert.deepEqual(await pipeline.predict(test64), alone);
    assert.equal(await pipeline.score(test64, testLabels), accuracyScore(testLabels, alone));
    const changed = pipeline.clone({ "knn.nNeighbors": 1 });
    assert.deepEqual(changed.step("knn").options, { nNeighbors: 1, weights: "uniform" });
    assert.throws(() => pipeline.clone({ "svm.C": 1 }), /no step is called "svm"; steps are scale, pca, knn/);
    assert.throws(
      () =>
        Pipeline([
          ["knn", KNeighborsClassifier()],
          ["scale", StandardScaler()],
        ]),
      /does not transform/,
    );
  });
});
