/** Torchvision's published weights: which files there are, and what is made of them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import {
  ArgumentError,
  FileError,
  manualSeed,
  models,
  type nn,
  noGrad,
  randn,
  StateDictError,
  stopEngine,
  type Tensor,
  toBytes,
  useEngine,
} from "../../src/index.ts";
import type { PublishedWeights } from "../../src/models/pretrained/published_weights.ts";
import { serve } from "../io/fetch/tiny_dataset.ts";

// Not the standard engine: it would time every convolution, since each test has a cache of its own.
before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

const { torchvision } = models;
const calls: Record<string, { readonly weights: Readonly<Record<string, PublishedWeights>> }> = {
  alexnet: torchvision.alexnet,
  vgg11: torchvision.vgg11,
  vgg11_bn: torchvision.vgg11Bn,
  vgg13: torchvision.vgg13,
  vgg13_bn: torchvision.vgg13Bn,
  vgg16: torchvision.vgg16,
  vgg16_bn: torchvision.vgg16Bn,
  vgg19: torchvision.vgg19,
  vgg19_bn: torchvision.vgg19Bn,
  googlenet: torchvision.googlenet,
  resnet18: torchvision.resnet18,
  resnet34: torchvision.resnet34,
  resnet50: torchvision.resnet50,
  squeezenet1_1: torchvision.squeezenet1_1,
  mobilenet_v2: torchvision.mobilenetV2,
  mobilenet_v3_small: torchvision.mobilenetV3Small,
  efficientnet_b0: torchvision.efficientnetB0,
  densenet121: torchvision.densenet121,
};

interface Recorded {
  /** SHA-256 of the names of classes, with a line feed between two. */
  readonly classNames: string;
  readonly default: Record<string, string>;
  readonly weights: Record<
    string,
    {
      url: string;
      mebibytes: number;
      numClasses: number;
      resize: number;
      interpolation: string;
      crop: number;
      mean: number[];
      std: number[];
    }
  >;
}

const recorded = JSON.parse(
  readFileSync(
    new URL("../../../test/fixtures/pretrained/torchvision_weights.json", import.meta.url),
    "utf8",
  ),
) as Recorded;

test("files, sizes, classes and preprocessing are those of torchvision's enums", () => {
  const found: Recorded["weights"] = {};
  for (const [network, { weights }] of Object.entries(calls)) {
    assert.equal(Object.keys(weights).at(-1), recorded.default[network], network);
    for (const [name, { file, sha256, bytes, origin, numClasses, preprocessing }] of Object.entries(
      weights,
    )) {
      const { resize, crop, mean, std } = preprocessing;
      assert.ok("folder" in origin && resize !== null && crop !== null);
      assert.ok(/^[0-9a-f]{8}$/.test(sha256) && file.endsWith(`-${sha256}.pth`), file);
      found[`${network} ${name}`] = {
        url: origin.folder + file,
        mebibytes: Number((bytes / 2 ** 20).toFixed(3)),
        numClasses,
        resize: resize.size as number,
        interpolation: resize.interpolation,
        crop: crop[0],
        mean: [...mean],
        std: [...std],
      };
      assert.equal(crop[0], crop[1]);
    }
  }
  assert.deepEqual(found, recorded.weights);
});

test("the names of classes are torchvision's", async () => {
  const names = await torchvision.resnet18.weights.IMAGENET1K_V1.classNames();
  assert.equal(names.length, 1000);
  assert.equal(createHash("sha256").update(names.join("\n")).digest("hex"), recorded.classNames);
  assert.deepEqual([names[0], names[285], names[999]], ["tench", "Egyptian cat", "toilet tissue"]);
});

