/** EfficientNet-Lite0 with its published weights on real photographs, against the package that the weights are for. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { unzipSync } from "fflate";
import {
  data,
  engineNames,
  models,
  noGrad,
  stack,
  stopEngine,
  type Tensor,
  tensor,
  useEngine,
} from "../../src/index.ts";
import { addressInIndex } from "../../src/io/fetch/package_index.ts";
import { pipIndex } from "../../src/io/fetch/pip_source.ts";
import { downloadVerified } from "../../src/io/fetch/verified_file.ts";
import { testWeightsFolder, weightsUnreachable } from "../lite0_weights.ts";

/** Logits of each photograph: little-endian float32. */
const recorded = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/pretrained/efficientnet_lite0.json", import.meta.url), "utf8"),
) as Record<string, string>;

/** The photographs of scikit-image 0.26.0, which are in its wheels for all systems. */
const PHOTOGRAPHS = {
  project: "scikit-image",
  file: "scikit_image-0.26.0-cp312-cp312-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
  sha256: "7df650e79031634ac90b11e64a9eedaf5a5e06fcd09bcd03a34be01745744466",
  bytes: 13_561_683,
};

const folder = testWeightsFolder;
const given = process.env.CONVOYANT_WEIGHTS;

before(() => {
  process.env.CONVOYANT_WEIGHTS = folder;
});
after(() => {
  if (given === undefined) delete process.env.CONVOYANT_WEIGHTS;
  else process.env.CONVOYANT_WEIGHTS = given;
  return stopEngine();
});

async function photographs(): Promise<Record<string, Uint8Array>> {
  const path = join(folder, PHOTOGRAPHS.file);
  if (!existsSync(path)) {
    const url = await addressInIndex(pipIndex() as string, PHOTOGRAPHS, 15_000);
    const download = { url, name: PHOTOGRAPHS.file, mostBytes: PHOTOGRAPHS.bytes, progress: () => {} };
    await downloadVerified(path, PHOTOGRAPHS.sha256, download);
  }
  const names = new Set(Object.keys(recorded).map((name) => `skimage/data/${name}`));
  return unzipSync(readFileSync(path), { filter: ({ name }) => names.has(name) });
}

/** What a photograph's bytes become: [3, 224, 224]. */
async function prepared(bytes: Uint8Array): Promise<Tensor> {
  const { preprocessing } = models.efficientnetLite0.weights.imagenet;
  const { width, height, data: pixels } = await data.decodeImage(bytes, { channels: 3 });
  const image = tensor(pixels, { shape: [height, width, 3] }).permute(2, 0, 1);
  return data.transforms.Preprocess(preprocessing)(image);
}

test("logits of photographs are those of the package that the weights are for", async (t) => {
  const reason = await weightsUnreachable();
  if (reason !== undefined) return t.skip(reason);
  const files = await photographs();
  const images = stack(
    await Promise.all(Object.keys(recorded).map((name) => prepared(files[`skimage/data/${name}`]))),
  );
  for (const engine of engineNames().filter((name) => name === "wasm" || name === "onednn")) {
    try {
      await useEngine(engine, { threads: 2 });
    } catch (error) {
      t.diagnostic(`${engine}: ${(error as Error).message}`);
      continue;
    }
    const net = (await models.efficientnetLite0({ weights: "imagenet" })).eval();
    const logits = await noGrad(() => net(images)).data();
    const coffee = Object.keys(recorded).indexOf("coffee.png");
    const shown = logits.subarray(1000 * coffee, 1000 * (coffee + 1));
    assert.equal(models.classNamesOf(net)?.[shown.indexOf(Math.max(...shown))], "espresso");
    for (const [i, [name, text]] of Object.entries(recorded).entries()) {
      const expected = new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
      const found = logits.subarray(1000 * i, 1000 * (i + 1));
      assert.equal(found.length, expected.length);
      const difference = Math.max(...expected.map((x, k) => Math.abs(x - found[k])));
      t.diagnostic(`${engine}, ${name}: off by ${difference.toExponential(1)}`);
      assert.ok(difference < 1e-4, `${engine}, ${name}: off by ${difference}`);
    }
  }
});

test("a new last layer on the published backbone", async (t) => {
  const reason = await weightsUnreachable();
  if (reason !== undefined) return t.skip(reason);
  await assert.rejects(
    models.efficientnetLite0({ weights: "imagenet", numClasses: 5 }),
    /efficientnetLite0: the weights .* are for 1000 classes, the model has 5 \(_fc\)/,
  );
  const whole = await models.efficientnetLite0({ weights: "imagenet" });
  const net = await models.efficientnetLite0({ weights: "imagenet", numClasses: 5, strict: false });
  assert.deepEqual(net._fc.weight.shape, [5, 1280]);
  assert.deepEqual(await net._conv_head.weight.tolist(), await whole._conv_head.weight.tolist());
  assert.deepEqual(models.preprocessingOf(net), models.efficientnetLite0.weights.imagenet.preprocessing);
});
