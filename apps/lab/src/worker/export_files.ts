/** What is taken home: weights, networks for other programs, pages, runs, experiments. */
import { onnx, toBytes } from "convoyant";
import { Classifier } from "convoyant/classifier";
import { strToU8, zipSync } from "fflate";
import { DATA_FOLDER } from "../data/fashion_mnist.ts";
import { checkNetwork } from "../experiment/check.ts";
import { experimentText } from "../experiment/check_experiment.ts";
import { type Experiment, inputShapeOf } from "../experiment/experiment.ts";
import { runSettings } from "../experiment/run_experiment.ts";
import type { LabSession } from "./lab_session.ts";
import { PAGE_TEMPLATE, TEMPLATE_MARKS } from "./page_template.ts";
import { LabError } from "./problem.ts";
import type { Calls, ExportedFile } from "./protocol.ts";

type Input = Calls["export"]["input"];

export async function exportNetwork(session: LabSession, input: Input): Promise<ExportedFile> {
  const { network, format } = input;
  const { experiment } = session.lab;
  const name = fileName(experiment, network);
  switch (format) {
    case "safetensors":
      return {
        name: `${name}.safetensors`,
        type: "application/octet-stream",
        bytes: await weightsOf(session, network),
      };
    case "onnx":
      return {
        name: `${name}.onnx`,
        type: "application/octet-stream",
        bytes: await onnxOf(session, network),
      };
    case "page":
      return { name: `${name}.html`, type: "text/html", bytes: await pageOf(session, network) };
    case "run":
      return { name: `${name}-run.zip`, type: "application/zip", bytes: await runOf(session, network, name) };
    case "experiment":
      return {
        name: `${fileName(experiment, null)}.lab.zip`,
        type: "application/zip",
        bytes: await experimentFile(session, input.withImages ?? false),
      };
  }
}

/** Letters, digits and hyphens of the title. */
function fileName({ title, networks }: Experiment, network: number | null): string {
  const plain = title
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  const number = network === null || networks.length === 1 ? "" : `-${network + 1}`;
  return `${plain || "network"}${number}`;
}

/** With what is needed to use them on images, if the network can be made again by its description. */
async function weightsOf(session: LabSession, network: number): Promise<Uint8Array<ArrayBuffer>> {
  const classifier = classifierOf(session, network);
  if (classifier.architecture !== null) return classifier.toBytes();
  return toBytes(classifier.net.stateDict());
}

function classifierOf(session: LabSession, network: number): Classifier {
  const { loop, data, experiment } = session.lab;
  const [channels, size] = inputShapeOf(experiment, experiment.networks[network]);
  const isOwn = experiment.data.kind !== "fashion-mnist";
  return Classifier.of(loop.networks[network].net, {
    classes: [...data.classes],
    preprocessing: {
      resize: { size: isOwn ? size : [size, size], interpolation: "bilinear" },
      crop: isOwn ? [size, size] : null,
      mean: new Array<number>(channels).fill(0),
      std: new Array<number>(channels).fill(1),
      background: [255, 255, 255],
    },
  });
}

async function onnxOf(session: LabSession, network: number): Promise<Uint8Array<ArrayBuffer>> {
  const { net, preprocessing, classes } = classifierOf(session, network);
  const { experiment } = session.lab;
  const input = [1, ...inputShapeOf(experiment, experiment.networks[network])];
  return onnx.export(net, { input, preprocessing, classNames: classes });
}

async function pageOf(session: LabSession, network: number): Promise<Uint8Array<ArrayBuffer>> {
  const classifier = classifierOf(session, network);
  if (classifier.architecture === null)
    throw new LabError(
      "cannot export",
      "a page makes its network from a description, and this one is code; export it as ONNX",
    );
  const url = new URL(DATA_FOLDER + PAGE_TEMPLATE, session.base);
  const response = await fetch(url).catch(() => null);
  if (!response?.ok)
    throw new LabError("data missing", `${url.href} is missing: it comes with the Lab`, {
      file: PAGE_TEMPLATE,
    });
  const weights = await classifier.toBytes();
  const title = session.lab.experiment.title || "Convoyant";
  return new TextEncoder().encode(await filledPage(await response.text(), title, weights));
}

