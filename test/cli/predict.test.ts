import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { save } from "../../src/io/state_dict_file.ts";
import { lenet } from "../../src/models/index.ts";
import { fromTypedArray, manualSeed, noGrad, stopEngine, useEngine } from "../../src/tensor/index.ts";
import { folderWith, pgmBytes, pngBytes } from "./data_files.ts";
import { convoyant, fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const missing = await fashionMnistIsMissing();
const grey = Uint8Array.from({ length: 784 }, (_, i) => (i * 37) % 256);
/** Probabilities that the library gives for the image. */
let expected: number[] = [];

before(async () => {
  await useEngine("wasm", { threads: 1 });
  manualSeed(1);
  const net = lenet();
  await save(net.stateDict(), join(folder, "lenet.safetensors"), { model: "lenet" });
  net.eval();
  const input = fromTypedArray(
    Float32Array.from(grey, (value) => value / 255),
    [1, 1, 28, 28],
    "float32",
  );
  expected = ((await noGrad(() => net(input).softmax(1)).tolist()) as number[][])[0];
  await stopEngine();
  folderWith(folder, {
    "image.pgm": pgmBytes(28, 28, grey),
    "image.png": pngBytes(28, 28, grey),
    "negative.png": pngBytes(
      28,
      28,
      grey.map((value) => 255 - value),
    ),
    "large.png": pngBytes(61, 40, new Uint8Array(61 * 40).fill(90)),
    "cut.pgm": pgmBytes(28, 28, grey).subarray(0, 100),
    "cut.png": pngBytes(28, 28, grey).subarray(0, 60),
    "text.txt": "hello",
  });
});

const predict = (...args: string[]) =>
  convoyant(["predict", "lenet.safetensors", "--engine", "wasm", ...args], { cwd: folder });

test("PGM and PNG of the same image get the probabilities that the library gives", async () => {
  const { code, events, stderr } = await predict("image.pgm", "image.png", "--json", "--threads", "1");
  assert.equal(code, 0, stderr);
  const [pgm, png, end] = events;
  assert.equal(pgm.event, "prediction");
  assert.equal(pgm.image, "image.pgm");
  assert.equal(pgm.truth, null);
  assert.deepEqual(pgm.probabilities, expected);
  assert.deepEqual(png.probabilities, expected);
  assert.equal(pgm.predicted, expected.indexOf(Math.max(...expected)));
  assert.equal(pgm.probability, Math.max(...expected));
  assert.deepEqual(end, { event: "end", model: "lenet", images: 2, precision: "f32" });
});

test("--invert takes dark for light", async () => {
  const { events } = await predict("negative.png", "--invert", "--json", "--threads", "1");
  assert.deepEqual(events[0].probabilities, expected);
});

test("people see the image beside the classes, the likeliest first", async () => {
  const { code, stdout, stderr } = await predict("image.png", "large.png");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /image\.png/);
  assert.match(stdout, /large\.png/);
  assert.match(stdout, /[░▒▓█]/);
  const percentages = [...stdout.matchAll(/([\d.]+) %/g)].map(([, number]) => Number(number));
  assert.equal(percentages.length, 20);
  for (const half of [percentages.slice(0, 10), percentages.slice(10)]) {
    assert.deepEqual(
      half,
      [...half].sort((a, b) => b - a),
    );
  }
});

test("an image of the test set is named by its place, and its true class is told", {
  skip: missing,
}, async () => {
  const { code, events, stderr } = await predict("test:17", "train:3", "--json");
  assert.equal(code, 0, stderr);
  assert.deepEqual([events[0].image, events[0].truth], ["test:17", 4]);
  assert.deepEqual([events[1].image, events[1].truth], ["train:3", 3]);
  const beyond = await predict("test:10000");
  assert.equal(beyond.code, 1);
  assert.match(beyond.stderr, /test:10000 is out of range: the test set has images 0 to 9999/);
});

test("images that are none, or not there, are named", async () => {
  const cases: [string, number, RegExp][] = [
    ["nowhere.png", 1, /cannot read nowhere\.png: there is no such file/],
    ["text.txt", 1, /text\.txt is not an image of a known format/],
    ["cut.pgm", 1, /FileError: .*cut\.pgm/],
    ["cut.png", 1, /FileError: .*cut\.png/],
    ["rest:5", 2, /expected an image file, or test:<index> or train:<index>, got "rest:5"/],
  ];
  await Promise.all(
    cases.map(async ([image, expectedCode, message]) => {
      const { code, stderr } = await predict(image);
      assert.match(stderr, message);
      assert.equal(code, expectedCode);
    }),
  );
});
