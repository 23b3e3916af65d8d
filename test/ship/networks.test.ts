/**
 * Networks in the shipped page: its script leaves out what no network needs, so each one that is registered is run, by
 * its name and as the graph of an ONNX file.
 * `CONVOYANT_TEST_SHIPPED=all` runs them all, but for those of more than 30 million weights; it may name some instead.
 */
import assert from "node:assert/strict";
import type { Server } from "node:http";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import shippedOnnxPage from "#shipped_onnx_page";
import shippedPage from "#shipped_page";
import { Classifier } from "../../src/classifier/index.ts";
import { models, onnx, stopEngine, useEngine } from "../../src/index.ts";
import { onnxClassifierOf } from "../../src/interop/onnx/new_onnx_classifier.ts";
import { failureOf } from "../../src/io/formats/format_failure.ts";
import { readOnnx } from "../../src/io/formats/onnx/read_onnx.ts";
import { pageHtml } from "../../src/ship/page_html.ts";
import { sha256Of } from "../../src/ship/shipment_folder.ts";
import { launch, noBrowser, serve } from "../browser/chromium.ts";
import { JPEG } from "./small_classifier.ts";

const MOST_WEIGHTS = 30_000_000;
/** Batch normalisation by hand, gates and pads, a network of one channel. */
const SOME = ["bn-lenet-scratch", "mobilenet-v3-small", "efficientnet-lite0"];
/** What is smaller than the network's own images still goes through it, but for networks with wide layers behind. */
const SIDE = 96;
const WIDE = /^(torchvision-)?(alexnet|vgg)/;

/** Gates with hard sigmoids: another set of operators than layers. */
const SOME_GRAPHS = ["mobilenet-v3-small"];

const answers: Record<string, Uint8Array | string> = {};
let browser: Browser;
let server: Server;
let origin: string;

before(async () => {
  if (noBrowser) return;
  await useEngine("wasm", { threads: 1 });
  ({ origin, server } = await serve({ answers }));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
  await stopEngine();
});

function classifierOf(name: string): Classifier {
  const { inputShape, options } = models.entry(name);
  const [channels, height, width] = inputShape;
  const count = options.includes("numClasses") ? 4 : 10;
  const net = models.create(name, options.includes("numClasses") ? { numClasses: count } : {});
  const isFixed = channels === 1;
  return Classifier.of(net, {
    classes: Array.from({ length: count }, (_, i) => `class ${i}`),
    preprocessing: {
      resize: {
        size: isFixed || WIDE.test(name) ? [height, width] : [SIDE, SIDE],
        interpolation: "bilinear",
      },
      crop: null,
      mean: new Array(channels).fill(0.4),
      std: new Array(channels).fill(0.3),
      background: [255, 255, 255],
    },
  });
}

/** The same network as a graph, as a training that begins with an ONNX file keeps it. */
async function fromGraph({ net, classes, preprocessing }: Classifier, side: number): Promise<Classifier> {
  const fail = failureOf("ONNX file", "the network");
  const graph = readOnnx(
    await onnx.export(net, [1, 3, side, side], { preprocessing: null, probabilities: false }),
    fail,
  );
  const again = onnxClassifierOf(graph, classes.length, fail);
  return Classifier.of(again, { classes, preprocessing });
}

/** The page's probabilities, and whether it could say what they rest on. */
async function inPage(
  classifier: Classifier,
  script = shippedPage,
): Promise<{ probabilities: number[]; complaint: string }> {
  answers["convoyant.js"] = script;
  const weights = await classifier.toBytes();
  const shipment = {
    title: "x",
    weightsFile: "model.safetensors",
    weightsBytes: weights.length,
    sha256: sha256Of(weights),
  };
  answers["index.html"] = pageHtml({ shipment, links: { card: null, onnx: null }, inside: null });
  answers["model.safetensors"] = weights;
  const page = await browser.newPage();
  try {
    await page.goto(`${origin}/plain/index.html`);
    await page.waitForSelector("html[data-state=ready]");
    await page.evaluate(`globalThis.answered = new Promise((resolve) =>
      document.addEventListener("prediction", ({ detail }) => resolve(detail), { once: true })); 0`);
    await page.setInputFiles("#file", { name: "a.jpg", mimeType: "image/jpeg", buffer: JPEG });
    const { probabilities } = await page.evaluate<{ probabilities: number[] }>("globalThis.answered");
    const seen = () => page.evaluate("document.getElementById('seen').toDataURL()");
    const plain = await seen();
    await page.check("#heatmap");
    for (let i = 0; i < 200 && (await seen()) === plain && (await page.isHidden("#problem")); i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return { probabilities, complaint: (await page.textContent("#problem")) ?? "" };
  } finally {
    await page.close();
  }
}

const isSmall = (name: string) =>
  [...models.create(name).parameters()].reduce((sum, parameter) => sum + parameter.numel(), 0) < MOST_WEIGHTS;
/** A graph's head is a matmul with a weight. */
const canBeGraph = (name: string) => models.entry(name).inputShape[0] === 3 && !name.startsWith("squeezenet");
const asked = process.env.CONVOYANT_TEST_SHIPPED;
const chosen = asked === "all" ? models.names().filter(isSmall) : (asked?.split(",") ?? SOME);

async function assertAlike(classifier: Classifier, script?: string) {
  const expected = await classifier.predict(JPEG);
  const { probabilities, complaint } = await inPage(classifier, script);
  assert.equal(complaint, "");
  assert.equal(probabilities.length, expected.probabilities.length);
  probabilities.forEach((p, i) => assert.ok(Math.abs(p - expected.probabilities[i]) < 1e-4));
}

for (const name of chosen)
  test(`${name} answers in the shipped page as in Node.js`, { skip: noBrowser }, () =>
    assertAlike(classifierOf(name)),
  );

for (const name of asked === undefined ? SOME_GRAPHS : chosen.filter(canBeGraph))
  test(`${name} as a graph answers in its page as in Node.js`, { skip: noBrowser }, async () => {
    const side = WIDE.test(name) ? models.entry(name).inputShape[1] : SIDE;
    await assertAlike(await fromGraph(classifierOf(name), side), shippedOnnxPage);
  });
