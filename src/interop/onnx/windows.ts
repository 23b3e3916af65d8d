/** Where the windows of convolutions and pools lie. */
import { NodeFault, type NodeSettings, UnsupportedNode } from "./operator.ts";

/** Spatial dimensions that are computed. */
export const MOST_SPATIAL = 3;

/** What a node says of its windows; what it leaves out follows from the kernel. */
export interface WindowSettings {
  readonly strides: readonly number[] | undefined;
  readonly dilations: readonly number[] | undefined;
  readonly pads: readonly number[] | undefined;
  readonly autoPad: AutoPad;
  readonly ceilMode: boolean;
}

type AutoPad = "NOTSET" | "VALID" | "SAME_UPPER" | "SAME_LOWER";

/** One spatial dimension. */
export interface WindowAxis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  /** How many windows there are. */
  readonly count: number;
}

export function windowSettings(node: NodeSettings): WindowSettings {
  return {
    strides: node.integers("strides"),
    dilations: node.integers("dilations"),
    pads: node.integers("pads"),
    autoPad: node.word("auto_pad", "NOTSET", ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]),
    ceilMode: node.flag("ceil_mode", false),
  };
}

/** @throws UnsupportedNode for kernels of no or more than three dimensions, when the network is loaded. */
export function requireSpatial(kernel: readonly number[] | undefined): readonly number[] {
  if (kernel === undefined || kernel.length < 1 || kernel.length > MOST_SPATIAL)
    throw new UnsupportedNode(`with a kernel of ${kernel?.length ?? 0} dimensions`);
  return kernel;
}

/** The windows over an input of these sizes. */
export function windowsOver(
  size: readonly number[],
  kernel: readonly number[],
  settings: WindowSettings,
): WindowAxis[] {
  const spatial = size.length;
  for (const list of [kernel, settings.strides, settings.dilations])
    if (list !== undefined && list.length !== spatial)
      throw new NodeFault(
        `expected ${spatial} numbers for ${spatial} spatial dimensions, got [${list.join(", ")}]`,
      );
  return size.map((length, d) => {
    const [stride, dilation] = [settings.strides?.[d] ?? 1, settings.dilations?.[d] ?? 1];
    const reach = (kernel[d] - 1) * dilation + 1;
    const [before, after] = paddingOf(settings, d, spatial, length, stride, reach);
    const room = length + before + after - reach;
    let count = Math.floor(room / stride) + 1;
    // A last window that hangs over the end counts if it begins inside or in the padding before.
    if (settings.ceilMode && room % stride !== 0 && count * stride < length + before) count++;
    if (!(count >= 1))
      throw new NodeFault(
        `a window of ${reach} does not fit into ${length} with a padding of ${before} and ${after}`,
      );
    return { kernel: kernel[d], stride, dilation, before, after, count };
  });
}

function paddingOf(
  { autoPad, pads }: WindowSettings,
  d: number,
  spatial: number,
  length: number,
  stride: number,
  reach: number,
): readonly [before: number, after: number] {
  if (autoPad === "VALID") return [0, 0];
  if (autoPad === "NOTSET") return [pads?.[d] ?? 0, pads?.[d + spatial] ?? 0];
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length);
  const less = Math.floor(total / 2);
  return autoPad === "SAME_UPPER" ? [less, total - less] : [total - less, less];
}

/** Whether each dimension has the same padding on both sides. */
export const isSymmetric = (axes: readonly WindowAxis[]): boolean =>
  axes.every(({ before, after }) => before === after);
