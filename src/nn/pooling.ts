/** Pooling layers. */
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { defineLayer, type Size } from "./layer.ts";
import { py } from "./module_text.ts";

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

/**
 * Largest element of each window.
 *
 * @param kernelSize - the window; one number or (height, width), as `stride`, `padding` and `dilation`.
 * @param stride - step of the window; the window's size where it is not given.
 * @param returnIndices - gives [output, indices].
 * @param ceilMode - keeps a last window that only partly covers the input.
 * @example
 * ```ts
 * nn.MaxPool2d({ kernelSize: 3, stride: 2 });
 * ```
 */
export const MaxPool2d = defineLayer<MaxPoolArguments, MaxPoolSettings>(
  "MaxPool2d",
  ["kernelSize", "stride?", "padding?", "dilation?", "returnIndices?", "ceilMode?"],
  {
    defaults: { padding: 0, dilation: 1, returnIndices: false, ceilMode: false },
    prepare: strideOfKernel,
    forward: ({ kernelSize, stride, padding, dilation, ceilMode, returnIndices }, input: Tensor) =>
      F.maxPool2d(input, kernelSize, { stride, padding, dilation, ceilMode, returnIndices }),
    describe: (s) =>
      `kernel_size=${py(s.kernelSize)}, stride=${py(s.stride)}, padding=${py(s.padding)}, ` +
      `dilation=${py(s.dilation)}, ceil_mode=${py(s.ceilMode)}`,
  },
);
export type MaxPool2d = InstanceType<typeof MaxPool2d>;

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

/** Size of the output; null keeps the input's. */
type OutputSize = number | null | readonly (number | null)[];

/** Mean of windows that divide the picture into `outputSize` parts, evenly or overlapping. */
export const AdaptiveAvgPool2d = defineLayer<
  [outputSize: OutputSize] | [options: { outputSize: OutputSize }],
  { outputSize: OutputSize }
>("AdaptiveAvgPool2d", ["outputSize"], {
  forward: ({ outputSize }, input: Tensor) => F.adaptiveAvgPool2d(input, outputSize as any),
  describe: (s) => `output_size=${py(s.outputSize)}`,
});
export type AdaptiveAvgPool2d = InstanceType<typeof AdaptiveAvgPool2d>;

export interface AdaptiveMaxSettings {
  outputSize: OutputSize;
  returnIndices: boolean;
}

/** Largest element of windows that divide the picture into `outputSize` parts, evenly or overlapping. */
export const AdaptiveMaxPool2d = defineLayer<
  | [outputSize: OutputSize, returnIndices?: boolean]
  | [outputSize: OutputSize, options?: { returnIndices?: boolean }]
  | [options: { outputSize: OutputSize; returnIndices?: boolean }],
  AdaptiveMaxSettings
>("AdaptiveMaxPool2d", ["outputSize", "returnIndices?"], {
  defaults: { returnIndices: false },
  forward: ({ outputSize, returnIndices }, input: Tensor) =>
    F.adaptiveMaxPool2d(input, outputSize as any, { returnIndices }),
  describe: (s) => `output_size=${py(s.outputSize)}`,
});
export type AdaptiveMaxPool2d = InstanceType<typeof AdaptiveMaxPool2d>;
