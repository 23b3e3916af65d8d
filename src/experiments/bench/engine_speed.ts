/** A short measurement of the engine in use: what `convoyant engine` prints. */
import { conv2d } from "../../nn/functional.ts";
import { autocast, engineInfo, isBf16Supported, profile, rand, type Tensor } from "../../tensor/index.ts";
import type { Precision } from "../../train/loop/precision.ts";

export interface Measured {
  readonly task: "matmul" | "conv2d";
  /** The shapes that were multiplied. */
  readonly shapes: string;
  readonly precision: Precision;
  readonly gflops: number;
}

interface Work {
  readonly task: Measured["task"];
  readonly shapes: string;
  /** Multiplications and additions. */
  readonly operations: number;
  compute(): Tensor;
}

/** Repetitions: not more than this many, nor for longer. */
const MOST = 5;
const MILLISECONDS = 120;

/**
 * Measures a matmul and a convolution, the second of AlexNet; in bf16 too if the engine has that fast.
 *
 * @param size - side of the matrices.
 * @param slow - takes small ones only.
 */
export async function measureEngine(size: number, slow: boolean): Promise<Measured[]> {
  const works = [
    await product(slow ? Math.min(size, 128) : size),
    await convolution(slow ? [1, 8, 13, 13] : [4, 96, 26, 26], slow ? 16 : 256),
  ];
  const precisions: Precision[] = (await isBf16Supported()) ? ["f32", "bf16"] : ["f32"];
  const measured: Measured[] = [];
  for (const work of works) {
    for (const precision of precisions) {
      const { task, shapes } = work;
      measured.push({ task, shapes, precision, gflops: await speed(work, precision) });
    }
  }
  return measured;
}

/** The bounds of the roofline model (Williams, Waterman and Patterson 2009), measured on the engine in use. */
export interface Roofline {
  /** Operations of a large matrix multiplication or convolution, in 10^9 a second. */
  readonly gflops: number;
  /** Bytes read and written by a pass over memory, in 10^9 a second. */
  readonly gigabytesPerSecond: number;
}

/** Elements that are passed over: more than caches hold. */
const STREAMED = 2 ** 24;

const known = new Map<string, Roofline>();

/**
 * Measured once for an engine in a process: it takes a second.
 *
 * @param slow - takes small products only.
 */
export async function rooflineOf(precision: Precision, slow: boolean): Promise<Roofline> {
  const key = `${engineInfo()} ${precision}`;
  const measured = known.get(key) ?? (await measureRoofline(precision, slow));
  known.set(key, measured);
  return measured;
}

async function measureRoofline(precision: Precision, slow: boolean): Promise<Roofline> {
  const all = await measureEngine(slow ? 128 : 1024, slow);
  const gflops = Math.max(...all.filter((one) => one.precision === precision).map((one) => one.gflops));
  const values = await rand(slow ? STREAMED / 64 : STREAMED).realize();
  const times: number[] = [];
  for (let i = 0; i <= MOST; i++) {
    const runs = await profile(() => values.mul_(0.999).realize());
    const taken = runs.flatMap(({ timings }) => timings).map(({ milliseconds }) => milliseconds);
    // The first run builds the program.
    if (i > 0) times.push(taken.reduce((sum, each) => sum + each, 0));
  }
  return { gflops, gigabytesPerSecond: (8 * values.numel()) / (Math.min(...times) * 1e6) };
}

async function product(size: number): Promise<Work> {
  const a = await rand(size, size).realize();
  const b = await rand(size, size).realize();
  const shapes = `${size} x ${size}`;
  return { task: "matmul", shapes, operations: 2 * size ** 3, compute: () => a.matmul(b) };
}

/** 5 x 5, padded to keep the size. */
async function convolution(shape: [number, number, number, number], channels: number): Promise<Work> {
  const [n, c, h, w] = shape;
  const x = await rand(...shape).realize();
  const weight = await rand(channels, c, 5, 5).realize();
  return {
    task: "conv2d",
    shapes: `${shape.join("x")}, ${channels} of 5x5`,
    operations: 2 * n * channels * h * w * c * 25,
    compute: () => conv2d(x, weight, { padding: 2 }) as Tensor,
  };
}

/** Operations over the median time, in 10^9 a second. */
async function speed({ operations, compute }: Work, precision: Precision): Promise<number> {
  // One number read back, so that the work and not the reading is timed.
  const once = () => (precision === "bf16" ? autocast(compute) : compute()).sum().item();
  // The program is compiled, and its algorithms are chosen, in the first run.
  await once();
  const times: number[] = [];
  const begun = performance.now();
  while (times.length < MOST && (times.length === 0 || performance.now() - begun < MILLISECONDS)) {
    const started = performance.now();
    await once();
    times.push(performance.now() - started);
  }
  times.sort((x, y) => x - y);
  return operations / (times[times.length >> 1] * 1e6);
}
