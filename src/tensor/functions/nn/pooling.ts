/** Pooling over windows that move: largest, mean and p-norm. */

import { ArgumentError, DTypeError, ShapeError } from "../../../base/errors.ts";
import { formatShape, numel, sameShape } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import type { Value } from "../../../graph/node.ts";
import { constant, full } from "../../../ops/creation.ts";
import { cast, eq, mul, pow, where } from "../../../ops/elementwise/elementwise.ts";
import * as ops from "../../../ops/nn/pooling.ts";
import { scatter } from "../../../ops/shape/indexing.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import {
  asFlatImage,
  floatingInput,
  fromFlatImage,
  inNameOf,
  type MaybeIndices,
  named,
  numericInput,
  overNumbers,
  type Size,
  sizes,
  withBatch,
  withIndices,
} from "./arguments.ts";

interface WindowParameters {
  /** [N, C, H, W] or [C, H, W]; of sequences [N, C, L] or [C, L]. */
  input: Tensor;
  /** Size of the window in pixels: one number or (height, width). */
  kernelSize: Size;
  /** Step of the window in pixels; null for its own size. @default null */
  stride?: Size | null;
  /** Whether there is also a last window that hangs over the end, if it begins inside. @default false */
  ceilMode?: boolean;
}

export interface MaxPoolParameters extends WindowParameters {
  /** Positions (never chosen) around the image, at most half of the window. @default 0 */
  padding?: Size;
  /** Distance between the window's pixels. @default 1 */
  dilation?: Size;
  /** Also returns the positions (int64) of the largest elements in their planes. @default false */
  returnIndices?: boolean;
}

export interface AveragePool1dParameters extends WindowParameters {
  /** Border of zeros on each side in pixels, at most half of the window. @default 0 */
  padding?: Size;
  /** Whether the border counts, as zeros, or only elements inside. @default true */
  countIncludePad?: boolean;
}

export interface AveragePool2dParameters extends AveragePool1dParameters {
  /** What the sum is divided by; null for the number of elements. @default null */
  divisorOverride?: number | null;
}

export interface NormPoolParameters extends WindowParameters {
  /** Exponent of the norm. */
  normType: number;
}

export interface MaxUnpool2dParameters extends InputParameter {
  /** Positions in the planes, from `maxPool2d` with `returnIndices`. */
  indices: Tensor;
  /** Size of the kernel in pixels: one number or (height, width). */
  kernelSize: Size;
  /** Step of the kernel in pixels; null for its size. @default null */
  stride?: Size | null;
  /** Border on each side in pixels. @default 0 */
  padding?: Size;
  /** The size of the image, if the windows allow several. @default null */
  outputSize?: readonly number[] | null;
}

const AVERAGE_1D = [
  "input",
  "kernelSize",
  "stride?",
  "padding?",
  "ceilMode?:boolean",
  "countIncludePad?:boolean",
] as const;

const maxPoolOver = (spatial: 1 | 2) =>
  withIndices(
    defineCall<MaxPoolParameters, MaybeIndices>(`maxPool${spatial}d`)(
      [
        "input",
        "kernelSize",
        "stride?",
        "padding?",
        "dilation?",
        "ceilMode?:boolean",
        "returnIndices?:boolean",
      ],
      (
        input: Tensor,
        kernelSize: Size,
        stride: Size | null = null,
        padding: Size = 0,
        dilation: Size = 1,
        ceilMode = false,
        returnIndices = false,
      ): MaybeIndices =>
        poolLargest(`maxPool${spatial}d`, spatial, {
          input,
          kernelSize,
          stride,
          padding,
          dilation,
          ceilMode,
          returnIndices,
        }),
    ),
  );

const normPoolOver = (spatial: 1 | 2) =>
  defineCall<NormPoolParameters>(`lpPool${spatial}d`)(
    ["input", "normType:number", "kernelSize", "stride?", "ceilMode?:boolean"],
    (
      input: Tensor,
      normType: number,
      kernelSize: Size,
      stride: Size | null = null,
      ceilMode = false,
    ): Tensor =>
      new Tensor(poolNorm(`lpPool${spatial}d`, spatial, { input, normType, kernelSize, stride, ceilMode })),
  );

/**
 * The largest element of each window. NaN wins.
 *
 * @param input - [N, C, H, W] or [C, H, W].
 * @param stride - step of the window; its own size if it is absent.
 * @param padding - positions (never chosen) around the image, at most half of the window.
 * @param ceilMode - also a last window that hangs over the end, if it begins inside.
 * @param returnIndices - returns `[y, indices]`, the positions in the H * W plane.
 * @throws ShapeError if the input is too small or the padding too large.
 * @example
 * ```ts
 * nn.functional.maxPool2d(tensor([[[1, 5], [7, 2]]]).float(), 2).tolist(); // [[[7]]]
 * nn.functional.maxPool2d(randn(8, 96, 54, 54), 3, { stride: 2 }).shape; // [8, 96, 26, 26]
 * ```
 */