/** The page of a template. */
export async function filledPage(
  template: string,
  title: string,
  weights: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const record = { title, weightsFile: null, weightsBytes: weights.length, sha256: await sha256Of(weights) };
  const json = JSON.stringify(record).replaceAll("<", "\\u003c");
  const escaped = title.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return template
    .replace(
      /(<script type="application\/json" id="shipment">).*?(<\/script>)/,
      (_all, start, end) => start + json + end,
    )
    .replaceAll(TEMPLATE_MARKS.title, () => escaped)
    .replace(TEMPLATE_MARKS.weights, () => base64(weights));
}

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = globalThis.crypto;
  if (subtle === undefined)
    throw new LabError(
      "cannot export",
      "a shipped page is made on https or on this machine (localhost) alone",
    );
  const hash = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(bytes: Uint8Array): string {
  let text = "";
  const piece = 3 * 4096;
  for (let from = 0; from < bytes.length; from += piece)
    text += btoa(String.fromCharCode(...bytes.subarray(from, from + piece)));
  return text;
}

/** A run folder as the command line writes it, as far as a page knows. */
async function runOf(session: LabSession, network: number, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const { experiment, data, points, loop } = session.lab;
  const source = experiment.networks[network];
  const outcome = loop.isFinished ? "finished" : "interrupted";
  const metrics = points.map((point) => JSON.stringify(point.networks[network])).join("\n");
  const common = async () => {
    const weights = await weightsOf(session, network);
    return {
      "metrics.jsonl": strToU8(points.length === 0 ? "" : `${metrics}\n`),
      "last.safetensors": weights,
      "best.safetensors": weights,
    };
  };
  if (experiment.data.kind !== "fashion-mnist" && source.kind !== "code") {
    const { photosRunFiles } = await import("./photo_runs.ts");
    const own = photosRunFiles(session.lab, network, classifierOf(session, network), outcome);
    return zippedFolder(name, { ...own, ...(await common()) });
  }
  const check = checkNetwork(experiment, source);
  const settings = check === null ? null : runSettings(experiment, network, check.layers);
  if (settings === null)
    throw new LabError(
      "cannot export",
      "the command line makes a run's network of its description, and this one is code: export safetensors or ONNX",
    );
  const config = {
    startedAt: session.lab.startedAt,
    model: settings.model,
    dataset: "Fashion-MNIST",
    classNames: data.classes,
    inputShape: inputShapeOf(experiment, source),
    config: settings,
    environment: { madeWith: "the Lab", engine: "wasm" },
    outcome,
  };
  return zippedFolder(name, {
    "config.json": strToU8(`${JSON.stringify(config, null, 2)}\n`),
    ...(await common()),
  });
}

const zippedFolder = (name: string, files: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> =>
  zipped(Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${name}/${path}`, bytes])));

async function experimentFile(session: LabSession, withImages: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const { experiment, loop } = session.lab;
  const files: Record<string, Uint8Array> = { "experiment.json": strToU8(experimentText(experiment)) };
  for (const [i, { net }] of loop.networks.entries())
    files[`network-${i + 1}.safetensors`] = await toBytes(net.stateDict());
  if (withImages && experiment.data.kind === "images") {
    const { imagesForFile } = await import("../data/image_files.ts");
    Object.assign(files, await imagesForFile(experiment.data.classes));
  }
  return zipped(files);
}

/** Weights do not become smaller by packing. */
const zipped = (files: Record<string, Uint8Array>): Uint8Array<ArrayBuffer> =>
  zipSync(files, { level: 0 }) as Uint8Array<ArrayBuffer>;
