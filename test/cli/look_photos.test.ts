/** `convoyant look` at a classifier of one's own photographs, and at its ONNX file. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { type PhotosConfig, writePhotosRecord } from "../../src/experiments/photos/photo_config.ts";
import { data, models, save, zeros } from "../../src/index.ts";
import * as onnx from "../../src/interop/onnx/index.ts";
import { factsOf, textsOfFacts } from "../../src/records/classifier_facts.ts";
import { keepClassNames } from "../../src/records/network_classes.ts";
import { keepPreprocessing } from "../../src/records/preprocessing.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const path = (name: string) => join(folder, name);
const CLASSES = ["bag", "裙子"];
const NAMES = CLASSES.flatMap((name) => [0, 1, 2, 3].map((i) => `${name}/${i}.png`));

const config: PhotosConfig = {
  format: "convoyant-photos-1",
  photos: path("photos"),
  from: "scratch",
  model: "lenet",
  initial: "random",
  imageSize: 28,
  epochs: 1,
  freezeEpochs: 0,
  lr: 0.1,
  lrMult: 1,
  frozenShare: 0,
  batchSize: 4,
  labelSmoothing: 0,
  ema: null,
  interpolate: 1,
  mix: [],
  unfreeze: "all",
  augment: "none",
  classWeights: "none",
  patience: null,
  valSplit: 0.5,
  testSplit: 0,
  seed: 0,
  engine: "wasm",
  threads: 1,
  precision: "f32",
  microBatch: "auto",
};

/** A run as `convoyant train ./photos` leaves it, of a network that is not trained. */
before(async () => {
  for (const [i, name] of NAMES.entries()) {
    mkdirSync(path(`photos/${name.split("/")[0]}`), { recursive: true });
    const levels = Uint8Array.from({ length: 30 * 40 }, (_, k) => (k * (i + 3)) % 256);
    const image = { width: 40, height: 30, channels: 1, data: levels } as const;
    writeFileSync(path(`photos/${name}`), data.encodePng(image));
  }
  mkdirSync(path("run"));
  writeFileSync(path("run/config.json"), JSON.stringify({ model: "lenet", config, classNames: CLASSES }));
  const preprocessing = {
    resize: { size: [28, 28], interpolation: "bilinear" },
    crop: null,
    mean: [0.5],
    std: [0.25],
    background: [255, 255, 255],
  } as const;
  // Those at even places are trained on, the others judge.
  writePhotosRecord(path("run"), {
    config,
    preprocessing,
    classes: CLASSES,
    images: NAMES.map((name, i) => [name, i < 4 ? 0 : 1, i % 2 === 0 ? "train" : "val", 100] as const),
  });
  const net = models.lenet(2);
  keepPreprocessing(net, preprocessing);
  keepClassNames(net, CLASSES);
  await save(net.stateDict(), path("run/best.safetensors"), {
    model: "lenet",
    ...textsOfFacts(factsOf(net)),
  });
  await onnx.export(net, zeros([1, 1, 28, 28]), { path: path("net.onnx") });
});

const look = (...words: string[]) =>
  convoyantHere(["look", ...words, "--threads", "1", "--engine", "wasm"], { cwd: folder });
const written = (name: string) => readFileSync(path(name), "utf8");

test("a run's own photographs are looked at if none are named", async () => {
  for (const [words, content] of [
    [["--what", "grad-cam", "--image", "test:3", "--class", "裙子"], /class: 裙子/],
    [["--what", "saliency", "--image", "train:0", "--class", "bag"], /class: bag/],
    [["--what", "embedding", "--method", "pca"], /4 images.*裙子/s],
    [["--what", "histograms"], /9\.weight/],
    [["--what", "embedding", "--method", "pca", "--images", "photos", "--count", "6"], /6 images/],
  ] as const) {
    const { code, stderr } = await look("run", ...words, "-o", "one.svg");
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
    assert.ok(content.test(written("one.svg")), words.join(" "));
  }
});

test("the images of a folder have the labels of the classes that are called like its folders", async () => {
  const { code, stderr } = await look(
    "run",
    ...["--what", "embedding", "--method", "neighbours", "--images", "photos", "-o", "n.svg"],
  );
  assert.equal(code, 0, stderr);
  assert.ok(/>bag<.*>裙子</s.test(written("n.svg")));
});

test("a name that PNG has no letters for is refused, and no file is written", async () => {
  const words = ["--what", "grad-cam", "--image", "test:0", "--class", "裙子", "-o", "cam.png"];
  const { code, stderr } = await look("run", ...words);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^ArgumentError: PNG has letters for Latin, .* none for "裙" .*: write \.svg or \.html/m,
  );
  assert.throws(() => written("cam.png"));
});

test("an image that there is not, and photographs that are gone, have one clear error", async () => {
  const beyond = await look("run", "--what", "grad-cam", "--image", "test:4", "-o", "x.svg");
  assert.match(beyond.stderr, /^IndexError: test:4 is out of range: there are images 0 to 3/m);
  rmSync(path("photos/bag/1.png"));
  const left = await look("run", "--what", "grad-cam", "--image", "test:3", "-o", "x.svg");
  assert.match(left.stderr, /there are images 0 to 2/);
});

test("a network out of an ONNX file is looked at as far as it has no layers", async () => {
  for (const [words, content] of [
    [["--what", "filters"], /Filters of .*6 images/s],
    [["--what", "saliency", "--image", "photos/bag/0.png"], /Saliency/],
  ] as const) {
    const { code, stderr } = await look("net.onnx", ...words, "-o", "one.svg");
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
    assert.ok(content.test(written("one.svg")), words.join(" "));
  }
  const { code, stderr } = await look(
    "net.onnx",
    ...["--what", "grad-cam", "--image", "photos/bag/0.png", "-o", "x.svg"],
  );
  assert.equal(code, 2);
  assert.match(stderr, /^ArgumentError: grad-cam looks at layers, and a network out of an ONNX file has/m);
});
