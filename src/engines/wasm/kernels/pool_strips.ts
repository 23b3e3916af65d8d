/** Pools with their channels last: sizes, and how their rows are dealt out. */
import { bytesOf } from "../../../base/dtype.ts";
import { numel } from "../../../base/shape.ts";
import type { Attributes, TensorSpec } from "../../contract/engine.ts";
import type { KernelAddresses, KernelExports, KernelPlan } from "../../cpu/kernel.ts";
import { split } from "../../cpu/memory/memory_layout.ts";
import { type PoolGeometry, poolGeometry } from "./pool_geometry.ts";
import { UNIT_BYTES } from "./run_copies.ts";

const MOST_UNITS = 64;

export interface PoolLast {
  readonly n: number;
  readonly channels: number;
  readonly g: PoolGeometry;
  /** 1 for bfloat16, 0 for 32-bit floats. */
  readonly half: number;
  /** Kernel, stride, padding and dilation, each down and across. */
  readonly window: readonly number[];
  /** Bytes of one image of x, of y, and of the places of the maxima. */
  readonly xBytes: number;
  readonly yBytes: number;
  readonly placesBytes: number;
}

/** From x [N, H, W, C] and y; null for other shapes, other dtypes, and images without elements. */
export function poolsLast(attributes: Attributes, x: TensorSpec, y: TensorSpec): PoolLast | null {
  const { dtype } = x;
  if ((dtype !== "float32" && dtype !== "bfloat16") || y.dtype !== dtype) return null;
  if (x.shape.length !== 4 || y.shape.length !== 4 || numel(x.shape) * numel(y.shape) === 0) return null;
  const first = ({ shape: [n, h, w, c] }: TensorSpec) => [n, c, h, w];
  const g = poolGeometry(attributes, first(x), first(y));
  if (g === null) return null;
  const [n, , , channels] = x.shape;
  return {
    n,
    channels,
    g,
    half: dtype === "bfloat16" ? 1 : 0,
    window: [...g.kernel, ...g.stride, ...g.padding, ...g.dilation],
    xBytes: g.h * g.w * channels * bytesOf(dtype),
    yBytes: g.oh * g.ow * channels * bytesOf(dtype),
    placesBytes: g.oh * g.ow * channels * 4,
  };
}

/** Rows `first` to `last` of one image. */
type StripWork = (
  exports: KernelExports,
  addresses: KernelAddresses,
  image: number,
  first: number,
  last: number,
) => void;

/** `rows` rows of each image, in strips that are whole images if there are enough of them. */
export function planStrips({ n, xBytes, yBytes }: PoolLast, rows: number, work: StripWork): KernelPlan {
  const wanted = Math.max(1, Math.min(MOST_UNITS, Math.floor((n * (xBytes + yBytes)) / UNIT_BYTES)));
  const strips = split(rows, Math.ceil(wanted / n));
  const items = n * strips.units;
  const parts = split(items, wanted);
  return {
    stages: [
      {
        units: parts.units,
        run(exports, addresses, begin, end) {
          for (let item = begin * parts.size; item < Math.min(items, end * parts.size); item++) {
            const first = (item % strips.units) * strips.size;
            const image = Math.floor(item / strips.units);
            work(exports, addresses, image, first, Math.min(rows, first + strips.size));
          }
        },
      },
    ],
    scratchBytes: 0,
    threadScratchBytes: 0,
    late: true,
  };
}
