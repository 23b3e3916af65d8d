/** Trainings that begin with a file: an ONNX network of PyTorch, weights of PyTorch, a classifier, a run. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { numel } from "../../../src/base/shape.ts";
import { Classifier } from "../../../src/classifier/index.ts";
import { evaluate, exportOnnx, resumePhotos, trainPhotos } from "../../../src/experiments/index.ts";
import { models, nn, onnx, save, stopEngine, useEngine } from "../../../src/index.ts";
import { failureOf } from "../../../src/io/formats/format_failure.ts";
import { readOnnx } from "../../../src/io/formats/onnx/read_onnx.ts";
import { writeOnnx } from "../../../src/io/formats/onnx/write_onnx.ts";
import { ship } from "../../../src/ship/index.ts";
import { launch, noBrowser, serve } from "../../browser/chromium.ts";
import { difference } from "../../classifier/known_network.ts";
import { temporaryFolder } from "../../data/folders/image_tree.ts";
import { fixturePath } from "../../io/formats/format_fixtures.ts";
import { COLOURS, noisyPng, photoFolder, SMALL } from "./photo_folder.ts";

const photos = photoFolder({ green: 16, red: 12 });
const runs = temporaryFolder();
const settings = { ...SMALL.settings, freezeEpochs: 2, epochs: 1 };
const images = [noisyPng(COLOURS.green, 90), noisyPng(COLOURS.red, 91), noisyPng(COLOURS.violet, 92, 40)];
/** So that its answers differ from image to image. */
const longer = { ...settings, freezeEpochs: 40 };
const run = join(runs, "onnx");
let expected: readonly number[][];

const probabilities = async (classifier: Classifier) =>
  (await classifier.predictBatch(images)).map((one) => [...one.probabilities]);
const optionsOf = ({ architecture }: Classifier) =>
  (architecture as { options: unknown }).options as { graph: string; features: number };
const off = (found: readonly (readonly number[])[]) =>
  Math.max(...found.map((row, i) => difference(row, expected[i])));

/** A network that PyTorch wrote, with depthwise convolutions, hard swish, squeeze and excitation: a copy that is removed. */
before(async () => {
  const file = join(runs, "net.onnx");
  writeFileSync(file, readFileSync(fixturePath("onnx/network.onnx")));
  await trainPhotos(photos, {
    ...SMALL,
    imageSize: null,
    model: null,
    from: file,
    settings: longer,
    out: run,
  });
  rmSync(file);
  expected = await probabilities(await Classifier.load(run));
});
after(() => stopEngine());

test("a run from ONNX is a classifier, whose weights describe the graph", async () => {
  const { metrics } = await evaluate(run);
  assert.equal((await resumePhotos(run)).val?.accuracy, metrics.accuracy);
  const classifier = await Classifier.load(run);
  assert.deepEqual(classifier.classes, ["green", "red"]);
  assert.deepEqual(classifier.preprocessing.crop, [16, 16]);
  assert.equal(classifier.architecture?.name, "onnx");
  // Different images get different answers: equal ones would say nothing.
  assert.ok(difference(expected[0], expected[1]) > 0.05, JSON.stringify(expected));
  const bytes = await classifier.toBytes();
  const loaded = await Classifier.load(bytes);
  assert.ok(off(await probabilities(loaded)) < 1e-6);
  for (const [key, tensor] of Object.entries(classifier.net.stateDict()))
    assert.deepEqual(await tensor.tolist(), await loaded.net.stateDict()[key].tolist(), key);
  // The graph stands in it without its weights: no list of numbers is longer than a shape.
  const graph = readOnnx(Buffer.from(optionsOf(loaded).graph, "base64"), failureOf("graph", "it")).graph;
  assert.ok(graph.initializers.length > 10);
  for (const { name, shape } of graph.initializers) assert.ok(numel(shape) <= 4, `${name}: ${shape}`);
  const half = await Classifier.load(await classifier.toBytes({ dtype: "float16" }));
  assert.ok(off(await probabilities(half)) < 0.01);
});

