/**
 * Prints how far convolutions are from sums in double precision, as a table in Markdown: `node
 * build/bench/convolution_errors.js [channels ...]`. Each of result, gradient by the input and gradient by the weight; the
 * algorithms that an engine chooses by rule (Winograd's where it has one), and those of `exactConvolutions`.
 */
import { availableParallelism } from "node:os";
import { manualSeed, nn, randn, stopEngine, type Tensor, useEngine } from "../src/index.ts";
import { missingLibrary } from "../test/engines/onednn/library.ts";

interface Layer {
  readonly channels: number;
  readonly kernel: number;
  readonly side: number;
  /** Of the images' pixels, whose deviation is 1. */
  readonly mean: number;
}

const given = process.argv.slice(2).map(Number);
const channels = given.length > 0 ? given : [16, 64, 128, 256, 512];
const layers: Layer[] = [3, 5].flatMap((kernel) =>
  channels
    .filter((count) => kernel === 3 || count <= 256)
    .flatMap((count) => [0, 10].map((mean) => ({ channels: count, kernel, side: 14, mean }))),
);

/** The result of a convolution and its two gradients. */
async function convolved({ channels: c, kernel, side, mean }: Layer): Promise<Float64Array[]> {
  manualSeed(5);
  const x = randn([2, c, side, side]).add(mean).requiresGrad_();
  const weight = randn([c, c, kernel, kernel]).requiresGrad_();
  const y = nn.functional.conv2d(x, weight, { padding: kernel >> 1 });
  y.backward(randn(y.shape));
  const all = [y, x.grad as Tensor, weight.grad as Tensor];
  return Promise.all(all.map(async (one) => Float64Array.from(await one.data())));
}

function rootMeanSquare(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

const errorsOf = (found: readonly Float64Array[], expected: readonly Float64Array[]) =>
  found.map((values, i) => {
    const off = values.map((value, at) => value - expected[i][at]);
    return rootMeanSquare(off) / rootMeanSquare(expected[i]);
  });

const ways = [
  ["", { reproducible: true }],
  [", exact", { exactConvolutions: true }],
] as const;
const engines = missingLibrary() === false ? ["wasm", "onednn"] : ["wasm"];
const columns = engines.flatMap((engine) => ways.map(([name, options]) => ({ engine, name, options })));

console.log(
  `Root mean square of the error over that of the result: forward / by the input / by the weight.\n`,
);
console.log(
  `| kernel | channels | mean of the pixels | ${columns.map(({ engine, name }) => engine + name).join(" | ")} |`,
);
console.log(`|---|---|---|${"---|".repeat(columns.length)}`);
for (const layer of layers) {
  await useEngine("reference");
  const expected = await convolved(layer);
  const cells: string[] = [];
  for (const { engine, options } of columns) {
    await useEngine(engine, { threads: Math.min(2, availableParallelism()), ...options });
    const errors = errorsOf(await convolved(layer), expected);
    cells.push(errors.map((error) => error.toExponential(1)).join(" / "));
  }
  const { kernel, channels: count, mean } = layer;
  console.log(`| ${kernel}x${kernel} | ${count} | ${mean} | ${cells.join(" | ")} |`);
}
await stopEngine();