/** A cache of the test's own, and no settings of the user's. */
function isolated(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-weights-"));
  const names = ["XDG_CACHE_HOME", "CONVOYANT_WEIGHTS", "CONVOYANT_WEIGHTS_URL", "TORCH_HOME"];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  process.env.XDG_CACHE_HOME = folder;
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Has the published weights be this file while the test runs; real ones are too large for a test. */
async function publish(
  t: TestContext,
  weights: PublishedWeights,
  stateDict: Record<string, Tensor>,
): Promise<Uint8Array> {
  const bytes = await toBytes(stateDict, {}, { format: "pth" });
  const before = { ...weights };
  const sha256 = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  Object.assign(weights, { sha256, file: weights.file.replace(before.sha256, sha256), bytes: bytes.length });
  t.after(() => void Object.assign(weights, before));
  return bytes;
}

const sending =
  (bytes: Uint8Array, asked: string[] = []): RequestListener =>
  (request, response) => {
    asked.push(request.url ?? "");
    response.end(bytes);
  };

const output = (net: nn.Module, x: Tensor) => noGrad(() => (net.eval()(x) as Tensor).tolist());

test("a network with published weights computes what they compute, and is fetched once", async (t) => {
  const folder = isolated(t);
  manualSeed(1);
  const origin = torchvision.squeezenet1_1();
  const weights = torchvision.squeezenet1_1.weights.IMAGENET1K_V1;
  const asked: string[] = [];
  process.env.CONVOYANT_WEIGHTS_URL = await serve(
    t,
    sending(await publish(t, weights, origin.stateDict()), asked),
  );
  const net = await torchvision.squeezenet1_1({ weights: "IMAGENET1K_V1", dropout: 0.25 });
  const x = randn(2, 3, 40, 40);
  assert.deepEqual(await output(net, x), await output(origin, x));
  assert.match(String(net), /Dropout\(p=0\.25/);
  assert.equal(models.preprocessingOf(net), weights.preprocessing);
  assert.equal(models.preprocessingOf(origin), undefined);
  assert.deepEqual([models.classNamesOf(net)?.length, models.classNamesOf(origin)], [1000, undefined]);
  await torchvision.squeezenet1_1({ weights: "DEFAULT" });
  assert.deepEqual(asked, [`/${weights.file}`]);
  assert.deepEqual(readdirSync(join(folder, "convoyant", "weights")), [weights.file]);
});

test("weights for another number of classes: an error before anything is fetched, or a new last layer", async (t) => {
  isolated(t);
  const origin = torchvision.resnet18();
  const weights = torchvision.resnet18.weights.IMAGENET1K_V1;
  const asked: string[] = [];
  const url = await serve(t, sending(await publish(t, weights, origin.stateDict()), asked));
  const options = { weights: "IMAGENET1K_V1", numClasses: 7, url } as const;
  await assert.rejects(
    torchvision.resnet18(options),
    (error: Error) =>
      error instanceof StateDictError &&
      /for 1000 classes, the model has 7 \(fc\): make it with \{ numClasses: 1000 \}, or pass \{ strict: false \}/.test(
        error.message,
      ),
  );
  assert.deepEqual(asked, []);
  const net = await torchvision.resnet18({ ...options, strict: false });
  assert.deepEqual(net.fc.weight.shape, [7, 512]);
  assert.equal(models.classNamesOf(net), undefined);
  assert.deepEqual(await net.conv1.weight.tolist(), await origin.conv1.weight.tolist());
  assert.notDeepEqual(net.fc.weight.shape, origin.fc.weight.shape);
});

test("every network names its last layers when the number of classes differs", async (t) => {
  isolated(t);
  const named: Record<string, RegExp> = {
    alexnet: /classifier\.6\)/,
    googlenet: /\(fc\)/,
    squeezenet1_1: /classifier\.1\)/,
    mobilenet_v2: /classifier\.1\)/,
    mobilenet_v3_small: /classifier\.3\)/,
    efficientnet_b0: /classifier\.1\)/,
    densenet121: /\(classifier\)/,
    vgg16_bn: /classifier\.6\)/,
  };
  for (const [network, layers] of Object.entries(named)) {
    const make = calls[network] as unknown as (options: object) => Promise<nn.Module>;
    await assert.rejects(make({ weights: "IMAGENET1K_V1", numClasses: 3 }), (error: Error) => {
      assert.ok(error instanceof StateDictError);
      assert.match(error.message, layers);
      return true;
    });
  }
});

