import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ArgumentError, TrainingError } from "../../../src/base/errors.ts";
import { kernelMatrix, LinearSVC, matrix, rowOf, SVC } from "../../../src/classic/index.ts";
import { symmetricEigen } from "../../../src/classic/learners/preprocessing/symmetric_eigen.ts";
import { coupleProbabilities, fitSigmoid } from "../../../src/classic/learners/svm/platt.ts";
import { Turns } from "../../../src/classic/learners/turns.ts";
import { type Matrix, takeRows } from "../../../src/classic/matrix.ts";
import { agreement, assertClose, labels, recorded, test1, testLabels, train1 } from "./fixtures.ts";
import "../../../src/tensor/index.ts";

/** Within the 0.1% that two solvers may differ by. */
const sameObjective = (ours: number, theirs: number) =>
  assert.ok(Math.abs(ours - theirs) <= 1e-3 * Math.abs(theirs), `${ours}, expected ${theirs}`);

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

describe("LinearSVC as LIBLINEAR", () => {
  for (const loss of ["squaredHinge", "hinge"] as const) {
    for (const bias of [1, -1]) {
      test(`${loss}, bias ${bias}`, async () => {
        const svc = await LinearSVC({ C: 2, loss, bias, tol: 0.001 }).fit(train1, labels);
        const { objectives, predicted } = recorded.linear[`${loss}${bias}`];
        // LIBLINEAR numbers the classes in the order in which they occur; the digits begin with 0, 1, 2, ...
        for (const [i, objective] of objectives.entries()) sameObjective(svc.objectives[i], objective);
        assert.ok(agreement(await svc.predict(test1), predicted) >= 0.995);
      });
    }
  }

  test("a squared hinge that passes do not end in time is ended by Newton's method, in either precision", async () => {
    for (const tol of [1e-3, 1e-4]) {
      const settings = { C: 2, tol };
      const slow = await LinearSVC({ ...settings, maxIter: 100_000 }).fit(train1, labels);
      const quick = await LinearSVC({ ...settings, maxIter: 3 }).fit(train1, labels);
      assert.ok(quick.iterations.every((count) => count === 3));
      for (const [i, objective] of slow.objectives.entries())
        assert.ok(Math.abs(quick.objectives[i] - objective) <= 1e-4 * Math.abs(objective));
      assertClose(quick.intercept, [...slow.intercept], 2e-2);
      assertClose(quick.coefficients.data, [...slow.coefficients.data], 2e-2);
      assert.ok(agreement(await quick.predict(test1), [...(await slow.predict(test1))]) >= 0.995);
    }
  });

  test("gives the same model in workers as without", async () => {
    const rows = Array.from({ length: 1200 }, (_, i) => i % 300);
    const [many, few] = [takeRows(train1, rows), takeRows(train1, rows.slice(0, 300))];
    const inWorkers = await LinearSVC({ seed: 3 }).fit(
      many,
      rows.map((i) => labels[i]),
    );
    const again = await LinearSVC({ seed: 3 }).fit(
      many,
      rows.map((i) => labels[i]),
    );
    assert.deepEqual(inWorkers.coefficients.data, again.coefficients.data);
    const here = await LinearSVC({ seed: 3, tol: 1e-4 }).fit(few, labels);
    assert.ok((await here.score(test1, testLabels)) > 0.85);
  });

  test("probabilities sum to 1 and agree with the decisions", async () => {
    const svc = await LinearSVC({ probability: true }).fit(train1, labels);
    const { data } = await svc.predictProba(test1);
    for (let row = 0; row < test1.rows; row++)
      assert.ok(Math.abs(sum([...data.subarray(row * 10, row * 10 + 10)]) - 1) < 1e-5);
  });
});

