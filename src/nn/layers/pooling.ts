/** Pooling layers. */
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer, type Size } from "../module/layer.ts";
import { py } from "../module/module_text.ts";

export interface MaxPoolSettings {
  kernelSize: Size;
  stride: Size;
  padding: Size;
  dilation: Size;
  returnIndices: boolean;
  ceilMode: boolean;
}

type MaxPoolArguments =
  | [
      kernelSize: Size,
      stride?: Size | null,
      padding?: Size,
      dilation?: Size,
      returnIndices?: boolean,
      ceilMode?: boolean,
    ]
  | [kernelSize: Size, options?: Partial<MaxPoolSettings>]
  | [kernelSize: Size, stride: Size | null, options?: Partial<MaxPoolSettings>]
  | [options: Partial<MaxPoolSettings> & { kernelSize: Size }];

/** Without a stride the windows lie side by side. */
function strideOfKernel(settings: { kernelSize: Size; stride: Size | null | undefined }): void {
  settings.stride ??= settings.kernelSize;
}

function maxPool(name: string, compute: (input: Tensor, settings: MaxPoolSettings) => Tensor | Tensor[]) {
  return defineLayer<MaxPoolArguments, MaxPoolSettings>(
    name,
    ["kernelSize", "stride?", "padding?", "dilation?", "returnIndices?", "ceilMode?"],
    {
      defaults: { padding: 0, dilation: 1, returnIndices: false, ceilMode: false },
      prepare: strideOfKernel,
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
 * @param stride - step of the window; the window's size where it is not given.
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

export interface AvgPoolSettings {
  kernelSize: Size;
  stride: Size;
  padding: Size;
  ceilMode: boolean;
  countIncludePad: boolean;
  divisorOverride: number | null;
}

type AvgPoolArguments =
  | [
      kernelSize: Size,
      stride?: Size | null,
      padding?: Size,
      ceilMode?: boolean,
      countIncludePad?: boolean,
      divisorOverride?: number | null,
    ]
  | [kernelSize: Size, options?: Partial<AvgPoolSettings>]
  | [kernelSize: Size, stride: Size | null, options?: Partial<AvgPoolSettings>]
  | [options: Partial<AvgPoolSettings> & { kernelSize: Size }];

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
export const AvgPool2d = defineLayer<AvgPoolArguments, AvgPoolSettings>(
  "AvgPool2d",
  ["kernelSize", "stride?", "padding?", "ceilMode?", "countIncludePad?", "divisorOverride?"],
  {
    defaults: { padding: 0, ceilMode: false, countIncludePad: true, divisorOverride: null },
    prepare: strideOfKernel,
    forward: ({ kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride }, input: Tensor) =>
      F.avgPool2d(input, kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride }),
    describe: (s) => `kernel_size=${py(s.kernelSize)}, stride=${py(s.stride)}, padding=${py(s.padding)}`,
  },
);
export type AvgPool2d = InstanceType<typeof AvgPool2d>;

export type AvgPool1dSettings = Omit<AvgPoolSettings, "divisorOverride">;
type AvgPool1dArguments =
  | [kernelSize: Size, stride?: Size | null, padding?: Size, ceilMode?: boolean, countIncludePad?: boolean]
  | [kernelSize: Size, options?: Partial<AvgPool1dSettings>]
  | [kernelSize: Size, stride: Size | null, options?: Partial<AvgPool1dSettings>]
  | [options: Partial<AvgPool1dSettings> & { kernelSize: Size }];

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
export const AvgPool1d = defineLayer<AvgPool1dArguments, AvgPool1dSettings>(
  "AvgPool1d",
  ["kernelSize", "stride?", "padding?", "ceilMode?", "countIncludePad?"],
  {
    defaults: { padding: 0, ceilMode: false, countIncludePad: true },
    prepare: strideOfKernel,
    forward: ({ kernelSize, stride, padding, ceilMode, countIncludePad }, input: Tensor) =>
      F.avgPool1d(input, kernelSize, { stride, padding, ceilMode, countIncludePad }),
    describe: (s) =>
      `kernel_size=${single(s.kernelSize)}, stride=${single(s.stride)}, padding=${single(s.padding)}`,
  },
);
export type AvgPool1d = InstanceType<typeof AvgPool1d>;

export interface LPPoolSettings {
  normType: number;
  kernelSize: Size;
  stride: Size | null;
  ceilMode: boolean;
}
type LPPoolArguments =
  | [normType: number, kernelSize: Size, stride?: Size | null, ceilMode?: boolean]
  | [normType: number, kernelSize: Size, options?: { stride?: Size | null; ceilMode?: boolean }]
  | [options: Partial<LPPoolSettings> & { normType: number; kernelSize: Size }];

function normPool(name: string, compute: (input: Tensor, settings: LPPoolSettings) => Tensor) {
  return defineLayer<LPPoolArguments, LPPoolSettings>(
    name,
    ["normType", "kernelSize", "stride?", "ceilMode?"],
    {
      defaults: { stride: null, ceilMode: false },
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
