import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { decodeImage } from "../../src/io/images/decode_image.ts";
import { encodePng } from "../../src/io/images/encode_png.ts";
import { encodeJpeg } from "../../src/io/images/jpeg/encode_jpeg.ts";
import { save } from "../../src/io/state_dict_file.ts";
import { lenet } from "../../src/models/index.ts";
import { fromTypedArray, manualSeed, noGrad, stopEngine, useEngine } from "../../src/tensor/index.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { folderWith, pgmBytes, pngBytes } from "./data_files.ts";
import { fashionMnistIsMissing, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const missing = await fashionMnistIsMissing();
const grey = Uint8Array.from({ length: 784 }, (_, i) => (i * 37) % 256);
/** A photograph in colour, of the size that the network takes. */
const colours = Uint8Array.from({ length: 3 * 784 }, (_, i) => (i * 29 + (i % 3) * 50) % 256);
const photo = { width: 28, height: 28, channels: 3, data: colours } as const;
/** Probabilities that the library gives for the image, and for the photograph made grey. */
let expected: number[] = [];
let expectedOfPhoto: number[] = [];

before(async () => {
  await useEngine("wasm", { threads: 1 });
  manualSeed(1);
  const net = lenet();
  await save(net.stateDict(), join(folder, "lenet.safetensors"), { model: "lenet" });
  net.eval();
  const probabilities = async (pixels: Uint8Array) => {
    const data = Float32Array.from(pixels, (value) => value / 255);
    const input = fromTypedArray(data, [1, 1, 28, 28], "float32");
    return ((await noGrad(() => net(input).softmax(1)).tolist()) as number[][])[0];
  };
  expected = await probabilities(grey);
  const jpeg = encodeJpeg(photo);
  const { data: decoded } = await decodeImage(jpeg);
  const luma = (i: number) =>
    (decoded[3 * i] * 19595 + decoded[3 * i + 1] * 38470 + decoded[3 * i + 2] * 7471 + 0x8000) >> 16;
  expectedOfPhoto = await probabilities(Uint8Array.from({ length: 784 }, (_, i) => luma(i)));
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
    "photo.jpg": jpeg,
    "photo.png": encodePng(await decodeImage(jpeg)),
    "phone.jpg": Buffer.from("\0\0\0\x18ftypheic\0\0\0\0", "latin1"),
    "text.txt": "hello",
  });
});

const predict = (...args: string[]) =>
  convoyantHere(["predict", "lenet.safetensors", "--engine", "wasm", ...args], { cwd: folder });

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

test("a network of grey images takes photographs in colour, made grey", async () => {
  const { code, events, stderr } = await predict("photo.jpg", "photo.png", "--json", "--threads", "1");
  assert.equal(code, 0, stderr);
  assert.deepEqual(events[0].probabilities, expectedOfPhoto);
  assert.deepEqual(events[1].probabilities, expectedOfPhoto);
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
    ["phone.jpg", 1, /phone\.jpg is a HEIC image, which is not decoded.*convert it to JPEG or PNG/],
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
