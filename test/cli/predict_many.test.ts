/** `convoyant predict` of folders, of standard input, and of images of which some cannot be read. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { Classifier } from "../../src/classifier/index.ts";
import { data, manualSeed, models, onnx, stopEngine, useEngine } from "../../src/index.ts";
import { parseCsv } from "../../src/io/formats/csv/csv.ts";
import { gradCam, overlay, shownInput } from "../../src/look/index.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { folderWith, pngBytes } from "./data_files.ts";
import { type CliOptions, convoyant, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const classes = ["plain", 'with "quotes", and a comma', { en: "cup", zh: "杯子" }];
const image = (seed: number) =>
  pngBytes(
    20 + seed,
    28,
    Uint8Array.from({ length: (20 + seed) * 28 }, (_, i) => (i * 37 * seed) % 256),
  );
/** What the library gives. */
const expected = new Map<string, readonly number[]>();

before(async () => {
  await useEngine("wasm", { threads: 1 });
  manualSeed(1);
  const preprocessing = {
    resize: { size: [28, 28], interpolation: "bilinear" },
    crop: null,
    mean: [0.3],
    std: [0.4],
    background: [0, 0, 0],
  } as const;
  const classifier = Classifier.of(models.initXavier(models.lenet({ numClasses: 3, activation: "relu" })), {
    classes,
    preprocessing,
  });
  writeFileSync(join(folder, "net.safetensors"), await classifier.toBytes());
  writeFileSync(join(folder, "net.onnx"), await onnx.export(classifier.net, [1, 1, 28, 28]));
  mkdirSync(join(folder, "empty/deep"), { recursive: true });
  folderWith(join(folder, "photos"), { "b.png": image(2), "a, first.png": image(1), "notes.txt": "hello" });
  folderWith(join(folder, "photos/deep"), { "c.PNG": image(3) });
  for (const [name, seed] of [
    ["photos/a, first.png", 1],
    ["photos/b.png", 2],
    ["photos/deep/c.PNG", 3],
  ] as const)
    expected.set(name, (await classifier.predict(image(seed))).probabilities);
  folderWith(join(folder, "mixed"), { "bad.jpg": "no image", "good.png": image(2) });
  await stopEngine();
});

const predict = (args: readonly string[], options?: CliOptions) => {
  const words = ["predict", ...args, "--engine", "wasm", "--threads", "1"];
  return options === undefined
    ? convoyantHere(words, { cwd: folder })
    : convoyant(words, { cwd: folder, ...options });
};

test("a folder: a line for each image, below it too, with the likeliest class", async () => {
  const { code, stdout, stderr } = await predict(["net.safetensors", "photos"]);
  assert.equal(code, 0, stderr);
  const lines = stdout.trim().split("\n");
  assert.deepEqual(
    lines.map((line) => line.slice(0, line.indexOf(":"))),
    [...expected.keys()],
  );
  for (const line of lines) assert.match(line, /: [^:]+ [\d.]+ %$/);
  const three = await predict(["net.safetensors", "photos", "--top", "3"]);
  assert.match(three.stdout.split("\n")[0], /( [\d.]+ %,?.*){3}/);
});

test("--csv is a table as RFC 4180 has it", async () => {
  const { code, stdout, stderr } = await predict(["net.safetensors", "photos", "--csv"]);
  assert.equal(code, 0, stderr);
  assert.ok(stdout.endsWith("\r\n"));
  const [header, ...rows] = parseCsv(Buffer.from(stdout), "stdout").map(({ fields }) => fields);
  assert.deepEqual(header, ["image", "label", "probability", "plain", 'with "quotes", and a comma', "cup"]);
  assert.deepEqual(
    rows.map(([name, , , ...probabilities]) => [name, probabilities.map(Number)]),
    [...expected],
  );
  for (const [, label, probability, ...all] of rows) {
    assert.equal(Number(probability), Math.max(...all.map(Number)));
    assert.equal(label, header[3 + all.indexOf(probability)]);
  }
});

test("standard input is a path a line, or an image", async () => {
  const paths = await predict(["net.safetensors", "-", "--json"], {
    input: "photos/b.png\r\nphotos/deep/c.PNG\n\n",
  });
  assert.equal(paths.code, 0, paths.stderr);
  const found = paths.events.filter(({ event }) => event === "prediction");
  assert.deepEqual(
    found.map(({ image: name, probabilities }) => [name, probabilities]),
    [...expected].slice(1),
  );
  const bytes = await predict(["net.safetensors", "-", "--json"], { input: image(2) });
  assert.equal(bytes.code, 0, bytes.stderr);
  assert.deepEqual(bytes.events[0].probabilities, expected.get("photos/b.png"));
  const nothing = await predict(["net.safetensors", "-"], { input: "" });
  assert.equal(nothing.code, 1);
  assert.match(nothing.stderr, /standard input is empty/);
});

