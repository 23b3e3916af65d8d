/** Pooling to a given size of output. */
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import { py } from "../module/module_text.ts";

/** Size of the output; null keeps the input's. */
type OutputSize = number | null | readonly (number | null)[];

/**
 * Mean of windows that divide the picture into `outputSize` parts, evenly or overlapping.
 *
 * @example
 * ```ts
 * nn.AdaptiveAvgPool2d([1, 1])(randn(8, 10, 5, 5)).shape; // [8, 10, 1, 1]
 * ```
 */
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

/**
 * Largest element of windows that divide the picture into `outputSize` parts, evenly or overlapping.
 *
 * @example
 * ```ts
 * nn.AdaptiveMaxPool2d(2)(randn(8, 10, 5, 5)).shape; // [8, 10, 2, 2]
 * ```
 */
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

/**
 * Mean of windows that divide a sequence into `outputSize` parts.
 *
 * @example
 * ```ts
 * nn.AdaptiveAvgPool1d(2)(randn(8, 10, 5)).shape; // [8, 10, 2]
 * ```
 */
export const AdaptiveAvgPool1d = defineLayer<
  [outputSize: OutputSize] | [options: { outputSize: OutputSize }],
  { outputSize: OutputSize }
>("AdaptiveAvgPool1d", ["outputSize"], {
  forward: ({ outputSize }, input: Tensor) => F.adaptiveAvgPool1d(input, outputSize as any),
  describe: (s) => `output_size=${py(s.outputSize)}`,
});
export type AdaptiveAvgPool1d = InstanceType<typeof AdaptiveAvgPool1d>;

/**
 * Largest element of windows that divide a sequence into `outputSize` parts.
 *
 * @example
 * ```ts
 * nn.AdaptiveMaxPool1d(2)(randn(8, 10, 5)).shape; // [8, 10, 2]
 * ```
 */
export const AdaptiveMaxPool1d = defineLayer<
  | [outputSize: OutputSize, returnIndices?: boolean]
  | [outputSize: OutputSize, options?: { returnIndices?: boolean }]
  | [options: { outputSize: OutputSize; returnIndices?: boolean }],
  AdaptiveMaxSettings
>("AdaptiveMaxPool1d", ["outputSize", "returnIndices?"], {
  defaults: { returnIndices: false },
  forward: ({ outputSize, returnIndices }, input: Tensor) =>
    F.adaptiveMaxPool1d(input, outputSize as any, { returnIndices } as any),
  describe: (s) => `output_size=${py(s.outputSize)}`,
});
export type AdaptiveMaxPool1d = InstanceType<typeof AdaptiveMaxPool1d>;
