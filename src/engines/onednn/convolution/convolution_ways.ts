/**
 * The ways to compute a convolution or one of its gradients, of which the fastest is measured:
 *
 * - `direct`: the library's convolution on pictures as they lie, channels last. Wins nearly always on AVX-512 and AMX.
 * - `blocked`: in the layouts that the library prefers, with the copies that this takes. Wins where few channels or
 *   an older instruction set leave the other layout without a good kernel.
 * - `product`: a window of one pixel as one matrix product over all pixels.
 * - `unfolded`: the gradient by the weight as a product with im2col patches (`unfolded_weight_gradient.ts`). Wins where the
 *   library's own kernel is no match for its products: on AVX2, and for pictures of few channels.
 * - `winograd`: a window of 3 or 5 pixels with 4 or 6.3 times fewer products, as those of transformed pictures
 *   (`winograd_convolution.ts`). Wins wherever it can be had, but for few channels and small batches. In float32 alone.
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
import { elementOf, type NativeStep, type Precision } from "../native_step.ts";
import { type Picture, pictureDims, pictures, weightDims, windowOf } from "./convolution_layouts.ts";
import { takesWinograd } from "./convolution_shapes.ts";
import { unfoldedBytes } from "./unfolded_pictures.ts";

export interface Way {
  /** In the file of choices. */
  readonly name: string;
  readonly precision: Precision;
  readonly form: "direct" | "blocked" | "product" | "unfolded" | "winograd";
}

/** Channels of the widest vector. */
const VECTOR = 16;
/* For the fixed rule. */
const WINOGRAD_CHANNELS = 32;
const WINOGRAD_PIXELS = 12 * 12;
const WINOGRAD_TILE = 36;
const WINOGRAD_WEIGHT_BYTES = 4 * 2 ** 20;
/** Bytes of the im2col patches of one image. */
const MOST_UNFOLDED_BYTES = 8 * 2 ** 20;

/** What there is to try for one of the three ops. */
export function convolutionWays(
  { op, inputs, outputs }: Pick<NativeStep, "op" | "inputs" | "outputs">,
  g: ConvGeometry,
): Way[] {
  const stored = elementOf(inputs[0].dtype);
  const unfolds = op === "conv2dWeightGradient";
  const way = (precision: Precision, form: Way["form"]): Way => ({
    name: `${precision} ${form}`,
    precision,
    form,
  });
  const direct = !overruns(g);
  const ways = direct ? [way(stored, "direct"), way(stored, "blocked")] : [way(stored, "blocked")];
  if (isPointwise(g)) ways.push(way(stored, "product"));
  else if (unfolds && canUnfold(g)) ways.push(way(stored, "unfolded"));
  if (takesWinograd(g, inputs, outputs)) ways.push(way(stored, "winograd"));
  if (stored !== "float32" && direct) ways.push(way("float32", "direct"));
  return ways;
}

/**
 * Which of these a fixed rule takes, from the sizes alone: Winograd's for large results of many channels, unless the
 * transformed weights fill the caches and the result is too small to use them often; else the first.
 */
export function preferredWay(ways: readonly Way[], g: ConvGeometry): number {
  const pixels = g.oh * g.ow;
  const weightBytes = 4 * WINOGRAD_TILE * g.c * g.o;
  const wins =
    Math.min(g.c, g.o) >= WINOGRAD_CHANNELS &&
    pixels >= WINOGRAD_PIXELS &&
    (weightBytes <= WINOGRAD_WEIGHT_BYTES || pixels >= 4 * WINOGRAD_PIXELS);
  return Math.max(0, wins ? ways.findIndex(({ form }) => form === "winograd") : 0);
}

/** Whether each pixel of the result depends on the one pixel at its place. */
function isPointwise({ groups, kh, kw, sh, sw, ph, pw }: ConvGeometry): boolean {
  return groups === 1 && kh * kw * sh * sw === 1 && ph + pw === 0;
}

/**
 * Windows of one pixel that step over others: the library gathers the pixels by whole vectors of channels. Where the
 * channels do not fill them, its gradient by the weight breaks the heap (2.6.3 and 3.2 on AVX2, 3 channels, stride 2);
 * the other two gather in the same way and are not trusted either.
 */
function overruns({ groups, c, kh, kw, sh, sw }: ConvGeometry): boolean {
  return kh * kw === 1 && sh * sw > 1 && (c * groups) % VECTOR !== 0;
}

/**
 * Windows that step over pixels are left out: the library takes the pixels behind the last one for a part of it. So are
 * pictures that no cache holds when they are unfolded.
 */
function canUnfold(g: ConvGeometry): boolean {
  const { groups, kh, kw, sh, sw, dh, dw } = g;
  const overlap = (kh - 1) * dh + 1 >= sh && (kw - 1) * dw + 1 >= sw;
  return groups === 1 && overlap && unfoldedBytes(g, "float32") <= MOST_UNFOLDED_BYTES;
}

/** Layout of `n` pictures for this way: fixed, or the library's to choose. */
export function wantedPictures(
  scope: DnnlScope,
  g: ConvGeometry,
  which: Picture,
  n: number,
  { precision, form }: Way,
): Descriptor {
  if (form === "blocked") return scope.anyLayout(pictureDims(g, which, n), precision);
  return pictures(scope, g, which, n, precision);
}

/** The library's description of a gradient, from its operands, the window and the convolution that it belongs to. */
type DescribeGradient = (
  operands: ConvolutionDescriptors,
  window: WindowGeometry,
  forward: PrimitiveDescription,
) => PrimitiveDescription | null;

/** A gradient of `n` pictures by a convolution of the library; null where it has none. */
export function describeGradient(
  scope: DnnlScope,
  g: ConvGeometry,
  n: number,
  way: Way,
  weights: Descriptor,
  describe: DescribeGradient,
): PrimitiveDescription | null {
  const window = windowOf(g);
  const source = wantedPictures(scope, g, "source", n, way);
  const destination = wantedPictures(scope, g, "result", n, way);
  const any = scope.anyLayout(weightDims(g), way.precision);
  const forward = scope.convolutionForward({ source, weights: any, destination }, window);
  return forward && describe({ source, weights, destination }, window, forward);
}

/** `n` pictures as a matrix: a row for each pixel, a column for each channel. */
export function pixelRows(
  scope: DnnlScope,
  g: ConvGeometry,
  which: Picture,
  n: number,
  precision: Precision,
  transposed = false,
): Descriptor {
  const [, c, h, w] = pictureDims(g, which, n);
  const rows = n * h * w;
  return transposed
    ? scope.descriptor([c, rows], precision, [1, c])
    : scope.descriptor([rows, c], precision, [c, 1]);
}
