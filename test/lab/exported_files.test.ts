/** What is taken home from the Lab, and what comes back: weights, ONNX, pages, runs, experiments. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { load, models, onnx, rand, stopEngine, type Tensor, useEngine } from "convoyant";
import { Classifier } from "convoyant/classifier";
import * as experiments from "convoyant/experiments";
import { strToU8, unzipSync, zipSync } from "fflate";
import type { Block } from "../../apps/lab/src/experiment/blocks.ts";
import {
  type Experiment,
  FIRST_EXPERIMENT,
  type NetworkSource,
} from "../../apps/lab/src/experiment/experiment.ts";
import { filledPage } from "../../apps/lab/src/worker/export_files.ts";
import { TEMPLATE_MARKS } from "../../apps/lab/src/worker/page_template.ts";
import { LabError } from "../../apps/lab/src/worker/problem.ts";
import { pageHtml } from "../../src/ship/page_html.ts";
import { blocks, experimentOf, LENET, madeData, openLab, type TestLab } from "./lab_session.ts";

await useEngine("wasm", { portable: true, threads: 1 });
const folder = mkdtempSync(join(tmpdir(), "convoyant-take-home-"));
after(async () => {
  await stopEngine();
  rmSync(folder, { recursive: true, force: true });
});

const images = madeData(64, 20);
const OWN: Block[] = [
  { type: "Conv2d", outChannels: 3, kernelSize: 3, stride: 2, padding: 1 },
  { type: "BatchNorm2d" },
  { type: "ReLU" },
  { type: "Inception", c1: 2, c2: [2, 3], c3: [2, 2], c4: 1 },
  { type: "AdaptiveAvgPool2d", outputSize: 2 },
  { type: "Flatten" },
  { type: "Linear", outFeatures: 10 },
];
const isKind = (kind: string) => (error: unknown) => error instanceof LabError && error.kind === kind;
let lab: TestLab;

before(async () => {
  lab = openLab(images);
  await lab.calls.prepare({ experiment: experimentOf([LENET, blocks(...OWN)], { epochs: 2 }), lang: "en" });
  await lab.calls.step({ count: 5 });
});

/** What network `i` of the session gives. */
async function outputs(i: number, x: Tensor, of: TestLab = lab): Promise<number[]> {
  const { net } = of.session.lab.loop.networks[i];
  const output = net.eval()(x) as Tensor;
  return Array.from((await output.detach().data()) as Float32Array);
}

const near = (a: readonly number[], b: readonly number[]) => {
  assert.equal(a.length, b.length);
  a.forEach((one, i) => assert.ok(Math.abs(one - b[i]) < 1e-4 * (1 + Math.abs(b[i])), `${one}, ${b[i]}`));
};

test("weights are a classifier that knows its network, its classes and what is done to images", async () => {
  for (const network of [0, 1]) {
    const { bytes, name } = await lab.calls.export({ network, format: "safetensors" });
    assert.equal(name, `An-experiment-${network + 1}.safetensors`);
    const classifier = await Classifier.load(bytes);
    const x = rand(2, 1, 28, 28);
    near(
      Array.from((await (classifier.net(x) as Tensor).detach().data()) as Float32Array),
      await outputs(network, x),
    );
    assert.deepEqual(classifier.classes[9], { en: "ankle boot", zh: "短靴" });
    assert.equal(classifier.architecture?.name, network === 0 ? "lenet" : "sequential");
  }
});

test("the ONNX file computes the same", async () => {
  const { bytes } = await lab.calls.export({ network: 1, format: "onnx" });
  const net = await onnx.load(bytes);
  const levels = Uint8Array.from({ length: 784 }, (_, i) => (i * 37) % 256);
  const classifier = await Classifier.load(bytes);
  const own = await Classifier.load((await lab.calls.export({ network: 1, format: "safetensors" })).bytes);
  const image = { width: 28, height: 28, channels: 1 as const, data: levels };
  near([...(await classifier.predict(image)).probabilities], [...(await own.predict(image)).probabilities]);
  assert.ok(net.parameters().length > 0);
});

