/**
 * Measures one of our engines in a process of its own, as the baselines are measured, and prints one bench line:
 * `node bench_own.js train|infer|matmul --net lenet --engine wasm --precision f32 --threads 2 --windows 5 --seconds 1
 * --size 1024 --without-passes fuse-loops`. If the engine does not have the precision, one line says so in place of metrics.
 * `node bench_own.js export --net lenet --out lenet.onnx` writes the network for other libraries, as ONNX and as plain data.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FrozenNetwork } from "../../classifier/freeze.ts";
import { onnxFile } from "../../interop/onnx/export_onnx.ts";
import { create, entry } from "../../models/index.ts";
import * as optim from "../../optim/index.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import {
  crossEntropy,
  fromTypedArray,
  printProgram,
  profile,
  rand,
  stopEngine,
  type Tensor,
  useEngine,
} from "../../tensor/index.ts";
import { inPrecision, type Precision, usablePrecision } from "../../train/loop/precision.ts";
import { type BenchLine, median, ownLibrary } from "./bench_lines.ts";
import { plainGraph } from "./plain_graph.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    net: { type: "string", default: "lenet" },
    engine: { type: "string", default: "wasm" },
    precision: { type: "string", default: "f32" },
    threads: { type: "string" },
    batch: { type: "string" },
    windows: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    size: { type: "string", default: "1024" },
    explain: { type: "boolean", default: false },
    out: { type: "string", default: "" },
    "without-passes": { type: "string" },
  },
});

const threads = values.threads === undefined ? undefined : Number(values.threads);
const windows = Number(values.windows);
const windowMs = 1000 * Number(values.seconds);

const without = values["without-passes"];
await useEngine(values.engine, {
  ...(threads !== undefined && { threads }),
  ...(without !== undefined && { withoutPasses: without.split(",") }),
});
const { precision, note } = await usablePrecision(values.precision as Precision);
if (positionals[0] === "export") await exportNetwork();
else {
  const line =
    note === undefined ? await measure() : { event: "absent", reason: "no fast bf16 on this processor" };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
await stopEngine();

async function exportNetwork(): Promise<void> {
  const input = [1, ...entry(values.net).inputShape];
  const net = create(values.net, { edition: "zh" });
  const bytes = await onnxFile({ net, input, preprocessing: null, classNames: null });
  writeFileSync(values.out, bytes);
  const { graph, numbers } = plainGraph(bytes, values.out);
  writeFileSync(`${values.out}.json`, JSON.stringify(graph));
  writeFileSync(`${values.out}.bin`, numbers);
}

function measure(): Promise<BenchLine> {
  if (positionals[0] === "matmul") return measureMatmul();
  return positionals[0] === "infer" ? measureInference() : measureTraining();
}

/** A network and a batch of noise in memory. */
function setUp() {
  const { inputShape, presets } = entry(values.net);
  const [channels, inputSize] = inputShape;
  const batch = values.batch === undefined ? presets.zh.batchSize : Number(values.batch);
  const net = create(values.net, { edition: "zh" });
  const pixels = Float32Array.from(
    { length: batch * channels * inputSize ** 2 },
    (_, i) => ((i * 2654435761) % 256) / 255,
  );
  return { net, batch, pixels, shape: [batch, channels, inputSize, inputSize] };
}

/** From numbers to numbers, by the frozen network. */
async function measureInference(): Promise<BenchLine> {
  const { net, batch, pixels, shape } = setUp();
  const frozen = new FrozenNetwork(net, (output) => output, precision);
  const step = () => frozen.call(pixels, shape);
  await step();
  const firstStepSeconds = sinceStart();
  await step();
  const rates: number[] = [];
  for (let i = 0; i < windows; i++) {
    const started = performance.now();
    let steps = 0;
    for (; steps === 0 || performance.now() - started < windowMs; steps++) await step();
    rates.push((1000 * steps * batch) / (performance.now() - started));
  }
  if (values.explain) await explain(step);
  const line = { net: values.net, task: "infer", batch, examplesPerSecond: median(rates) };
  return { ...common(firstStepSeconds), ...line, ...spreadOf(rates) };
}

