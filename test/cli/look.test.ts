/** `convoyant look`: every kind of figure as a file, and what is typed wrong. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  data,
  manualSeed,
  models,
  nn,
  optim,
  rand,
  randint,
  save,
  stopEngine,
  train,
  useEngine,
} from "../../src/index.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();
const image = "photo.png";

before(async () => {
  await useEngine("wasm", { threads: 1 });
  manualSeed(1);
  const net = models.initXavier(models.lenet());
  await save(net.stateDict(), join(folder, "lenet.safetensors"), { model: "lenet" });
  const pixels = Uint8Array.from({ length: 28 * 28 }, (_, i) => (7 * i) % 256);
  writeFileSync(join(folder, image), data.encodePng({ width: 28, height: 28, channels: 1, data: pixels }));
  const dataset = data.TensorDataset(rand(16, 1, 28, 28), randint(0, 10, [16]));
  const trainLoader = data.DataLoader(dataset, { batchSize: 8 });
  await train.fit(net, {
    trainLoader,
    testLoader: trainLoader,
    optimizer: optim.SGD(net.parameters(), { lr: 0.1 }),
    epochs: 1,
    out: join(folder, "run"),
  });
});
after(() => stopEngine());

const look = (...words: string[]) => convoyantHere(["look", ...words], { cwd: folder });
const weights = ["lenet.safetensors", "--threads", "1", "--engine", "wasm"];

test("maps and activations of an image file, in every format", async () => {
  const kinds: [string[], string, RegExp][] = [
    [["--what", "filters", "--scale", "all"], "filters.png", /^\x89PNG/],
    [["--what", "grad-cam", "--image", image, "--class", "bag"], "cam.svg", /Grad-CAM.*class: bag/s],
    [
      ["--what", "saliency", "--method", "smooth-grad", "--image", image, "--lang", "zh"],
      "s.html",
      /<html lang="zh">.*SmoothGrad 显著图/s,
    ],
    [["--what", "activations", "--image", image, "--theme", "dark"], "a.svg", /cv-page\{fill:#14181d\}/],
    [["--what", "maximise", "--units", "3"], "m.html", /dress/],
  ];
  for (const [words, file, content] of kinds) {
    const { code, stderr, stdout } = await look(...weights, ...words, "-o", file);
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
    assert.match(stdout, new RegExp(`^${file}: `));
    assert.match(
      readFileSync(join(folder, file), "latin1").slice(0, 1) === "\x89"
        ? "\x89PNG"
        : readFileSync(join(folder, file), "utf8"),
      content,
    );
  }
});

test("a run's filters over its epochs", async () => {
  const { code, stderr } = await look("run", "--over-epochs", "-o", "strip.svg");
  assert.equal(code, 0, stderr);
  assert.match(readFileSync(join(folder, "strip.svg"), "utf8"), />start<.*>1</s);
});

test("the filters of a run beside a Gabor bank and SIFT's bins", async () => {
  const { code, stderr } = await look(...weights, "--figure", "7.1", "-o", "figure.svg");
  assert.equal(code, 0, stderr);
  assert.match(readFileSync(join(folder, "figure.svg"), "utf8"), /lenet\.safetensors.*Gabor bank.*SIFT/s);
  const ofRun = await look("run", "--figure", "7.1", "-o", "run.svg", "--threads", "1", "--engine", "wasm");
  assert.equal(ofRun.code, 0, ofRun.stderr);
  const said = readFileSync(join(folder, "run.svg"), "utf8");
  assert.ok(/trained for 1 epoch<.*What training has changed.*first 6 filters/s.test(said));
});

test("what is typed wrong has one clear error", async () => {
  await save(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)).stateDict(), join(folder, "flat.safetensors"));
  const wrong: [string[], RegExp][] = [
    [[...weights, "-o", "x.gif"], /expected a name that ends in \.png, \.svg or \.html, got \.gif/],
    [[...weights, "-o", "x"], /got none/],
    [
      [...weights, "--lang", "zh", "-o", "x.png"],
      /--lang zh: PNG files have no Chinese texts; write \.svg or \.html/,
    ],
    [[...weights, "--layer", "net.0", "-o", "x.svg"], /there is no layer "net\.0".*these have: 0, 3/s],
    [[...weights, "--layer", "7", "-o", "x.svg"], /`7` is a Linear and has no filters; these have: 0, 3/],
    [
      [...weights, "--what", "grad-cam", "--image", image, "--layer", "9", "-o", "x.svg"],
      /`9` is a Linear.*there are: 0, 1, 2, 3, 4, 5/s,
    ],
    [
      [...weights, "--what", "activations", "--image", image, "--layer", "conv", "-o", "x.svg"],
      /no layer "conv"/,
    ],
    [
      [...weights, "--what", "grad-cam", "--image", image, "--class", "zebra", "-o", "x.svg"],
      /there is no class "zebra".*t-shirt/s,
    ],
    [
      [...weights, "--what", "saliency", "--method", "magic", "--image", image, "-o", "x.svg"],
      /one of gradient, smooth-grad, integrated-gradients, got "magic"/,
    ],
    [[...weights, "--what", "saliency", "--image", "none.png", "-o", "x.svg"], /none\.png/],
    [[...weights, "--what", "maximise", "--units", "10", "-o", "x.svg"], /from 0 to 9, got 10/],
    [["nowhere", "-o", "x.svg"], /nowhere/],
    [["flat.safetensors", "-o", "x.svg"], /name it with --model/],
    [
      ["lenet.safetensors", "--over-epochs", "-o", "x.svg"],
      /is not a run|there is no run|holds no snapshots/,
    ],
    [["-o", "x.svg"], /name a run's folder or a file of weights/],
    [[...weights, "--what", "dreams", "-o", "x.svg"], /'dreams' is invalid/],
  ];
  for (const [words, message] of wrong) {
    const { code, stderr } = await look(...words);
    assert.ok(code === 1 || code === 2, words.join(" "));
    assert.match(stderr, message, words.join(" "));
    assert.ok(!/at .*\.js:\d+/.test(stderr), stderr);
  }
});

test("a run without weights is refused", async () => {
  mkdirSync(join(folder, "begun"));
  writeFileSync(join(folder, "begun/config.json"), JSON.stringify({ model: "lenet", config: {} }));
  const { code, stderr } = await look("begun", "-o", "x.svg");
  assert.equal(code, 1);
  assert.match(stderr, /holds no weights yet/);
});
