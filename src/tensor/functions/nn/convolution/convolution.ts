/** Convolutions over one and two spatial dimensions, and their transposes. */
import { ArgumentError, ShapeError } from "../../../../base/errors.ts";
import { formatShape } from "../../../../base/shape.ts";
import type { Value } from "../../../../graph/node.ts";
import { add, cast } from "../../../../ops/elementwise/elementwise.ts";
import * as ops from "../../../../ops/nn/convolution.ts";
import { constantPad } from "../../../../ops/shape/padding.ts";
import { reshape } from "../../../../ops/shape/shape_ops.ts";
import { layerOperands } from "../../../autocast.ts";
import { defineCall, Tensor } from "../../../tensor.ts";
import {
  asFlatImage,
  fromFlatImage,
  inNameOf,
  named,
  numericInput,
  optionalValue,
  overNumbers,
  requireInputChannels,
  type Size,
  sizes,
  withBatch,
} from "../arguments.ts";

export interface ConvolutionParameters {
  /** Images [N, C, H, W], or sequences [N, C, L]; without a batch also [C, H, W] and [C, L]. */
  input: Tensor;
  /** Kernels: [O, C / groups, kh, kw], or [O, C / groups, k] over sequences. */
  weight: Tensor;
  /** [O], added to every output channel. @default null */
  bias?: Tensor | null;
  /** Step of the kernel in pixels: one number or (height, width). @default 1 */
  stride?: Size;
  /** Zeros around the image in pixels, or `"same"` (keeps its size; stride 1 only) or `"valid"` (none). @default 0 */
  padding?: Size | "same" | "valid";
  /** Distance between the kernel's elements in pixels. @default 1 */
  dilation?: Size;
  /** Groups of channels that do not see each other. @default 1 */
  groups?: number;
}

export interface TransposedConvolutionParameters {
  /** Feature maps [N, C, H, W], or sequences [N, C, L]; without a batch also [C, H, W] and [C, L]. */
  input: Tensor;
  /** Kernels: [C, O / groups, kh, kw], or [C, O / groups, k] over sequences. */
  weight: Tensor;
  /** [O], added to every output channel. @default null */
  bias?: Tensor | null;
  /** Step of the kernel in pixels of the output: one number or (height, width). @default 1 */
  stride?: Size;
  /** Pixels cut off at each side of the output. @default 0 */
  padding?: Size;
  /** Rows and columns added at one side of the output; smaller than stride or dilation. @default 0 */
  outputPadding?: Size;
  /** Groups of channels that do not see each other. @default 1 */
  groups?: number;
  /** Distance between the kernel's elements in pixels. @default 1 */
  dilation?: Size;
}

const CONVOLUTION = ["input", "weight", "bias?", "stride?", "padding?", "dilation?", "groups?"] as const;
const TRANSPOSED = [
  "input",
  "weight",
  "bias?",
  "stride?",
  "padding?",
  "outputPadding?",
  "groups?",
  "dilation?",
] as const;

/**
 * Two-dimensional convolution (cross-correlation, as everywhere in deep learning):
 *
 * y[n, o, i, j] = bias[o] + sum over c, u, v of weight[o, c, u, v] x[n, c, i s - p + u d, j s - p + v d]
 *
 * @param input - [N, C, H, W], or [C, H, W] without a batch.
 * @param weight - [O, C / groups, kh, kw].
 * @param bias - [O].
 * @param stride - step of the window; one number or (height, width), as `padding` and `dilation`.
 * @param padding - zeros around the image; `"same"` keeps its size (stride 1 only), `"valid"` is 0.
 * @throws ShapeError if channels do not fit or the window is larger than the padded input; DTypeError for
 * inputs that are not floating-point or of different dtypes.
 * @example
 * ```ts
 * const weight = randn(96, 1, 11, 11);
 * nn.functional.conv2d(randn(2, 1, 224, 224), weight, { stride: 4, padding: 1 }).shape; // [2, 96, 54, 54]
 * ```
 */
export const conv2d = convolutionOver(2);

/**
 * Convolution over sequences: input [N, C, L] or [C, L], weight [O, C / groups, k]; see `conv2d`.
 *
 * @example
 * ```ts
 * nn.functional.conv1d(randn(8, 4, 100), randn(6, 4, 5), { padding: "same" }).shape; // [8, 6, 100]
 * ```
 */
export const conv1d = convolutionOver(1);