/** The programs of a step with the time of each of their steps, on standard error. */
async function explain(step: () => unknown): Promise<void> {
  for (const run of await profile(step)) process.stderr.write(`${printProgram(run.program, run.timings)}\n`);
}

async function measureTraining(): Promise<BenchLine> {
  const { net, batch, pixels, shape } = setUp();
  const x = fromTypedArray(pixels, shape, "float32");
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const y = fromTypedArray(
    Float64Array.from({ length: batch }, (_, i) => i % 10),
    [batch],
    "int64",
  );
  const step = (): Tensor => {
    const loss = inPrecision(precision, () => crossEntropy(net(x), y));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  await step().item();
  const firstStepSeconds = sinceStart();
  await window(step, windowMs / 2);
  const rates: number[] = [];
  let total = 0;
  let onThisThread = 0;
  const { statistics } = defaultSession();
  const planningBefore = statistics.captureMilliseconds;
  for (let i = 0; i < windows; i++) {
    const { steps, milliseconds, inStep } = await window(step, windowMs);
    onThisThread += inStep;
    rates.push((1000 * steps * batch) / milliseconds);
    total += milliseconds;
  }
  // Collecting what is pending, building its key, finding the program and sending it off; the rest of what
  // happens on this thread is recording the operations and walking them back.
  const planning = statistics.captureMilliseconds - planningBefore;
  const planShare = planning / total;
  const recordShare = (onThisThread - planning) / total;
  if (values.explain) await explain(step);
  return {
    ...common(firstStepSeconds),
    net: values.net,
    batch,
    examplesPerSecond: median(rates),
    ...spreadOf(rates),
    planShare,
    recordShare,
  };
}

/** Steps for a while, at most two under way, and waits for the last. */
async function window(
  step: () => Tensor,
  milliseconds: number,
): Promise<{ steps: number; milliseconds: number; inStep: number }> {
  const started = performance.now();
  let steps = 0;
  let inStep = 0;
  while (performance.now() - started < milliseconds) {
    const before = performance.now();
    step();
    inStep += performance.now() - before;
    steps++;
    await defaultSession().backpressure(2);
  }
  await defaultSession().finish();
  return { steps, milliseconds: performance.now() - started, inStep };
}

async function measureMatmul(): Promise<BenchLine> {
  const size = Number(values.size);
  const dtype = precision === "bf16" ? "bfloat16" : "float32";
  const a = await rand(size, size).to(dtype).realize();
  const b = await rand(size, size).to(dtype).realize();
  // A chain of GEMMs in one program: what moves data in and out counts once, as with the baselines.
  const chain = 8;
  const run = async () => {
    let c = a;
    for (let i = 0; i < chain; i++) c = c.matmul(b).mul(1 / size);
    await c.amax().item();
  };
  await run();
  const firstStepSeconds = sinceStart();
  const rates: number[] = [];
  for (let i = 0; i < windows; i++) {
    const started = performance.now();
    let products = 0;
    while (performance.now() - started < windowMs) {
      await run();
      products += chain;
    }
    rates.push((2 * size ** 3 * products) / (performance.now() - started) / 1e6);
  }
  return { ...common(firstStepSeconds), task: "matmul", size, gflops: median(rates), ...spreadOf(rates) };
}

function common(firstStepSeconds: number): Omit<BenchLine, "net"> {
  const info = defaultSession().engine;
  return {
    event: "bench",
    library: ownLibrary(without),
    engine: info.name,
    precision,
    threads: threads ?? defaultSession().threads,
    firstStepSeconds,
    rssMb: process.resourceUsage().maxRSS / 1000,
  };
}

function spreadOf(rates: readonly number[]): Pick<BenchLine, "windows" | "lowest" | "highest"> {
  return { windows: rates.length, lowest: Math.min(...rates), highest: Math.max(...rates) };
}

/** Seconds since this process was started. */
function sinceStart(): number {
  return performance.now() / 1000;
}
