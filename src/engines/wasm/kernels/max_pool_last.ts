/** maxPool2d and its gradient for pictures with their channels last, picture by picture. */
import type { Attributes, TensorSpec } from "../../engine.ts";
import type { KernelPlan } from "../kernel.ts";
import { allFloat32 } from "./activation.ts";
import { split } from "./memory_layout.ts";
import { poolGeometry } from "./pool_geometry.ts";

/** Plans `maxPool2d` with `layout: "channelsLast"`: x [N, H, W, C] gives y and the places of the maxima. */
export function planMaxPool2dLast(
  attributes: Attributes,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): KernelPlan | null {
  if (!allFloat32(inputs[0], outputs[0]) || outputs[1]?.dtype !== "int32") return null;
  const sizes = lastGeometry(attributes, inputs[0], outputs[0]);
  if (sizes === null) return null;
  const { n, channels, g } = sizes;
  const window = [...g.kernel, ...g.stride, ...g.padding, ...g.dilation];
  const parts = split(g.oh, Math.ceil(64 / n));
  const [xBytes, yBytes] = [g.h * g.w * channels * 4, g.oh * g.ow * channels * 4];
  return {
    stages: [
      {
        units: n * parts.units,
        run(exports, addresses, begin, end) {
          for (let unit = begin; unit < end; unit++) {
            const image = Math.floor(unit / parts.units);
            const first = (unit % parts.units) * parts.size;
            const last = Math.min(g.oh, first + parts.size);
            const x = addresses.inputs[0] + image * xBytes;
            const [y, places] = addresses.outputs.map((at) => at + image * yBytes);
            exports.maxPoolLast(x, channels, g.h, g.w, y, places, first, last, g.ow, ...window);
          }
        },
      },
    ],
    scratchBytes: 0,
    threadScratchBytes: 0,
  };
}

/** Plans `maxPool2dGradient` with `layout: "channelsLast"`. */
export function planMaxPool2dLastGradient(
  attributes: Attributes,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): KernelPlan | null {
  if (!allFloat32(inputs[0], outputs[0]) || inputs[1]?.dtype !== "int32") return null;
  const sizes = lastGeometry(attributes, outputs[0], inputs[0]);
  if (sizes === null) return null;
  const { n, channels, g } = sizes;
  const [dxPixels, dyPixels] = [g.h * g.w, g.oh * g.ow];
  return {
    stages: [
      {
        units: n,
        run(exports, addresses, begin, end) {
          for (let image = begin; image < end; image++) {
            const [dy, places] = addresses.inputs.map((at) => at + image * dyPixels * channels * 4);
            const dx = addresses.outputs[0] + image * dxPixels * channels * 4;
            exports.maxPoolLastGradient(dy, places, channels, dyPixels, dx, dxPixels);
          }
        },
      },
    ],
    scratchBytes: 0,
    threadScratchBytes: 0,
  };
}

function lastGeometry(attributes: Attributes, x: TensorSpec, y: TensorSpec) {
  const first = ({ shape: [n, h, w, c] }: TensorSpec) => [n, c, h, w];
  if (x.shape.length !== 4 || y.shape.length !== 4) return null;
  const g = poolGeometry(attributes, first(x), first(y));
  return g === null ? null : { n: x.shape[0], channels: x.shape[3], g };
}