test("DenseNet's old keys are read as torchvision reads them", async (t) => {
  isolated(t);
  const origin = torchvision.densenet121();
  const old = Object.entries(origin.stateDict())
    .filter(([key]) => !key.endsWith("num_batches_tracked"))
    .map(([key, tensor]) => [key.replace(/(denselayer\d+\.(?:norm|conv))([12])/, "$1.$2"), tensor] as const);
  assert.ok(old.some(([key]) => key === "features.denseblock1.denselayer1.norm.1.weight"));
  const weights = torchvision.densenet121.weights.IMAGENET1K_V1;
  const url = await serve(t, sending(await publish(t, weights, Object.fromEntries(old))));
  const net = await torchvision.densenet121({ weights: "IMAGENET1K_V1", url });
  const [found, expected] = [net.stateDict(), origin.stateDict()];
  for (const layer of ["norm1.weight", "norm2.running_var", "conv1.weight", "conv2.weight"]) {
    const key = `features.denseblock2.denselayer3.${layer}`;
    assert.deepEqual(await found[key].tolist(), await expected[key].tolist(), key);
  }
});

test("GoogLeNet's weights come with their normalisation, and without auxiliary heads unless asked for", async (t) => {
  isolated(t);
  const origin = torchvision.googlenet({ transformInput: true });
  const weights = torchvision.googlenet.weights.IMAGENET1K_V1;
  const url = await serve(t, sending(await publish(t, weights, origin.stateDict())));
  const net = await torchvision.googlenet({ weights: "IMAGENET1K_V1", url });
  assert.deepEqual([net.transformInput, net.aux1, net.aux2], [true, null, null]);
  const x = randn(1, 3, 64, 64);
  assert.deepEqual(await output(net, x), await output(origin, x));
  const other = await torchvision.googlenet({
    weights: "IMAGENET1K_V1",
    url,
    auxLogits: true,
    transformInput: false,
  });
  assert.equal(other.transformInput, false);
  assert.deepEqual(await other.aux1?.fc2.bias?.tolist(), await origin.aux1?.fc2.bias?.tolist());
});

test("what PyTorch has downloaded is used, and a file that was put there by hand", async (t) => {
  const folder = isolated(t);
  const weights = torchvision.squeezenet1_1.weights.IMAGENET1K_V1;
  const bytes = await publish(t, weights, torchvision.squeezenet1_1().stateDict());
  const put = async (...place: string[]) => {
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(folder, ...place), { recursive: true });
    writeFileSync(join(folder, ...place, weights.file), bytes);
  };
  process.env.CONVOYANT_WEIGHTS_URL = "http://127.0.0.1:1/";
  await put("torch", "hub", "checkpoints");
  await torchvision.squeezenet1_1({ weights: "IMAGENET1K_V1" });
  process.env.TORCH_HOME = join(folder, "elsewhere");
  await assert.rejects(torchvision.squeezenet1_1({ weights: "IMAGENET1K_V1" }), FileError);
  process.env.CONVOYANT_WEIGHTS = join(folder, "mine");
  await put("mine");
  await torchvision.squeezenet1_1({ weights: "IMAGENET1K_V1" });
  assert.deepEqual(readdirSync(join(folder, "mine")), [weights.file]);
});

test("without a network one error says which file to fetch and where to put it", async (t) => {
  const folder = isolated(t);
  process.env.CONVOYANT_WEIGHTS_URL = "http://127.0.0.1:1/models";
  await assert.rejects(torchvision.resnet18({ weights: "IMAGENET1K_V1" }), (error: Error) => {
    assert.ok(error instanceof FileError);
    const path = join(folder, "convoyant", "weights", "resnet18-f37072fd.pth");
    for (const part of [
      "the weights resnet18-f37072fd.pth (46.8 MB) could not be fetched",
      `${path} is not there`,
      "http://127.0.0.1:1/models/resnet18-f37072fd.pth: ",
      `fetch https://download.pytorch.org/models/resnet18-f37072fd.pth and save it as ${path}`,
    ])
      assert.ok(error.message.includes(part), `${part} is not in:\n${error.message}`);
    return true;
  });
});

test("a damaged file in the cache is fetched again; a wrong one from the server is not kept", async (t) => {
  const folder = isolated(t);
  const weights = torchvision.squeezenet1_1.weights.IMAGENET1K_V1;
  const bytes = await publish(t, weights, torchvision.squeezenet1_1().stateDict());
  const url = await serve(t, sending(bytes));
  await torchvision.squeezenet1_1({ weights: "IMAGENET1K_V1", url });
  const path = join(folder, "convoyant", "weights", weights.file);
  writeFileSync(path, bytes.subarray(0, 1000));
  await torchvision.squeezenet1_1({ weights: "IMAGENET1K_V1", url });
  assert.deepEqual(readFileSync(path), Buffer.from(bytes));
  rmSync(path);
  const lying = await serve(t, sending(bytes.subarray(1)));
  await assert.rejects(
    torchvision.squeezenet1_1({ weights: "IMAGENET1K_V1", url: lying }),
    /nothing of it was kept/,
  );
  assert.deepEqual(readdirSync(join(folder, "convoyant", "weights")), []);
});

