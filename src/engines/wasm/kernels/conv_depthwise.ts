/**
 * Depthwise convolution (each group has one input channel) of 3x3 and 5x5, stride 1 or 2, any padding, and its two
 * gradients. As GEMMs, which the general paths make of a convolution, these have one row or one column.
 *
 * Fast paths (assembly/depthwise):
 * - Four neighbouring outputs in a vector, for rows of at least four: wins wherever there are such rows.
 * - One by one, for smaller images: they still win, as no panels are packed and no tables made.
 * - With stride 1 and no padding the input is read in place, else from a frame of zeros around a block of its rows.
 *
 * The gradient by the input is the same computation: the output's gradient, with zeros between its pixels if the stride
 * is 2, and the kernels turned by half a circle. That takes padding of less than the kernel; more is left to the
 * general path. So are dilation, other kernels and other strides.
 *
 * A work item is a block of rows of one plane, or for the gradient by the weight a slice of the batch of one channel.
 */
import type { KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import { activationCode } from "../../cpu/shapes/activation.ts";
import { type ConvGeometry, dealItems, isPadded } from "../../cpu/shapes/conv_geometry.ts";

/** Bytes of a block's rows that should stay in the caches beside what is computed from them. */
const BLOCK_BYTES = 96 * 1024;
/** Units to aim at. */
const UNITS = 32;
/** The activations, by the binary's codes, that are bounds: the kernels apply them as they write. */
const BOUNDS: Readonly<Record<number, { readonly low: number; readonly high: number }>> = {
  [activationCode({ activation: "relu" }) as number]: { low: 0, high: Number.POSITIVE_INFINITY },
  [activationCode({ activation: "relu6" }) as number]: { low: 0, high: 6 },
};
const UNBOUNDED = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
/** What a kernel may read behind the frame's last float. */
const SLACK = 16;

/** How the rows of a plane are cut, so that `pitch` floats of each of the rows that a block reads fit the caches. */
function cutRows(rows: number, planes: number, pitch: number, stride: number, size: number) {
  const fitting = Math.floor(BLOCK_BYTES / (pitch * 4) - size) / stride;
  // Whole groups of the rows that are computed together; a few planes are cut for the threads' sake.
  const most = Math.max(8, Math.min(fitting, Math.ceil((rows * planes) / UNITS)));
  const { units: blocks, size: blockRows } = split(rows, Math.ceil(rows / most), 4);
  return { blocks, blockRows };
}

type ItemRun = (...given: Parameters<KernelStage["run"]>) => void;

/** A stage whose items go to one call. */
function itemStage(items: number, run: ItemRun): KernelStage {
  const deal = dealItems(items);
  return {
    units: deal.units,
    run: (exports, addresses, begin, end) =>
      run(exports, addresses, begin * deal.size, Math.min(items, end * deal.size)),
  };
}

/** Floats of a row of the frame, and rows of the frame for a block of output rows. */
function forwardFrame(g: ConvGeometry) {
  const inPlace = !isPadded(g) && g.sh === 1;
  const pitch = inPlace ? g.w : Math.max(g.wp, g.pw + g.w);
  const cut = cutRows(g.oh, g.n * g.groups, pitch, g.sh, g.kh);
  const bytes = inPlace ? 0 : ((cut.blockRows - 1) * g.sh + g.kh) * pitch * 4 + SLACK;
  return { ...cut, inPlace, pitch, bytes };
}

/** Plans conv2d: `activation` is the binary's code. */
export function planDepthwise(g: ConvGeometry, hasBias: boolean, activation: number): KernelPlan {
  const { blocks, blockRows, inPlace, pitch, bytes } = forwardFrame(g);
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    const { low, high } = BOUNDS[activation] ?? UNBOUNDED;
    const run: ItemRun = (exports, addresses, item, end) => {
      const { inputs, outputs, threadScratch } = addresses;
      const images = [inputs[0], g.h, g.w, outputs[0], g.oh, g.ow];
      const window = [g.kh, g.sh, g.ph, g.pw];
      const kernels = [inputs[1], hasBias ? inputs[2] : 0, g.groups, g.o];
      const rows = [blocks, blockRows, pitch, inPlace ? 0 : threadScratch];
      exports.depthwise(...images, ...window, ...kernels, low, high, item, end, ...rows);
      if (activation !== 0 && BOUNDS[activation] === undefined) activate(item, end);

      /** The others, on the rows that were just written. */
      function activate(first: number, last: number): void {
        for (let one = first; one < last; one++) {
          const plane = Math.floor(one / blocks);
          const row = (one % blocks) * blockRows;
          const count = Math.min(blockRows, g.oh - row) * g.ow;
          for (let m = 0; m < g.o; m++) {
            const at = outputs[0] + ((plane * g.o + m) * g.oh + row) * g.ow * 4;
            exports.biasActivation(at, 0, 1, count, 0, activation);
          }
        }
      }
    };
    stages.push(itemStage(g.n * g.groups * blocks, run));
  }
  return { stages, scratchBytes: 0, threadScratchBytes: bytes, late: true };
}

