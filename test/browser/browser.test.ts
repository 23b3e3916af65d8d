/** Pages without a bundler, which find the package by an import map. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import * as convoyant from "../../src/browser.ts";
import { launch, noBrowser, serve } from "./chromium.ts";
import { type TrainedLosses, trainLenet } from "./train_lenet.ts";

const net = convoyant.models.create("lenet");
const weights = await convoyant.toBytes(net.stateDict());

const fixtures = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/images/images.json", import.meta.url), "utf8"),
) as { decoded: { name: string; file: string; asked: 1 | 3 | null; sha256: string }[] };
const network = (name: string) =>
  readFileSync(new URL(`../../../test/fixtures/onnx/${name}`, import.meta.url));
const photo = Buffer.from(fixtures.decoded[0].file, "base64");

let browser: Browser;
let server: Server;
let origin: string;
let expected: TrainedLosses;

before(async () => {
  if (noBrowser) return;
  ({ origin, server } = await serve({
    answers: {
      "lenet.safetensors": weights,
      "photo.jpg": photo,
      "network.onnx": network("network.onnx"),
      "external.onnx": network("external.onnx"),
      "external.data": network("external.data"),
    },
  }));
  browser = await launch();
  expected = await trainLenet(convoyant, "wasm", { threads: 1 });
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** Runs an async function's body in a page; `convoyant` is the package. Fails for uncaught errors. */
async function inPage(folder: string, body: string): Promise<any> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  const result = await run(page, folder, body);
  await page.close();
  assert.deepEqual(problems, []);
  return result;
}

async function run(page: Page, folder: string, body: string): Promise<unknown> {
  await page.goto(`${origin}/${folder}/page.html`);
  return page.evaluate(`(async () => {
    const convoyant = await import("convoyant");
    ${body}
  })()`);
}

function trainInPage(
  folder: string,
  engine: string,
  threads: number,
): Promise<TrainedLosses & { isolated: boolean }> {
  return inPage(
    folder,
    `const { trainLenet } = await import("/${folder}/test/browser/train_lenet.js");
    const losses = await trainLenet(convoyant, ${JSON.stringify(engine)}, { threads: ${threads} });
    return { ...losses, isolated: crossOriginIsolated };`,
  );
}

function assertLosses(found: readonly number[]): void {
  found.forEach((loss, i) => {
    assert.ok(
      Math.abs(loss - expected.losses[i]) < 1e-5 * Math.abs(expected.losses[i]),
      `loss ${i}: ${loss}, in Node ${expected.losses[i]}`,
    );
  });
}

test("an isolated page trains with threads and gets Node's losses", { skip: noBrowser }, async () => {
  const result = await trainInPage("isolated", "wasm", 2);
  assert.equal(result.isolated, true);
  assert.equal(result.threads, 2);
  assertLosses(result.losses);
});

test("a page that is not isolated trains with one thread and a memory of its own", {
  skip: noBrowser,
}, async () => {
  const result = await trainInPage("plain", "wasm", 2);
  assert.equal(result.isolated, false);
  assert.equal(result.threads, 1);
  assertLosses(result.losses);
});

test("the reference engine runs in a page", { skip: noBrowser }, async () => {
  const result = await trainInPage("isolated", "reference", 1);
  result.losses.forEach((loss, i) => {
    assert.ok(
      Math.abs(loss - expected.losses[i]) < 1e-3 * Math.abs(expected.losses[i]),
      `loss ${i}: ${loss} and ${expected.losses[i]}`,
    );
  });
});

test("a page whose policy allows workers from its own files only trains all the same", {
  skip: noBrowser,
}, async () => {
  assertLosses((await trainInPage("strict", "wasm", 1)).losses);
});

