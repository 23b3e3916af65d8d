/**
 * From the bytes of an image file on, every engine, a page, and ONNX Runtime on the exported file give the same class and the
 * same probabilities within 1e-4.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Classifier } from "../../src/classifier/index.ts";
import { onnx, stopEngine, useEngine } from "../../src/index.ts";
import { decodeImage } from "../../src/io/images/decode_image.ts";
import { launch, noBrowser, serve } from "../browser/chromium.ts";
import { openWorkspace } from "../bundlers/workspace.ts";
import { missingLibrary } from "../engines/onednn/library.ts";
import { difference, knownClassifier, type NamedBytes, photographs, preprocessing } from "./known_network.ts";

const BOUND = 1e-4;
const workspace = openWorkspace();

describe("one answer everywhere", () => {
  let images: NamedBytes[];
  let file: Uint8Array;
  let exported: Uint8Array;
  let expected: { index: number; probabilities: readonly number[] }[];

  before(async () => {
    await useEngine("wasm", { threads: 1 });
    images = await photographs();
    const classifier = await knownClassifier(images);
    file = await classifier.toBytes();
    exported = await onnx.export(classifier.net, [1, 3, 64, 64]);
    expected = await classifier.predictBatch(images.map(({ bytes }) => bytes));
    // Several classes, none of them certain: otherwise equal probabilities would say nothing.
    assert.ok(new Set(expected.map(({ index }) => index)).size > 1);
    assert.ok(expected.some(({ probabilities }) => Math.max(...probabilities) < 0.95));
  });
  after(() => stopEngine());

  function same(found: readonly { index: number; probabilities: readonly number[] }[]): void {
    assert.deepEqual(
      found.map(({ index }) => index),
      expected.map(({ index }) => index),
    );
    for (const [i, { probabilities }] of found.entries())
      assert.ok(difference(probabilities, expected[i].probabilities) < BOUND, images[i].name);
  }

  for (const engine of ["reference", "wasm", "onednn"])
    test(`in Node.js on ${engine}, one by one and from the ONNX file too`, {
      skip: engine === "onednn" && missingLibrary(),
    }, async () => {
      await useEngine(engine, engine === "reference" ? {} : { threads: 1 });
      for (const bytes of [file, exported]) {
        const classifier = await Classifier.load(bytes);
        assert.deepEqual(classifier.preprocessing, preprocessing);
        same(await classifier.predictBatch(images.map((image) => image.bytes)));
        const single = [];
        for (const image of images) single.push(await classifier.predict(image.bytes));
        same(single);
      }
    });

  test("in a page in Chromium", { skip: noBrowser }, async () => {
    const answers = {
      "net.safetensors": file,
      "net.onnx": exported,
      ...Object.fromEntries(images.map(({ name, bytes }) => [name, bytes])),
    };
    const { server, origin } = await serve({ answers });
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(`${origin}/plain/page.html`);
      for (const source of ["net.safetensors", "net.onnx"]) {
        const found: any = await page.evaluate(`(async () => {
          const { Classifier } = await import("/plain/dist/page/classifier.js");
          const classifier = await Classifier.load("${source}");
          const blobs = await Promise.all(${JSON.stringify(images.map(({ name }) => name))}.map(async (name) =>
            (await fetch(name)).blob()));
          return classifier.predictBatch(blobs);
        })()`);
        same(found);
      }
    } finally {
      await browser.close();
      server.close();
    }
  });

  test("in ONNX Runtime on the exported file", {
    skip: "missing" in workspace ? workspace.missing : false,
  }, async () => {
    const modules = join((workspace as { folder: string }).folder, "node_modules");
    const native: any = createRequire(join(modules, "x.js"))("onnxruntime-node");
    const session = await native.InferenceSession.create(exported, {
      logSeverityLevel: 3,
      intraOpNumThreads: 1,
    });
    const found = [];
    for (const { bytes } of images) {
      const { width, height, data } = await decodeImage(bytes, { channels: 3 });
      const input = new native.Tensor("uint8", data, [1, height, width, 3]);
      const { probabilities } = await session.run({ images: input });
      const row = [...probabilities.data] as number[];
      found.push({ index: row.indexOf(Math.max(...row)), probabilities: row });
    }
    await session.release();
    same(found);
  });
});
