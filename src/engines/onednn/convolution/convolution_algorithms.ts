/**
 * Convolutions with their channels last. In this order: sizes, and what can be decided from them without the library;
 * what the library is told of them, and their names in the autotuning cache; the algorithms.
 */
import { numel, type Shape } from "../../../base/shape.ts";
import type { StepSpec, TensorSpec } from "../../contract/engine.ts";
import { aligned } from "../../cpu/memory/memory_layout.ts";
import { allFloat32 } from "../../cpu/shapes/activation.ts";
import {
  type ConvGeometry,
  convGeometry,
  isPointwise,
  suitsWinograd,
} from "../../cpu/shapes/conv_geometry.ts";
import { forwardConvolution, tilesOf } from "../../cpu/shapes/winograd_tiles.ts";
import { CHANNELS_LAST_PLANNERS } from "../../wasm/kernels/registry.ts";
import type {
  ConvolutionDescriptors,
  Descriptor,
  DnnlScope,
  PrimitiveDescription,
  WindowGeometry,
} from "../library/dnnl.ts";
import { ELEMENT_BYTES } from "../library/dnnl_constants.ts";
import {
  cutSlices,
  elementOf,
  MOST_SLICES,
  type OnednnStep,
  type Precision,
  SLICE_OPERATIONS,
  type Slices,
} from "../onednn_step.ts";
import { takesElement } from "../supported_dtypes.ts";
import { type BlockGeometry, blocksPerImage, finestBlocks } from "./convolution_blocks.ts";
import { im2colBytes } from "./im2col_patches.ts";
import {
  sumPlaces,
  windowPlaces,
  winogradConvolution,
  winogradCut,
  winogradSlices,
  winogradThreadBytes,
} from "./winograd_shapes.ts";

type Specs = readonly TensorSpec[];

/** Whether the library is the better of the two engines for a convolution. */
export interface Prefers {
  prefersOnednn(step: StepSpec): boolean;
}

const ACTIVATIONS = ["relu", "relu6", "sigmoid", "tanh"];

/** Weights beyond are read again for each slice of the batch, from memory or from a far cache. */
const CACHED_BYTES = 2 ** 19;
/**
 * Pixels of a slice's results at least, if weights are that large (16 images of 3x3 pixels, 192 and 384 channels, one thread:
 * 2.6 ms in 16 slices, 1.8 ms in 4).
 */
const FEW_PIXELS = 36;
/** Bytes of partial weight gradients beyond which fewer are kept. */
const PARTIAL_BYTES = 48 * 2 ** 20;
/**
 * Pixels of a slice's results at least: its partial weight gradient is written and added once, for a pixel as for a thousand
 * (16 images of 3x3 pixels, 192 and 384 channels, one thread: 8.1 ms in eight slices, 3.2 ms in two).
 */
const SLICE_PIXELS = 72;

/** [N, H, W, C] as [N, C, H, W]. */
export function channelsFirst([n, h, w, c]: Shape): number[] {
  return [n, c, h, w];
}

/** The sizes of a channels-last convolution or of one of its gradients; null for anything else. */
export function lastGeometry({ op, attributes, inputs, outputs }: StepSpec): ConvGeometry | null {
  if (attributes.layout !== "channelsLast") return null;
  const shape = (spec: TensorSpec) => channelsFirst(spec.shape);
  if (op === "conv2d") return convGeometry(attributes, shape(inputs[0]), inputs[1].shape, shape(outputs[0]));
  if (op === "conv2dInputGradient") {
    return convGeometry(attributes, shape(outputs[0]), inputs[1].shape, shape(inputs[0]));
  }
  if (op === "conv2dWeightGradient") {
    return convGeometry(attributes, shape(inputs[0]), outputs[0].shape, shape(inputs[1]));
  }
  return null;
}

export function takesConvolution(step: StepSpec): boolean {
  return lastGeometry(step) !== null && [...step.inputs, ...step.outputs].every(takesElement);
}