export const maxPool2d = maxPoolOver(2);

/**
 * `maxPool2d` over sequences, [N, C, L] or [C, L].
 *
 * @example
 * ```ts
 * nn.functional.maxPool1d(tensor([[0.5, 5, 7, 2]]), 2).tolist(); // [[5, 7]]
 * ```
 */
export const maxPool1d = maxPoolOver(1);

/**
 * The mean of each window.
 *
 * @param countIncludePad - padding counts as zeros; without it only elements inside are counted.
 * @param divisorOverride - divides the sum by this instead of by the number of elements.
 * @example
 * ```ts
 * nn.functional.avgPool2d(tensor([[[1, 5], [7, 3]]]).float(), 2).tolist(); // [[[4]]]
 * ```
 */
export const avgPool2d = defineCall<AveragePool2dParameters>("avgPool2d")(
  [...AVERAGE_1D, "divisorOverride?:integer|null"],
  (
    input,
    kernelSize,
    stride = null,
    padding = 0,
    ceilMode = false,
    countIncludePad = true,
    divisorOverride = null,
  ) =>
    averagePool("avgPool2d", 2, input, kernelSize, {
      stride,
      padding,
      ceilMode,
      countIncludePad,
      divisorOverride,
    }),
);

/**
 * `avgPool2d` over sequences, [N, C, L] or [C, L].
 *
 * @example
 * ```ts
 * nn.functional.avgPool1d(tensor([[0.5, 1.5, 7, 3]]), 2).tolist(); // [[1, 5]]
 * ```
 */
export const avgPool1d = defineCall<AveragePool1dParameters>("avgPool1d")(
  AVERAGE_1D,
  (input, kernelSize, stride = null, padding = 0, ceilMode = false, countIncludePad = true) =>
    averagePool("avgPool1d", 1, input, kernelSize, { stride, padding, ceilMode, countIncludePad }),
);

/**
 * (sum over the window of x^p)^(1/p).
 *
 * @example
 * ```ts
 * nn.functional.lpPool2d(tensor([[[1.5, 0], [2, 0]]]), 2, 2).tolist(); // [[[2.5]]]
 * ```
 */
export const lpPool2d = normPoolOver(2);

/**
 * `lpPool2d` over sequences.
 *
 * @example
 * ```ts
 * nn.functional.lpPool1d(tensor([[1.5, 2]]), 2, 2).tolist(); // [[2.5]]
 * ```
 */
export const lpPool1d = normPoolOver(1);

/**
 * Puts each element back where `maxPool2d` took it from, zeros elsewhere. An element that two windows chose
 * stands there once.
 *
 * @param outputSize - the size of the image, if the windows allow several.
 * @throws IndexError for an index outside of the image.
 * @example
 * ```ts
 * const [y, indices] = nn.functional.maxPool2d(randn(8, 3, 6, 6), 2, { returnIndices: true });
 * nn.functional.maxUnpool2d(y, indices, 2).shape; // [8, 3, 6, 6]
 * ```
 */
export const maxUnpool2d = defineCall<MaxUnpool2dParameters>("maxUnpool2d")(
  ["input", "indices", "kernelSize", "stride?", "padding?", "outputSize?"],
  (input, indices, kernelSize, stride = null, padding = 0, outputSize = null) => {
    const of = "maxUnpool2d";
    const x = floatingInput(of, input);
    const at = valueOf(indices, "indices", named(of));
    if (at.dtype !== "int64") {
      throw new DTypeError(`${named(of)}: expected \`indices\` of dtype int64, got ${at.dtype}`);
    }
    if (!sameShape(at.shape, x.shape)) {
      throw new ShapeError(
        `${named(of)}: expected \`indices\` of the input's shape ${formatShape(x.shape)}, got ${formatShape(at.shape)}`,
      );
    }
    const kernel = sizes(of, "kernelSize", kernelSize, 2, 1);
    const steps = strideOf(of, stride, kernel);
    const around = sizes(of, "padding", padding, 2, 0);
    const plane = x.shape.slice(-2);
    const usual = plane.map((s, d) => (s - 1) * steps[d] - 2 * around[d] + kernel[d]);
    const size = outputSize === null ? usual : unpooledSize(of, outputSize, usual, steps);
    const [y] = withBatch(of, x, 2, (batched) => [unpooled(batched, at, size)]);
    return new Tensor(y);
  },
);

/** The size asked for: less than a step away from the usual one. */
function unpooledSize(
  of: string,
  given: unknown,
  usual: readonly number[],
  steps: readonly number[],
): number[] {
  const size = Array.isArray(given) ? given.slice(-2) : [];
  if (
    size.length === 2 &&
    size.every((n, d) => Number.isInteger(n) && n > 0 && Math.abs(n - usual[d]) < steps[d])
  )
    return size;
  throw new ArgumentError(
    `${named(of)}: expected \`outputSize\` to be two integers less than a stride away from ${formatShape(usual)}, got ${shownText(given)}`,
  );
}

