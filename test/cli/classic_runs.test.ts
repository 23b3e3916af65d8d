/** What a run of `convoyant classic` is good for: predict, eval, and models read back. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ClassicData } from "../../src/experiments/classic/classic_data.ts";
import { writeClassicRun } from "../../src/experiments/classic/classic_folder.ts";
import { type ClassicSettings, runClassic } from "../../src/experiments/classic/classic_run.ts";
import { classifyImages, loadClassic } from "../../src/experiments/classic/saved_classic.ts";
import { evaluate } from "../../src/experiments/evaluate.ts";
import { predict } from "../../src/experiments/predict.ts";
import type { Image } from "../../src/records/image.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { folderWith, pngBytes } from "./data_files.ts";
import { convoyant, fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";
import "../../src/tensor/index.ts";

const SIDE = 40;
const missing = await fashionMnistIsMissing();

/** Spots on a checked ground, small ones and large ones: both have key points. */
function spots(large: boolean, shift: number): Image {
  const radius = large ? 7 : 3;
  const data = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [(i % SIDE) + shift, Math.floor(i / SIDE) + 2 * shift];
    const spot = Math.hypot((x % 20) - 10, (y % 20) - 10) < radius;
    return spot ? 225 : ((x >> 2) + (y >> 2)) % 2 === 0 ? 40 : 55;
  });
  return { width: SIDE, height: SIDE, channels: 1, data };
}

function part(from: number, count: number) {
  const labels = Int32Array.from({ length: 2 * count }, (_, i) => i % 2);
  return { images: Array.from(labels, (label, i) => spots(label === 1, from + (i >> 1))), labels };
}

const data: ClassicData = {
  name: "spots",
  classes: ["small", "large"],
  train: part(0, 12),
  test: part(12, 6),
  preprocessing: { resize: null, crop: null, mean: [0], std: [1], background: [255, 255, 255] },
  leftOut: [],
};

const settings: ClassicSettings = {
  ...{ features: "hog", classifier: "linear-svm", C: null, gamma: null, seed: 1 },
  ...{ words: null, encoding: "hard", pyramid: 0 },
};

async function trained(change: Partial<ClassicSettings>, name: string) {
  const result = await runClassic({ ...settings, ...change }, data);
  const folder = join(temporaryFolder(), name);
  await writeClassicRun(folder, result, data, { side: SIDE, command: "convoyant classic" });
  return { result, folder };
}

describe("a saved pipeline gives the classes that it gave after its training", () => {
  const pipelines: Partial<ClassicSettings>[] = [
    { features: "pixels", classifier: "softmax" },
    { features: "hog", classifier: "knn" },
    { features: "hog+pixels", classifier: "rbf-svm" },
    { features: "dense-sift" },
    { features: "dense-sift", words: 8, encoding: "vlad", pyramid: 1 },
    { features: "dense-sift", words: 4, encoding: "fisher" },
    { features: "dense-sift", words: 8, encoding: "soft", classifier: "chi2-svm" },
    { features: "daisy", words: 8, classifier: "intersection-svm" },
    { features: "sift", words: 6 },
    { features: "surf", words: 6, classifier: "rbf-svm" },
    { features: "sift+dense-sift", words: 5, encoding: "vlad" },
  ];
  for (const [i, pipeline] of pipelines.entries()) {
    test(Object.values(pipeline).join(" "), async () => {
      const { result, folder } = await trained(pipeline, `pipeline${i}`);
      const saved = await loadClassic(folder);
      const scores = await classifyImages(saved, data.test.images);
      const predicted = scores.map((row) => row.indexOf(Math.max(...row)));
      const right = predicted.filter((label, at) => label === data.test.labels[at]).length;
      assert.equal(right / predicted.length, result.testAccuracy);
      for (const row of scores) assert.ok(Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) < 1e-5);
      assert.equal(existsSync(join(folder, "words.safetensors")), result.vocabularies.size > 0);
    });
  }
});

