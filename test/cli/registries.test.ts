/** One entry in a registry is all that it takes: help, training, eval, predict, errors and comparison know it. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import * as convoyantPackage from "../../src/index.ts";
import { encodeJpeg } from "../../src/io/images/jpeg/encode_jpeg.ts";
import { packageUrl } from "../built_package.ts";
import { convoyantHere } from "./convoyant_here.ts";
import { convoyant, temporaryFolder } from "./run_cli.ts";

const folder = temporaryFolder();

/** Tiles of 20 by 12 pixels in three colours; a network, an optimiser and a scheduler. */
const REGISTER = `
export default function register({ data, models, nn, optim }) {
const classes = ["red", { en: "green", zh: "绿" }, "blue"];
data.registerDataset({
  name: "tiles", title: "Coloured tiles", imageShape: [3, 12, 20], classes,
  mean: [0.3, 0.3, 0.3], std: [0.4, 0.4, 0.4], source: "made by a test", licence: "CC0",
  locate: async ({ train }) => {
    const count = train ? 120 : 30;
    const plane = 12 * 20;
    const data = new Uint8Array(count * 3 * plane);
    const labels = Float64Array.from({ length: count }, (_, i) => i % 3);
    labels.forEach((label, i) => data.fill(200 + (i % 50), (i * 3 + label) * plane, (i * 3 + label + 1) * plane));
    return {
      images: { data, shape: [count, 3, 12, 20], dtype: "uint8" },
      labels: { data: labels, shape: [count], dtype: "int64" },
      folder: "nowhere",
    };
  },
});
const preset = { batchSize: 10, lr: 0.5, epochs: 2 };
models.register({
  name: "tile-net", title: "Tile network", source: "a test", inputShape: [3, 12, 20],
  presets: { zh: preset, en: preset }, options: ["numClasses"],
  make: ({ numClasses = 10 } = {}) => nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 20, numClasses)),
});
optim.registerOptimizer({ name: "plain", lr: 0.25, takesMomentum: false, make: (params, { lr }) => optim.SGD(params, { lr }) });
optim.registerScheduler({
  name: "halving", title: "StepLR", options: ["every"], needs: 1, per: "epoch",
  make: (optimizer, { every }) => optim.StepLR(optimizer, { stepSize: every, gamma: 0.5 }),
});
}
`;
const entries = join(folder, "entries.mjs");
writeFileSync(entries, REGISTER);
(await import(pathToFileURL(entries).href)).default(convoyantPackage);
const cli = (...args: string[]) => convoyantHere(args, { cwd: folder });
/** A process of its own registers them in the package that it loads. */
const register = join(folder, "register.mjs");
writeFileSync(
  register,
  `import register from "./entries.mjs"; import * as convoyant from "${packageUrl("index")}"; register(convoyant);`,
);
const env = { NODE_OPTIONS: `--import ${pathToFileURL(register).href}` };
const TRAIN = ["train", "tile-net", "--data", "tiles", "--engine", "wasm", "--threads", "1"];

test("help lists what is registered", async () => {
  const [train, show, evaluate] = await Promise.all([
    cli("train", "--help"),
    cli("data", "show", "--help"),
    cli("eval", "--help"),
  ]);
  const text = train.stdout.replace(/\s+/g, " ");
  for (const words of [
    "lenet, bn-lenet,",
    "densenet121, tile-net",
    "adagrad, adadelta, adamax, plain (sgd)",
    "step, multistep, exponential, cosine,",
    "cyclic, halving",
    "fashion-mnist, mnist, tiles",
  ])
    assert.ok(text.includes(words), `${words} in: ${text}`);
  assert.match(show.stdout, /fashion-mnist, mnist, tiles/);
  assert.match(evaluate.stdout.replace(/\s+/g, " "), /fashion-mnist, mnist, tiles/);
});