/** Whether a convolution or pooling, given as [N, C, H, W], is to run with its channels last. */
export function worthChannelsLast(step: StepSpec, everything: boolean, preference: Prefers): boolean {
  const { op, attributes, inputs, outputs } = step;
  if (attributes.layout !== undefined) return false;
  const operands = [...inputs, ...outputs];
  if (!operands.every((one) => takesElement(one) || one.dtype === "int32")) return false;
  if (operands.some(({ shape }) => numel(shape) === 0)) return false;
  if (Object.hasOwn(CHANNELS_LAST_PLANNERS, op)) {
    const few = inputs[0].shape[1] < FEW_CHANNELS && !everything;
    return !few && poolsChannelsLast(step);
  }
  if (!op.startsWith("conv2d")) return false;
  const { activation } = attributes;
  if (activation !== undefined && !ACTIVATIONS.includes(activation as string)) return false;
  return everything || preference.prefersOnednn(step);
}

/**
 * Channels that fill no vector: images that have fewer stay channels first. The loops around a convolution would run
 * over such short rows, and lose more than it can win.
 */
export const FEW_CHANNELS = 16;

function poolsChannelsLast(step: StepSpec): boolean {
  const last = (specs: Specs) =>
    specs.map(({ shape: [n, c, h, w], dtype }) => ({ shape: [n, h, w, c], dtype }));
  const { op, inputs, outputs } = step;
  return CHANNELS_LAST_PLANNERS[op]({ ...step, inputs: last(inputs), outputs: last(outputs) }) !== null;
}

/** Multiplications and additions. */
export function operations({ n, groups, o, c, oh, ow, kh, kw }: ConvGeometry): number {
  return 2 * n * groups * o * c * oh * ow * kh * kw;
}

/** How the batch is cut for the convolution and its gradient by the input. */
export function batchSlices(g: ConvGeometry): Slices {
  const wanted = [MOST_SLICES, operations(g) / SLICE_OPERATIONS];
  if (weightBytes(g) > CACHED_BYTES) wanted.push((g.n * g.oh * g.ow) / FEW_PIXELS);
  return cutSlices(g.n, Math.floor(Math.min(...wanted)));
}

/** How the batch is cut for the gradient by the weights, each slice with a partial sum of its own. */
export function weightSlices(g: ConvGeometry): Slices {
  const most = Math.min(
    8,
    operations(g) / (2 * SLICE_OPERATIONS),
    PARTIAL_BYTES / weightBytes(g),
    (g.n * g.oh * g.ow) / SLICE_PIXELS,
  );
  return cutSlices(
    g.n,
    2 ** Math.floor(Math.log2(Math.max(most, operations(g) > 4 * SLICE_OPERATIONS ? 2 : 1))),
  );
}

/** The most that a weight takes in a layout of the library's: channels, or groups of one, are padded to whole blocks. */
export function weightBytes({ groups, o, c, kh, kw }: ConvGeometry): number {
  if (groups > 1 && o * c === 1) return aligned((groups + 63) * kh * kw * 4);
  const padded = (channels: number) => channels + (groups > 1 && channels < 16 ? 15 : 63);
  return aligned((groups > 1 ? groups + 15 : 1) * padded(o) * padded(c) * kh * kw * 4);
}

/** Scratch that the threads share. */
export function convolutionScratchBytes(step: StepSpec): number {
  const { op, inputs, outputs } = step;
  const g = lastGeometry(step);
  if (g === null) return 0;
  if (op === "conv2dWeightGradient") return weightBytes(g) * weightSlices(g).count;
  const bytes = op === "conv2d" ? forwardWeightBytes(g) : weightBytes(g);
  if (!takesWinograd(g, inputs, outputs)) return bytes;
  return Math.max(bytes, windowPlaces(winogradConvolution(op, g)).bytes);
}

