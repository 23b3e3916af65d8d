/**
 * How training speed depends on batch size, width, depth and threads, on the engine that is fastest here: prints tables in
 * Markdown and draws docs/diagrams/training-speed-batch.svg and training-speed-width.svg.
 *
 * node build/bench/training_sweep.js
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { median } from "../src/experiments/bench/bench_lines.ts";
import {
  engineName,
  manualSeed,
  models,
  nn,
  optim,
  rand,
  randint,
  stopEngine,
  type Tensor,
  useEngine,
} from "../src/index.ts";
import type { Curve } from "../src/report/index.ts";
import { renderCurvesSvg } from "../src/report/svg/curves_svg.ts";

/** Intervals of each measurement, of which it takes the median, and their milliseconds. */
const INTERVALS = 5;
const INTERVAL_MS = 400;

const THREADS = [1, Math.min(2, availableParallelism())];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const WIDTHS = [4, 8, 16, 32, 64, 128];
const DEPTHS = [1, 2, 4, 8, 16];
/** Of the networks that are made wider and deeper. */
const BATCH = 64;
const SIDE = 28;

/** Examples a second in training: forward pass, loss, backward pass and update. */
async function speedOf(net: nn.Module, batchSize: number): Promise<number> {
  const x = rand([batchSize, 1, SIDE, SIDE]);
  const y = randint(0, 10, [batchSize]);
  await Promise.all([x.data(), y.data()]);
  const optimizer = optim.SGD(net.parameters(), { lr: 0.01 });
  optimizer.keepGradients = false;
  const step = async (): Promise<void> => {
    const loss = nn.functional.crossEntropy(net(x) as Tensor, y);
    optimizer.zeroGrad();
    loss.backward();
    await optimizer.step();
  };
  const run = async (steps: number): Promise<number> => {
    const started = performance.now();
    for (let i = 0; i < steps; i++) await step();
    await net.parameters().at(0)?.sum().item();
    return performance.now() - started;
  };
  await run(2);
  const steps = Math.max(1, Math.ceil((INTERVAL_MS * 4) / (await run(4))));
  const found: number[] = [];
  for (let i = 0; i < INTERVALS; i++) found.push((steps * batchSize * 1000) / (await run(steps)));
  return median(found);
}

/** `depth` convolutions of 3x3 with `width` channels, all of the image's size. */
function stack(width: number, depth: number): nn.Module {
  const layers = Array.from({ length: depth }, (_, i) => [
    nn.Conv2d(i === 0 ? 1 : width, width, 3, { padding: 1 }),
    nn.ReLU(),
  ]);
  return nn.Sequential(...layers.flat(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10));
}

/** 10^9 floating-point operations of the convolutions for one example: forward pass and both gradients. */
function operationsOf(width: number, depth: number): number {
  const later = 3 * (depth - 1) * width * width;
  // The first layer has one channel, and no gradient by its input.
  return (2 * 9 * SIDE * SIDE * (2 * width + later)) / 1e9;
}

/** A speed for each number of threads. */
async function forThreads(measure: () => Promise<number>): Promise<number[]> {
  const found: number[] = [];
  for (const threads of THREADS) {
    await useEngine(engine, { threads });
    manualSeed(1);
    found.push(await measure());
    await stopEngine();
  }
  return found;
}

function table(
  head: string,
  rows: readonly (readonly [number | string, readonly number[]])[],
  digits: number,
): void {
  console.log(
    `\n| ${head} | ${THREADS.map((count) => `${count} thread${count > 1 ? "s" : ""}`).join(" | ")} |`,
  );
  console.log(`|---|${THREADS.map(() => "---|").join("")}`);
  for (const [name, speeds] of rows)
    console.log(`| ${name} | ${speeds.map((speed) => speed.toFixed(digits)).join(" | ")} |`);
}

const curvesOf = (name: string, rows: readonly (readonly [number, readonly number[]])[]): Curve[] =>
  THREADS.map((threads, i) => ({
    name: `${name}, ${threads} thread${threads > 1 ? "s" : ""}`,
    points: rows.map(([x, speeds]) => ({ x: Math.log2(x), y: speeds[i] })),
  }));

function draw(file: string, curves: readonly Curve[], title: string, xLabel: string, yLabel: string): void {
  writeFileSync(`docs/diagrams/${file}`, renderCurvesSvg(curves, { title, xLabel, yLabel }));
}

// What an engine is called is known when one runs.
await rand([1]).data();
const engine = engineName();
await stopEngine();
console.log(`Training on the engine ${engine}.`);

const drawn: Curve[] = [];
// Batch normalisation needs two examples.
for (const [name, make, sizes] of [
  ["LeNet", () => models.lenet(), BATCHES],
  ["BN-LeNet", () => models.bnLenet(), BATCHES.slice(1)],
] as const) {
  const rows: [number, number[]][] = [];
  for (const size of sizes) rows.push([size, await forThreads(() => speedOf(make(), size))]);
  table(`${name}, batch size`, rows, 0);
  drawn.push(...curvesOf(name, rows));
}
draw("training-speed-batch.svg", drawn, "Training", "log2 of the batch size", "examples/s");

const wide: [number, number[]][] = [];
for (const width of WIDTHS) {
  const speeds = await forThreads(() => speedOf(stack(width, 4), BATCH));
  wide.push([width, speeds.map((speed) => speed * operationsOf(width, 4))]);
}
table("channels of 4 layers", wide, 1);
const deep: [number, number[]][] = [];
for (const depth of DEPTHS) {
  const speeds = await forThreads(() => speedOf(stack(32, depth), BATCH));
  deep.push([depth, speeds.map((speed) => speed * operationsOf(32, depth))]);
}
table("layers of 32 channels", deep, 1);
const both = [...curvesOf("4 layers, channels", wide), ...curvesOf("32 channels, layers", deep)];
draw("training-speed-width.svg", both, "Convolutions in training", "log2 of channels or layers", "GFLOP/s");