test("it is exported, and the file goes on to be trained with the preprocessing inside", async () => {
  const file = join(runs, "mine.onnx");
  await exportOnnx(run, file);
  assert.ok(off(await probabilities(await Classifier.load(file))) < 1e-5);
  const again = join(runs, "again");
  const { config } = await trainPhotos(photos, {
    ...SMALL,
    ...{ imageSize: null, model: null, from: file, settings, out: again },
  });
  assert.deepEqual([config.initial, config.imageSize], ["onnx", 16]);
  assert.deepEqual((await Classifier.load(again)).preprocessing, (await Classifier.load(run)).preprocessing);
});

test("another run begins with it, and its weights, shipped, with other classes", async () => {
  const three = photoFolder({ green: 4, red: 4, violet: 4 });
  const shipped = join(runs, "weights.safetensors");
  writeFileSync(shipped, await (await Classifier.load(run)).toBytes());
  for (const [i, from] of [run, shipped].entries()) {
    const out = join(runs, `three-${i}`);
    const options = { ...SMALL, imageSize: null, model: null, settings };
    await trainPhotos(three, { ...options, from, out });
    const classifier = await Classifier.load(out);
    assert.deepEqual(classifier.classes, ["green", "red", "violet"]);
    assert.deepEqual(classifier.preprocessing.crop, [16, 16]);
    assert.equal((await classifier.predict(images[0])).probabilities.length, 3);
    await evaluate(out);
  }
});