describe("SVC as LIBSVM", () => {
  const settings = {
    linear: { kernel: "linear" },
    poly: { kernel: "poly", degree: 3, gamma: 0.1, coef0: 1 },
    rbf: { kernel: "rbf", gamma: 0.05 },
    chi2: { kernel: "chi2", gamma: 0.5 },
    intersection: { kernel: "intersection" },
  } as const;
  for (const [name, options] of Object.entries(settings)) {
    test(name, async () => {
      const svc = await SVC({ C: 10, ...options }).fit(train1, labels);
      const { objectives, predicted } = recorded.svc[name];
      assert.equal(svc.pairs.objectives.length, 45);
      for (const [i, objective] of objectives.entries()) sameObjective(svc.pairs.objectives[i], objective);
      assert.ok(agreement(await svc.predict(test1), predicted) >= 0.995);
    });
  }

  test("decision values of two classes are LIBSVM's but for their sign", async () => {
    const rows = labels.flatMap((label, i) => (label < 2 ? [i] : []));
    const y = rows.map((i) => labels[i]);
    const svc = await SVC({ C: 10, gamma: 0.05 }).fit(takeRows(train1, rows), y);
    const { data } = await svc.decisionFunction(takeRows(test1, [0, 1, 2]));
    // The first pair of classes is 0 against 1 in the model of all ten, too.
    const theirs = [0, 1, 2].map((row) => -recorded.svc.rbf.decisions[row * 45]);
    assertClose(data, theirs, 5e-3);
  });

  test("precomputed kernels and functions give the same as names", async () => {
    const gamma = 0.05;
    const byName = await SVC({ C: 10, gamma }).fit(train1, labels);
    const own = (a: Float32Array, b: Float32Array) =>
      Math.exp(-gamma * a.reduce((all, value, j) => all + (value - b[j]) ** 2, 0));
    const some = Array.from({ length: 80 }, (_, i) => i);
    const [x, y] = [takeRows(train1, some), labels.slice(0, 80)];
    const called = await SVC({ C: 10, kernel: own }).fit(x, y);
    const named = await SVC({ C: 10, gamma }).fit(x, y);
    sameObjective(called.dualObjective, named.dualObjective);
    const gram = await kernelMatrix(train1, train1, { gamma });
    const cross = await kernelMatrix(test1, train1, { gamma });
    const precomputed = await SVC({ C: 10, kernel: "precomputed" }).fit(gram, labels);
    sameObjective(precomputed.dualObjective, byName.dualObjective);
    assert.deepEqual(await precomputed.predict(cross), await byName.predict(test1));
  });

  test("a cache of a few rows and no shrinking give the same solution", async () => {
    const options = { C: 10, gamma: 0.05 };
    const usual = await SVC(options).fit(train1, labels);
    const small = await SVC({ ...options, cacheBytes: 0 }).fit(train1, labels);
    const without = await SVC({ ...options, shrinking: false }).fit(train1, labels);
    sameObjective(small.dualObjective, usual.dualObjective);
    sameObjective(without.dualObjective, usual.dualObjective);
  });

  test("probabilities by Platt scaling are LIBSVM's method", async () => {
    const { decisions, truth, a, b } = recorded.platt;
    const sigmoid = fitSigmoid(decisions, truth);
    assertClose([sigmoid.a, sigmoid.b], [a, b], 1e-4);
    const svc = await SVC({ C: 10, gamma: 0.05, probability: true }).fit(train1, labels);
    const proba = await svc.predictProba(test1);
    let right = 0;
    for (let row = 0; row < test1.rows; row++) {
      const own = [...proba.data.subarray(row * 10, row * 10 + 10)];
      assert.ok(Math.abs(sum(own) - 1) < 1e-4);
      if (own.indexOf(Math.max(...own)) === testLabels[row]) right++;
    }
    // LIBSVM: 0.87.
    assert.ok(right / test1.rows > 0.85);
    // Pairs that agree with given probabilities are coupled to them.
    const p = [0.5, 0.3, 0.2];
    const pairs = Float64Array.from({ length: 9 }, (_, at) => {
      const [i, j] = [Math.floor(at / 3), at % 3];
      return i === j ? 0 : p[i] / (p[i] + p[j]);
    });
    assertClose(coupleProbabilities(pairs, 3), p, 0.01);
  });

  test("the event loop goes on", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    // Long enough: each pair is solved six times, exactly.
    await SVC({ C: 10, gamma: 0.05, tol: 1e-9, probability: true }).fit(train1, labels);
    clearInterval(timer);
    assert.ok(ticks >= 2, `${ticks} ticks`);
  });
});

