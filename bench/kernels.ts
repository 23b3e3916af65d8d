/**
 * Prints the speed of the wasm engine's heavy kernels, one thread: node build/bench/kernels.js [name part].
 * Numbers are for people; other work on the machine changes them.
 */
import { numel } from "../src/base/shape.ts";
import type { Attributes, TensorSpec } from "../src/engines/contract/engine.ts";
import { PLANNERS } from "../src/engines/wasm/kernels/registry.ts";
import { availableBinaries, f32, load, randomValues } from "../test/engines/wasm/driver.ts";

interface Case {
  readonly name: string;
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Floating-point operations that the result needs; 0: bytes moved are counted instead. */
  readonly flops: number;
}

function matmul(m: number, n: number, k: number, transposeA = false, transposeB = false): Case {
  return {
    name: `matmul ${m}x${n}x${k}${transposeA ? " A^T" : ""}${transposeB ? " B^T" : ""}`,
    op: "matmul",
    attributes: { transposeA, transposeB },
    inputs: [transposeA ? f32(k, m) : f32(m, k), transposeB ? f32(n, k) : f32(k, n)],
    outputs: [f32(m, n)],
    flops: 2 * m * n * k,
  };
}

interface Layer {
  readonly name: string;
  readonly x: readonly [number, number, number, number];
  readonly channels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
}

function convolutions({ name, x, channels, kernel, stride = 1, padding = 0, groups = 1 }: Layer): Case[] {
  const size = (n: number) => Math.floor((n + 2 * padding - kernel) / stride) + 1;
  const weight = f32(channels, x[1] / groups, kernel, kernel);
  const y = f32(x[0], channels, size(x[2]), size(x[3]));
  const attributes = {
    stride: [stride, stride],
    padding: [padding, padding],
    dilation: [1, 1],
    groups,
  };
  const flops = 2 * numel(y.shape) * (x[1] / groups) * kernel * kernel;
  return [
    { name: `${name} forward`, op: "conv2d", attributes, inputs: [f32(...x), weight], outputs: [y], flops },
    {
      name: `${name} input gradient`,
      op: "conv2dInputGradient",
      attributes: { ...attributes, inputShape: x },
      inputs: [y, weight],
      outputs: [f32(...x)],
      flops,
    },
    {
      name: `${name} weight gradient`,
      op: "conv2dWeightGradient",
      attributes: { ...attributes, weightShape: weight.shape },
      inputs: [f32(...x), y],
      outputs: [weight],
      flops,
    },
  ];
}

function averagePools(n: number, c: number, size: number): Case[] {
  const attributes = {
    kernelSize: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
    ceilMode: false,
    countIncludePad: true,
    divisorOverride: null,
  };
  const [x, y] = [f32(n, c, size, size), f32(n, c, size / 2, size / 2)];
  const gradient = { ...attributes, inputShape: x.shape };
  return [
    { name: `avgPool 2x2 ${size}`, op: "avgPool2d", attributes, inputs: [x], outputs: [y], flops: 0 },
    {
      name: `avgPool 2x2 ${size} gradient`,
      op: "avgPool2dGradient",
      attributes: gradient,
      inputs: [y],
      outputs: [x],
      flops: 0,
    },
  ];
}

function maxPool(n: number, c: number, size: number, kernel: number): Case {
  const out = Math.floor((size - kernel) / 2) + 1;
  const attributes = {
    kernelSize: [kernel, kernel],
    stride: [2, 2],
    padding: [0, 0],
    dilation: [1, 1],
    ceilMode: false,
  };
  const y = f32(n, c, out, out);
  return {
    name: `maxPool ${kernel}x${kernel}/2 ${size}`,
    op: "maxPool2d",
    attributes,
    inputs: [f32(n, c, size, size)],
    outputs: [y, { shape: y.shape, dtype: "int32" }],
    flops: 0,
  };
}

function permute(shape: number[], dims: number[]): Case {
  return {
    name: `permute [${shape}] by [${dims}]`,
    op: "permute",
    attributes: { dims },
    inputs: [f32(...shape)],
    outputs: [f32(...dims.map((d) => shape[d]))],
    flops: 0,
  };
}

