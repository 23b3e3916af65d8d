/** What `ship` writes: folders, single files and packages. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import shippedOnnxPage from "#shipped_onnx_page";
import shippedPage from "#shipped_page";
import { Classifier } from "../../src/classifier/index.ts";
import { configure } from "../../src/experiments/index.ts";
import { models, nn, onnx, save, stopEngine, useEngine } from "../../src/index.ts";
import { ship } from "../../src/ship/index.ts";
import { SHIPMENT_FILE } from "../../src/ship/shipment_folder.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { CLASSES, JPEG, PREPROCESSING, smallClassifier, writeClassifier } from "./small_classifier.ts";

/** What a page loads at most beside the weights: index.html and convoyant.js, gzipped. */
const PAGE_BUDGET = 250_000;

const root = temporaryFolder();
let source: string;
const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");

before(async () => {
  await useEngine("wasm", { threads: 1 });
  source = await writeClassifier(join(root, "small.safetensors"));
});
after(() => stopEngine());

test("a folder holds the page, its script, weights, an ONNX file, a model card and the preprocessing", async () => {
  const out = join(root, "out");
  const options = {
    name: "Four animals",
    licence: "CC-BY-4.0",
    description: "Tells animals apart.",
    data: "Drawn by hand.",
  };
  const { files, onnxProblem, verification } = await ship(source, out, options);
  assert.deepEqual(files.map(({ name }) => name).sort(), [
    "README.md",
    "convoyant.js",
    "index.html",
    "model.onnx",
    "model.safetensors",
    "preprocessing.json",
  ]);
  assert.deepEqual([onnxProblem, verification], [null, null]);
  for (const { name, bytes } of files) assert.equal(readFileSync(join(out, name)).length, bytes, name);
  assert.ok(existsSync(join(out, SHIPMENT_FILE)));

  const shipped = await Classifier.load(join(out, "model.safetensors"));
  const own = await (await smallClassifier()).predict(JPEG);
  assert.deepEqual(await shipped.predict(JPEG), own);
  assert.ok(own.probability > 0.3 && own.probability < 1, `a sharp answer: ${own.probability}`);
  const ofOnnx = await (await Classifier.load(join(out, "model.onnx"))).predict(JPEG);
  ofOnnx.probabilities.forEach((p, i) => assert.ok(Math.abs(p - own.probabilities[i]) < 1e-5));

  const { classes, ...preprocessing } = JSON.parse(read("out", "preprocessing.json"));
  assert.deepEqual([classes, preprocessing], [CLASSES, PREPROCESSING]);
  const card = read("out", "README.md");
  for (const line of [
    'license: "CC-BY-4.0"',
    "# Four animals",
    "Tells animals apart.",
    "Drawn by hand.",
    "0. cat 猫",
  ])
    assert.ok(card.includes(line), line);
  assert.ok(card.includes("bird \\<b\\>&"), "a name is shown as it is");
  assert.ok(card.includes("Not verified"));
});