test("a page that allows no workers is told which line of its policy to change", {
  skip: noBrowser,
}, async () => {
  const body = `return convoyant.useEngine("wasm").then(() => "started", (error) => error.name + ": " + error.message);`;
  assert.match(
    await inPage("noworkers", body),
    /^EngineError: .*content security policy has to allow workers from blob: or from .*wasm_worker\.js.*worker-src/s,
  );
});

test("a page makes a network with published weights, from its own server and from one that allows it", {
  skip: noBrowser,
}, async () => {
  const { weights: published } = convoyant.models.torchvision.squeezenet1_1;
  const { file } = published.IMAGENET1K_V1;
  const stateDict = convoyant.models.torchvision.squeezenet1_1().stateDict();
  const bytes = await convoyant.toBytes(stateDict, {}, { format: "pth" });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const own = await serve({ answers: { [`weights/${file}`]: bytes } });
  const other = createServer((request, response) => {
    if (request.url?.startsWith("/open/")) response.setHeader("access-control-allow-origin", "*");
    response.end(bytes);
  });
  await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
  const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const page = await browser.newPage();
  try {
    await page.goto(`${own.origin}/plain/page.html`);
    const found = (await page.evaluate(`(async () => {
      const { models } = await import("convoyant");
      const { squeezenet1_1 } = models.torchvision;
      // Real weights would be fetched from afar.
      Object.assign(squeezenet1_1.weights.IMAGENET1K_V1, { sha256: ${JSON.stringify(sha256)} });
      const sums = [];
      for (const url of ["./weights/", ${JSON.stringify(`${elsewhere}/open/`)}, ${JSON.stringify(`${elsewhere}/shut/`)}]) {
        try {
          const net = await squeezenet1_1({ weights: "IMAGENET1K_V1", url });
          sums.push(await net.parameters()[0].sum().item());
        } catch (error) {
          sums.push(error.name + ": " + error.message);
        }
      }
      return sums;
    })()`)) as [number, number, string];
    const sum = (await stateDict["features.0.weight"].sum().item()) as number;
    for (const one of found.slice(0, 2))
      assert.ok(Math.abs((one as number) - sum) < 1e-3, `${one}, in Node ${sum}`);
    assert.match(found[2], /^FileError: .*cannot be fetched: Failed to fetch.*others that allow it \(CORS\)/);
  } finally {
    await page.close();
    own.server.close();
    other.close();
  }
});

test("a page loads and keeps weights", { skip: noBrowser }, async () => {
  const sums = await inPage(
    "plain",
    `const { load, models, toBytes } = convoyant;
    const blob = new Blob([await toBytes(await load("lenet.safetensors"))]);
    const places = [
      "lenet.safetensors",
      new URL("lenet.safetensors", location.href),
      await fetch("lenet.safetensors"),
      await blob.arrayBuffer(),
      blob,
      URL.createObjectURL(blob),
    ];
    for (const format of ["pth", "npz"]) {
      const bytes = await toBytes(await load("lenet.safetensors"), {}, { format });
      places.push(bytes, new Blob([bytes]));
    }
    const sums = [];
    for (const place of places) {
      const net = models.create("lenet");
      net.loadStateDict(await load(place));
      sums.push(await net.parameters()[0].sum().item());
    }
    return sums;`,
  );
  const sum = await net.parameters()[0].sum().item();
  for (const found of sums) assert.ok(Math.abs(found - sum) < 1e-4, `${found}, in Node ${sum}`);
  assert.equal(sums.length, 10);
});

