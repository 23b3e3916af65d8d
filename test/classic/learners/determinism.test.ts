/** The same seed gives the same model on every engine and for every number of threads. */
import assert from "node:assert/strict";
import { after, before, describe, mock, test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  KMeans,
  LinearSVC,
  learnerToBytes,
  PCA,
  SoftmaxRegression,
  SVC,
} from "../../../src/classic/index.ts";
import { numberLabels } from "../../../src/classic/learners/labels.ts";
import type { Learner } from "../../../src/classic/learners/learner.ts";
import { solveProblems } from "../../../src/classic/learners/svm/linear_problems.ts";
import { trainPairs } from "../../../src/classic/learners/svm/one_against_one.ts";
import { startPools } from "../../../src/classic/learners/svm/pair_solvers.ts";
import { takeRows } from "../../../src/classic/matrix.ts";
import { fastestEngine } from "../../../src/engines/select.ts";
import { stopEngine, useEngine } from "../../../src/tensor/index.ts";
import { RequestWorkers } from "../../../src/workers/request_workers.ts";
import type { WorkerScript } from "../../../src/workers/worker_port.ts";
import { agreement, labels as allLabels, train1 as allRows, assertClose, test1 } from "./fixtures.ts";

after(() => stopEngine());

const some = Array.from({ length: 150 }, (_, i) => i);
const train1 = takeRows(allRows, some);
const labels = allLabels.slice(0, 150);

type Trainable = Learner & { fit(x: typeof train1, y: ArrayLike<number>): Promise<Learner> };

const makers: Record<string, () => unknown> = {
  LinearSVC: () => LinearSVC({ seed: 5 }),
  "LinearSVC, hinge": () => LinearSVC({ seed: 5, loss: "hinge", C: 2, tol: 1e-3 }),
  SVC: () => SVC({ C: 10, gamma: 0.05 }),
  // Room for 28 of the 30 rows of a pair: some are computed more than once.
  "SVC, rows of the kernel as they are needed": () => SVC({ C: 10, gamma: 0.05, cacheBytes: 60_000 }),
  KMeans: () => KMeans({ nClusters: 10, seed: 5 }),
  PCA: () => PCA({ nComponents: 10 }),
  SoftmaxRegression: () => SoftmaxRegression(),
};

/** The engines that work here. */
const engines = [...new Set(["wasm", fastestEngine(), "reference"])];

/** Whether a learner computes on its own, so that it has the same bits on every engine. */
const usesNoEngine = (name: string) => name === "SVC" || name.startsWith("LinearSVC");

/** Each learner's file, by engine, threads and learner: an engine is started once. */
const files = new Map<string, Uint8Array>();
/** Solutions of kernel machines, exact enough to be compared. */
const solutions: { readonly objectives: Float64Array; readonly predicted: Int32Array }[] = [];

before(async () => {
  for (const engine of engines)
    for (const threads of engine === "reference" ? [1] : [1, 2]) {
      await useEngine(engine, { threads });
      for (const [name, make] of Object.entries(makers)) {
        if (engine === "reference" && !usesNoEngine(name)) continue;
        const learner = await (make() as Trainable).fit(train1, labels);
        files.set(`${engine} ${threads} ${name}`, learnerToBytes(learner));
      }
      if (threads > 1) continue;
      const svc = await SVC({ C: 10, gamma: 0.05, tol: 1e-5 }).fit(train1, labels);
      solutions.push({ objectives: svc.pairs.objectives, predicted: await svc.predict(test1) });
    }
});

for (const name of Object.keys(makers)) {
  test(`${name}: the same bits for one thread and for two`, () => {
    for (const engine of engines.filter((engine) => engine !== "reference"))
      assert.deepEqual(files.get(`${engine} 2 ${name}`), files.get(`${engine} 1 ${name}`), engine);
  });

  if (!usesNoEngine(name)) continue;
  test(`${name}: the same bits on every engine`, () => {
    for (const engine of engines)
      assert.deepEqual(files.get(`${engine} 1 ${name}`), files.get(`wasm 1 ${name}`), engine);
  });
}

