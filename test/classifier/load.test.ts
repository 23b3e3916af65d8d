/** Where classifiers come from, and what is said of what cannot be one. */
import assert from "node:assert/strict";
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Classifier } from "../../src/classifier/index.ts";
import { configure } from "../../src/experiments/index.ts";
import {
  ArgumentError,
  data,
  FileError,
  load,
  loadedMetadata,
  manualSeed,
  models,
  nn,
  onnx,
  optim,
  rand,
  save,
  stopEngine,
  toBytes,
  train,
  useEngine,
  zeros,
} from "../../src/index.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import {
  classes,
  difference,
  knownClassifier,
  type NamedBytes,
  photographs,
  preprocessing,
} from "./known_network.ts";

const folder = temporaryFolder();
let images: NamedBytes[];
let classifier: Classifier;
let bytes: Uint8Array<ArrayBuffer>;
let expected: readonly number[];

before(async () => {
  await useEngine("wasm", { threads: 1 });
  images = await photographs();
  classifier = await knownClassifier(images);
  bytes = await classifier.toBytes();
  writeFileSync(join(folder, "net.safetensors"), bytes);
  ({ probabilities: expected } = await classifier.predict(images[0].bytes));
});
after(() => stopEngine());

async function same(loaded: Classifier, bound = 1e-7): Promise<void> {
  assert.deepEqual(loaded.classes, classes);
  assert.deepEqual(loaded.preprocessing, preprocessing);
  const { probabilities } = await loaded.predict(images[0].bytes);
  assert.ok(difference(probabilities, expected) < bound);
}

test("a file is read from a path, an address, bytes, a Blob, and a Response", async () => {
  const path = join(folder, "net.safetensors");
  const url = `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`;
  const sources = [
    path,
    pathToFileURL(path),
    url,
    bytes,
    bytes.buffer,
    new Blob([bytes]),
    new Response(bytes),
  ];
  for (const source of sources) {
    const loaded = await Classifier.load(source as never);
    assert.deepEqual(loaded.architecture, {
      name: "mobilenet-v2",
      options: { numClasses: 4, widthMult: 0.25 },
    });
    await same(loaded);
  }
});

test("half the bytes hold the weights nearly as well", async () => {
  for (const dtype of ["float16", "bfloat16"] as const) {
    const half = await classifier.toBytes({ dtype });
    assert.ok(half.length < 0.6 * bytes.length);
    const loaded = await Classifier.load(half);
    assert.deepEqual(loaded.classes, classes);
    const step = dtype === "float16" ? 2 ** -11 : 2 ** -8;
    const stored = loaded.net.stateDict();
    for (const [key, tensor] of Object.entries(classifier.net.stateDict())) {
      const [before, after] = [await tensor.data(), await stored[key].data()];
      assert.equal(stored[key].dtype, tensor.dtype);
      const bound = tensor.ndim < 2 ? 0 : step;
      for (const [i, x] of Array.from(before, Number).entries())
        assert.ok(Math.abs(Number(after[i]) - x) <= bound * Math.abs(x) + (bound && 2 ** -24), key);
    }
  }
  const huge = models.lenet();
  nn.init.constant_((huge.at(0) as nn.Conv2d).weight, 1e6);
  const grey = {
    ...preprocessing,
    mean: [0],
    std: [1],
    crop: null,
    resize: { size: [28, 28], interpolation: "bilinear" },
  } as const;
  const loud = Classifier.of(huge, { classes: "abcdefghij".split(""), preprocessing: grey });
  await assert.rejects(loud.toBytes({ dtype: "float16" }), /0\.weight holds numbers beyond ±65504.*bfloat16/);
  await assert.rejects(loud.toBytes({ dtype: "int8" as never }), ArgumentError);
});

