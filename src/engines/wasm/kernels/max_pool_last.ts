/**
 * maxPool2d and its gradient for images with their channels last, of 32-bit floats and bfloat16: strips of rows.
 *
 * - Forward: windows 2 and 3 columns wide are unrolled, and bfloat16 without signs goes faster still (the binary's
 *   max_pool_last says when).
 * - Gradient: each dx is gathered from the windows around it, in 32 bits, and rounded once. Nothing is zeroed first,
 *   and every line is written once.
 */
import type { StepSpec } from "../../contract/engine.ts";
import type { KernelPlan } from "../../cpu/kernel.ts";
import type { PoolGeometry } from "./pool_geometry.ts";
import { planStrips, poolsLast } from "./pool_strips.ts";

/** Windows over one pixel from which on adding dy where each maximum was (as the kernel for planes does) wins. */
const MOST_WINDOWS = 32;

/** Plans `maxPool2d` with `layout: "channelsLast"`: x [N, H, W, C] gives y and, if they are wanted, the places of the maxima. */
export function planMaxPool2dLast({ attributes, inputs, outputs }: StepSpec): KernelPlan | null {
  const pool = poolsLast(attributes, inputs[0], outputs[0]);
  const isWanted = outputs.length > 1;
  if (pool === null || (isWanted && outputs[1].dtype !== "int32")) return null;
  const { g, channels, half, window, xBytes, yBytes, placesBytes } = pool;
  return planStrips(pool, g.oh, (exports, { inputs, outputs }, image, first, last) => {
    if (typeof PLANS_ONLY !== "undefined") return;
    const x = inputs[0] + image * xBytes;
    const y = outputs[0] + image * yBytes;
    if (!isWanted) {
      exports.maxPoolLastValues(x, channels, g.h, g.w, y, first, last, g.ow, ...window, half);
      return;
    }
    const places = outputs[1] + image * placesBytes;
    exports.maxPoolLast(x, channels, g.h, g.w, y, places, first, last, g.ow, ...window, half);
  });
}

/** Plans `maxPool2dGradient` with `layout: "channelsLast"`. */
export function planMaxPool2dLastGradient({ attributes, inputs, outputs }: StepSpec): KernelPlan | null {
  const pool = poolsLast(attributes, outputs[0], inputs[0]);
  if (pool === null || inputs[1]?.dtype !== "int32" || overlap(pool.g) > MOST_WINDOWS) return null;
  const { g, channels, half, window, xBytes, yBytes, placesBytes } = pool;
  return planStrips(pool, g.h, (exports, { inputs, outputs }, image, first, last) => {
    if (typeof PLANS_ONLY !== "undefined") return;
    const dy = inputs[0] + image * yBytes;
    const places = inputs[1] + image * placesBytes;
    const dx = outputs[0] + image * xBytes;
    const windows = [dy, places, channels, g.oh, g.ow];
    exports.maxPoolLastGradient(...windows, dx, first, last, g.h, g.w, ...window, half);
  });
}

function overlap({ kernel, stride, dilation }: PoolGeometry): number {
  const along = (d: 0 | 1) => Math.ceil(((kernel[d] - 1) * dilation[d] + 1) / stride[d]);
  return along(0) * along(1);
}