/**
 * Transposed convolution: the gradient of `conv2d` by its input. The output has
 * (H - 1) stride - 2 padding + dilation (kh - 1) + outputPadding + 1 rows.
 *
 * @param weight - [C, O / groups, kh, kw].
 * @param outputPadding - rows and columns added at one side of the output; smaller than stride or dilation.
 * @example
 * ```ts
 * nn.functional.convTranspose2d(randn(8, 4, 7, 7), randn(4, 6, 2, 2), { stride: 2 }).shape; // [8, 6, 14, 14]
 * ```
 */
export const convTranspose2d = transposedConvolutionOver(2);

/**
 * Transposed convolution over sequences; see `convTranspose2d`.
 *
 * @example
 * ```ts
 * nn.functional.convTranspose1d(randn(8, 4, 50), randn(4, 6, 2), { stride: 2 }).shape; // [8, 6, 100]
 * ```
 */
export const convTranspose1d = transposedConvolutionOver(1);

function convolutionOver(spatial: 1 | 2) {
  const of = `conv${spatial}d`;
  return defineCall<ConvolutionParameters>(of)(
    CONVOLUTION,
    (input, weight, bias = null, stride = 1, padding = 0, dilation = 1, groups = 1) =>
      convolve(of, spatial, { input, weight, bias, stride, padding, dilation, groups }),
  );
}

function convolve(of: string, spatial: number, args: Required<ConvolutionParameters>): Tensor {
  const { stride, padding, dilation, groups } = args;
  const input = numericInput(of, args.input);
  const weight = weightOf(of, args.weight, spatial);
  const steps = sizes(of, "stride", stride, spatial, 1);
  const gaps = sizes(of, "dilation", dilation, spatial, 1);
  const [divisor] = sizes(of, "groups", groups, 1, 1);
  const around = paddingOf(of, padding, weight.shape.slice(2), steps, gaps);
  return convolved(of, [input, weight, optionalValue(of, args.bias, "bias")], {
    stride: pair(steps, 1),
    padding: pair(around.both, 0),
    extra: pair(around.extra, 0),
    dilation: pair(gaps, 1),
    groups: divisor,
  });
}

function weightOf(of: string, tensor: unknown, spatial: number): Value {
  const weight = numericInput(of, tensor, "weight");
  if (weight.shape.length === spatial + 2) return weight;
  throw new ShapeError(
    `${named(of)}: expected a weight of ${spatial + 2} dimensions, got ${formatShape(weight.shape)}`,
  );
}

/**
 * A convolution whose arguments are bound, for the calls above and for layers that pad each end by itself: images
 * [N, C, H, W] or sequences [N, C, L], without a batch also one of them, under the kernels of a weight of as many
 * spatial dimensions; `geometry` is that of images, for sequences with a height of 1.
 */
export function convolved(
  of: string,
  [input, weight, bias]: readonly [input: Value, weight: Value, bias: Value | null],
  geometry: ops.ConvolutionGeometry,
): Tensor {
  const spatial = weight.shape.length - 2;
  const { groups } = geometry;
  requireInputChannels(of, input, weight, spatial, weight.shape[1] * groups, groups);
  const operands = layerOperands(named(of), [input, weight, bias]);
  const [y] = overNumbers(of, operands, ([x, w, b]) =>
    withBatch(of, x as Value, spatial, (batched) =>
      inNameOf(of, () => {
        if (spatial === 2) return [ops.conv2d(batched, w as Value, geometry, b ?? undefined)];
        const out = ops.conv2d(asFlatImage(batched), asFlatImage(w as Value), geometry, b ?? undefined);
        return [fromFlatImage(out)];
      }),
    ),
  );
  return new Tensor(y);
}

/** A list over the spatial dimensions as (height, width). */
function pair(list: readonly number[], filler: number): number[] {
  return list.length === 1 ? [filler, list[0]] : [...list];
}

/** Padding on both sides of each dimension, and what `"same"` adds behind it if the sum is odd. */
function paddingOf(
  of: string,
  padding: unknown,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): { both: number[]; extra: number[] } {
  const none = kernel.map(() => 0);
  if (padding === "valid") return { both: none, extra: none };
  if (padding !== "same") return { both: sizes(of, "padding", padding, kernel.length, 0), extra: none };
  if (stride.some((s) => s !== 1)) {
    throw new ArgumentError(
      `${named(of)}: padding "same" is not supported for strided convolutions; give it as numbers`,
    );
  }
  const total = kernel.map((k, d) => dilation[d] * (k - 1));
  return { both: total.map((t) => Math.floor(t / 2)), extra: total.map((t) => t % 2) };
}