test("SVC: the same solution and the same classes on every engine", () => {
  assert.equal(solutions.length, engines.length);
  for (const { objectives, predicted } of solutions) {
    assertClose(objectives, Array.from(solutions[0].objectives), 1e-5);
    assert.equal(agreement(predicted, Array.from(solutions[0].predicted)), 1);
  }
});

describe("SVC in workers", () => {
  const settings = { C: 10, tol: 1e-3, cacheBytes: 2 ** 24, probability: false, maxIter: -1, seed: 0 };
  const kernels = { rbf: { kernel: "rbf", gamma: 0.05 }, poly: { kernel: "poly", gamma: 0.1 } } as const;
  const ofFour = Array.from(allLabels.keys()).filter((i) => allLabels[i] < 4);
  const few = takeRows(allRows, ofFour);
  const fewLabels = ofFour.map((i) => allLabels[i]);
  const solved = (name: keyof typeof kernels, workers: number, shrinking: boolean, cacheBytes: number) =>
    trainPairs(
      { degree: 3, coef0: 1, ...kernels[name] },
      few,
      numberLabels("test", fewLabels, few.rows),
      { ...settings, shrinking, cacheBytes },
      { caller: "test", watch: undefined, workers },
    );

  test("the same models as without", async () => {
    for (const name of ["rbf", "poly"] as const) {
      const here = await solved(name, 0, true, 2 ** 24);
      assert.ok(here.support.length > 20);
      assert.deepEqual(await solved(name, 2, true, 2 ** 24), here);
    }
  });

  test("blocks of kernel values and rows give the same objectives, with shrinking and without", async () => {
    const { objectives } = await solved("rbf", 0, true, 2 ** 24);
    for (const shrinking of [true, false])
      for (const bytes of [2 ** 24, 2 ** 18]) {
        const other = await solved("rbf", 0, shrinking, bytes);
        assertClose(other.objectives, Array.from(objectives), 1e-4);
      }
  });

  test("a kernel that overflows in a worker's block is an error that names it", async () => {
    const kernel = { kernel: "poly", gamma: 1e30, degree: 3, coef0: 0 } as const;
    await assert.rejects(
      trainPairs(
        kernel,
        train1,
        numberLabels("test", labels, train1.rows),
        { ...settings, shrinking: true },
        { caller: "test", watch: undefined, workers: 2 },
      ),
      {
        name: "ArgumentError",
        message: /the kernel of examples \d+ and \d+ is Infinity; expected finite values/,
      },
    );
  });

  test("an interruption ends the workers", async () => {
    const controller = new AbortController();
    const fit = trainPairs(
      { kernel: "rbf", gamma: 0.05, degree: 3, coef0: 0 },
      train1,
      numberLabels("test", labels, train1.rows),
      { ...settings, shrinking: true },
      {
        caller: "test",
        watch: { signal: controller.signal, onProgress: () => controller.abort() },
        workers: 1,
      },
    );
    await assert.rejects(fit, {
      name: "TrainingError",
      message: /interrupted before the training was complete/,
    });
  });
});

test("workers that are started are stopped when another one does not start", async () => {
  const idle = "require('node:worker_threads').parentPort.on('message', () => {})";
  const ended = mock.method(Worker.prototype, "terminate");
  const failsFrom = (n: number): WorkerScript => {
    let asked = 0;
    return {
      url: () => new URL("https://nowhere.invalid/"),
      source: async () => {
        if (++asked >= n) throw new Error("no room for a worker");
        return { default: idle };
      },
    };
  };
  try {
    await assert.rejects(startPools(3, { caller: "test" } as never, failsFrom(3)), /no room for a worker/);
    assert.equal(ended.mock.callCount(), 2);
    const start = { count: 4, script: failsFrom(4), given: null, owner: "test" };
    await assert.rejects(RequestWorkers.start(start), /no room for a worker/);
    assert.equal(ended.mock.callCount(), 5);
  } finally {
    ended.mock.restore();
  }
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
      assert.deepEqual(await solved(2, tolerance), here);
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
