/** The same seed gives the same model on every engine and for every number of threads. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import {
  KMeans,
  LinearSVC,
  learnerToBytes,
  PCA,
  SoftmaxRegression,
  SVC,
} from "../../../src/classic/index.ts";
import type { Learner } from "../../../src/classic/learners/learner.ts";
import { solveProblems } from "../../../src/classic/learners/svm/linear_problems.ts";
import { fastestEngine } from "../../../src/engines/select.ts";
import { stopEngine, useEngine } from "../../../src/tensor/index.ts";
import { agreement, assertClose, labels, test1, train1 } from "./fixtures.ts";

after(() => stopEngine());

type Trainable = Learner & { fit(x: typeof train1, y: ArrayLike<number>): Promise<Learner> };

async function bytesOn(engine: string, threads: number, make: () => unknown): Promise<Uint8Array> {
  await useEngine(engine, { threads });
  return learnerToBytes(await (make() as Trainable).fit(train1, labels));
}

const makers: Record<string, () => unknown> = {
  LinearSVC: () => LinearSVC({ seed: 5 }),
  "LinearSVC, hinge": () => LinearSVC({ seed: 5, loss: "hinge", C: 2, tol: 1e-3 }),
  SVC: () => SVC({ C: 10, gamma: 0.05 }),
  "SVC, rows of the kernel one by one": () => SVC({ C: 10, gamma: 0.05, cacheBytes: 0 }),
  KMeans: () => KMeans({ nClusters: 10, seed: 5 }),
  PCA: () => PCA({ nComponents: 10 }),
  SoftmaxRegression: () => SoftmaxRegression(),
};

/** The engines that work here. */
const engines = [...new Set(["wasm", fastestEngine(), "reference"])];

describe("the same bits for one thread and for two", () => {
  for (const engine of engines.filter((name) => name !== "reference")) {
    for (const [name, make] of Object.entries(makers)) {
      test(`${name} on ${engine}`, async () => {
        const one = await bytesOn(engine, 1, make);
        assert.deepEqual(await bytesOn(engine, 2, make), one);
        assert.deepEqual(await bytesOn(engine, 1, make), one);
      });
    }
  }
});

describe("the same on every engine", () => {
  for (const [name, make] of Object.entries(makers)) {
    if (!name.startsWith("LinearSVC")) continue;
    test(`${name}: the same bits`, async () => {
      const one = await bytesOn("wasm", 1, make);
      for (const engine of engines) assert.deepEqual(await bytesOn(engine, 1, make), one, engine);
    });
  }

  test("SVC: the same solution and the same classes", async () => {
    const found = [];
    for (const engine of engines) {
      await useEngine(engine, { threads: 1 });
      const svc = await SVC({ C: 10, gamma: 0.05, tol: 1e-5 }).fit(train1, labels);
      found.push({ objectives: svc.pairs.objectives, predicted: await svc.predict(test1) });
    }
    for (const { objectives, predicted } of found) {
      assertClose(objectives, Array.from(found[0].objectives), 1e-5);
      assert.equal(agreement(predicted, Array.from(found[0].predicted)), 1);
    }
  });
});

describe("LinearSVC in workers", () => {
  const settings = { loss: "hinge", C: 2, bias: 1, tolerance: 1e-3, maxIter: 1000, seed: 3 } as const;
  const places = Int32Array.from(labels);
  const positives = Array.from({ length: 10 }, (_, c) => c);
  const solved = (workers: number, tolerance: number) =>
    solveProblems(
      train1,
      places,
      positives,
      { ...settings, tolerance },
      { caller: "test", watch: undefined, workers },
    );

  for (const [precision, tolerance] of [["single", 1e-3] as const, ["double", 1e-4] as const]) {
    test(`the same solutions as without, weights in ${precision} precision`, async () => {
      const here = await solved(0, tolerance);
      for (const workers of [1, 3]) assert.deepEqual(await solved(workers, tolerance), here);
    });
  }

  test("weights in single precision solve the problem as those in double precision do", async () => {
    const [narrow, wide] = [await solved(0, 1e-3), await solved(0, 9e-4)];
    assertClose(
      narrow.map(({ objective }) => objective),
      wide.map(({ objective }) => objective),
      1e-4,
    );
  });
});
