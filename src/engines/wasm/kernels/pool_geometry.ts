import type { Attributes, TensorSpec } from "../../contract/engine.ts";
import type { KernelAddresses, KernelExports, KernelPlan } from "../../cpu/kernel.ts";
import { type Split, split } from "../../cpu/memory/memory_layout.ts";
import { pair } from "../../cpu/shapes/conv_geometry.ts";

/** Sizes of a 2-d pooling, plane by plane. */
export interface PoolGeometry {
  readonly planes: number;
  readonly h: number;
  readonly w: number;
  readonly oh: number;
  readonly ow: number;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** How the planes are dealt out. */
  readonly deal: Split;
}

/** Floats of input and output that make a unit worth its while. */
const UNIT_FLOATS = 32_768;

/** From the shapes of input and output; null if they do not belong together. */
export function poolGeometry(
  attributes: Attributes,
  x: TensorSpec["shape"],
  y: TensorSpec["shape"],
): PoolGeometry | null {
  const kernel = pair(attributes.kernelSize);
  const stride = pair(attributes.stride);
  const padding = pair(attributes.padding, 0);
  const dilation =
    attributes.dilation === undefined ? ([1, 1] as [number, number]) : pair(attributes.dilation);
  if (!kernel || !stride || !padding || !dilation) return null;
  const rank = x.length;
  if ((rank !== 3 && rank !== 4) || y.length !== rank) return null;
  const planes = rank === 4 ? x[0] * x[1] : x[0];
  if (planes !== (rank === 4 ? y[0] * y[1] : y[0])) return null;
  const [h, w] = x.slice(-2);
  const [oh, ow] = y.slice(-2);
  // A window could step over the whole input.
  if (dilation[0] > h || dilation[1] > w) return null;
  const wanted = Math.min(64, Math.floor((planes * (h * w + oh * ow)) / UNIT_FLOATS));
  return { planes, h, w, oh, ow, kernel, stride, padding, dilation, deal: split(planes, wanted) };
}

/** The plan of a pooling whose planes are dealt out to the threads: `run` gets the first plane and how many. */
export function planesPlan(
  { planes, deal }: PoolGeometry,
  run: (exports: KernelExports, addresses: KernelAddresses, first: number, planes: number) => void,
): KernelPlan {
  return {
    stages: [
      {
        units: deal.units,
        run(exports, addresses, begin, end) {
          const first = begin * deal.size;
          run(exports, addresses, first, Math.min(planes, end * deal.size) - first);
        },
      },
    ],
    scratchBytes: 0,
    threadScratchBytes: 0,
  };
}
