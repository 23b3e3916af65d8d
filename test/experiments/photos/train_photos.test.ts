import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  evaluate,
  findPhotosLr,
  listRuns,
  readRun,
  removeRun,
  resumePhotos,
  type StartingPhotos,
  trainPhotos,
} from "../../../src/experiments/index.ts";
import { readPhotosRecord } from "../../../src/experiments/photos/photo_config.ts";
import { models, stopEngine } from "../../../src/index.ts";
import { load } from "../../../src/io/state_dict_bytes.ts";
import { loadedMetadata } from "../../../src/records/loaded_metadata.ts";
import { temporaryFolder, tree } from "../../data/folders/image_tree.ts";
import { COLOURS, noisyPng, photoFolder, SMALL } from "./photo_folder.ts";

after(() => stopEngine());

const photos = photoFolder({ green: 16, red: 12 });
const runs = temporaryFolder();
const inRuns = (name: string) => join(runs, name);

const weightsOf = (folder: string) => readFileSync(join(folder, "best.safetensors"));

test("a folder of photographs becomes a classifier whose weights say what they are for", async () => {
  const out = inRuns("first");
  const trained = await trainPhotos(photos, { ...SMALL, out });
  assert.equal(trained.outcome, "finished");
  assert.deepEqual(trained.classes, ["green", "red"]);
  assert.equal(trained.val?.images, 6);
  assert.equal(trained.val?.accuracy, 1);
  const weights = await load(join(out, "best.safetensors"));
  const texts = loadedMetadata(weights) as Record<string, string>;
  assert.deepEqual(JSON.parse(texts.architecture), { name: "small-photo-net", options: { numClasses: 2 } });
  assert.deepEqual(JSON.parse(texts.classes), ["green", "red"]);
  assert.deepEqual(JSON.parse(texts.preprocessing).crop, [16, 16]);
  const results = JSON.parse(readFileSync(join(out, "results.json"), "utf8"));
  assert.equal(results.val.accuracy, 1);
  assert.equal(results.test, null);
  const report = readFileSync(join(out, "report.html"), "utf8");
  for (const id of ["calibration", "augmentation", "learning-rate", "confusion"])
    assert.match(report, new RegExp(`id="${id}"`));
});

test("the run is listed and evaluated on the images that it was judged by", async () => {
  const [run] = listRuns(runs);
  assert.deepEqual([run.model, run.state, run.epochs], ["small-photo-net", "finished", 2]);
  const notes: string[] = [];
  const { metrics, classes, data } = await evaluate(inRuns("first"), { onNote: (text) => notes.push(text) });
  assert.deepEqual([metrics.examples, metrics.accuracy, data], [6, 1, photos]);
  assert.deepEqual(classes, ["green", "red"]);
  assert.match(notes.join(), /no test images/);
});

test("a training that is interrupted anywhere and resumed ends in the same bits", async () => {
  const settings = { ...SMALL.settings, freezeEpochs: 2 };
  await trainPhotos(photos, { ...SMALL, settings, out: inRuns("whole") });
  for (const steps of [1, 6]) {
    const out = inRuns(`interrupted-${steps}`);
    const controller = new AbortController();
    let left = steps;
    const interrupted = await trainPhotos(photos, {
      ...SMALL,
      settings,
      out,
      signal: controller.signal,
      checkpointSeconds: 0,
      onStart: () => ({ onStep: () => --left === 0 && controller.abort() }),
    });
    assert.equal(interrupted.outcome, "interrupted");
    assert.equal(readRun(out).state, "unfinished", `after ${steps} steps`);
    const resumed = await resumePhotos(out);
    assert.equal(resumed.outcome, "finished");
    assert.deepEqual(weightsOf(out), weightsOf(inRuns("whole")), `after ${steps} steps`);
  }
});