test("a page decodes images to the pixels of Node.js, and encodes them to the same bytes", {
  skip: noBrowser,
}, async () => {
  const wanted =
    /(jpeg (quality 75|orientation 6|CMYK 60 0)|png palette with alpha|webp (with alpha 75|lossless, alpha)|gif see|bmp RLE|plain)/;
  const cases = fixtures.decoded.filter(({ name }) => wanted.test(name));
  assert.ok(cases.length > 15);
  const found = await inPage(
    "plain",
    `const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const hash = async (bytes) =>
      Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)), (b) => b.toString(16).padStart(2, "0")).join("");
    const { decodeImage, encodeJpeg, encodePng, readImage } = convoyant.data;
    const hashes = [];
    for (const { file, asked } of ${JSON.stringify(cases)})
      hashes.push(await hash((await decodeImage(bytesOf(file), asked ? { channels: asked } : {})).data));
    const image = await readImage("photo.jpg");
    const refused = await decodeImage(new Uint8Array(9)).catch((error) => error.name);
    const sharp = await decodeImage(encodePng(image), { decoder: "sharp" }).catch((error) => error.message);
    return { hashes, refused, sharp, jpeg: Array.from(encodeJpeg(image)), png: Array.from(encodePng(image)) };`,
  );
  assert.deepEqual(
    found.hashes,
    cases.map(({ sha256 }) => sha256),
  );
  assert.equal(found.refused, "FileError");
  assert.match(found.sharp, /needs Node\.js/);
  const image = await convoyant.data.decodeImage(photo);
  assert.deepEqual(found.jpeg, Array.from(convoyant.data.encodeJpeg(image)));
  assert.deepEqual(found.png, Array.from(convoyant.data.encodePng(image)));
});

test("what needs files says so in a page", { skip: noBrowser }, async () => {
  const body = (call: string) => `
    const { data, load, models, nn, optim, tensor, train } = convoyant;
    const net = models.create("lenet");
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
    const trainLoader = [];
    return ${call}.then(() => "done", (error) => error.name + ": " + error.message);`;
  for (const [call, message] of [
    ["data.fashionMnistLoaders()", /^FileError: Fashion-MNIST: a page has no files.*url: "\.\/data\/"/],
    [
      'data.openDataset("mnist", { train: false })',
      /^FileError: MNIST: a page has no files.*t10k-images-idx3-ubyte/,
    ],
    ['data.FashionMNIST({ url: "nowhere" })', /^FileError: .*nowhere\/train-.*the server answered 404/],
    [
      'train.fit(net, { trainLoader, optimizer, epochs: 1, out: "runs/a" })',
      /^FileError: fit: `out` \(runs\/a\) needs a file system.*toBytes/,
    ],
    ['load("nowhere.safetensors")', /^FileError: nowhere\.safetensors cannot be fetched: .*404/],
    ['convoyant.useEngine("onednn")', /^EngineError: onednn: cannot start: native libraries need Node\.js/],
  ] as const) {
    assert.match(await inPage("plain", body(call)), message, call);
  }
});

test("a page reads networks in ONNX by address, and gets Node's outputs", { skip: noBrowser }, async () => {
  const found = await inPage(
    "plain",
    `const { linspace, noGrad, onnx, tensor } = convoyant;
    const net = await onnx.load("network.onnx");
    const x = linspace(-1, 1, 3 * 16 * 16).reshape(1, 3, 16, 16);
    const missing = await onnx.load("external.onnx").catch((error) => error.name + ": " + error.message);
    const more = await (await fetch("external.data")).arrayBuffer();
    const linear = await onnx.load("external.onnx", { externalData: { "external.data": more } });
    return [await noGrad(() => net(x)).tolist(), missing, await linear(tensor([[1, 0, 0, 0]])).tolist()];`,
  );
  const { linspace, noGrad, onnx } = convoyant;
  const here = await onnx.load(network("network.onnx"));
  const x = linspace(-1, 1, 3 * 16 * 16).reshape(1, 3, 16, 16);
  const [logits] = await noGrad(() => here(x)).tolist();
  found[0][0].forEach((value: number, i: number) => {
    assert.ok(Math.abs(value - logits[i]) < 1e-5, `${value}, in Node ${logits[i]}`);
  });
  assert.match(
    found[1],
    /^FileError: .*external\.onnx: its weights are in the file "external\.data", which is not given/,
  );
  assert.deepEqual(found[2], [[0.5, -0.5, 3]]);
});
