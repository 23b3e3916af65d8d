import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Classifier } from "../../src/entries/classifier.ts";
import { configure } from "../../src/experiments/index.ts";
import { models, save } from "../../src/index.ts";
import { packageUrl } from "../built_package.ts";
import { parsedDrawing } from "../draw/parsed_drawing.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const path = (name: string) => join(folder, name);
const textsIn = (name: string) => parsedDrawing(readFileSync(path(name), "utf8")).texts;

before(async () => {
  await save(models.lenet().stateDict(), path("lenet.safetensors"), { model: "lenet" });
  await save(models.lenet().stateDict(), path("nameless.safetensors"));
  mkdirSync(path("run"));
  const config = configure("googlenet", { network: { numClasses: 3 }, resize: 64, engine: "wasm" });
  writeFileSync(path("run/config.json"), JSON.stringify({ model: "googlenet", config }));
  await save(models.googlenet(3).stateDict(), path("run/best.safetensors"), { model: "googlenet" });
  writeFileSync(
    path("net.mjs"),
    `import { nn } from ${JSON.stringify(packageUrl("index"))};
export default () => nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 30 * 30, 10));`,
  );
  writeFileSync(
    path("any_size.mjs"),
    `import { nn } from ${JSON.stringify(packageUrl("index"))};
export default () => nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10));`,
  );
  const preprocessing = {
    resize: { size: [72, 72], interpolation: "bilinear" },
    crop: [64, 64],
    mean: [0],
    std: [1],
    background: [255, 255, 255],
  } as const;
  const classifier = Classifier.of(models.googlenet(3), { classes: ["a", "b", "c"], preprocessing });
  writeFileSync(path("classifier.safetensors"), await classifier.toBytes());
  writeFileSync(path("notes.txt"), "no network");
  writeFileSync(path("broken.onnx"), "no network");
});

/** A module imports the package: in a process of its own the command shares that copy. */
const draw = (words: readonly string[]) =>
  words.some((word) => word.endsWith(".mjs"))
    ? convoyant(["draw", ...words])
    : convoyantHere(["draw", ...words]);

test("two networks by name, with what was written", async () => {
  const { code, stdout, stderr } = await convoyantHere(["draw", "lenet", "alexnet", "-o", "both.svg"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^both\.svg: LeNet and AlexNet layer by layer, \d+×\d+ pixels, \d\.\d+ KiB\n$/);
  assert.ok(textsIn("both.svg").includes("11×11 Conv (96), stride 4, pad 1"));
});

test("style, language and theme; --json says what was written", async () => {
  const words = "draw googlenet --style graph --lang zh --theme dark -o graph.svg --json".split(" ");
  const { code, events, stderr } = await convoyantHere(words);
  assert.equal(code, 0, stderr);
  const svg = readFileSync(path("graph.svg"), "utf8");
  const { event, file, title, bytes } = events[0];
  assert.deepEqual([event, file, title], ["end", "graph.svg", "GoogLeNet的计算图"]);
  assert.equal(bytes, Buffer.byteLength(svg));
  assert.ok(bytes < 50_000);
  assert.ok(textsIn("graph.svg").includes("通道合并层"));
  assert.match(svg, /class="cv-draw cvd"/);
});

test("weights, runs, files in ONNX and modules", async () => {
  const onnx = fileURLToPath(new URL("../../../test/fixtures/onnx/network.onnx", import.meta.url));
  for (const [words, text] of [
    [["lenet.safetensors"], "5×5 Conv (6), pad 2"],
    [["nameless.safetensors", "--model", "lenet"], "5×5 Conv (6), pad 2"],
    [["run"], "1×64×64"],
    [["classifier.safetensors"], "1×64×64"],
    [[onnx], "3×16×16"],
    [["net.mjs", "--input", "3x32x32"], "8×30×30 · ReLU"],
    [["net.mjs"], "8×30×30 · ReLU"],
  ] as const) {
    const { code, stderr } = await draw([...words, "-o", "one.svg"]);
    assert.equal(code, 0, stderr);
    const texts = textsIn("one.svg");
    assert.ok(texts.includes(text), texts.join(" | "));
  }
});

test("what holds no network, or cannot be drawn, ends with one error and no file", async () => {
  for (const [words, message] of [
    [["lnet"], /^ArgumentError: unknown network "lnet"; did you mean `lenet`\?/],
    [["lenet", "-o", "lenet.png"], /--output lenet\.png: drawings are written as SVG: .* got \.png/],
    [["lenet", "-o", "lenet"], /expected a name that ends in \.svg, got none/],
    [["lenet", "--style", "boxes"], /'boxes' is invalid\. Allowed choices are book, graph, volume/],
    [["lenet", "--input", "1,many"], /expected sizes such as 3,224,224, got "1,many"/],
    [["lenet", "--input", "3,28,28"], /ShapeError: .*expected 1 input channels, got 3/],
    [
      ["any_size.mjs"],
      /input shape of the network \(Sequential\) is not known: give it .* --input 3,224,224/,
    ],
    [["notes.txt"], /FileError: notes\.txt holds no network: expected a run's folder/],
    [["broken.onnx"], /FileError: ONNX file broken\.onnx: /],
    [["nameless.safetensors"], /does not say which model it belongs to: name it with --model/],
    [["."], /is not a run/],
  ] as const) {
    const output = words.includes("-o" as never) ? [] : ["-o", "none.svg"];
    const { code, stderr } = await draw([...words, ...output]);
    assert.ok(code === 1 || code === 2, `${words.join(" ")}: ${code}`);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert.equal(existsSync(path("none.svg")), false);
  }
});