test("images that were added and removed are named, and the others keep their part", async () => {
  const folder = photoFolder({ green: 10, red: 10 });
  const out = inRuns("changing");
  await trainPhotos(folder, { ...SMALL, out });
  const before = new Map(readPhotosRecord(out).images.map(([name, , split]) => [name, split]));
  rmSync(join(folder, "green", "03.png"));
  for (const i of [50, 51, 52, 53]) writeFileSync(join(folder, "red", `${i}.png`), noisyPng(COLOURS.red, i));
  const notes: string[] = [];
  const resumed = await resumePhotos(out, { onNote: (text) => notes.push(text) });
  assert.equal(resumed.outcome, "finished");
  assert.match(
    notes[0],
    /4 images added \(red\/50\.png, red\/51\.png, red\/52\.png, red\/53\.png\), 1 image removed \(green\/03\.png\); the split of the 19 images that stayed is kept/,
  );
  const after = readPhotosRecord(out).images;
  assert.equal(after.length, 23);
  for (const [name, , split] of after) if (before.has(name)) assert.equal(split, before.get(name), name);
  assert.ok(existsSync(join(out, "earlier-1", "best.safetensors")));
  assert.deepEqual(removeRun(out), []);
});

test("a run with other classes than the folder's does not go on", async () => {
  const folder = photoFolder({ green: 8, red: 8 });
  const out = inRuns("classes");
  await trainPhotos(folder, { ...SMALL, out });
  mkdirSync(join(folder, "violet"));
  for (const i of [0, 1, 2, 3])
    writeFileSync(join(folder, "violet", `${i}.png`), noisyPng(COLOURS.violet, i));
  for (const attempt of [() => resumePhotos(out), () => evaluate(out)])
    await assert.rejects(attempt, {
      name: "ArgumentError",
      message: /is for other classes: .* has violet, which the run has not.*--from/,
    });
  const again = await trainPhotos(folder, { ...SMALL, from: out, model: null, out: inRuns("more") });
  assert.deepEqual(again.classes, ["green", "red", "violet"]);
  assert.equal(models.names().includes(again.config.model as string), true);
});

test("EMA, interpolation, mixing, gradual unfreezing, weighted classes and the head alone are options", async () => {
  const average = { ema: 0.8, interpolate: 0.7 };
  const all = {
    ...average,
    mix: ["mixup", "cutmix"],
    unfreeze: "gradual",
    classWeights: "balanced",
  } as const;
  const settings = { ...SMALL.settings, ...all, freezeEpochs: 1, labelSmoothing: 0.1, testSplit: 0.2 };
  const trained = await trainPhotos(photos, { ...SMALL, settings, out: inRuns("options") });
  assert.ok(trained.test !== null && trained.test.images >= 5);
  // What is kept belongs to none of the epochs.
  const { best, bestIsEpoch } = readRun(inRuns("options"));
  assert.deepEqual([bestIsEpoch, best?.testLoss], [false, trained.val?.loss]);
  assert.equal(readRun(inRuns("first")).bestIsEpoch, true);
  const head = { ...SMALL.settings, epochs: 0, freezeEpochs: 3, augment: "none" } as const;
  const alone = await trainPhotos(photos, { ...SMALL, settings: head, out: inRuns("head") });
  assert.ok(alone.val !== null);
  assert.deepEqual([readRun(inRuns("head")).epochs, readRun(inRuns("head")).metrics?.epochs], [3, 3]);
});

test("a learning rate is found without leaving anything", async () => {
  const { curve, lr } = await findPhotosLr(photos, { ...SMALL, steps: 12 });
  assert.equal(curve.lrs.length, 12);
  assert.ok(lr === null || lr > 0);
});

test("folders of parts and CSV lists are taken as they are", async () => {
  const parts: Record<string, Uint8Array> = {};
  const rows: string[] = ["path,label"];
  for (const [name, colour] of Object.entries(COLOURS).slice(0, 2)) {
    for (let i = 0; i < 9; i++) {
      const part = i < 6 ? "train" : i < 8 ? "val" : "test";
      parts[`${part}/${name}/${i}.png`] = noisyPng(colour, i);
      rows.push(`${part}/${name}/${i}.png,${name}`);
    }
  }
  const folder = tree({ ...parts, "list.csv": rows.join("\n") });
  const settings = { ...SMALL.settings, epochs: 1 };
  let images: unknown;
  const onStart = (run: StartingPhotos) => {
    images = run.images;
    return {};
  };
  const trained = await trainPhotos(folder, { ...SMALL, settings, onStart, out: inRuns("parts") });
  assert.deepEqual(images, { train: 12, val: 4, test: 2 });
  assert.deepEqual([trained.val?.images, trained.test?.images], [4, 2]);
  await trainPhotos(join(folder, "list.csv"), { ...SMALL, settings, onStart, out: inRuns("list") });
  // 18 images, a fifth of each class to judge by.
  assert.deepEqual(images, { train: 14, val: 4, test: 0 });
});