const CASES: Case[] = [
  matmul(1024, 1024, 1024),
  matmul(256, 120, 400, false, true),
  matmul(256, 400, 120),
  matmul(120, 400, 256, true),
  matmul(256, 84, 120, false, true),
  matmul(256, 10, 84, false, true),
  matmul(10, 84, 256, true),
  matmul(256, 84, 10),
  matmul(1, 4096, 4096, false, true),
  matmul(128, 1024, 4096, false, true),
  ...convolutions({ name: "LeNet 1", x: [256, 1, 28, 28], channels: 6, kernel: 5, padding: 2 }),
  ...convolutions({ name: "LeNet 2", x: [256, 6, 14, 14], channels: 16, kernel: 5 }),
  ...convolutions({ name: "BN-LeNet 1", x: [256, 1, 28, 28], channels: 6, kernel: 5 }),
  ...convolutions({ name: "BN-LeNet 2", x: [256, 6, 12, 12], channels: 16, kernel: 5 }),
  ...convolutions({
    name: "AlexNet 1",
    x: [4, 1, 224, 224],
    channels: 96,
    kernel: 11,
    stride: 4,
    padding: 1,
  }),
  ...convolutions({ name: "AlexNet 2", x: [4, 96, 26, 26], channels: 256, kernel: 5, padding: 2 }),
  ...convolutions({ name: "AlexNet 3", x: [4, 256, 12, 12], channels: 384, kernel: 3, padding: 1 }),
  ...convolutions({ name: "VGG 64-64", x: [1, 64, 112, 112], channels: 64, kernel: 3, padding: 1 }),
  ...convolutions({ name: "VGG 512-512", x: [2, 512, 14, 14], channels: 512, kernel: 3, padding: 1 }),
  ...convolutions({ name: "NiN 96-96 1x1", x: [4, 96, 54, 54], channels: 96, kernel: 1 }),
  ...convolutions({
    name: "GoogLeNet 64",
    x: [8, 1, 96, 96],
    channels: 64,
    kernel: 7,
    stride: 2,
    padding: 3,
  }),
  ...convolutions({
    name: "GoogLeNet 160-320 6x6",
    x: [16, 160, 6, 6],
    channels: 320,
    kernel: 3,
    padding: 1,
  }),
  ...convolutions({
    name: "depthwise 64",
    x: [8, 64, 28, 28],
    channels: 64,
    kernel: 3,
    padding: 1,
    groups: 64,
  }),
  ...averagePools(256, 6, 28),
  ...averagePools(256, 16, 10),
  maxPool(64, 6, 28, 2),
  maxPool(8, 96, 54, 3),
  permute([1024, 1024], [1, 0]),
  permute([64, 28, 28, 16], [0, 3, 1, 2]),
];

function measure(loaded: { run(): void }): number {
  loaded.run();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 120;
  do {
    const start = performance.now();
    loaded.run();
    best = Math.min(best, performance.now() - start);
  } while (performance.now() < end);
  return best;
}

const wanted = process.argv[2] ?? "";
for (const binary of availableBinaries().filter(({ name }) => name.includes("shared"))) {
  console.log(`\n${binary.name}, Node.js ${process.version}`);
  for (const { name, op, attributes, inputs, outputs, flops } of CASES) {
    const planner = PLANNERS[op];
    if (planner === undefined || !name.includes(wanted)) continue;
    const data = inputs.map((spec, i) => ({ spec, data: randomValues(numel(spec.shape), i + 1) }));
    const loaded = load(binary, planner, attributes, data, outputs);
    const milliseconds = measure(loaded);
    const bytes = [...inputs, ...outputs].reduce((sum, spec) => sum + numel(spec.shape) * 4, 0);
    const speed =
      flops > 0
        ? `${(flops / milliseconds / 1e6).toFixed(1)} GFLOP/s`
        : `${(bytes / milliseconds / 1e6).toFixed(1)} GB/s`;
    const units = loaded.plan.stages.map((stage) => stage.units).join("+");
    console.log(
      `${name.padEnd(40)} ${milliseconds.toFixed(3).padStart(9)} ms ${speed.padStart(15)}  units ${units}`,
    );
  }
}