/** Blocks of output channels have their weights one behind the other, each padded by itself. */
function forwardWeightBytes(g: ConvGeometry): number {
  const blocks = finestBlocks(g)?.filter(({ toRow }) => toRow === 0) ?? [];
  return Math.max(
    weightBytes(g),
    blocks.reduce((sum, block) => sum + weightBytes(block.g), 0),
  );
}

/** Scratch that each thread needs for itself. */
export function convolutionThreadBytes(step: StepSpec): number {
  const { op, inputs, outputs } = step;
  const g = lastGeometry(step);
  if (g === null || !takesWinograd(g, inputs, outputs)) return 0;
  if (op === "conv2dWeightGradient")
    return sumPlaces(forwardConvolution(g), winogradSlices(g, weightSlices(g)).size).bytes;
  return winogradThreadBytes(op, g, winogradCut(op, g, batchSlices(g)));
}

/** Whether Winograd's algorithm is one of the candidates. */
export function takesWinograd(g: ConvGeometry, inputs: Specs, outputs: Specs): boolean {
  return suitsWinograd(g) && allFloat32(...inputs, ...outputs);
}

// What the library is told.

/** One of a convolution's two images. */
export type Image = "source" | "result";

export function imageDims(g: ConvGeometry, which: Image, n: number): number[] {
  return which === "source" ? [n, g.c * g.groups, g.h, g.w] : [n, g.o * g.groups, g.oh, g.ow];
}

/** `n` images with their channels last. */
export function images(
  scope: DnnlScope,
  g: ConvGeometry,
  which: Image,
  n: number,
  precision: Precision,
): Descriptor {
  const [, c, h, w] = imageDims(g, which, n);
  return scope.descriptor([n, c, h, w], precision, [h * w * c, 1, w * c, c]);
}

/** The same where they lie: a block of a result's channels has gaps between its pixels. */
export function storedImages(
  scope: DnnlScope,
  g: ConvGeometry | BlockGeometry,
  which: Image,
  n: number,
  precision: Precision,
): Descriptor {
  const [, c, h, w] = imageDims(g, which, n);
  const pitch = which === "result" ? pitchOf(g) : c;
  return scope.descriptor([n, c, h, w], precision, [h * w * pitch, 1, w * pitch, pitch]);
}

/** Channels of the result, from one pixel to the next. */
export function pitchOf(g: ConvGeometry | BlockGeometry): number {
  return "pitch" in g ? g.pitch : g.o * g.groups;
}

/** Bytes of `n` images. */
export function imageBytes(g: ConvGeometry, which: Image, precision: Precision, n = 1): number {
  return numel(imageDims(g, which, n)) * ELEMENT_BYTES[precision];
}

/** The sizes of the weight, as the library wants them: the groups are a dimension of their own. */
export function weightDims({ groups, o, c, kh, kw }: ConvGeometry): number[] {
  return groups === 1 ? [o, c, kh, kw] : [groups, o, c, kh, kw];
}

export function windowOf({ sh, sw, ph, pw, bottom, right, dh, dw }: ConvGeometry): WindowGeometry {
  return {
    strides: [sh, sw],
    dilation: [dh - 1, dw - 1],
    paddingBefore: [ph, pw],
    paddingAfter: [bottom, right],
  };
}

/** Element types as far as the algorithms depend on them: those on 32-bit floats alone are a case of their own. */
export function elementsOf(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): string {
  const first = elementOf(inputs[0].dtype);
  return first === "float32" && !allFloat32(...inputs, ...outputs) ? "float32 mixed" : first;
}

/** The name of a slice's convolution in the autotuning cache. */
export function convolutionKey(op: string, g: ConvGeometry, n: number, stored: string): string {
  const { groups, c, o, h, w, kh, kw, sh, sw, ph, pw, bottom, right, dh, dw } = g;
  const window = [kh, kw, sh, sw, ph, pw, dh, dw, groups];
  // Without it names are those of earlier versions, whose measurements hold.
  if (bottom !== ph || right !== pw) window.push(bottom, right);
  return `${op} ${stored} ${n}x${c * groups}x${h}x${w} ${o * groups} ${window.join(" ")}`;
}

