/** Pooling layers. */

import { parameterTable } from "../../base/params/arguments.ts";
import type { Size } from "../../tensor/functions/nn/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import { py } from "../module/module_text.ts";

/** What the max pooling layers take. */
export interface MaxPoolSettings {
  /** The window in pixels: one number or (height, width). */
  kernelSize: Size;
  /** Step of the window in pixels; null for the size of the window. @default null */
  stride?: Size | null;
  /** Border around the image in pixels, at most half of the window. @default 0 */
  padding?: Size;
  /** Distance between the window's elements in pixels. @default 1 */
  dilation?: Size;
  /** Whether the result is [output, indices]. @default false */
  returnIndices?: boolean;
  /** Whether a last window that covers the input only partly is kept. @default false */
  ceilMode?: boolean;
}

type MaxPooling = Required<MaxPoolSettings> & { stride: Size };

function maxPool(name: string, compute: (input: Tensor, settings: MaxPooling) => Tensor | Tensor[]) {
  return defineLayer(
    parameterTable<MaxPoolSettings>(name)(
      ["kernelSize", "stride?", "padding?", "dilation?", "returnIndices?:boolean", "ceilMode?:boolean"],
      (kernelSize, stride = null, padding = 0, dilation = 1, returnIndices = false, ceilMode = false) => ({
        kernelSize,
        stride: stride ?? kernelSize,
        padding,
        dilation,
        returnIndices,
        ceilMode,
      }),
    ),
    {
      forward: ({ kernelSize, stride, padding, dilation, ceilMode, returnIndices }, input: Tensor) =>
        compute(input, { kernelSize, stride, padding, dilation, ceilMode, returnIndices }),
      describe: (s) =>
        `kernel_size=${py(s.kernelSize)}, stride=${py(s.stride)}, padding=${py(s.padding)}, ` +
        `dilation=${py(s.dilation)}, ceil_mode=${py(s.ceilMode)}`,
    },
  );
}

/**
 * Largest element of each window.
 *
 * @param kernelSize - the window; one number or (height, width), as `stride`, `padding` and `dilation`.
 * @param stride - step of the window; the window's size if it is not given.
 * @param returnIndices - gives [output, indices].
 * @param ceilMode - keeps a last window that only partly covers the input.
 * @example
 * ```ts
 * nn.MaxPool2d({ kernelSize: 3, stride: 2 })(randn(8, 96, 54, 54)).shape; // [8, 96, 26, 26]
 * ```
 */
export const MaxPool2d = maxPool("MaxPool2d", (input, { kernelSize, ...rest }) =>
  F.maxPool2d(input, kernelSize, rest),
);
export type MaxPool2d = InstanceType<typeof MaxPool2d>;

/**
 * Largest element of each window of sequences [N, C, L].
 *
 * @example
 * ```ts
 * nn.MaxPool1d(2)(randn(8, 6, 10)).shape; // [8, 6, 5]
 * ```
 */
export const MaxPool1d = maxPool("MaxPool1d", (input, { kernelSize, ...rest }) =>
  F.maxPool1d(input, kernelSize, rest),
);
export type MaxPool1d = InstanceType<typeof MaxPool1d>;

/** What `AvgPool2d` takes. */
export interface AvgPoolSettings {
  /** The window in pixels: one number or (height, width). */
  kernelSize: Size;
  /** Step of the window in pixels; null for the size of the window. @default null */
  stride?: Size | null;
  /** Border around the image in pixels, at most half of the window. @default 0 */
  padding?: Size;
  /** Whether a last window that covers the input only partly is kept. @default false */
  ceilMode?: boolean;
  /** Whether the padding counts as elements. @default true */
  countIncludePad?: boolean;
  /** Divisor in place of the number of elements; null for that number. @default null */
  divisorOverride?: number | null;
}

/**
 * Mean of each window.
 *
 * @param countIncludePad - whether padding counts as elements.
 * @param divisorOverride - divides by this instead of the number of elements.
 * @example
 * ```ts
 * nn.AvgPool2d(2, 2)(randn(8, 6, 28, 28)).shape; // [8, 6, 14, 14]
 * ```
 */