test("a run opens in the command line's functions, and comes back into the Lab with its weights", async () => {
  for (const network of [0, 1]) {
    const { bytes, name } = await lab.calls.export({ network, format: "run" });
    for (const [path, content] of Object.entries(unzipSync(bytes))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const run = join(folder, name.replace("-run.zip", ""));
    const info = experiments.readRun(run);
    assert.equal(info.problem, null);
    assert.equal(info.metrics?.epochs, 1);
    assert.equal(info.points[0].testAccuracy, lab.told("tested")[0].networks[network].accuracy);
    const evaluation = await experiments
      .evaluate(run, { engine: "wasm", settings: { limitBatches: 1 } })
      .catch(String);
    if (typeof evaluation === "string")
      assert.match(evaluation, /Fashion-MNIST/, "the data set alone may be missing");
    const classifier = await Classifier.load(run);
    const x = rand(1, 1, 28, 28);
    near(
      Array.from((await (classifier.net(x) as Tensor).detach().data()) as Float32Array),
      await outputs(network, x),
    );
    const again = openLab(images);
    const opened = await again.calls.open({ blob: new Blob([bytes]), name });
    assert.equal(opened.hasWeights, true);
    assert.equal(opened.experiment.training.batchSize, 16);
    await again.calls.prepare({ experiment: opened.experiment, lang: "en" });
    near(await outputs(0, x, again), await outputs(network, x));
  }
});

test("a run of the command line opens in the Lab", async () => {
  const run = join(folder, "cli");
  mkdirSync(run);
  const config = experiments.configure("bn-lenet", {
    epochs: 3,
    lr: 0.5,
    momentum: 0.9,
    seed: 4,
    engine: "wasm",
  });
  const files = { "cli/config.json": strToU8(JSON.stringify({ model: "bn-lenet", config })) };
  const opened = await lab.calls.open({
    blob: new Blob([zipSync(files) as Uint8Array<ArrayBuffer>]),
    name: "cli.zip",
  });
  assert.deepEqual(opened, {
    experiment: {
      format: "convoyant-lab-1",
      title: "cli",
      data: { kind: "fashion-mnist", subset: false },
      networks: [
        {
          kind: "known",
          name: "bn-lenet",
          options: { width: 1, size: 28, activation: "sigmoid", batchNorm: true, dropout: 0 },
        },
      ],
      training: {
        learningRate: 0.5,
        batchSize: 256,
        optimizer: "momentum",
        weightDecay: 0,
        seed: 4,
        epochs: 3,
      },
    },
    hasWeights: false,
    images: 0,
  });
});

test("a run of what the Lab does not have says why it cannot be shown", async () => {
  const zip = (config: unknown) =>
    new Blob([zipSync({ "config.json": strToU8(JSON.stringify({ config })) }) as Uint8Array<ArrayBuffer>]);
  const base = { ...experiments.configure("lenet", { engine: "wasm" }) };
  for (const [config, why] of [
    [{ ...base, model: "resnet18" }, /resnet18/],
    [{ ...base, data: "mnist" }, /mnist/],
    [{ ...base, format: "convoyant-photos-1" }, /no weights yet/],
    [{ ...base, format: "convoyant-run-9" }, /form convoyant-run-9/],
    [null, /settings are missing/],
    [{ ...base, batchSize: "many" }, /batchSize/],
  ] as const)
    await assert.rejects(
      lab.calls.open({ blob: zip(config), name: "run.zip" }),
      (error: LabError) => error.kind === "bad experiment" && why.test(error.message),
    );
});

const CLASSES = images.classes.map(({ en }) => en);

test("an experiment with own images is evaluated on the command line, as the Lab tests it, and comes back", async () => {
  for (const network of [LENET, blocks(...OWN)]) {
    const own = openLab({ ...images, classes: CLASSES.map((en) => ({ en, zh: en })) });
    const experiment: Experiment = {
      ...experimentOf([network], { epochs: 1 }),
      data: { kind: "images", classes: CLASSES, channels: 1 },
    };
    await own.calls.prepare({ experiment, lang: "en" });
    await own.calls.step({ count: 4 });
    const tested = own.told("tested").at(-1)!.networks[0];
    const { bytes, name } = await own.calls.export({ network: 0, format: "run" });
    const files = unzipSync(bytes);
    const run = join(folder, Object.keys(files)[0].split("/")[0]);
    rmSync(run, { recursive: true, force: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const { metrics } = await experiments.evaluate(run, { engine: "wasm" });
    assert.equal(metrics.examples, images.test.count);
    near([metrics.loss, metrics.accuracy], [tested.loss, tested.accuracy]);
    const [listed] = experiments.listRuns(folder).filter((one) => one.folder === run);
    assert.deepEqual([listed.state, listed.problem], ["finished", null]);
    const again = openLab(own.session.lab.data);
    const opened = await again.calls.open({ blob: new Blob([bytes]), name });
    assert.deepEqual(opened.experiment.data, experiment.data);
    await again.calls.prepare({ experiment: opened.experiment, lang: "en" });
    const x = rand(1, 1, 28, 28);
    near(await outputs(0, x, again), await outputs(0, x, own));
  }
});

test("a run of the command line on photographs opens with its network and what that wants of images", async () => {
  const classifier = Classifier.of(models.create("lenet", { numClasses: 10 }), {
    classes: CLASSES,
    preprocessing: {
      ...{ resize: { size: [28, 28], interpolation: "bilinear" }, crop: null },
      ...{ mean: [0.5], std: [0.25], background: [0, 0, 0] },
    },
  });
  const settings = {
    format: "convoyant-photos-1",
    imageSize: 28,
    lr: 0.01,
    batchSize: 8,
    seed: 1,
    epochs: 2,
  };
  const files = {
    "config.json": strToU8(JSON.stringify({ config: settings })),
    "best.safetensors": await classifier.toBytes(),
  };
  const again = openLab(images);
  const opened = await again.calls.open({
    blob: new Blob([zipSync(files) as Uint8Array<ArrayBuffer>]),
    name: "photos.zip",
  });
  assert.equal(opened.isRun, true);
  assert.deepEqual(opened.experiment.data, { kind: "images", classes: CLASSES, channels: 1 });
  await again.calls.prepare({ experiment: opened.experiment, lang: "en" });
  const x = rand(1, 1, 28, 28);
  const wanted = classifier.net(x.sub(0.5).div(0.25)) as Tensor;
  near(await outputs(0, x, again), Array.from((await wanted.detach().data()) as Float32Array));
});

test("the file of an experiment brings back both networks as they were", async () => {
  const { bytes, name } = await lab.calls.export({ network: 0, format: "experiment" });
  assert.equal(name, "An-experiment.lab.zip");
  const again = openLab(images);
  const { experiment } = await again.calls.open({ blob: new Blob([bytes]), name });
  await again.calls.prepare({ experiment, lang: "en" });
  const x = rand(1, 1, 28, 28);
  for (const i of [0, 1]) assert.deepEqual(await outputs(i, x, again), await outputs(i, x));
});

test("files that are none, damaged or newer give one clear answer each", async () => {
  const open = (content: BlobPart, name = "file") => lab.calls.open({ blob: new Blob([content]), name });
  await assert.rejects(open("hello"), isKind("bad experiment"));
  await assert.rejects(open(""), isKind("bad experiment"));
  await assert.rejects(open("{"), isKind("bad experiment"));
  await assert.rejects(
    open(JSON.stringify({ ...FIRST_EXPERIMENT, format: "convoyant-lab-2" })),
    isKind("newer version"),
  );
  await assert.rejects(open("PK\x03\x04 broken"), isKind("bad experiment"));
  const zip = (files: Record<string, Uint8Array>) => zipSync(files) as Uint8Array<ArrayBuffer>;
  await assert.rejects(open(zip({ "a.txt": strToU8("a") })), /neither experiment\.json nor the config\.json/);
  await assert.rejects(
    open(zip({ "experiment.json": strToU8(JSON.stringify({ format: "convoyant-lab-9" })) })),
    isKind("newer version"),
  );
  const opened = await open(JSON.stringify(FIRST_EXPERIMENT), "x.json");
  assert.deepEqual(opened, { experiment: FIRST_EXPERIMENT, hasWeights: false, images: 0 });
});

test("weights load into the network that is prepared; those of another are refused", async () => {
  const other = openLab(images);
  await other.calls.prepare({ experiment: experimentOf([LENET], { seed: 9 }), lang: "en" });
  const { bytes } = await lab.calls.export({ network: 0, format: "safetensors" });
  await other.calls.open({ blob: new Blob([bytes]), name: "weights.safetensors" });
  const x = rand(1, 1, 28, 28);
  assert.deepEqual(await outputs(0, x, other), await outputs(0, x));
  const wrong = await lab.calls.export({ network: 1, format: "safetensors" });
  await assert.rejects(
    other.calls.open({ blob: new Blob([wrong.bytes]), name: "w.safetensors" }),
    /another network/,
  );
});

test("a shipped page holds the weights, its record and the title, whatever that is", async () => {
  const template = pageHtml({
    shipment: { title: TEMPLATE_MARKS.title, weightsFile: null, weightsBytes: 0, sha256: "" },
    links: { card: null, onnx: null },
    inside: { script: "console.log(1)", weights: Buffer.from(TEMPLATE_MARKS.weights, "base64") },
  });
  const { bytes } = await lab.calls.export({ network: 1, format: "safetensors" });
  const title = '</script><b>$& & "mine"';
  const page = await filledPage(template, title, bytes);
  const [, record] = /<script type="application\/json" id="shipment">(.*?)<\/script>/.exec(page) ?? [];
  const { weightsBytes, title: stored } = JSON.parse(record);
  assert.equal(weightsBytes, bytes.length);
  assert.equal(stored, title);
  assert.ok(!page.includes("<b>"), "the title is escaped");
  const [, base64] = /<script type="text\/plain" id="weights">([^<]*)</.exec(page) ?? [];
  assert.deepEqual(new Uint8Array(Buffer.from(base64, "base64")), new Uint8Array(bytes));
  assert.ok(!page.includes("@@convoyant"));
});

test("code is taken home as weights and ONNX; a page and a run say why not", async () => {
  const code: NetworkSource = {
    kind: "code",
    size: 28,
    code: "return nn.Sequential(nn.Flatten(), nn.Linear(784, classes));",
  };
  const own = openLab(images);
  await own.calls.prepare({ experiment: experimentOf([code]), lang: "en" });
  const { bytes } = await own.calls.export({ network: 0, format: "safetensors" });
  assert.deepEqual(Object.keys(await load(bytes)).sort(), ["1.bias", "1.weight"]);
  assert.ok((await own.calls.export({ network: 0, format: "onnx" })).bytes.length > 1000);
  await assert.rejects(own.calls.export({ network: 0, format: "page" }), isKind("cannot export"));
  await assert.rejects(own.calls.export({ network: 0, format: "run" }), isKind("cannot export"));
});