function unpooled(x: Value, at: Value, size: readonly number[]): Value {
  const [batch, channels, height, width] = x.shape;
  const planes = [batch * channels, height * width];
  const empty = full([planes[0], numel(size)], 0, x.dtype);
  const filled = scatter(empty, 1, reshape(at, planes), reshape(x, planes));
  return reshape(filled, [batch, channels, ...size]);
}

/** A step as many as the window is wide, if none is given. */
function strideOf(of: string, stride: unknown, kernel: readonly number[]): number[] {
  const absent = stride === null || stride === undefined || (Array.isArray(stride) && stride.length === 0);
  return absent ? [...kernel] : sizes(of, "stride", stride, kernel.length, 1);
}

/** A list over the spatial dimensions as (height, width). */
function pair(list: readonly number[], filler: number): number[] {
  return list.length === 1 ? [filler, list[0]] : [...list];
}

function poolLargest(of: string, spatial: number, args: Required<MaxPoolParameters>): MaybeIndices {
  const { stride, padding, dilation, ceilMode, returnIndices } = args;
  const input = numericInput(of, args.input);
  const kernel = sizes(of, "kernelSize", args.kernelSize, spatial, 1);
  const geometry = {
    kernelSize: pair(kernel, 1),
    stride: pair(strideOf(of, stride, kernel), 1),
    padding: pair(sizes(of, "padding", padding, spatial, 0), 0),
    dilation: pair(sizes(of, "dilation", dilation, spatial, 1), 1),
    ceilMode,
  };
  requireChannels(of, input, spatial);
  const [y, indices] = overNumbers(of, [input], ([x]) =>
    overImages(of, x as Value, spatial, (image) => ops.maxPool2d(image, geometry)),
  );
  return returnIndices ? [new Tensor(y), new Tensor(cast(indices, "int64"))] : new Tensor(y);
}

/** Only the batch may be empty. */
function requireChannels(of: string, x: Value, spatial: number): void {
  if (x.shape.length <= spatial || x.shape.slice(x.shape.length - spatial - 1).every((size) => size > 0))
    return;
  throw new ShapeError(
    `${named(of)}: expected an input without empty dimensions but for the batch, got ${formatShape(x.shape)}`,
  );
}

type AverageWindows = Omit<Required<AveragePool1dParameters>, "input" | "kernelSize"> & {
  readonly divisorOverride?: number | null;
};

function averagePool(of: string, spatial: number, x: Tensor, size: Size, windows: AverageWindows): Tensor {
  const input = numericInput(of, x);
  requireChannels(of, input, spatial);
  const [y] = overNumbers(of, [input], ([own]) => [poolMean(of, spatial, own as Value, size, windows)]);
  return new Tensor(y);
}

function poolMean(of: string, spatial: number, x: Value, size: Size, windows: AverageWindows): Value {
  const { stride, padding, ceilMode, countIncludePad, divisorOverride = null } = windows;
  const kernel = sizes(of, "kernelSize", size, spatial, 1);
  if (divisorOverride === 0)
    throw new ArgumentError(`${named(of)}: expected a \`divisorOverride\` that is not 0`);
  const geometry = {
    kernelSize: pair(kernel, 1),
    stride: pair(strideOf(of, stride, kernel), 1),
    padding: pair(sizes(of, "padding", padding, spatial, 0), 0),
    ceilMode,
    countIncludePad,
    divisorOverride,
  };
  return overImages(of, x, spatial, (image) => [ops.avgPool2d(image, geometry)])[0];
}

const UNPADDED = { padding: 0, countIncludePad: true } as const;

/** A mean of powers, times the size of the window; 0 (with gradient 0) if the sum is 0. */
function poolNorm(of: string, spatial: number, args: Required<NormPoolParameters>): Value {
  const { normType, kernelSize, stride, ceilMode } = args;
  if (normType === 0) throw new ArgumentError(`${named(of)}: expected a \`normType\` other than 0`);
  const x = floatingInput(of, args.input);
  const powers = normType === 2 ? mul(x, x) : pow(x, constant(normType, x.dtype));
  const average = poolMean(of, spatial, powers, kernelSize, { stride, ceilMode, ...UNPADDED });
  const area = sizes(of, "kernelSize", kernelSize, spatial, 1).reduce((a, b) => a * b, 1);
  const total = mul(average, constant(area, x.dtype));
  const zero = constant(0, x.dtype);
  const none = eq(total, zero);
  // The root's slope at 0 is infinite: a 1 stands in for it, so that no 0 * Infinity comes back.
  const root = pow(where(none, constant(1, x.dtype), total), constant(1 / normType, x.dtype));
  return where(none, zero, root);
}

/** Runs `body` on [N, C, H, W], whatever of it the input lacks. */
function overImages(of: string, x: Value, spatial: number, body: (image: Value) => Value[]): Value[] {
  return withBatch(of, x, spatial, (batched) =>
    inNameOf(of, () => (spatial === 1 ? body(asFlatImage(batched)).map(fromFlatImage) : body(batched))),
  );
}
