/**
 * Runs one step in a process of its own: forward, backward, and the reading of the results. Arguments: the folder of
 * the instrumented copy, the engine, and `conv2d` or `control`.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Module } from "../../../src/nn/module/module.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { trace } from "./recorder.ts";

const [folder, engine, step] = process.argv.slice(2);
const library: typeof import("../../../src/index.ts") = await import(
  pathToFileURL(join(folder, "build/src/index.js")).href
);
const { manualSeed, nn, tensor, useEngine } = library;

await useEngine(engine, engine === "onednn" ? { threads: 1, reproducible: true } : { threads: 1 });
manualSeed(1);

/** The parameters, input and output of the convolution; only slices, sums, multiplies and adds. */
class Plain extends nn.Module {
  kernelSize = [3, 3];
  weight = nn.Parameter(filled([8, 3, 3, 3]));
  bias = nn.Parameter(filled([8]));

  override forward(x: Tensor): Tensor {
    const scale = (this.weight as Tensor).sum([1, 2, 3]).reshape(1, 8, 1, 1);
    const inner = x.sum(1, true).narrow(2, 1, 10).narrow(3, 1, 10);
    return inner.mul(scale).add((this.bias as Tensor).reshape(1, 8, 1, 1));
  }
}

function filled(shape: number[]): Tensor {
  const size = shape.reduce((a, b) => a * b);
  return tensor(Array.from({ length: size }, (_, i) => (i % 100) / 100)).reshape(...shape);
}

async function run(layer: Module, x: Tensor, gradient: Tensor): Promise<void> {
  x.requiresGrad = true;
  // Initial values and data are computed, and kept by the engine, before the step begins.
  for (const known of [x, gradient, ...layer.parameters()]) await known.tolist();
  trace(true);
  const y = layer(x);
  y.backward(gradient);
  for (const wanted of [y, x.grad, ...layer.parameters().map(({ grad }) => grad)]) await wanted?.tolist();
  trace(false);
}

if (step === "conv2d") {
  await run(nn.Conv2d(3, 8, 3), filled([4, 3, 12, 12]), filled([4, 8, 10, 10]));
} else {
  await run(new Plain(), filled([4, 3, 12, 12]), filled([4, 8, 10, 10]));
  await run(nn.Linear(64, 32), filled([16, 64]), filled([16, 32]));
}
process.exit(0);
