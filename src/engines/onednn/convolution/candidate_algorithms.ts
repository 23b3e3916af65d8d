/**
 * The algorithms to compute a convolution or one of its gradients, of which the fastest is measured:
 *
 * - `direct`: the library's convolution on images as they lie, channels last. Wins nearly always on AVX-512 and AMX.
 * - `blocked`: in the layouts that the library prefers, with the copies that this takes. Wins if few channels or
 *   an older instruction set leave the other layout without a good kernel.
 * - `gemm`: a 1x1 kernel as one GEMM over all pixels.
 * - `im2col`: the gradient by the weight as a GEMM with im2col patches (`im2col_weight_gradient.ts`). Wins if the
 *   library's own kernel is slower than its GEMM: on AVX2, and for images of few channels.
 * - `winograd`: a 3x3 or 5x5 kernel with 4 or 6.3 times fewer products, as those of transformed images
 *   (`winograd_convolution.ts`). Wins wherever it is available, except for few channels and small batches. In float32 alone.
 *
 * Each in the precision of the operands; those of bfloat16 also widened to float32, which processors with slow or
 * half-finished bfloat16 kernels may prefer.
 */
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type {
  ConvolutionDescriptors,
  Descriptor,
  DnnlScope,
  PrimitiveDescription,
  WindowGeometry,
} from "../library/dnnl.ts";
import { elementOf, type OnednnStep, type Precision } from "../onednn_step.ts";
import { type Image, imageDims, images, takesWinograd, weightDims, windowOf } from "./convolution_shapes.ts";
import { im2colBytes } from "./im2col_patches.ts";

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
  { op, inputs, outputs }: Pick<OnednnStep, "op" | "inputs" | "outputs">,
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
  if (isPointwise(g)) algorithms.push(algorithm(stored, "gemm"));
  else if (isWeightGradient && canUseIm2col(g)) algorithms.push(algorithm(stored, "im2col"));
  if (takesWinograd(g, inputs, outputs)) algorithms.push(algorithm(stored, "winograd"));
  if (stored !== "float32" && direct) algorithms.push(algorithm("float32", "direct"));
  return algorithms;
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

/** Whether each pixel of the result depends on the one pixel at its place. */
function isPointwise({ groups, kh, kw, sh, sw, ph, pw }: ConvGeometry): boolean {
  return groups === 1 && kh * kw * sh * sw === 1 && ph + pw === 0;
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
  return transposed
    ? scope.descriptor([c, rows], precision, [1, c])
    : scope.descriptor([rows, c], precision, [c, 1]);
}