/** Plans conv2dInputGradient. */
export function planDepthwiseInputGradient(g: ConvGeometry): KernelPlan {
  const pitch = g.w + g.kw - 1;
  const { blocks, blockRows } = cutRows(g.h, g.n * g.groups, pitch, 1, g.kh);
  const own = new ScratchLayout();
  const frame = own.take((blockRows + g.kh - 1) * pitch * 4 + SLACK);
  const sums = own.take(128 + (g.o > 1 ? 2 * blockRows * g.w * 4 : 0));
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    const run: ItemRun = (exports, addresses, item, end) => {
      const { inputs, outputs, threadScratch } = addresses;
      const images = [inputs[0], g.oh, g.ow, outputs[0], g.h, g.w];
      const window = [g.kh, g.sh, g.kh - 1 - g.ph, g.kw - 1 - g.pw];
      const kernels = [inputs[1], g.groups, g.o];
      const places = [pitch, threadScratch + frame, threadScratch + sums];
      exports.depthwiseInputGradient(
        ...images,
        ...window,
        ...kernels,
        item,
        end,
        blocks,
        blockRows,
        ...places,
      );
    };
    stages.push(itemStage(g.n * g.groups * blocks, run));
  }
  return { stages, scratchBytes: 0, threadScratchBytes: own.bytes, late: true };
}

/** Plans conv2dWeightGradient. */
export function planDepthwiseWeightGradient(g: ConvGeometry): KernelPlan {
  const { blocks, blockRows, inPlace, pitch, bytes } = forwardFrame({ ...g, n: UNITS });
  const { units: slices, size: images } = split(g.n, Math.ceil(UNITS / g.groups));
  const kernelBytes = g.o * g.kh * g.kw * 4;
  const sliceBytes = g.groups * kernelBytes;
  const own = new ScratchLayout();
  const frame = own.take(bytes);
  const sums = own.take(g.o * g.kh * g.kw * 8);
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    const run: ItemRun = (exports, { inputs, outputs, scratch, threadScratch }, item, end) => {
      const sizes = [inputs[0], g.h, g.w, inputs[1], g.oh, g.ow, g.kh, g.sh, g.ph, g.pw, g.groups, g.o];
      const at = inPlace ? 0 : threadScratch + frame;
      for (; item < end; item++) {
        const channel = item % g.groups;
        const slice = Math.floor(item / g.groups);
        const part = [channel, slice * images, Math.min(g.n, (slice + 1) * images)];
        const to = (slices > 1 ? scratch + slice * sliceBytes : outputs[0]) + channel * kernelBytes;
        const places = [blocks, blockRows, pitch, at, threadScratch + sums, to];
        exports.depthwiseWeightGradient(...sizes, ...part, ...places);
      }
    };
    stages.push(itemStage(slices * g.groups, run));
    if (slices > 1) {
      stages.push({
        units: 1,
        run: (exports, { outputs, scratch }) =>
          exports.depthwiseAddSlices(scratch, sliceBytes, slices, sliceBytes / 4, outputs[0]),
      });
    }
  }
  const scratchBytes = slices > 1 ? slices * sliceBytes : 0;
  return { stages, scratchBytes, threadScratchBytes: own.bytes, late: true };
}