test("errors name what is registered, and offer it", async () => {
  const cases: [string[], RegExp][] = [
    [
      ["train", "lenet", "--data", "tile"],
      /unknown data set `tile`; did you mean `tiles`\? .*mnist, tiles\)/,
    ],
    [["train", "tile-nt"], /unknown model "tile-nt"; did you mean `tile-net`\? .*tile-net\)/],
    [["train", "lenet", "--optimizer", "plane"], /unknown optimizer `plane`; did you mean `plain`\?/],
    [
      ["train", "lenet", "--scheduler", "halvng:every=1"],
      /unknown scheduler `halvng`; did you mean `halving`\?/,
    ],
    [["train", "lenet", "--scheduler", "halving"], /scheduler halving needs every: every is missing/],
    [["train", "lenet", "--scheduler", "halving:evry=1"], /no option `evry`; did you mean `every`\?/],
    [
      ["train", "tile-net", "--optimizer", "plain", "--momentum", "0.9", "--data", "tiles"],
      /plain takes no momentum/,
    ],
    [
      ["train", "lenet", "--data", "tiles"],
      /lenet takes images of 1 channels, those of Coloured tiles have 3/,
    ],
    [["train", "tile-net"], /tile-net takes images of 3 channels, those of Fashion-MNIST have 1/],
    [["data", "fetch", "tils"], /unknown data set `tils`; did you mean `tiles`\?/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await cli(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
});

test("it is trained on that data set, evaluated, predicted and shown with it", async () => {
  const options = ["--optimizer", "plain", "--scheduler", "halving:every=1"];
  const trained = await cli(...TRAIN, ...options, "--out", "run", "--json");
  assert.equal(trained.code, 0, trained.stderr);
  const points = trained.events.filter(({ event, epoch }) => event === "point" && Number.isInteger(epoch));
  assert.deepEqual(
    points.map(({ lr }) => lr),
    [0.25, 0.125],
  );
  assert.equal(trained.events.at(-1)?.testAccuracy, 1, "three colours are told apart");
  const stored = JSON.parse(readFileSync(join(folder, "run/config.json"), "utf8"));
  assert.deepEqual(
    [stored.config.data, stored.dataset, stored.config.resize, stored.classNames[1]],
    ["tiles", "Coloured tiles", null, { en: "green", zh: "绿" }],
  );
  const evaluated = await cli("eval", "run");
  assert.equal(evaluated.code, 0, evaluated.stderr);
  assert.match(evaluated.stdout, /^green 绿 +100\.0 % +100\.0 % +10$/m);
  const predicted = await cli("predict", "run", "test:2", "--json");
  assert.equal(predicted.events[0].label, "blue", predicted.stderr);
  assert.equal(predicted.events[0].probabilities.length, 3);
  const photo = { width: 40, height: 24, channels: 3, data: new Uint8Array(3 * 960) } as const;
  for (let at = 1; at < photo.data.length; at += 3) photo.data[at] = 220;
  writeFileSync(join(folder, "green.jpg"), encodeJpeg(photo));
  const ofPhoto = await cli("predict", "run", "green.jpg", "--json");
  assert.equal(ofPhoto.events[0]?.label, "green", ofPhoto.stderr);
  const shown = await convoyant(["data", "show", "tiles", "--count", "2"], {
    cwd: folder,
    env: { ...env, FORCE_COLOR: "3" },
  });
  assert.match(shown.stdout, /38;2;200;0;0/, "a red tile is red");
  const listed = await cli("models", "--json");
  const entry = listed.events.find(({ model }) => model === "tile-net");
  assert.deepEqual([entry?.input, entry?.parameters, entry?.source], [[3, 12, 20], 7210, "a test"]);
  const compared = await cli(
    "compare",
    "tile-net",
    "--data",
    "tiles",
    "--set",
    "optimizer=plain,sgd",
    "--seeds",
    "1",
    "--epochs",
    "1",
    "--engine",
    "wasm",
    "--json",
  );
  assert.equal(compared.events.at(-1)?.variants, 2, compared.stderr);
});

test("the report shows colour images in colour", () => {
  const html = readFileSync(join(folder, "run/report.html"), "utf8");
  assert.match(html, /on Coloured tiles/);
  assert.doesNotMatch(html, /stretched/);
});

test("networks of three channels are trained on it, also one with auxiliary classifiers", async () => {
  for (const name of ["torchvision-googlenet", "mobilenet-v3-small"]) {
    const options = ["--resize", "32", "--epochs", "1", "--limit-batches", "2", "--batch-size", "8"];
    const engine = ["--engine", "wasm", "--threads", "1"];
    const trained = await cli(
      "train",
      name,
      "--data",
      "tiles",
      ...options,
      ...engine,
      "--out",
      name,
      "--json",
    );
    assert.equal(trained.code, 0, trained.stderr);
    assert.ok(Number.isFinite(trained.events.at(-1)?.trainLoss), trained.stdout);
    const evaluated = await cli("eval", name, "--json");
    assert.equal(evaluated.code, 0, evaluated.stderr);
  }
});