test("it is shipped with a page that answers the same", { skip: noBrowser }, async () => {
  const out = join(runs, "page");
  const { onnxProblem, title } = await ship(run, out);
  assert.deepEqual([onnxProblem, title], [null, "ONNX network, 2 classes"]);
  const bytes = ["index.html", "convoyant.js"].map((name) => gzipSync(readFileSync(join(out, name))).length);
  assert.ok(bytes[0] + bytes[1] <= 290_000, `${bytes} bytes gzipped`);
  const { server, origin } = await serve({ folder: out });
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/plain/index.html`);
    await page.waitForSelector("html[data-state]");
    assert.equal(await page.getAttribute("html", "data-state"), "ready", await page.innerText("body"));
    for (const [i, image] of images.entries()) {
      await page.evaluate(`globalThis.answered = new Promise((resolve) =>
        document.addEventListener("prediction", ({ detail }) => resolve(detail), { once: true })); 0`);
      const buffer = Buffer.from(image);
      await page.setInputFiles("#file", { name: "a.png", mimeType: "image/png", buffer });
      const answer = await page.evaluate<{ probabilities: number[] }>("globalThis.answered");
      assert.ok(difference(answer.probabilities, expected[i]) < 1e-4);
    }
    await page.check("#heatmap");
    await page.waitForTimeout(500);
    assert.equal((await page.textContent("#problem")) ?? "", "");
  } finally {
    await browser.close();
    server.close();
  }
});

test("a graph that is none, or claims too much, is one FileError", async () => {
  await useEngine("wasm", { threads: 1 });
  const classifier = await Classifier.load(run);
  const { graph, features } = optionsOf(classifier);
  const load = (options: object) =>
    Classifier.load(join(run, "best.safetensors"), {
      architecture: { name: "onnx", options: options as never },
    });
  const cases: [object, RegExp][] = [
    [{ graph: "%", features, numClasses: 2 }, /its graph is not base64/],
    [{ graph: 3, features, numClasses: 2 }, /expected \{ graph, features, numClasses \}/],
    [{ graph, features: 1e12, numClasses: 2 }, /expected \{ graph, features, numClasses \}/],
    [{ graph: "AAAA", features, numClasses: 2 }, /ONNX/],
    [{ graph, features, numClasses: 3 }, /do not fit|3 outputs/],
    [{ graph, features: 1_000_000, numClasses: 1_000_000 }, /do not fit/],
  ];
  for (const [options, message] of cases)
    await assert.rejects(load(options), (error: Error) => {
      assert.equal(error.name, "FileError", error.message);
      assert.match(error.message, message);
      return true;
    });
});

test("weights of PyTorch: --from FILE.pth, with the network that they belong to", async () => {
  const file = join(runs, "net.pth");
  await save(models.torchvision.squeezenet1_1({ numClasses: 5 }).stateDict(), file);
  const out = join(runs, "pth");
  const { config } = await trainPhotos(photos, {
    ...SMALL,
    ...{ from: file, model: "squeezenet1-1", imageSize: 32, settings: { ...settings, epochs: 0 }, out },
  });
  assert.deepEqual([config.initial, config.model], ["file", "squeezenet1-1"]);
  const { architecture } = await Classifier.load(out);
  assert.deepEqual(architecture, { name: "squeezenet1-1", options: { numClasses: 2 } });
});

test("a network whose head is not found says so", async () => {
  const file = join(runs, "headless.onnx");
  const net = models.torchvision.squeezenet1_1({ numClasses: 5 });
  writeFileSync(file, await onnx.export(net, [1, 3, 32, 32], { preprocessing: null, classNames: null }));
  await assert.rejects(
    trainPhotos(photos, {
      ...SMALL,
      model: null,
      imageSize: null,
      from: file,
      settings,
      out: join(runs, "none"),
    }),
    /no fully connected layer is found that could be its head/,
  );
});

test("a graph that takes other sizes of images, or has unknown operators, says so and leaves no folder", async () => {
  const out = join(runs, "none");
  const start = (from: string) => trainPhotos(photos, { ...SMALL, model: null, from, settings, out });
  const sized = join(runs, "sized.onnx");
  const net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 5));
  const bytes = await onnx.export(net, [1, 3, 4, 4], { preprocessing: null, classNames: null });
  const anySize = readOnnx(bytes, failureOf("ONNX file", "sized"));
  const inputs = anySize.graph.inputs.map((input) => ({ ...input, shape: ["N", 3, "H", "W"] }));
  writeFileSync(sized, writeOnnx({ ...anySize, graph: { ...anySize.graph, inputs } }));
  await assert.rejects(start(sized), {
    name: "FileError",
    message: /does not take images of 16 x 16 pixels \(linear .*expected 48 .*name the side .* with --resize/,
  });
  const unknown = join(runs, "unknown.onnx");
  const nodes = [{ ...anySize.graph.nodes[0], opType: "NoSuchOperator" }];
  writeFileSync(unknown, writeOnnx({ ...anySize, graph: { ...anySize.graph, nodes, inputs } }));
  await assert.rejects(start(unknown), {
    name: "FileError",
    message: /operators that are not supported: NoSuchOperator/,
  });
  assert.ok(!existsSync(out));
});

test("without a network the default is trained from scratch, and one line says so", async (t) => {
  const before = { ...process.env };
  t.after(() => {
    for (const name of ["CONVOYANT_WEIGHTS", "CONVOYANT_WEIGHTS_URL"])
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
  });
  // Nothing listens there.
  process.env.CONVOYANT_WEIGHTS_URL = "http://127.0.0.1:9/";
  process.env.CONVOYANT_WEIGHTS = join(runs, "no-weights");
  const notes: string[] = [];
  const options = {
    imageSize: 32,
    settings: { ...settings, freezeEpochs: 0 },
    onNote: (text: string) => notes.push(text),
  };
  const { config, val } = await trainPhotos(photos, { ...options, out: join(runs, "unreachable") });
  assert.deepEqual([config.initial, config.model, config.imageSize], ["random", "resnet18", 32]);
  assert.equal(val?.images, 6);
  const [note] = notes.filter((text) => /from scratch/.test(text));
  assert.match(note, /^weights of ImageNet are not available, so that resnet18 is trained from scratch/);
  assert.doesNotMatch(note, /\n/);
});
