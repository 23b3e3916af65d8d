/** A short measurement of the engine in use: what `convoyant engine` prints. */
import { conv2d } from "../../nn/functional.ts";
import { autocast, isBf16Supported, rand, type Tensor } from "../../tensor/index.ts";
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
