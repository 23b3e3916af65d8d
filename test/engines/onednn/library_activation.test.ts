/** The library's activation in a kernel of wasm, on a convolution of few channels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TensorSpec } from "../../../src/engines/contract/engine.ts";
import { kernelExports } from "../../../src/engines/cpu/kernel.ts";
import { DnnlScope } from "../../../src/engines/onednn/library/dnnl.ts";
import { loadDnnl } from "../../../src/engines/onednn/library/load_dnnl.ts";
import { withLibraryActivation } from "../../../src/engines/onednn/onednn_worker_kernels.ts";
import { planKernel } from "../../../src/engines/wasm/kernels/registry.ts";
import { loadKernelsNow } from "../../../src/engines/wasm/kernels_now.ts";
import { missingLibrary } from "./library.ts";

const skip = missingLibrary();
/** The kernels' own constants come first in their memory. */
const FIRST = 2 * 65536;
const SIDE = 12;
const OPERAND_BYTES = 32768;
/** Windows of 3x3 with their centre alone: so each channel is the activation of the pixels and its bias. */
const CENTRE = [0, 0, 0, 0, 1, 0, 0, 0, 0];
const BIASES = [0, Infinity, Number.NaN, -0.5];
const PLANE = SIDE ** 2;
const IMAGES = 8;
/** Beside numbers from -10 to 10. */
const SPECIAL = [0, -0, 1e-8, 40, -40, 1e30, -1e30];

const EXPECTED: Record<string, (x: number) => number> = {
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

for (const [activation, expected] of Object.entries(EXPECTED)) {
  test(`the library's ${activation} takes the place of wasm's`, { skip }, () => {
    const { pixels, own, calls } = convolve(activation, true);
    assert.equal(calls, 0, "wasm's activation was called");
    assert.ok(convolve(activation, false).calls > 0);
    for (const [i, y] of own.entries()) {
      const [image, channel] = [
        Math.floor(i / (BIASES.length * PLANE)),
        Math.floor(i / PLANE) % BIASES.length,
      ];
      const x = pixels[image * PLANE + (i % PLANE)] + BIASES[channel];
      const right = expected(x);
      if (Number.isNaN(right)) assert.ok(Number.isNaN(y), `${activation}(NaN) was ${y}`);
      else assert.ok(Math.abs(y - right) <= 6e-7 * Math.abs(right) + 1e-37, `${activation}(${x}) was ${y}`);
    }
  });
}

/** The result of a convolution whose activation is the library's or wasm's own, and how often wasm's was called. */
function convolve(activation: string, byLibrary: boolean) {
  const spec = (shape: number[]): TensorSpec => ({ shape, dtype: "float32" });
  const attributes = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1, activation };
  const step = {
    op: "conv2d",
    attributes,
    inputs: [spec([IMAGES, 1, SIDE, SIDE]), spec([BIASES.length, 1, 3, 3]), spec([BIASES.length])],
    outputs: [spec([IMAGES, BIASES.length, SIDE, SIDE])],
  };
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 8 });
  const wasm = kernelExports(loadKernelsNow(false), memory);
  let calls = 0;
  const exports = {
    ...wasm,
    biasActivation(...values: number[]) {
      calls++;
      return wasm.biasActivation(...values);
    },
  };
  const plan = planByPlanes(step);
  const { dnnl } = loadDnnl();
  const scope = new DnnlScope(dnnl);
  const base = dnnl.foreign.addressOf(new Uint8Array(memory.buffer));
  const { stages, scratchBytes } = byLibrary
    ? withLibraryActivation(scope, { attributes, base }, plan)
    : plan;
  const numbers = (at: number, count: number) => new Float32Array(memory.buffer, at, count);
  const [x, w, bias, y] = [0, 1, 2, 3].map((i) => FIRST + i * OPERAND_BYTES);
  const pixels = numbers(x, IMAGES * PLANE).map((_, i) => (i % 200) / 10 - 10);
  pixels.set(SPECIAL);
  numbers(x, pixels.length).set(pixels);
  numbers(w, BIASES.length * 9).set(BIASES.flatMap(() => CENTRE));
  numbers(bias, BIASES.length).set(BIASES);
  const scratch = y + OPERAND_BYTES;
  const addresses = {
    ...{ inputs: [x, w, bias], outputs: [y], scratch },
    threadScratch: scratch + scratchBytes,
  };
  for (const stage of stages) stage.run(exports, addresses, 0, stage.units);
  scope.destroy();
  return { pixels, own: numbers(y, IMAGES * BIASES.length * PLANE).slice(), calls };
}

function planByPlanes(step: Parameters<typeof planKernel>[0]) {
  const plan = planKernel(step);
  assert.ok(plan?.activates, "a kernel that leaves its activation to a function");
  return plan;
}