export const AvgPool2d = defineLayer(
  parameterTable<AvgPoolSettings>("AvgPool2d")(
    [
      "kernelSize",
      "stride?",
      "padding?",
      "ceilMode?:boolean",
      "countIncludePad?:boolean",
      "divisorOverride?",
    ],
    (kernelSize, stride?, padding = 0, ceilMode = false, countIncludePad = true, divisorOverride = null) => ({
      kernelSize,
      stride: stride ?? kernelSize,
      padding,
      ceilMode,
      countIncludePad,
      divisorOverride,
    }),
  ),
  {
    forward: ({ kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride }, input: Tensor) =>
      F.avgPool2d(input, kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride }),
    describe: (s) => `kernel_size=${py(s.kernelSize)}, stride=${py(s.stride)}, padding=${py(s.padding)}`,
  },
);
export type AvgPool2d = InstanceType<typeof AvgPool2d>;

/** What `AvgPool1d` takes. */
export interface AvgPool1dSettings extends Omit<AvgPoolSettings, "divisorOverride"> {}

/** A setting as a list of one, as PyTorch prints it. */
const single = (size: Size) => py(Array.isArray(size) ? size : [size]);

/**
 * Mean of each window of sequences [N, C, L].
 *
 * @example
 * ```ts
 * nn.AvgPool1d(2)(randn(8, 6, 10)).shape; // [8, 6, 5]
 * ```
 */
export const AvgPool1d = defineLayer(
  parameterTable<AvgPool1dSettings>("AvgPool1d")(
    ["kernelSize", "stride?", "padding?", "ceilMode?:boolean", "countIncludePad?:boolean"],
    (kernelSize, stride = null, padding = 0, ceilMode = false, countIncludePad = true) => ({
      kernelSize,
      stride: stride ?? kernelSize,
      padding,
      ceilMode,
      countIncludePad,
    }),
  ),
  {
    forward: ({ kernelSize, stride, padding, ceilMode, countIncludePad }, input: Tensor) =>
      F.avgPool1d(input, kernelSize, { stride, padding, ceilMode, countIncludePad }),
    describe: (s) =>
      `kernel_size=${single(s.kernelSize)}, stride=${single(s.stride)}, padding=${single(s.padding)}`,
  },
);
export type AvgPool1d = InstanceType<typeof AvgPool1d>;

/** What the power-average pooling layers take. */
export interface LPPoolSettings {
  /** The p of the p-norm. */
  normType: number;
  /** The window in pixels: one number or (height, width). */
  kernelSize: Size;
  /** Step of the window in pixels; null for the size of the window. @default null */
  stride?: Size | null;
  /** Whether a last window that covers the input only partly is kept. @default false */
  ceilMode?: boolean;
}

function normPool(name: string, compute: (input: Tensor, settings: Required<LPPoolSettings>) => Tensor) {
  return defineLayer(
    parameterTable<LPPoolSettings>(name)(
      ["normType:number", "kernelSize", "stride?", "ceilMode?:boolean"],
      (normType, kernelSize, stride = null, ceilMode = false) => ({ normType, kernelSize, stride, ceilMode }),
    ),
    {
      forward: (settings, input: Tensor) => compute(input, settings),
      describe: (s) =>
        `norm_type=${py(s.normType)}, kernel_size=${py(s.kernelSize)}, stride=${py(s.stride)}, ceil_mode=${py(s.ceilMode)}`,
    },
  );
}

/**
 * (sum of x^p)^(1/p) over each window of [N, C, H, W].
 *
 * @example
 * ```ts
 * nn.LPPool2d(2, 2)(tensor([[[1.5, 0], [2, 0]]])).tolist(); // [[[2.5]]]
 * ```
 */
export const LPPool2d = normPool("LPPool2d", (input, { normType, kernelSize, stride, ceilMode }) =>
  F.lpPool2d(input, normType, kernelSize, { stride, ceilMode }),
);
export type LPPool2d = InstanceType<typeof LPPool2d>;
/**
 * (sum of x^p)^(1/p) over each window of [N, C, L].
 *
 * @example
 * ```ts
 * nn.LPPool1d(2, 2)(tensor([[1.5, 2]])).tolist(); // [[2.5]]
 * ```
 */
export const LPPool1d = normPool("LPPool1d", (input, { normType, kernelSize, stride, ceilMode }) =>
  F.lpPool1d(input, normType, kernelSize as number, { stride: stride as number | null, ceilMode }),
);
export type LPPool1d = InstanceType<typeof LPPool1d>;
