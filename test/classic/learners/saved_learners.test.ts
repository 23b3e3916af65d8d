import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { FileError } from "../../../src/base/errors.ts";
import { PhiloxStream } from "../../../src/base/philox.ts";
import {
  KMeans,
  KNeighborsClassifier,
  LinearSVC,
  learnerToBytes,
  loadLearner,
  PCA,
  Pipeline,
  SoftmaxRegression,
  StandardScaler,
  SVC,
  saveLearner,
  ZCAWhitening,
} from "../../../src/classic/index.ts";
import type { Classifying, Learner, Transformer } from "../../../src/classic/learners/learner.ts";
import { takeRows } from "../../../src/classic/matrix.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../src/io/safetensors/safetensors.ts";
import { labels, test1, train1 } from "./fixtures.ts";
import "../../../src/tensor/index.ts";

const some = Array.from({ length: 100 }, (_, i) => i);
const x = takeRows(train1, some);
const y = labels.slice(0, 100);

const learners: (() => Learner)[] = [
  () => StandardScaler({ withStd: false }),
  () => PCA({ nComponents: 5, whiten: true }),
  () => ZCAWhitening({ epsilon: 0.01 }),
  () => KMeans({ nClusters: 4 }),
  () => KNeighborsClassifier({ nNeighbors: 2, weights: "distance" }),
  () => SoftmaxRegression({ maxIter: 20 }),
  () => LinearSVC({ loss: "hinge", probability: true, tol: 0.1 }),
  () => SVC({ kernel: "chi2", gamma: 0.2, probability: true }),
  () =>
    Pipeline([
      ["scale", StandardScaler()],
      ["svm", SVC({ C: 3 })],
    ]),
];

/** Whatever the learner gives for some rows. */
async function results(learner: Learner): Promise<unknown[]> {
  const own = learner as unknown as Partial<Classifying & Transformer>;
  const all: unknown[] = [];
  if (own.predict) all.push(await own.predict(test1));
  if (own.transform && learner.kind !== "Pipeline") all.push(await own.transform(test1));
  if (own.predictProba && learner.kind !== "Pipeline") all.push(await own.predictProba(test1));
  return all;
}

describe("saved learners", () => {
  for (const make of learners) {
    test(`${make().kind} comes back as it was`, async () => {
      const learner = await (make() as Classifying).fit(x, y);
      const back = await loadLearner(learnerToBytes(learner));
      assert.equal(back.kind, learner.kind);
      if (learner.kind !== "Pipeline") assert.deepEqual(back.options, learner.options);
      assert.deepEqual(await results(back), await results(learner));
      assert.deepEqual(learnerToBytes(back).length > 0, true);
    });
  }

  test("files, and what cannot be saved", async () => {
    const folder = mkdtempSync(join(tmpdir(), "convoyant-learner-"));
    try {
      const path = join(folder, "scaler.safetensors");
      await saveLearner(await StandardScaler().fit(x), path);
      assert.equal((await loadLearner(path)).kind, "StandardScaler");
      await assert.rejects(loadLearner(join(folder, "none.safetensors")), FileError);
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.throws(() => learnerToBytes(StandardScaler()), /not fitted/);
    const own = await SVC({ kernel: (a, b) => a[0] * b[0] + 1 }).fit(x, y);
    assert.throws(() => learnerToBytes(own), /a kernel that is a function cannot be saved/);
  });
});

describe("hostile files", () => {
  /** The file of a learner with some of its parts changed. */
  async function changed(change: (learner: any, arrays: Map<string, any>) => void): Promise<Uint8Array> {
    const svc = await SVC({ C: 1 }).fit(x, y);
    const { tensors, metadata } = decodeSafetensors(learnerToBytes(svc));
    const learner = JSON.parse(metadata.learner);
    change(learner, tensors);
    return encodeSafetensors(tensors, { ...metadata, learner: JSON.stringify(learner) });
  }

  const changes: Record<string, (learner: any, arrays: Map<string, any>) => void> = {
    "another kind": (learner) => Object.assign(learner, { kind: "constructor" }),
    "no options": (learner) => Object.assign(learner.facts, { options: null }),
    "an option out of range": (learner) => Object.assign(learner.facts.options, { C: -1 }),
    "an unknown option": (learner) => Object.assign(learner.facts.options, { evil: 1 }),
    "classes out of order": (learner) => learner.facts.classes.reverse(),
    "too many classes": (learner) => learner.facts.classes.push(99),
    "a missing array": (_, arrays) => arrays.delete("rho"),
    "an array of another shape": (_, arrays) =>
      arrays.set("rho", { data: new Float64Array(3), shape: [3], dtype: "float64" }),
    "an array of another dtype": (_, arrays) =>
      arrays.set("rho", { data: new Float32Array(45), shape: [45], dtype: "float32" }),
    "values that are not finite": (_, arrays) => arrays.get("rho").data.fill(Number.NaN),
    "features that do not fit": (learner) => Object.assign(learner.facts, { featureCount: 3 }),
    "steps that are none": (learner) => Object.assign(learner, { kind: "Pipeline", facts: { steps: [1] } }),
    "no steps": (learner) => Object.assign(learner, { kind: "Pipeline", facts: { steps: [] } }),
    "facts that are none": (learner) => Object.assign(learner, { facts: [] }),
  };
  for (const [name, change] of Object.entries(changes)) {
    test(name, async () => {
      await assert.rejects(loadLearner(await changed(change)), FileError);
    });
  }

  test("another format or version, and bytes of something else", async () => {
    const empty = encodeSafetensors(new Map(), { format: "pt" });
    await assert.rejects(loadLearner(empty), /it holds no learner of convoyant\/classic/);
    const later = encodeSafetensors(new Map(), { format: "convoyant-classic-2", learner: "{}" });
    await assert.rejects(loadLearner(later), /is of another version/);
    await assert.rejects(loadLearner(new Uint8Array(5)), FileError);
  });

  test("flipped bytes give a FileError or a learner", async () => {
    const bytes = learnerToBytes(await PCA({ nComponents: 2 }).fit(x));
    const random = new PhiloxStream(7);
    const header = new DataView(bytes.buffer).getUint32(0, true) + 8;
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const damaged = bytes.slice();
      damaged[random.integer(header)] = random.integer(256);
      try {
        await loadLearner(damaged);
      } catch (error) {
        assert.ok(error instanceof FileError, String(error));
        refused++;
      }
    }
    assert.ok(refused > 100);
  });
});
