/**
 * `node build/bench/serve.js RUN|FILE IMAGE [--seconds 5] [--rounds 3] [--connections 1,8,64]`: how fast a classifier is
 * served, alternately with the same server that asks onnxruntime-node instead of Convoyant for the network: decoding,
 * preprocessing, batches and HTTP are the same. autocannon sends the image over that many connections. Both come from the
 * folder of baselines (bench/README.md); each server is a process of its own.
 */
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Classifier } from "../src/classifier/index.ts";
import { fastestEngine } from "../src/engines/select.ts";
import { baselinePlaces } from "../src/experiments/bench/baselines.ts";
import { median } from "../src/experiments/bench/bench_lines.ts";
import { useEngine } from "../src/index.ts";
import { onnxFile } from "../src/interop/onnx/export_onnx.ts";
import { type ServedClassifier, serve } from "../src/serve/index.ts";

const KINDS = ["convoyant", "onnxruntime"] as const;
type Kind = (typeof KINDS)[number];

const requireBaseline = createRequire(join(baselinePlaces().folder, "index.js"));

/** The network in ONNX Runtime, for inputs that the server's workers have preprocessed. */
async function inOnnxRuntime(classifier: Classifier): Promise<ServedClassifier> {
  const { net, classes, preprocessing } = classifier;
  const [height, width] = preprocessing.crop ?? [224, 224];
  const input = [1, preprocessing.mean.length, height, width];
  const model = await onnxFile({ net, input, preprocessing: null, classNames: null });
  const { InferenceSession, Tensor } = requireBaseline("onnxruntime-node");
  const session = await InferenceSession.create(model, { logSeverityLevel: 3 });
  const rowsOf = async (inputs: Parameters<NonNullable<ServedClassifier["predictInputs"]>>[0]) => {
    const [{ data, shape }] = inputs;
    let pixels = data as Float32Array;
    if (inputs.length > 1) {
      pixels = new Float32Array(inputs.length * data.length);
      inputs.forEach((one, i) => pixels.set(one.data as Float32Array, i * data.length));
    }
    const tensor = new Tensor("float32", pixels, [inputs.length, ...shape.slice(1)]);
    const found: any = Object.values(await session.run({ [session.inputNames[0]]: tensor }))[0];
    return inputs.map((_, i) => softmax(found.data.slice(i * classes.length, (i + 1) * classes.length)));
  };
  return {
    classes,
    preprocessing,
    predictInputs: rowsOf,
    predictBatch: () => Promise.reject(new Error("the server preprocesses")),
  };
}

function softmax(scores: Float32Array): number[] {
  const most = Math.max(...scores);
  const shares = Array.from(scores, (x) => Math.exp(x - most));
  const sum = shares.reduce((a, b) => a + b, 0);
  return shares.map((x) => x / sum);
}

/** A server of its own process: says its port, and ends with its parent. */
async function serverProcess(kind: Kind, source: string): Promise<void> {
  await useEngine(fastestEngine());
  const classifier = await Classifier.load(source);
  const served = kind === "convoyant" ? classifier : await inOnnxRuntime(classifier);
  const { port } = await serve(served, { port: 0 });
  process.send?.(port);
  process.on("disconnect", () => process.exit());
}

interface Measured {
  readonly p50: number;
  readonly rate: number;
}

async function load(port: number, image: Buffer, connections: number, seconds: number): Promise<Measured> {
  const autocannon = requireBaseline("autocannon");
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/predict`,
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: image,
    connections,
    duration: seconds,
    timeout: 60,
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${result.non2xx} answers other than 200, ${result.errors} errors`);
  return { p50: result.latency.p50, rate: result.requests.average };
}

interface MeasureOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: readonly number[];
}

async function measure(source: string, imagePath: string, options: MeasureOptions): Promise<void> {
  const { seconds, rounds } = options;
  const image = readFileSync(imagePath);
  const children = KINDS.map((kind) => fork(fileURLToPath(import.meta.url), ["--server", kind, source]));
  try {
    const ports = await Promise.all(
      children.map((child) => new Promise<number>((resolve) => child.once("message", resolve as never))),
    );
    const answers = await Promise.all(
      ports.map(async (port) => {
        const sent = { method: "POST", body: image as BodyInit };
        return (await fetch(`http://127.0.0.1:${port}/predict`, sent)).json();
      }),
    );
    for (const [i, { predictions }] of answers.entries())
      console.log(`${KINDS[i]}: ${predictions[0].label} ${predictions[0].probability.toFixed(6)}`);
    for (const connections of options.connections) {
      const found = KINDS.map(() => [] as Measured[]);
      for (let round = 0; round < rounds; round++)
        for (const [i, port] of ports.entries()) found[i].push(await load(port, image, connections, seconds));
      const of = (i: number, name: keyof Measured) => median(found[i].map((one) => one[name]));
      const texts = KINDS.map(
        (kind, i) => `${kind} p50 ${of(i, "p50")} ms, ${of(i, "rate").toFixed(1)} requests/s`,
      );
      const ratio = `${(of(0, "rate") / of(1, "rate")).toFixed(2)}x the requests, p50 ${(of(1, "p50") / of(0, "p50")).toFixed(2)}x as short`;
      console.log(`${connections} connections: ${texts.join("; ")}; ${ratio}`);
    }
  } finally {
    for (const child of children) child.disconnect();
  }
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: "string" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "1,8,64" },
  },
});
if (values.server !== undefined) await serverProcess(values.server as Kind, positionals[0]);
else {
  await measure(positionals[0], positionals[1], {
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    connections: values.connections.split(",").map(Number),
  });
}
