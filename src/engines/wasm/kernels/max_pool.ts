/**
 * maxPool2d and its gradient, plane by plane.
 *
 * Fast paths:
 * - Stride 1 or 2 across, no dilation across: four windows at a time wherever they lie inside the plane's
 *   rows (2 by 2 and 3 by 3 with stride 2, GoogLeNet's 3 by 3 with stride 1).
 * - Anything else, and the windows at the rim, one at a time.
 * - The gradient scatters through the places that the forward pass noted.
 */
import type { StepSpec } from "../../contract/engine.ts";
import type { KernelPlan } from "../../cpu/kernel.ts";
import { allFloat32 } from "../../cpu/shapes/activation.ts";
import { planesPlan, poolGeometry } from "./pool_geometry.ts";

/** Plans `maxPool2d`: x gives y and the places of the maxima, int32, in each plane of H * W. */
export function planMaxPool2d({ attributes, inputs, outputs }: StepSpec): KernelPlan | null {
  if (!allFloat32(inputs[0], outputs[0]) || outputs[1]?.dtype !== "int32") return null;
  const g = poolGeometry(attributes, inputs[0].shape, outputs[0].shape);
  if (g === null) return null;
  const sizes = [...g.kernel, ...g.stride, ...g.padding, ...g.dilation];
  const plan = planesPlan(g, (exports, addresses, first, planes) => {
    if (typeof PLANS_ONLY !== "undefined") return;
    const x = addresses.inputs[0] + first * g.h * g.w * 4;
    const y = addresses.outputs[0] + first * g.oh * g.ow * 4;
    const indices = addresses.outputs[1] + first * g.oh * g.ow * 4;
    exports.maxPool(x, planes, g.h, g.w, y, indices, g.oh, g.ow, ...sizes);
  });
  return { ...plan, late: true };
}

/** Plans `maxPool2dGradient`: dy and the places of the maxima give dx. */
export function planMaxPool2dGradient({ attributes, inputs, outputs }: StepSpec): KernelPlan | null {
  if (!allFloat32(inputs[0], outputs[0]) || inputs[1]?.dtype !== "int32") return null;
  const g = poolGeometry(attributes, outputs[0].shape, inputs[0].shape);
  if (g === null) return null;
  const plan = planesPlan(g, (exports, addresses, first, planes) => {
    if (typeof PLANS_ONLY !== "undefined") return;
    const offset = first * g.oh * g.ow * 4;
    const dx = addresses.outputs[0] + first * g.h * g.w * 4;
    const [dy, indices] = [addresses.inputs[0] + offset, addresses.inputs[1] + offset];
    exports.maxPoolGradient(dy, indices, planes, g.oh * g.ow, dx, g.h * g.w);
  });
  return { ...plan, late: true };
}