test("a file of PyTorch is one if the options say the rest", async () => {
  const path = join(folder, "net.pth");
  await save(classifier.net.stateDict(), path);
  const architecture = { name: "mobilenet-v2", options: { widthMult: 0.25 } };
  await same(await Classifier.load(path, { architecture, classes, preprocessing }));
  const net = models.torchvision.mobilenetV2({ numClasses: 4, widthMult: 0.25 });
  await same(await Classifier.load(path, { architecture: net, classes, preprocessing }));
  await assert.rejects(Classifier.load(path), (error: Error) => {
    assert.ok(error instanceof FileError);
    for (const missing of ["architecture", "classes", "preprocessing"])
      assert.match(error.message, RegExp(missing));
    return true;
  });
  await assert.rejects(
    Classifier.load(path, { architecture, preprocessing }),
    /what its outputs stand for \(`classes`/,
  );
  await assert.rejects(
    Classifier.load(path, {
      architecture: { name: "mobilenet-v2", options: { numClasses: 2, widthMult: 0.25 } },
      classes: classes.slice(0, 2),
      preprocessing,
    }),
    /for 4 classes, and the network has 2 \(classifier\.1\); give the names of 4 classes/,
  );
});

test("an ONNX file is one, with its preprocessing inside or with options", async () => {
  const inside = await onnx.export(classifier.net, [1, 3, 64, 64]);
  const loaded = await Classifier.load(inside);
  assert.equal(loaded.architecture, null);
  await same(loaded, 1e-5);
  assert.deepEqual((await loaded.input(images[0].bytes)).shape, [1, 3, 64, 64]);
  const bare = await onnx.export(classifier.net, [1, 3, 64, 64], { preprocessing: null, classNames: null });
  await assert.rejects(
    Classifier.load(bare),
    /does not say what its outputs stand for.*nor what is done to an image/,
  );
  await same(await Classifier.load(bare, { classes, preprocessing }), 1e-5);
  await assert.rejects(loaded.toBytes(), /models\.register.*onnx\.export/);
});

test("a run of fit is one: its weights say how the network is made and what it tells apart", async () => {
  manualSeed(1);
  const out = join(folder, "run");
  const net = models.create("lenet", { numClasses: 3, activation: "relu" });
  const trainLoader = [[rand(4, 1, 28, 28), zeros([4], { dtype: "int64" })]] as const;
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  await train.fit(net, {
    trainLoader,
    optimizer,
    epochs: 1,
    out,
    classNames: ["a", "b", "c"],
    progress: false,
  });
  const grey = {
    resize: { size: [28, 28], interpolation: "bilinear" },
    crop: null,
    mean: [0],
    std: [1],
    background: [0, 0, 0],
  } as const;
  const loaded = await Classifier.load(out, { preprocessing: grey });
  assert.deepEqual(loaded.classes, ["a", "b", "c"]);
  assert.equal(loaded.architecture?.name, "lenet");
  assert.equal(loaded.architecture?.options.activation, "relu");
  assert.equal((await loaded.predict(images[0].bytes)).probabilities.length, 3);
  await assert.rejects(Classifier.load(out), /does not say what is done to an image before/);
});

test("a run of the command line on a data set of the chapter is one, whose weights say nothing", async () => {
  const run = join(folder, "chapter");
  mkdirSync(run);
  const config = configure("bn-lenet", { engine: "wasm" });
  writeFileSync(join(run, "config.json"), JSON.stringify({ model: "bn-lenet", config }));
  await save(models.bnLenet().stateDict(), join(run, "best.safetensors"));
  const loaded = await Classifier.load(run);
  assert.equal(loaded.classes.length, 10);
  assert.deepEqual(loaded.preprocessing.resize, { size: [28, 28], interpolation: "bilinear" });
  assert.deepEqual((await loaded.input(images[0].bytes)).shape, [1, 1, 28, 28]);
  mkdirSync(join(folder, "no_run"));
  await assert.rejects(Classifier.load(join(folder, "no_run")), /no_run is not a run/);
});

test("a fine-tuned network is known by its new classes", async () => {
  manualSeed(2);
  const net = models.torchvision.mobilenetV2({ numClasses: 4, widthMult: 0.25 });
  const loader = [[rand(4, 3, 32, 32), zeros([4], { dtype: "int64" })]] as const;
  const options = { epochs: 1, freezeEpochs: 0, classNames: ["x", "y"], progress: false };
  await train.fineTune(net, { ...options, data: { train: loader, numClasses: 2 } });
  assert.deepEqual(models.architectureOf(net)?.options.numClasses, 2);
  const tuned = Classifier.of(net, { preprocessing });
  assert.deepEqual((await Classifier.load(await tuned.toBytes())).classes, ["x", "y"]);
});

test("loading draws no random numbers of the program", async () => {
  manualSeed(9);
  const wanted = await rand(3).tolist();
  manualSeed(9);
  await Classifier.load(bytes);
  assert.deepEqual(await rand(3).tolist(), wanted);
});

/** The weights with other texts. */
async function withTexts(texts: Record<string, string>): Promise<Uint8Array> {
  const stateDict = await load(bytes);
  const before = loadedMetadata(stateDict) as Record<string, string>;
  return toBytes({ ...stateDict }, { ...before, ...texts });
}

test("what is wrong with a file is one FileError", async () => {
  const json = JSON.stringify;
  const other = (changes: object) => json({ ...preprocessing, ...changes });
  const cases: [Record<string, string>, RegExp][] = [
    [{ format: "convoyant-classifier-9" }, /convoyant-classifier-9.*update convoyant/],
    [{ classes: "[" }, /its text `classes` is not JSON/],
    [{ classes: json(["a", 3, "c", "d"]) }, /list of names.*got 3/],
    [{ classes: json(["a", "b"]) }, /4 outputs.*2 class names/],
    [{ classes: json([]) }, /list of names/],
    [{ architecture: json({ name: "lenet-9000" }) }, /network cannot be made: unknown model "lenet-9000"/],
    [{ architecture: json({ name: "constructor" }) }, /unknown model/],
    [{ architecture: json("lenet") }, /\{ name, options \}/],
    [
      { architecture: json({ name: "mobilenet-v2", options: { numClasses: 1e9, widthMult: 0.25 } }) },
      /do not fit/,
    ],
    [
      { architecture: json({ name: "mobilenet-v2", options: { widthMult: 1e9 } }) },
      /cannot be made.*widthMult/,
    ],
    [
      { architecture: json({ name: "lenet", options: { edition: "constructor" } }) },
      /cannot be made.*edition/,
    ],
    [{ architecture: json({ name: "lenet", options: { activation: "__proto__" } }) }, /cannot be made/],
    [{ architecture: json({ name: "torchvision-vgg19", options: {} }) }, /do not fit torchvision-vgg19/],
    [{ preprocessing: other({ crop: [1e9, 1e9] }) }, /crop.*1 to 4096 pixels/],
    [{ preprocessing: other({ resize: { size: -1, interpolation: "bilinear" } }) }, /resize\.size/],
    [{ preprocessing: other({ resize: { size: 72, interpolation: "magic" } }) }, /resize\.interpolation/],
    [{ preprocessing: other({ mean: [1, 2] }) }, /mean/],
    [{ preprocessing: other({ std: [1, 0, 1] }) }, /std/],
    [{ preprocessing: other({ background: [0, 0, 256] }) }, /background/],
    [{ preprocessing: other({ mean: [0], std: [1] }) }, /network does not take what the preprocessing gives/],
    [{ preprocessing: json([]) }, /preprocessing/],
  ];
  for (const [texts, message] of cases)
    await assert.rejects(Classifier.load(await withTexts(texts)), (error: Error) => {
      assert.ok(error instanceof FileError, `${error.name}: ${error.message}`);
      assert.match(error.message, message);
      assert.ok(error.message.length < 1500, error.message);
      return true;
    });
  await assert.rejects(Classifier.load(new Uint8Array(64)), FileError);
  await assert.rejects(Classifier.load(bytes.subarray(0, 5000)), FileError);
  await assert.rejects(Classifier.load(bytes, { class: [] } as never), ArgumentError);
  await assert.rejects(Classifier.load(3 as never), ArgumentError);
});

test("weights larger than the memory are refused before they are read", async () => {
  const path = join(folder, "huge.safetensors");
  const elements = 2 ** 44;
  const header = JSON.stringify({
    __metadata__: { format: "convoyant-classifier-1" },
    weight: { dtype: "F32", shape: [elements], data_offsets: [0, 4 * elements] },
  });
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  const handle = openSync(path, "w");
  writeSync(handle, Buffer.concat([prefix, Buffer.from(header)]));
  try {
    // A file of holes.
    ftruncateSync(handle, 8 + header.length + 4 * elements);
  } catch {
    return;
  } finally {
    closeSync(handle);
  }
  await assert.rejects(Classifier.load(path), (error: Error) => {
    assert.ok(error instanceof FileError);
    assert.match(error.message, /huge\.safetensors: its weights take .*iB, and there is memory for .*iB/);
    return true;
  });
});

test("a network that is not known says what is missing", () => {
  const net = nn.Sequential(nn.Flatten(), nn.Linear(784, 2));
  assert.throws(() => Classifier.of(net), /`classes`.*nor.*`preprocessing`/);
  assert.throws(() => Classifier.of({} as never), ArgumentError);
  assert.throws(() => Classifier.of(models.lenet(), { classes: ["a"], preprocessing }), FileError);
  assert.equal(data.datasetNames().length > 0, true);
});
