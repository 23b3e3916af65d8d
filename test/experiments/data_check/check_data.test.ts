import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ArgumentError, FileError } from "../../../src/base/errors.ts";
import { checkData, type DataCheck } from "../../../src/experiments/data_check/check_data.ts";
import { resample } from "../../../src/report/image.ts";
import { blurred, plain, put, scene } from "./checked_folder.ts";

const top = mkdtempSync(join(tmpdir(), "convoyant-check-"));
after(() => rmSync(top, { recursive: true }));
let folders = 0;

/** A clean data set of two classes, with or without splits. */
function cleanFolder(splits: readonly string[] = []): string {
  const root = join(top, String(folders++));
  let seed = 0;
  for (const split of splits.length === 0 ? ["."] : splits)
    for (const [hue, label] of ["ant", "bee"].entries())
      for (let i = 0; i < 6; i++) put(join(root, split), `${label}/${i}.jpg`, scene(seed++, hue));
  return root;
}

const found = ({ issues }: DataCheck) =>
  issues.map(({ check, images }) => `${check}: ${images.map(({ name }) => name).join(" ")}`);

test("nothing is found in a clean folder", async () => {
  for (const splits of [[], ["train", "val"]]) {
    const check = await checkData(cleanFolder(splits));
    assert.deepEqual(found(check), []);
    assert.equal(check.images, splits.length === 0 ? 12 : 24);
    assert.deepEqual(check.splits, splits);
    assert.deepEqual(
      check.classes.map(({ name, images, perSplit }) => [name, images, perSplit]),
      splits.length === 0
        ? [
            ["ant", 6, []],
            ["bee", 6, []],
          ]
        : [
            ["ant", 12, [6, 6]],
            ["bee", 12, [6, 6]],
          ],
    );
    assert.ok(!check.checks.includes("wrong-label") && check.checks.includes("blurry"));
  }
});

test("each fault that is planted is found, and nothing else", async () => {
  const root = cleanFolder();
  copyFileSync(join(root, "ant/0.jpg"), join(root, "ant/copy.jpg"));
  put(root, "bee/small.jpg", resample(scene(6, 1), 64, 48));
  copyFileSync(join(root, "ant/2.jpg"), join(root, "bee/other.jpg"));
  put(root, "ant/blurred.jpg", blurred(scene(50), 4));
  put(root, "ant/black.jpg", plain(4));
  put(root, "ant/white.jpg", plain(253));
  put(root, "bee/long.jpg", scene(51, 1, 200, 40));
  put(root, "bee/large.jpg", scene(52, 1, 400, 300));
  const bytes = readFileSync(join(root, "bee/3.jpg"));
  put(root, "bee/cut.jpg", bytes.subarray(0, bytes.length / 2));
  put(root, "bee/empty.jpg", new Uint8Array(0));
  put(root, "bee/text.png", new TextEncoder().encode("not an image"));
  put(root, "bee/notes.txt", new TextEncoder().encode("hello"));
  const check = await checkData(root);
  assert.deepEqual(found(check).sort(), [
    "blurry: ant/blurred.jpg",
    "bright: ant/white.jpg",
    "conflicting-labels: ant/2.jpg bee/other.jpg",
    "dark: ant/black.jpg",
    "exact-duplicates: ant/0.jpg ant/copy.jpg",
    "low-information: ant/black.jpg",
    "low-information: ant/white.jpg",
    "near-duplicates: bee/0.jpg bee/small.jpg",
    "odd-aspect: bee/long.jpg",
    "odd-size: bee/large.jpg",
    "unreadable: bee/cut.jpg",
    "unreadable: bee/empty.jpg",
    "unreadable: bee/text.png",
  ]);
  assert.equal(check.images, 20);
  assert.equal(check.skipped.length, 1);
  // The most important first.
  assert.deepEqual(check.issues[0].check, "unreadable");
  const near = check.issues.find((issue) => issue.check === "near-duplicates");
  assert.match(near?.images[1].note ?? "", /^64 x 48, hash differs in \d bits$/);
});

test("what is found is the same for any number of workers", async () => {
  const root = cleanFolder(["train", "val"]);
  copyFileSync(join(root, "train/ant/0.jpg"), join(root, "val/ant/copy.jpg"));
  put(root, "train/bee/cut.jpg", readFileSync(join(root, "train/bee/3.jpg")).subarray(0, 500));
  const alone = await checkData(root, { workers: 0 });
  assert.equal(alone.issues.length, 2);
  for (const workers of [1, 3]) {
    const { seconds: _, ...check } = await checkData(root, { workers });
    assert.deepEqual({ ...check, seconds: alone.seconds }, alone);
  }
  // Workers end with a check that is stopped.
  const stopped = await checkData(root, { workers: 2, signal: { aborted: true } });
  assert.deepEqual([stopped.interrupted, stopped.images], [true, 1]);
});

