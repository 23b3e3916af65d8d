import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { configure } from "../../src/experiments/index.ts";
import { models, nn, onnx, save, stopEngine, useEngine } from "../../src/index.ts";
import { packageUrl } from "../built_package.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const weights = join(folder, "lenet.safetensors");
const net = models.lenet();

before(async () => {
  await useEngine("wasm", { threads: 1 });
  await save(net.stateDict(), weights, { model: "lenet" });
});
after(() => stopEngine());

test("a table for people, and a file that holds what onnx.export writes", async () => {
  const file = join(folder, "lenet.onnx");
  const { code, stdout, stderr } = await convoyantHere(["export", weights, "-o", file]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /input +images +uint8 +\[N, H, W, 1\]/);
  assert.match(stdout, /output +probabilities +float +\[N, 10\]/);
  assert.match(stdout, /lenet\.onnx: lenet with .*lenet\.safetensors, opset 18, IR 8, 10 classes, 2\d\d KiB/);
  const { classes } = await import("../../src/data/dataset_registry.ts").then((registry) =>
    registry.datasetEntry("fashion-mnist"),
  );
  const preprocessing = {
    resize: { size: [28, 28], interpolation: "bilinear" },
    crop: null,
    mean: [0],
    std: [1],
    background: [255, 255, 255],
  } as const;
  const expected = await onnx.export(net, [1, 1, 28, 28], { preprocessing, classNames: classes });
  assert.deepEqual(new Uint8Array(readFileSync(file)), expected);
});

test("--bare leaves the preprocessing out; --json says what was written", async () => {
  const file = join(folder, "bare.onnx");
  const { code, events, stderr } = await convoyantHere(["export", weights, "--bare", "-o", file, "--json"]);
  assert.equal(code, 0, stderr);
  assert.equal(events.length, 1);
  const { event, model, opset, irVersion, inputs, outputs, bytes } = events[0];
  assert.deepEqual([event, model, opset, irVersion], ["end", "lenet", 17, 8]);
  assert.deepEqual(inputs, [{ name: "input", type: "FLOAT", shape: ["N", 1, 28, 28] }]);
  assert.deepEqual(outputs, [{ name: "output", type: "FLOAT", shape: ["N", 10] }]);
  assert.equal(bytes, readFileSync(file).length);
});

test("a run exports its best weights, with images of the size that it trained on", async () => {
  const run = join(folder, "run");
  mkdirSync(run);
  const config = configure("googlenet", { network: { numClasses: 3 }, resize: 64, engine: "wasm" });
  writeFileSync(
    join(run, "config.json"),
    JSON.stringify({ model: "googlenet", classNames: ["a", "b", "c"], config }),
  );
  const small = models.create("googlenet", { numClasses: 3 });
  await save(small.stateDict(), join(run, "best.safetensors"));
  const file = join(folder, "googlenet.onnx");
  const { code, events, stderr } = await convoyantHere(["export", run, "-o", file, "--json"]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(events[0].inputs, [{ name: "images", type: "UINT8", shape: ["N", "H", "W", 1] }]);
  assert.deepEqual(events[0].classes, ["a", "b", "c"]);
});

test("what is wrong is said in one line, and no file is left", async () => {
  const file = join(folder, "none.onnx");
  const random = join(folder, "random.mjs");
  writeFileSync(
    random,
    `import { nn, rand } from "${packageUrl("index")}";
     class Noisy extends nn.Module { fc = nn.Linear(784, 10); forward(x) { return this.fc(x.flatten(1)).add(rand(10)); } }
     export default () => new Noisy();`,
  );
  const cases: [string[], number, RegExp][] = [
    [[join(folder, "missing"), "-o", file], 1, /missing/],
    [[weights, "-o", join(folder, "nowhere", "x.onnx")], 1, /nowhere.*x\.onnx/],
    [[weights, "-o", folder], 1, /is a folder|directory/],
  ];
  const noisy = join(folder, "noisy.safetensors");
  await save(nn.Sequential({ fc: nn.Linear(784, 10) }).stateDict(), noisy);
  // In a process of its own: there the command shares the copy of the package that the module imports.
  const said = await convoyant(["export", noisy, "--model", random, "-o", file]);
  assert.equal(said.code, 2, said.stderr);
  assert.match(
    said.stderr,
    /ONNX cannot express this network:\n {2}randomUniform \(net\): it draws random numbers/,
  );
  for (const [args, code, message] of cases) {
    const result = await convoyantHere(["export", ...args]);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
    assert.equal(result.stderr.trim().split("\n").length, 1, result.stderr);
  }
  assert.ok(!existsSync(file));
});
