/**
 * avgPool2d, adaptiveAvgPool2d and their gradients for images with their channels last, of 32-bit floats and
 * bfloat16: strips of rows, vectors of channels (sixteen, four, or one at a time: the binary's average_pool_last).
 *
 * adaptiveAvgPool2d of planes goes the same way, one number at a time: grids that divide an image unevenly are rare,
 * and even ones are plain windows or a mean by the time they come here.
 */
import type { Attributes, StepSpec, TensorSpec } from "../../contract/engine.ts";
import type { KernelPlan } from "../../cpu/kernel.ts";
import { planStrips, poolsLast } from "./pool_strips.ts";

/** Plans `avgPool2d` with `layout: "channelsLast"`: x [N, H, W, C] gives y. */
export function planAvgPool2dLast({ attributes, inputs: [x], outputs: [y] }: StepSpec): KernelPlan | null {
  return plan(attributes, x, y, false);
}

/** Plans `avgPool2dGradient` with `layout: "channelsLast"`: dy gives dx. */
export function planAvgPool2dLastGradient({
  attributes,
  inputs: [dy],
  outputs: [dx],
}: StepSpec): KernelPlan | null {
  return plan(attributes, dx, dy, true);
}

/** A grid's cells follow from the sizes of x and y; the kernel recognises them by their strides of 0. */
const GRID = { kernelSize: [1, 1], stride: [1, 1], padding: [0, 0] };

/** Plans `adaptiveAvgPool2d` with `layout: "channelsLast"`. */
export function planAdaptiveAvgPool2dLast({ inputs: [x], outputs: [y] }: StepSpec): KernelPlan | null {
  return plan(GRID, x, y, false);
}

/** Plans `adaptiveAvgPool2dGradient` with `layout: "channelsLast"`. */
export function planAdaptiveAvgPool2dLastGradient({
  inputs: [dy],
  outputs: [dx],
}: StepSpec): KernelPlan | null {
  return plan(GRID, dx, dy, true);
}

/** Plans `adaptiveAvgPool2d` of [N, C, H, W]: every plane is an image of one channel. */
export function planAdaptiveAvgPool2d({ inputs: [x], outputs: [y] }: StepSpec): KernelPlan | null {
  return plan(GRID, asPlanes(x), asPlanes(y), false);
}

/** Plans `adaptiveAvgPool2dGradient` of [N, C, H, W]. */
export function planAdaptiveAvgPool2dGradient({ inputs: [dy], outputs: [dx] }: StepSpec): KernelPlan | null {
  return plan(GRID, asPlanes(dx), asPlanes(dy), true);
}

function asPlanes({ shape: [n, c, h, w], dtype }: TensorSpec): TensorSpec {
  return { shape: [n * c, h, w, 1], dtype };
}

/** Places of one side beyond which products of places and cells might not fit 32 bits. */
const MOST_PLACES = 2 ** 15;

function plan(attributes: Attributes, x: TensorSpec, y: TensorSpec, gradient: boolean): KernelPlan | null {
  const pool = poolsLast(attributes, x, y);
  const override = attributes.divisorOverride ?? 0;
  if (pool === null || typeof override !== "number") return null;
  const { g, channels, half, xBytes, yBytes } = pool;
  if (Math.max(g.h, g.w, g.oh, g.ow) > MOST_PLACES) return null;
  const stride = attributes === GRID ? [0, 0] : g.stride;
  const window = [...g.kernel, ...stride, ...g.padding];
  const divisor = [attributes.countIncludePad === false ? 0 : 1, override];
  const strips = planStrips(pool, gradient ? g.h : g.oh, (exports, addresses, image, first, last) => {
    if (typeof PLANS_ONLY !== "undefined") return;
    const { inputs, outputs, threadScratch } = addresses;
    const xAt = (gradient ? outputs[0] : inputs[0]) + image * xBytes;
    const yAt = (gradient ? inputs[0] : outputs[0]) + image * yBytes;
    const sizes = [xAt, channels, g.h, g.w, yAt, g.oh, g.ow, first, last];
    exports.averagePoolLast(...sizes, ...window, ...divisor, half, gradient ? 1 : 0, threadScratch);
  });
  return { ...strips, threadScratchBytes: (g.oh + g.ow) * 4 };
}
