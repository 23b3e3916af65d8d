/** The promise: the same classes and probabilities wherever the model runs. */
import { Classifier } from "../../classifier/index.ts";
import { engineNames } from "../../engines/engine_names.ts";
import { onnxFile } from "../../interop/onnx/export_onnx.ts";
import { failureOf } from "../../io/formats/format_failure.ts";
import type { OnnxGraph } from "../../io/formats/onnx/onnx_model.ts";
import { readOnnx } from "../../io/formats/onnx/read_onnx.ts";
import { decodeImage } from "../../io/images/decode_image.ts";
import type { Image } from "../../records/image.ts";
import type { NetworkArchitecture } from "../../records/network_architecture.ts";
import { useEngine } from "../../tensor/index.ts";
import type { ShippedFiles } from "../shipment_folder.ts";
import { answersOfPage, findChromium } from "./chromium.ts";
import { SHIPPED_PAGE_DRIVER } from "./drivers.ts";
import { answersOfOnnxNode, answersOfOnnxWeb } from "./onnx_runtimes.ts";
import { answersOfPytorch } from "./pytorch.ts";
import {
  type Answers,
  compareAnswers,
  rowHolds,
  type Sample,
  type Verification,
  type Watch,
} from "./verification.ts";

/** What is verified. */
export interface VerifiedShipment {
  /** The shipped file of weights. */
  readonly weights: Uint8Array;
  /** The shipped page and what it needs; null if there is none. */
  readonly page: ShippedFiles | null;
  /** The shipped ONNX file; null if there is none. */
  readonly onnx: Uint8Array | null;
  /** Of an image as the network takes it, [C, H, W]. */
  readonly inputShape: readonly number[];
  readonly samples: readonly Sample[];
  readonly onNote: (text: string) => void;
  readonly onProgress: (who: string, done: number, of: number) => void;
}

/** Images that go through the network together: AlexNet reads 230 MB of weights, for one image as for sixteen. */
const BATCH = 16;

/** The reference engine takes seconds for an image of a large network: a second one only if the first took few. */
const REFERENCE_IMAGES = 2;
const REFERENCE_MS = 10_000;

/**
 * Asks everything that is installed for the same images, and compares.
 *
 * @throws FileError for an image that cannot be read.
 */
export async function verify(shipment: VerifiedShipment): Promise<Verification> {
  const { samples, onNote, onProgress } = shipment;
  const noting = (name: string) => {
    onNote(`verifying: ${name} ...`);
    return (done: number, of: number) => onProgress(name, done, of);
  };
  const reference = "Node.js, wasm";
  const expected = await answersOfEngine("wasm", shipment.weights, samples, noting(reference));
  if ("skipped" in expected) throw new Error(`wasm cannot start: ${expected.skipped}`);
  const rows = [compareAnswers(reference, expected, expected.rows)];
  const add = (name: string, answers: Answers) => rows.push(compareAnswers(name, answers, expected.rows));
  for (const engine of engineNames().filter((name) => name !== "wasm")) {
    const watch = noting(`Node.js, ${engine}`);
    add(`Node.js, ${engine}`, await answersOfEngine(engine, shipment.weights, samples, watch));
  }
  // What follows runs elsewhere; our own part of it is on the engine that everyone has.
  await useEngine("wasm");
  const browser = findChromium();
  const page = noting("the page in Chromium");
  add("The page in Chromium", await answersOfShippedPage(shipment, browser, page));
  const images = await decoded(shipment);
  for (const [name, ask] of [
    ["onnxruntime-node", answersOfOnnxNode],
    ["onnxruntime-web", answersOfOnnxWeb],
  ] as const) {
    const watch = noting(name);
    add(name, await orNoOnnx(shipment.onnx, (model) => ask(model, images, watch, browser)));
  }
  const { name, answers } = await answersWithPytorch(shipment, noting("PyTorch"));
  add(name, answers);
  return { images: samples.length, rows, holds: rows.every(rowHolds) };
}

async function answersOfEngine(
  engine: string,
  weights: Uint8Array,
  samples: readonly Sample[],
  watch: Watch,
): Promise<Answers> {
  try {
    await useEngine(engine);
  } catch (error) {
    return { skipped: (error as Error).message };
  }
  const classifier = await Classifier.load(weights);
  const rows: (readonly number[])[] = [];
  const isSlow = engine === "reference";
  const size = isSlow ? 1 : (classifier.batch ?? BATCH);
  const count = isSlow ? Math.min(samples.length, REFERENCE_IMAGES) : samples.length;
  const start = performance.now();
  while (rows.length < count) {
    const batch = samples.slice(rows.length, Math.min(count, rows.length + size));
    const found = await classifier.predictBatch(batch.map(({ bytes }) => bytes));
    rows.push(...found.map(({ probabilities }) => probabilities));
    watch(rows.length, count);
    if (isSlow && performance.now() - start > REFERENCE_MS) break;
  }
  return { rows };
}

async function answersOfShippedPage(
  { page, samples }: VerifiedShipment,
  browser: string | null,
  watch: Watch,
): Promise<Answers> {
  if (page === null) return { skipped: "a package has no page" };
  if (browser === null) return { skipped: "no Chromium was found (CONVOYANT_CHROMIUM)" };
  const files = new Map<string, string | Uint8Array>([...page, ["drive.html", SHIPPED_PAGE_DRIVER]]);
  for (const [i, { bytes }] of samples.entries()) files.set(`samples/${i}`, bytes);
  return answersOfPage(browser, files, `drive.html?images=${samples.length}`, samples.length, watch);
}

function orNoOnnx(onnx: Uint8Array | null, ask: (model: Uint8Array) => Promise<Answers>): Promise<Answers> {
  return onnx === null ? Promise.resolve({ skipped: "there is no ONNX file" }) : ask(onnx);
}

/** The images as ONNX files take them. */
async function decoded({ weights, samples }: VerifiedShipment): Promise<Image[]> {
  const { mean, background } = (await Classifier.load(weights)).preprocessing;
  const channels = mean.length === 1 ? 1 : 3;
  const images: Image[] = [];
  for (const { bytes } of samples) images.push(await decodeImage(bytes, { channels, background }));
  return images;
}

async function answersWithPytorch({ weights, inputShape, samples }: VerifiedShipment, watch: Watch) {
  const { net, architecture, classes, preprocessing } = await Classifier.load(weights);
  let graph: OnnxGraph | null = null;
  try {
    const bare = await onnxFile({ net, input: [1, ...inputShape], preprocessing: null, classNames: null });
    graph = readOnnx(bare, failureOf("ONNX file", "the exported network")).graph;
  } catch {
    // torchvision may have the network.
  }
  const network = { architecture: architecture as NetworkArchitecture, classes: classes.length };
  return answersOfPytorch({ weights, graph, ...network, preprocessing, samples }, watch);
}