// The algorithms to compute a convolution or one of its gradients, of which the fastest is measured:
//
// - `direct`: the library's convolution on images as they lie, channels last. Wins nearly always on AVX-512 and AMX.
// - `blocked`: in the layouts that the library prefers, with the copies that this takes. Wins if few channels or
//   an older instruction set leave the other layout without a good kernel.
// - `gemm`: a 1x1 kernel as one GEMM over all pixels.
// - `im2col`: the gradient by the weight as a GEMM with im2col patches (`im2col_weight_gradient.ts`). Wins if the
//   library's own kernel is slower than its GEMM: on AVX2, and for images of few channels.
// - `winograd`: a 3x3 or 5x5 kernel with 4 or 6.3 times fewer products, as those of transformed images
//   (`winograd_convolution.ts`). Wins wherever it is available, except for few channels and small batches. In float32 alone.
//
// Each in the precision of the operands; those of bfloat16 also widened to float32, which processors with slow or
// half-finished bfloat16 kernels may prefer.

export interface Algorithm {
  /** In the autotuning cache. */
  readonly name: string;
  readonly precision: Precision;
  readonly form: "direct" | "blocked" | "gemm" | "im2col" | "winograd";
}

/** Channels of the widest vector. */
const VECTOR = 16;
/* For the fixed rule. */
const WINOGRAD_CHANNELS = 32;
const WINOGRAD_PIXELS = 12 * 12;
const WINOGRAD_TILE = 36;
const WINOGRAD_WEIGHT_BYTES = 4 * 2 ** 20;
/** Bytes of the im2col patches of one image. */
const MOST_IM2COL_BYTES = 8 * 2 ** 20;

/** The algorithms that are benchmarked for one of the three ops. */
export function candidateAlgorithms(
  { op, inputs, outputs, exact }: Pick<OnednnStep, "op" | "inputs" | "outputs" | "exact">,
  g: ConvGeometry,
): Algorithm[] {
  const stored = elementOf(inputs[0].dtype);
  const isWeightGradient = op === "conv2dWeightGradient";
  const algorithm = (precision: Precision, form: Algorithm["form"]): Algorithm => ({
    name: `${precision} ${form}`,
    precision,
    form,
  });
  const direct = !overruns(g);
  const algorithms = direct
    ? [algorithm(stored, "direct"), algorithm(stored, "blocked")]
    : [algorithm(stored, "blocked")];
  // A GEMM of another size can add in another order: bits would depend on the cut, and so on the number of threads.
  const cut = op === "conv2d" && finestBlocks(g) !== null;
  if (g.groups === 1 && isPointwise(g) && !cut) algorithms.push(algorithm(stored, "gemm"));
  else if (isWeightGradient && canUseIm2col(g)) algorithms.push(algorithm(stored, "im2col"));
  if (exact !== true && takesWinograd(g, inputs, outputs) && !(op === "conv2d" && waitsForWindows(g)))
    algorithms.push(algorithm(stored, "winograd"));
  if (stored !== "float32" && direct) algorithms.push(algorithm("float32", "direct"));
  return algorithms;
}

/** Operations of a few threads, and bytes from memory, in a second: for a rough comparison. */
const OPERATIONS_PER_SECOND = 2e11;
const BYTES_PER_SECOND = 1e10;

/**
 * Whether fetching Winograd's transformed windows takes longer than its fewer products save: of a few images they are used
 * once, and in a network they are not in the caches any more, as they are in a benchmark.
 */
export function waitsForWindows(g: ConvGeometry): boolean {
  if (blocksPerImage(g) === 1) return false;
  const { planes, window } = forwardConvolution(g);
  const products = 2 * planes * tilesOf(forwardConvolution(g), g.n) * g.c * g.o;
  const saved = (operations(g) - products) / OPERATIONS_PER_SECOND;
  return saved < ((planes - window * window) * g.c * g.o * 4) / BYTES_PER_SECOND;
}