describe("kernel matrices", () => {
  test("are scikit-learn's", async () => {
    const [a, b] = [takeRows(test1, [0, 1, 2, 3]), takeRows(train1, [0, 1, 2, 3, 4, 5])];
    const k = recorded.kernels;
    assertClose((await kernelMatrix(a, b, { kernel: "rbf", gamma: 0.5 })).data, k.rbf, 1e-5);
    assertClose((await kernelMatrix(a, b, { kernel: "poly", gamma: 0.5, coef0: 1 })).data, k.poly, 1e-4);
    assertClose((await kernelMatrix(a, b, { kernel: "chi2", gamma: 0.5 })).data, k.chi2, 1e-5);
    assertClose((await kernelMatrix(a, b, { kernel: "intersection" })).data, k.intersection, 1e-5);
  });

  test("are symmetric and positive semi-definite within rounding", async () => {
    const x = takeRows(
      train1,
      Array.from({ length: 40 }, (_, i) => i),
    );
    for (const kernel of ["linear", "poly", "rbf", "chi2", "intersection"] as const) {
      const { data } = await kernelMatrix(x, x, { kernel, gamma: 0.1 });
      for (let i = 0; i < 40; i++)
        for (let j = 0; j < i; j++)
          assert.ok(Math.abs(data[i * 40 + j] - data[j * 40 + i]) <= 1e-5 * Math.abs(data[i * 40 + j]));
      const { values } = await symmetricEigen(Float64Array.from(data), 40, new Turns("test"));
      assert.ok(values[39] >= -1e-5 * values[0], `${kernel}: ${values[39]} of ${values[0]}`);
    }
  });
});

describe("bad input of support vector machines", () => {
  const x: Matrix = matrix([[0], [1], [2], [3]]);
  const y = [0, 0, 1, 1];

  test("C that is not positive", () => {
    for (const C of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => SVC({ C }), { name: "ArgumentError", message: /expected `C` to be a number > 0/ });
      assert.throws(() => LinearSVC({ C }), ArgumentError);
    }
  });

  test("one class, or labels of another length", async () => {
    await assert.rejects(
      SVC().fit(x, [1, 1, 1, 1]),
      /expected examples of at least two classes, got only class 1/,
    );
    await assert.rejects(LinearSVC().fit(x, [1, 1]), /expected a label for each of 4 rows, got 2 labels/);
    await assert.rejects(SVC().fit(x, [0, 0, 1, 0.5]), ArgumentError);
  });

  test("a kernel that returns NaN", async () => {
    await assert.rejects(
      SVC({ kernel: () => Number.NaN }).fit(x, y),
      /the kernel of examples 0 and 0 is NaN/,
    );
    await assert.rejects(
      SVC({ kernel: (() => "3") as never }).fit(x, y),
      /the kernel of examples 0 and 0 is NaN/,
    );
    const gram = matrix([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ]);
    rowOf(gram, 2)[1] = Number.NaN;
    await assert.rejects(SVC({ kernel: "precomputed" }).fit(gram, y), /got NaN in row 2, column 1/);
    // Overflows on the engine.
    await assert.rejects(
      SVC({ kernel: "poly", degree: 40, gamma: 1 }).fit(matrix([[1e3], [1e4], [2e4], [3e4]]), y),
      /expected finite values: check the kernel/,
    );
  });

  test("a kernel that is not positive semi-definite, or not symmetric", async () => {
    const negative = (a: Float32Array, b: Float32Array) => -a[0] * b[0];
    await assert.rejects(
      SVC({ kernel: negative }).fit(x, y),
      /not positive semi-definite: .* eigenvalue -14/,
    );
    const lopsided = (a: Float32Array, b: Float32Array) => a[0] * b[0] + (a[0] < b[0] ? 1 : 0);
    await assert.rejects(SVC({ kernel: lopsided }).fit(x, y), /not symmetric/);
    await assert.rejects(SVC({ kernel: "precomputed" }).fit(x, y), /expected a square matrix/);
  });

  test("histograms with negative values", async () => {
    await assert.rejects(
      SVC({ kernel: "chi2" }).fit(matrix([[0], [-1], [2], [3]]), y),
      /expected values >= 0, got -1 in row 1/,
    );
  });

  test("an interruption", async () => {
    const signal = { aborted: true };
    await assert.rejects(SVC({ C: 10, gamma: 0.05 }).fit(train1, labels, { signal }), TrainingError);
    await assert.rejects(LinearSVC().fit(train1, labels, { signal }), TrainingError);
  });

  test("rows without features", async () => {
    const none = { rows: 4, columns: 0, data: new Float32Array() };
    for (const learner of [SVC(), LinearSVC()])
      await assert.rejects(learner.fit(none, y), /expected at least one feature, got 4 rows of 0 columns/);
  });

  test("features of another kind than in training, and verbs before training", async () => {
    const svc = await SVC().fit(x, y);
    await assert.rejects(svc.predict(matrix([[1, 2]])), /expected 1 features, as in training, got 2/);
    await assert.rejects(SVC().predict(x), /not fitted yet/);
    await assert.rejects(svc.predictProba(x), /probability: true/);
  });
});