test("images that cannot be read are named, the rest is classified, and the exit code is 1", async () => {
  const { code, events, stderr } = await predict(["net.safetensors", "mixed", "gone.png", "--json"]);
  assert.equal(code, 1);
  assert.deepEqual(
    events.map(({ event, image: name }) => [event, name]),
    [
      ["unreadable", "mixed/bad.jpg"],
      ["prediction", "mixed/good.png"],
      ["unreadable", "gone.png"],
      ["end", undefined],
    ],
  );
  assert.deepEqual(events.at(-1)?.unreadable, 2);
  assert.match(stderr, /mixed\/bad\.jpg is not an image of a known format/);
  assert.match(stderr, /2 of 3 images could not be read/);
});

test("Ctrl-C ends after the image under way, says how far it came, and the exit code is 130", async () => {
  const many = Array.from({ length: 60 }, () => ["photos/b.png", "photos/a, first.png"]).flat();
  let stopped = false;
  const { code, events, stderr } = await predict(["net.safetensors", ...many, "--json"], {
    onLine: (_line, child) => {
      if (!stopped) child.kill("SIGINT");
      stopped = true;
    },
  });
  assert.equal(code, 130, stderr);
  const read = events.filter(({ event }) => event === "prediction").length;
  assert.ok(read > 0 && read < many.length, `${read} images`);
  assert.deepEqual(events.at(-1)?.images, read);
  assert.match(stderr, new RegExp(`interrupted after ${read} of ${many.length} images`));
});

test("an ONNX file gives the same, and --tta the mean over the mirror image too", async () => {
  const fromOnnx = await predict(["net.onnx", "photos", "--json"]);
  assert.equal(fromOnnx.code, 0, fromOnnx.stderr);
  const found = fromOnnx.events.filter(({ event }) => event === "prediction");
  for (const [i, [, probabilities]] of [...expected].entries())
    for (const [c, p] of probabilities.entries()) assert.ok(Math.abs(found[i].probabilities[c] - p) < 1e-5);
  const plain = await predict(["net.safetensors", "photos/b.png", "--json"]);
  const views = await predict(["net.safetensors", "photos/b.png", "--tta", "--json"]);
  assert.equal(views.code, 0, views.stderr);
  assert.notDeepEqual(views.events[0].probabilities, plain.events[0].probabilities);
  const three = await predict(["net.safetensors", "photos/b.png", "--tta", "3"]);
  assert.equal(three.code, 2);
  assert.match(three.stderr, /1, 2, 5 \(corners and centre\) or 10/);
});

test("a folder without images, weights that do not say enough, and --csv with --json are refused", async () => {
  const empty = await predict(["net.safetensors", "empty"]);
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /^FileError: empty holds no images: expected files that end in \.jpg/);
  copyFileSync(join(folder, "mixed/good.png"), join(folder, "empty/deep/x.png"));
  const both = await predict(["net.safetensors", "empty", "--csv", "--json"]);
  assert.equal(both.code, 2);
  assert.match(both.stderr, /--csv/);
});

test("--look grad-cam lays over each image where the network saw its class, and -o writes it", async () => {
  const { code, stdout, stderr } = await predict([
    "net.safetensors",
    "photos",
    "--look",
    "grad-cam",
    "-o",
    "seen",
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /b\.png: /);
  assert.deepEqual(readdirSync(join(folder, "seen")).sort(), ["a-first.png", "b.png", "c.png"]);
  const seen = await data.readImage(join(folder, "seen/b.png"), { channels: 3 });
  assert.deepEqual([seen.width, seen.height, seen.channels], [28, 28, 3]);
  await useEngine("wasm", { threads: 1 });
  const classifier = await Classifier.load(join(folder, "net.safetensors"));
  const input = await classifier.input(join(folder, "photos/b.png"));
  const { index: classIndex } = await classifier.predict(join(folder, "photos/b.png"));
  const map = await gradCam(classifier.net, input, { classIndex });
  const expectedImage = overlay(await shownInput(input, classifier.preprocessing), map);
  await stopEngine();
  assert.deepEqual(seen.data, expectedImage.data);
  const unknown = await predict(["net.safetensors", "photos", "--look", "x-ray"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /Allowed choices are grad-cam/);
});