/**
 * Which of these a fixed rule takes, from the sizes alone: Winograd's for large results of many channels, unless the
 * transformed weights fill the caches and the result is too small to use them often; else the first.
 */
export function preferredAlgorithm(algorithms: readonly Algorithm[], g: ConvGeometry): number {
  const pixels = g.oh * g.ow;
  const weightBytes = 4 * WINOGRAD_TILE * g.c * g.o;
  const wins =
    Math.min(g.c, g.o) >= WINOGRAD_CHANNELS &&
    pixels >= WINOGRAD_PIXELS &&
    (weightBytes <= WINOGRAD_WEIGHT_BYTES || pixels >= 4 * WINOGRAD_PIXELS);
  return Math.max(0, wins ? algorithms.findIndex(({ form }) => form === "winograd") : 0);
}

/**
 * 1x1 kernels with a stride: the library gathers the pixels by whole vectors of channels. If the
 * channels do not fill them, its gradient by the weight breaks the heap (2.6.3 and 3.2 on AVX2, 3 channels, stride 2);
 * the other two gather in the same algorithm and are not trusted either.
 */
function overruns({ groups, c, kh, kw, sh, sw }: ConvGeometry): boolean {
  return kh * kw === 1 && sh * sw > 1 && (c * groups) % VECTOR !== 0;
}

/**
 * Windows that step over pixels are left out: the library takes the pixels behind the last one for a part of it. So are
 * images that no cache holds as im2col patches.
 */
function canUseIm2col(g: ConvGeometry): boolean {
  const { groups, kh, kw, sh, sw, dh, dw } = g;
  const overlap = (kh - 1) * dh + 1 >= sh && (kw - 1) * dw + 1 >= sw;
  return groups === 1 && overlap && im2colBytes(g, "float32") <= MOST_IM2COL_BYTES;
}

/** Layout of `n` images for this algorithm: fixed, or the library's to choose. */
export function wantedImages(
  scope: DnnlScope,
  g: ConvGeometry,
  which: Image,
  n: number,
  { precision, form }: Algorithm,
): Descriptor {
  if (form === "blocked") return scope.anyLayout(imageDims(g, which, n), precision);
  return images(scope, g, which, n, precision);
}

/** The library's description of a gradient, from its operands, the window and the convolution that it belongs to. */
type DescribeGradient = (
  operands: ConvolutionDescriptors,
  window: WindowGeometry,
  forward: PrimitiveDescription,
) => PrimitiveDescription | null;

/** A gradient of `n` images by a convolution of the library; null if it has none. */
export function describeGradient(
  scope: DnnlScope,
  g: ConvGeometry,
  n: number,
  algorithm: Algorithm,
  weights: Descriptor,
  describe: DescribeGradient,
): PrimitiveDescription | null {
  const window = windowOf(g);
  const source = wantedImages(scope, g, "source", n, algorithm);
  const destination = wantedImages(scope, g, "result", n, algorithm);
  const any = scope.anyLayout(weightDims(g), algorithm.precision);
  const forward = scope.convolutionForward({ source, weights: any, destination }, window);
  return forward && describe({ source, weights, destination }, window, forward);
}

/** `n` images as a matrix: a row for each pixel, a column for each channel. */
export function pixelRows(
  scope: DnnlScope,
  g: ConvGeometry,
  which: Image,
  n: number,
  precision: Precision,
  transposed = false,
): Descriptor {
  const [, c, h, w] = imageDims(g, which, n);
  const rows = n * h * w;
  const pitch = which === "result" ? pitchOf(g) : c;
  return transposed
    ? scope.descriptor([c, rows], precision, [1, pitch])
    : scope.descriptor([rows, c], precision, [pitch, 1]);
}