test("an image that is in two splits is leakage, as a copy and in another size", async () => {
  const root = cleanFolder(["train", "val", "test"]);
  copyFileSync(join(root, "train/ant/0.jpg"), join(root, "val/ant/from_train.jpg"));
  put(root, "test/bee/small.jpg", resample(scene(8, 1), 60, 45));
  copyFileSync(join(root, "train/ant/1.jpg"), join(root, "test/bee/wrong.jpg"));
  const { issues } = await checkData(root);
  assert.deepEqual(
    issues.map(({ check, message }) => `${check}: ${message}`),
    [
      "leakage: 2 images are the same file in train, val",
      "leakage: 2 images are the same file in train, test, with the labels ant, bee",
      "leakage: 2 images are nearly the same in train, test",
    ],
  );
  assert.deepEqual(
    issues.flatMap(({ images }) => images.map(({ split }) => split)),
    ["train", "val", "train", "test", "train", "test"],
  );
});

test("classes that are small, or missing in a split, are named", async () => {
  const root = cleanFolder(["train", "val"]);
  for (let i = 0; i < 60; i++) put(root, `train/cat/${i}.jpg`, scene(100 + i, 2));
  for (let i = 0; i < 2; i++) put(root, `train/dog/${i}.jpg`, scene(200 + i, 2));
  const messages = (await checkData(root)).issues.map(({ check, message }) => `${check}: ${message}`);
  assert.deepEqual(messages, [
    "class-imbalance: class cat has no image in val",
    "class-imbalance: class dog has 2 of 86 images; an even part is 22",
  ]);
});

test("checks can be left out, and their thresholds changed", async () => {
  const root = cleanFolder();
  put(root, "ant/black.jpg", plain(4));
  put(root, "ant/large.jpg", scene(53, 0, 400, 300));
  const skip = ["dark", "low-information"] as const;
  const check = await checkData(root, { skip });
  assert.deepEqual(found(check), ["odd-size: ant/large.jpg"]);
  assert.ok(!check.checks.includes("dark"));
  assert.deepEqual(found(await checkData(root, { skip, thresholds: { size: 100 } })), []);
  await assert.rejects(
    checkData(root, { skip: ["blury" as "blurry"] }),
    /unknown check "blury"; did you mean `blurry`/,
  );
  for (const given of [undefined, "", 3] as string[]) await assert.rejects(checkData(given), ArgumentError);
  for (const wrong of [{ run: 7 }, { run: "" }, { skip: "dark" }, { workers: -1 }])
    await assert.rejects(checkData(root, wrong as object), ArgumentError);
  for (const thresholds of [{ hash: 3 }, { dark: -1 }, { dark: Number.NaN }, { hashDistance: 40 }])
    await assert.rejects(checkData(root, { thresholds: thresholds as object }), ArgumentError);
});

test("images in no class folder are checked too; a folder without images is refused", async () => {
  const root = join(top, "loose");
  for (let i = 0; i < 3; i++) put(root, `${i}.jpg`, scene(i));
  copyFileSync(join(root, "0.jpg"), join(root, "0 again.jpg"));
  writeFileSync(join(root, "readme.txt"), "");
  const check = await checkData(root);
  assert.deepEqual(found(check), ["exact-duplicates: 0 again.jpg 0.jpg"]);
  assert.deepEqual([check.classes, check.images, check.skipped.length], [[], 4, 1]);
  mkdirSync(join(top, "nothing"));
  await assert.rejects(
    checkData(join(top, "nothing")),
    /nothing holds no images; expected a folder for each class/,
  );
  await assert.rejects(checkData(join(top, "not there")), FileError);
});

test("it reports how far it is, and stops when it is asked to", async () => {
  const stopping = new AbortController();
  const steps: string[] = [];
  const check = await checkData(cleanFolder(), {
    signal: stopping.signal,
    onProgress: (done, of) => {
      steps.push(`${done}/${of}`);
      if (done === 3) stopping.abort();
    },
  });
  assert.deepEqual(steps, ["0/12", "1/12", "2/12", "3/12"]);
  assert.deepEqual([check.interrupted, check.images, check.issues], [true, 3, []]);
});

test("a CSV list is checked as a folder is, and names what its lines lead to in vain", async () => {
  const root = cleanFolder();
  copyFileSync(join(root, "ant/0.jpg"), join(root, "copy.jpg"));
  writeFileSync(join(root, "broken.jpg"), readFileSync(join(root, "ant/1.jpg")).subarray(0, 900));
  const paths = ["ant", "bee"].flatMap((label) =>
    Array.from({ length: 6 }, (_, i) => [`${label}/${i}.jpg`, label]),
  );
  const lines = [...paths, ["copy.jpg", "bee"], ["broken.jpg", "ant"], ["gone.jpg", "ant"]];
  const list = join(root, "labels.csv");
  writeFileSync(list, `file,label\n${lines.map((line) => line.join(",")).join("\n")}\n`);
  const check = await checkData(list);
  assert.deepEqual(found(check), [
    "unreadable: broken.jpg",
    "unreadable: gone.jpg",
    "conflicting-labels: ant/0.jpg copy.jpg",
  ]);
  assert.match(check.issues[0].images[0].note, /labels\.csv, line 15: .*cut short/);
  assert.match(check.issues[1].images[0].note, /labels\.csv, line 16: .*gone\.jpg/);
  assert.deepEqual(
    check.classes.map(({ name, images }) => [name, images]),
    [
      ["ant", 6],
      ["bee", 7],
    ],
  );
  writeFileSync(list, "");
  await assert.rejects(checkData(list), /labels\.csv lists no images/);
});
