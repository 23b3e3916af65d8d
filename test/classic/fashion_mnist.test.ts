/** What takes minutes: predictions for all test images of Fashion-MNIST beside LIBLINEAR's and LIBSVM's, and the benchmark. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inflateSync } from "node:zlib";
import { LinearSVC, type Matrix, SVC } from "../../src/classic/index.ts";
import { openDataset } from "../../src/data/open_dataset.ts";
import { benchClassic } from "../../src/experiments/bench/bench_classic.ts";
import { root } from "../architecture/sources.ts";
import { fashionMnistIsMissing } from "../cli/run_cli.ts";
import { agreement } from "./learners/fixtures.ts";
import "../../src/tensor/index.ts";

const missing = await fashionMnistIsMissing();
const skip = process.env.CONVOYANT_TEST_CLASSIC === undefined ? "CONVOYANT_TEST_CLASSIC is not set" : missing;

interface RecordedModel {
  readonly options: string;
  /** A digit for each test image, deflated, in base64. */
  readonly predicted: string;
}

async function pixels(train: boolean, count: number): Promise<{ x: Matrix; labels: number[] }> {
  const set = await openDataset("fashion-mnist", { train });
  const data = new Float32Array(count * 784);
  const labels: number[] = [];
  for (let i = 0; i < count; i++) {
    const image = set.image(i);
    for (let j = 0; j < 784; j++) data[i * 784 + j] = Math.fround(image.data[j]) / 255;
    labels.push(image.label);
  }
  return { x: { rows: count, columns: 784, data }, labels };
}

describe("all test images of Fashion-MNIST get the classes that other libraries give them", { skip }, () => {
  const recorded = (): { train: number; models: Record<string, RecordedModel> } =>
    JSON.parse(readFileSync(join(root, "test/fixtures/classic/fashion_svm.json"), "utf8"));
  const learners = {
    // LIBLINEAR goes on with a primal solver if passes are not enough.
    squaredHinge: () => LinearSVC({ C: 1, tol: 1e-3, maxIter: 20_000 }),
    hinge: () => LinearSVC({ C: 0.1, loss: "hinge", tol: 1e-3 }),
    rbf: () => SVC({ C: 10, gamma: 0.01 }),
    poly: () => SVC({ C: 1, kernel: "poly", degree: 3, gamma: 0.01, coef0: 1 }),
  };
  for (const [name, make] of Object.entries(learners)) {
    test(`${name}: 99.5%`, async () => {
      const { train, models } = recorded();
      const [training, testing] = [await pixels(true, train), await pixels(false, 10_000)];
      const learner = make();
      await learner.fit(training.x, training.labels);
      const predicted = await learner.predict(testing.x);
      const theirs = [...inflateSync(Buffer.from(models[name].predicted, "base64")).toString()].map(Number);
      const share = agreement(predicted, theirs);
      assert.ok(share >= 0.995, `${share} of the classes are the same`);
    });
  }
});

test("bench classic trains every pipeline that it compares", { skip }, async () => {
  const { lines, skips, ratios } = await benchClassic({ against: ["opencv"], seconds: 0.1, divide: 100 });
  const own = lines.filter(({ library }) => library === "convoyant");
  assert.deepEqual(
    own.map(({ task, images }) => [task, images]),
    [
      ["rbf-svm", 100],
      ["hog-linear-svm", 600],
      ["sift", 1],
    ],
  );
  for (const { seconds, processorSeconds } of own) assert.ok(seconds > 0 && processorSeconds > 0);
  // OpenCV is there, or it is said why it is not.
  assert.equal(skips.length + ratios.length, 1);
});

test("bench classic names the libraries that it knows", async () => {
  await assert.rejects(benchClassic({ against: ["matlab"], seconds: 1 }), {
    name: "ArgumentError",
    message: "bench classic: expected --against sklearn or opencv, got matlab",
  });
});