test("a page of either kind weighs at most 250 kB without its weights, and loads nothing from elsewhere", () => {
  const page = read("out", "index.html");
  assert.equal(read("out", "convoyant.js"), shippedPage);
  for (const [kind, script] of Object.entries({ shippedPage, shippedOnnxPage })) {
    const bytes = gzipSync(page).length + gzipSync(script).length;
    assert.ok(bytes <= PAGE_BUDGET, `${kind}: ${bytes} bytes gzipped`);
  }
  assert.match(page, /default-src 'none'/);
  assert.doesNotMatch(page, /(?:src|href)="(?:https?:)?\/\//);
});

test("the script can stand inside of a page", () => {
  const script = read("out", "convoyant.js");
  assert.doesNotMatch(script, /<\/script|<!--/i);
});

test("a second shipment takes the place of the first", async () => {
  const out = join(root, "out");
  await ship(source, out, { dtype: "float16" });
  assert.match(read("out", "README.md"), /float16/);
  const { probabilities } = await (await Classifier.load(join(out, "model.safetensors"))).predict(JPEG);
  const ofOnnx = await (await Classifier.load(join(out, "model.onnx"))).predict(JPEG);
  ofOnnx.probabilities.forEach((p, i) =>
    assert.ok(Math.abs(p - probabilities[i]) < 1e-5, "the ONNX file has the rounded weights, too"),
  );
  const half = readFileSync(join(out, "model.safetensors")).length;
  assert.ok(half < 0.6 * readFileSync(source).length);
});

test("a single file holds script and weights", async () => {
  const path = join(root, "page.html");
  const { files } = await ship(source, path, { singleFile: true });
  assert.equal(files.length, 1);
  const [, inside] =
    /<script type="text\/plain" id="weights">([^<]*)<\/script>/.exec(read("page.html")) ?? [];
  assert.deepEqual(Buffer.from(inside, "base64"), readFileSync(source));
  const folder = await ship(source, join(root, "single"), { singleFile: true });
  assert.ok(!folder.files.some(({ name }) => name === "convoyant.js"));
  assert.ok(folder.files.some(({ name }) => name === "model.onnx"));
});

test("a package has types, and depends on this version", async () => {
  await ship(source, join(root, "package"), { npm: true, name: "four-animals", licence: "MIT" });
  const manifest = JSON.parse(read("package", "package.json"));
  assert.deepEqual([manifest.name, manifest.license, manifest.type], ["four-animals", "MIT", "module"]);
  assert.match(read("package", "index.d.ts"), /type ClassLabel = "cat" \| "dog" \| "bird <b>&" \| "fish"/);
  assert.ok(!existsSync(join(root, "package", "index.html")));
  await assert.rejects(
    ship(source, join(root, "other"), { npm: true, name: "Four Animals" }),
    /"Four Animals" is not the name of a package: expected lower-case letters/,
  );
});

test("a run ships its best weights with its metrics", async () => {
  const run = join(root, "run");
  mkdirSync(run);
  const config = configure("lenet", { engine: "wasm" });
  writeFileSync(
    join(run, "config.json"),
    JSON.stringify({ model: "lenet", config, command: "npx convoyant train lenet" }),
  );
  const point = { epoch: 1, trainLoss: 0.5, trainAccuracy: 0.8, testAccuracy: 0.75 };
  writeFileSync(join(run, "metrics.jsonl"), `${JSON.stringify(point)}\n`);
  await save(models.lenet().stateDict(), join(run, "best.safetensors"), { model: "lenet" });
  await ship(run, join(root, "of-run"));
  const card = read("of-run", "README.md");
  assert.match(card, /\| Test set \| 75\.0 % \|/);
  assert.match(card, /fashion-mnist/);
  assert.match(card, /npx convoyant train lenet/);
  assert.match(card, /0\. t-shirt/i);
  // What was counted with the best weights comes before what the last epoch gave.
  const val = {
    images: 9,
    loss: 0.4,
    accuracy: 2 / 3,
    calibrationError: 0.1,
    precision: [1, null],
    recall: [0.5, 0],
  };
  writeFileSync(join(run, "results.json"), JSON.stringify({ val, test: null }));
  await ship(run, join(root, "of-run"));
  assert.match(
    read("of-run", "README.md"),
    /\| Validation images, by which the training was judged \| 9 \| 66\.7 % \| 0\.4000 \| 10\.0 % \|/,
  );
  assert.match(read("of-run", "README.md"), /\| trouser .*\| – \| 0\.0 % \|/);
});

test("what cannot be shipped is refused before anything is written", async () => {
  const out = join(root, "refused");
  const plain = join(root, "plain.safetensors");
  await save(models.lenet().stateDict(), plain);
  await assert.rejects(ship(plain, out), /plain\.safetensors does not say .*classes/);
  await assert.rejects(ship(join(root, "nowhere"), out), { name: "FileError" });
  const own = join(root, "own.onnx");
  writeFileSync(
    own,
    await onnx.export(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), [1, 3, 2, 2], {
      preprocessing: { ...PREPROCESSING, resize: null, crop: [2, 2] },
      classNames: ["a", "b"],
    }),
  );
  await assert.rejects(ship(own, out), /own\.onnx: .*not registered under any/);
  await assert.rejects(
    ship(source, out, { singleFile: true, npm: true }),
    /choose one of singleFile and npm/,
  );
  await assert.rejects(
    ship(source, out, { dtype: "int8" as never }),
    /expected dtype to be one of float32, float16/,
  );
  await assert.rejects(
    ship(source, out, { verify: 0 }),
    /expected verify to be true or a number of images above 0/,
  );
  await assert.rejects(ship(source, out, { images: ["a"] }), /set `verify`, too/);
  assert.ok(!existsSync(out));
});