function transposedConvolutionOver(spatial: 1 | 2) {
  const of = `convTranspose${spatial}d`;
  return defineCall<TransposedConvolutionParameters>(of)(
    TRANSPOSED,
    (input, weight, bias = null, stride = 1, padding = 0, outputPadding = 0, groups = 1, dilation = 1) =>
      convolveTransposed(of, spatial, {
        input,
        weight,
        bias,
        stride,
        padding,
        outputPadding,
        groups,
        dilation,
      }),
  );
}

function convolveTransposed(
  of: string,
  spatial: number,
  args: Required<TransposedConvolutionParameters>,
): Tensor {
  const { stride, padding, outputPadding, groups, dilation } = args;
  const input = numericInput(of, args.input);
  const kernel = weightOf(of, args.weight, spatial);
  requireInputChannels(of, input, kernel, spatial, kernel.shape[0]);
  const operands = layerOperands(named(of), [input, kernel, optionalValue(of, args.bias, "bias")]);
  const steps = sizes(of, "stride", stride, spatial, 1);
  const gaps = sizes(of, "dilation", dilation, spatial, 1);
  const around = sizes(of, "padding", padding, spatial, 0);
  const behind = sizes(of, "outputPadding", outputPadding, spatial, 0);
  const [divisor] = sizes(of, "groups", groups, 1, 1);
  if (behind.some((b, d) => b >= Math.max(steps[d], gaps[d]))) {
    throw new ArgumentError(
      `${named(of)}: output padding must be smaller than either stride or dilation, ` +
        `got outputPadding ${formatShape(behind)}, stride ${formatShape(steps)}, dilation ${formatShape(gaps)}`,
    );
  }
  const geometry = {
    stride: pair(steps, 1),
    padding: pair(around, 0),
    dilation: pair(gaps, 1),
    groups: divisor,
  };
  const [y] = overNumbers(of, operands, ([x, w, bias]) =>
    withBatch(of, x as Value, spatial, (batched) =>
      inNameOf(of, () => {
        const weight = w as Value;
        const wide = spatial === 1 ? asFlatImage(batched) : batched;
        const kernel = spatial === 1 ? asFlatImage(weight) : weight;
        requireTransposable(of, batched, weight, bias, divisor);
        const out = transposed(of, wide, kernel, geometry, pair(behind, 0));
        const biased =
          bias === null ? out : add(out, reshape(cast(bias, out.dtype), [1, bias.shape[0], 1, 1]));
        return [spatial === 1 ? fromFlatImage(biased) : biased];
      }),
    ),
  );
  return new Tensor(y);
}

function requireTransposable(of: string, x: Value, weight: Value, bias: Value | null, groups: number): void {
  const shapes = `in ${formatShape(x.shape)}; weight is ${formatShape(weight.shape)}`;
  if (weight.shape[0] % groups !== 0) {
    throw new ShapeError(
      `${named(of)}: expected input channels that ${groups} groups divide, got ${weight.shape[0]} ${shapes}`,
    );
  }
  const outputs = weight.shape[1] * groups;
  if (bias !== null && (bias.shape.length !== 1 || bias.shape[0] !== outputs)) {
    throw new ShapeError(
      `${named(of)}: expected a bias of shape [${outputs}], got ${formatShape(bias.shape)}; weight is ${formatShape(weight.shape)}`,
    );
  }
}

function transposed(
  of: string,
  x: Value,
  weight: Value,
  geometry: ops.ConvolutionGeometry,
  behind: readonly number[],
): Value {
  const { stride, padding, dilation, groups } = geometry;
  const outputs = weight.shape[1] * groups;
  // If the added rows reach over a whole step they hold products too, which a crop of the full result has.
  const cropped = behind.some((b, d) => b >= stride[d]);
  const own = cropped ? [0, 0] : padding;
  const added = cropped ? [0, 0] : behind;
  const size = [0, 1].map(
    (d) =>
      (x.shape[d + 2] - 1) * stride[d] - 2 * own[d] + dilation[d] * (weight.shape[d + 2] - 1) + added[d] + 1,
  );
  if (size[0] < 1 || size[1] < 1) {
    throw new ShapeError(
      `${named(of)}: the calculated output size is ${size.join(" x ")}, which is too small, ` +
        `for an input ${formatShape(x.shape)} and a weight ${formatShape(weight.shape)}`,
    );
  }
  const full = ops.conv2dInputGradient(x, weight, [x.shape[0], outputs, ...size], {
    ...geometry,
    padding: own,
  });
  if (!cropped) return full;
  return constantPad(
    full,
    [[0, 0], [0, 0], ...[0, 1].map((d) => [-padding[d], behind[d] - padding[d]] as const)],
    0,
  );
}
