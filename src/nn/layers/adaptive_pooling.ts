/** Pooling to a given size of output. */
import { parameterTable } from "../../base/params/arguments.ts";
import type { OutputSize } from "../../tensor/functions/nn/adaptive_pooling.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import { py } from "../module/module_text.ts";

/** What the adaptive average pooling layers take. */
export interface AdaptiveSettings {
  /** Size of the output in pixels: one number or (height, width); null keeps the input's. */
  outputSize: OutputSize;
}
const adaptiveTable = (name: string) =>
  parameterTable<AdaptiveSettings>(name)(["outputSize"], (outputSize) => ({ outputSize }));

/**
 * Mean of windows that divide the image into `outputSize` parts, evenly or overlapping.
 *
 * @example
 * ```ts
 * nn.AdaptiveAvgPool2d([1, 1])(randn(8, 10, 5, 5)).shape; // [8, 10, 1, 1]
 * ```
 */
export const AdaptiveAvgPool2d = defineLayer(adaptiveTable("AdaptiveAvgPool2d"), {
  forward: ({ outputSize }, input: Tensor) => F.adaptiveAvgPool2d.direct(input, outputSize),
  describe: (s) => `output_size=${py(s.outputSize)}`,
});
export type AdaptiveAvgPool2d = InstanceType<typeof AdaptiveAvgPool2d>;

/** What the adaptive max pooling layers take. */
export interface AdaptiveMaxSettings extends AdaptiveSettings {
  /** Whether the result is [output, indices]. @default false */
  returnIndices?: boolean;
}
const adaptiveMaxTable = (name: string) =>
  parameterTable<AdaptiveMaxSettings>(name)(
    ["outputSize", "returnIndices?:boolean"],
    (outputSize, returnIndices = false) => ({ outputSize, returnIndices }),
  );

/**
 * Largest element of windows that divide the image into `outputSize` parts, evenly or overlapping.
 *
 * @example
 * ```ts
 * nn.AdaptiveMaxPool2d(2)(randn(8, 10, 5, 5)).shape; // [8, 10, 2, 2]
 * ```
 */
export const AdaptiveMaxPool2d = defineLayer(adaptiveMaxTable("AdaptiveMaxPool2d"), {
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
export const AdaptiveAvgPool1d = defineLayer(adaptiveTable("AdaptiveAvgPool1d"), {
  forward: ({ outputSize }, input: Tensor) => F.adaptiveAvgPool1d.direct(input, outputSize),
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
export const AdaptiveMaxPool1d = defineLayer(adaptiveMaxTable("AdaptiveMaxPool1d"), {
  forward: ({ outputSize, returnIndices }, input: Tensor) =>
    F.adaptiveMaxPool1d(input, outputSize as any, { returnIndices } as any),
  describe: (s) => `output_size=${py(s.outputSize)}`,
});
export type AdaptiveMaxPool1d = InstanceType<typeof AdaptiveMaxPool1d>;