describe("damaged runs", () => {
  test("words that are missing, or those of other descriptors", async () => {
    const { folder } = await trained({ features: "sift", words: 6 }, "words");
    const other = await trained({ features: "surf", words: 6 }, "otherWords");
    const words = join(folder, "words.safetensors");
    copyFileSync(join(other.folder, "words.safetensors"), words);
    await assert.rejects(loadClassic(folder), /there are no visual words of sift \(words.safetensors beside/);
    rmSync(words);
    await assert.rejects(loadClassic(folder), {
      name: "FileError",
      message: /there are no visual words of sift/,
    });
    writeFileSync(words, "nothing");
    await assert.rejects(loadClassic(folder), { name: "FileError", message: /words.safetensors/ });
  });

  test("a model that was cut short, and a record that is not one", async () => {
    const { folder } = await trained({}, "cut");
    const model = join(folder, "model.safetensors");
    const bytes = readFileSync(model);
    writeFileSync(model, bytes.subarray(0, bytes.length - 5));
    await assert.rejects(loadClassic(folder), { name: "FileError" });
    writeFileSync(model, bytes);
    writeFileSync(join(folder, "classic.json"), "{}");
    const { code, stderr } = await convoyantHere(["eval", folder]);
    assert.equal(code, 1);
    assert.match(stderr, /classic.json is not the record of a run/);
  });

  test("a model of other features than the pipeline's", async () => {
    const { folder } = await trained({}, "features");
    await assert.rejects(loadClassic(folder, "sift"), {
      name: "ArgumentError",
      message: /is a model of the features hog, not of sift; extract those for it/,
    });
    // A file that lies about its features.
    const model = join(folder, "model.safetensors");
    const text = readFileSync(model, "latin1").replace('"features":"hog"', '"features":"sift"');
    writeFileSync(model, text, "latin1");
    await assert.rejects(loadClassic(folder), { name: "FileError" });
  });
});

describe("convoyant predict and eval", () => {
  const photos = join(temporaryFolder(), "spots");
  const run = join(temporaryFolder(), "run");
  const files = (large: boolean) =>
    Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`${i}.png`, pngBytes(SIDE, SIDE, spots(large, i).data)]),
    );

  test("images, folders, --top, --csv and --json", async () => {
    folderWith(join(photos, "small"), files(false));
    folderWith(join(photos, "large"), {
      ...files(true),
      "cut.png": pngBytes(9, 9, new Uint8Array(81)).slice(0, 60),
    });
    const args = ["--data", photos, "--side", "40", "--features", "dense-sift", "--words", "8"];
    const made = await convoyantHere(["classic", ...args, "--classifier", "softmax", "--out", run, "--json"]);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /left out: .*cut.png/);
    assert.match(made.stderr, /1 file could not be read, and was left out/);
    const { testAccuracy } = made.events.at(-1) as { testAccuracy: number };
    assert.equal(testAccuracy, 1);

    const one = await convoyantHere(["predict", run, join(photos, "large", "3.png"), "--json"]);
    assert.equal(one.code, 0, one.stderr);
    const [prediction, end] = one.events;
    assert.equal(prediction.label, "large");
    assert.ok(prediction.probability > 0.5);
    assert.equal(end.model, "dense-sift, SoftmaxRegression");

    const table = await convoyantHere(["predict", run, join(photos, "small"), "--csv"]);
    const [head, ...lines] = table.stdout.trim().split(/\r?\n/);
    assert.equal(head, "image,label,probability,large,small");
    assert.equal(lines.length, 12);
    for (const line of lines) assert.equal(line.split(",")[1], "small");

    const both = await convoyantHere(["predict", run, photos, "--top", "2"]);
    assert.equal(both.code, 1);
    assert.match(both.stderr, /cut.png/);
    assert.match(both.stdout, /3.png: large [\d.]+ ?%, small/);

    const judged = await convoyantHere(["eval", run, "--json"]);
    assert.equal(judged.code, 0, judged.stderr);
    assert.equal(judged.events.at(-1)?.testAccuracy, testAccuracy);

    const place = await convoyantHere(["predict", run, "test:3"]);
    assert.match(place.stderr, /does not say of which data set; name an image file/);
    const limited = await convoyantHere(["eval", run, "--limit-batches", "1"]);
    assert.equal(limited.code, 2);
    assert.match(
      limited.stderr,
      /run is a pipeline of hand-made features, .*leave out the limit of 1 batches/,
    );
    // The same, without a process for each.
    const refused = { name: "ArgumentError", message: /is a pipeline of hand-made features/ };
    const image = join(photos, "large", "3.png");
    await assert.rejects(predict(run, [image], { look: "grad-cam" }), refused);
    await assert.rejects(predict(run, [image], { settings: { resize: 32 } }), refused);
    await assert.rejects(predict(run, [image], { settings: { precision: "bf16" } }), refused);
    await assert.rejects(predict(run, [image], { model: "lenet" }), refused);
    await assert.rejects(evaluate(run, { settings: { limitBatches: 1, resize: 32 } }), {
      name: "ArgumentError",
      message: /leave out the size of images \(32\) and the limit of 1 batches/,
    });
  });

  test("images of the data set, and the accuracy on it", { skip: missing }, async () => {
    const out = join(temporaryFolder(), "fashion");
    const args = ["classic", "--features", "pixels", "--classifier", "knn", "--train-size", "300"];
    const made = await convoyantHere([...args, "--out", out, "--json"]);
    const { testAccuracy } = made.events.at(-1) as { testAccuracy: number };
    const { events, stderr } = await convoyantHere(["predict", out, "test:17", "test:3", "--json"]);
    assert.deepEqual(
      events.slice(0, 2).map(({ image, truth }) => [image, truth]),
      [
        ["test:17", 4],
        ["test:3", 1],
      ],
      stderr,
    );
    assert.equal(events[1].predicted, 1);
    const judged = await convoyantHere(["eval", join(out, "model.safetensors"), "--json"]);
    assert.equal(judged.events.at(-1)?.testAccuracy, testAccuracy);
    assert.equal(judged.events.at(-1)?.examples, 10_000);
  });

  test("Ctrl-C ends a training, and nothing is written", { skip: missing }, async () => {
    const out = join(temporaryFolder(), "ended");
    const args = ["classic", "--features", "pixels", "--classifier", "rbf-svm", "--train-size", "20000"];
    const { code, events, stderr } = await convoyant([...args, "--out", out, "--json"], {
      onLine: (line, child) => {
        if (line.includes('"start"')) child.kill("SIGINT");
      },
    });
    assert.equal(code, 130, stderr);
    assert.deepEqual(events.at(-1), { event: "interrupted" });
    assert.match(stderr, /Interrupted; nothing was saved/);
    assert.equal(existsSync(out), false);
  });
});