test("a folder that cannot be written is named with what to do", async (t) => {
  const folder = isolated(t);
  writeFileSync(join(folder, "file"), "");
  process.env.CONVOYANT_WEIGHTS = join(folder, "file", "weights");
  await assert.rejects(
    torchvision.squeezenet1_1({ weights: "IMAGENET1K_V1", url: "http://127.0.0.1:1/" }),
    /cannot write .*; the weights would be kept as .*: name a folder that can be written with CONVOYANT_WEIGHTS/,
  );
});

test("the progress is a function's, or a line of the terminal's", async (t) => {
  isolated(t);
  const weights = torchvision.squeezenet1_1.weights.IMAGENET1K_V1;
  const bytes = await publish(t, weights, torchvision.squeezenet1_1().stateDict());
  const url = await serve(t, sending(bytes));
  const said: string[] = [];
  await torchvision.squeezenet1_1({ weights: "IMAGENET1K_V1", url, progress: (text) => said.push(text) });
  assert.match(said[0], /^squeezenet1_1-[0-9a-f]{8}\.pth: \d\.\d MB( of 5\.\d MB)?/);
});

test("wrong options are refused", async () => {
  const { resnet18 } = torchvision;
  const rejects = (options: object, message: RegExp) =>
    assert.rejects(resnet18(options as { weights: "DEFAULT" }), (error: Error) => {
      assert.ok(error instanceof ArgumentError || error instanceof FileError, String(error));
      assert.match(error.message, message);
      return true;
    });
  await rejects(
    { weights: "IMAGENET1K_V2" },
    /resnet18: unknown weights "IMAGENET1K_V2"; did you mean `IMAGENET1K_V1`\?/,
  );
  await rejects({ weights: true }, /unknown weights true \(there are: IMAGENET1K_V1, DEFAULT\)/);
  await rejects({ weights: "toString" }, /unknown weights "toString"/);
  await rejects(
    { weights: "DEFAULT", numClass: 3 },
    /unknown argument `numClass` of resnet18; did you mean `numClasses`/,
  );
  await rejects({ weights: "DEFAULT", strict: "no" }, /strict/);
  await rejects({ weights: "DEFAULT", url: "ftp://x/" }, /ftp:\/\/x\/ is not an address/);
  await rejects({ weights: "DEFAULT", url: "weights/" }, /weights\/ is not an address/);
  assert.throws(() => resnet18({ weight: "DEFAULT" } as object), /did you mean `weights`\?/);
  assert.throws(
    () => (resnet18 as (...args: unknown[]) => unknown)(7, false, "DEFAULT"),
    /give `weights` by name/,
  );
  assert.deepEqual(resnet18({ weights: null, numClasses: 3 }).fc.weight.shape, [3, 512]);
  assert.deepEqual(resnet18(3, false).fc.weight.shape, [3, 512]);
});

test("docs/pretrained-weights.md lists them all", () => {
  const networks = { ...models.torchvision, efficientnetLite0: models.efficientnetLite0 } as Record<
    string,
    unknown
  >;
  const rows = Object.entries(networks).flatMap(([name, call]) => {
    const { weights } = call as { weights?: Readonly<Record<string, PublishedWeights>> };
    if (typeof call !== "function" || weights === undefined) return [];
    const path = name === "efficientnetLite0" ? "models" : "models.torchvision";
    const names = Object.keys(weights).map((each) => `\`"${each}"\``);
    const megabytes = Math.round(Math.max(...Object.values(weights).map(({ bytes }) => bytes)) / 1e6);
    return [`| \`${path}.${name}\` | ${names.join(", ")} | ${megabytes} MB |`];
  });
  assert.equal(rows.length, Object.keys(calls).length + 1);
  const page = readFileSync(new URL("../../../docs/pretrained-weights.md", import.meta.url), "utf8");
  assert.deepEqual(page.match(/^\| `models\..*$/gm) ?? [], rows.sort());
});
