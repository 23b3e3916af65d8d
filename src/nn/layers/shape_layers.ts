/** Layers that change the shape of their input: flattening, resizing, taking patches. */

import { ArgumentError } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import type { Size } from "../../tensor/functions/nn/arguments.ts";
import { flatten, reshape } from "../../tensor/functions/shape/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import { py, pyFloat } from "../module/module_text.ts";

/** What `Flatten` takes. */
export interface FlattenSettings {
  /** The first of the dimensions that become one. @default 1 */
  startDim?: number;
  /** The last of the dimensions that become one. @default -1 */
  endDim?: number;
}

/**
 * Dimensions from `startDim` to `endDim` as one: images as vectors.
 *
 * @example
 * ```ts
 * nn.Flatten()(randn(8, 16, 5, 5)).shape; // [8, 400]
 * ```
 */
export const Flatten = defineLayer(
  parameterTable<FlattenSettings>("Flatten")(["startDim?", "endDim?"], (startDim = 1, endDim = -1) => ({
    startDim,
    endDim,
  })),
  {
    forward: ({ startDim, endDim }, input: Tensor) => flatten(input, startDim, endDim),
    describe: (s) => `start_dim=${s.startDim}, end_dim=${s.endDim}`,
  },
);
export type Flatten = InstanceType<typeof Flatten>;

/** What `Unflatten` takes. */
export interface UnflattenSettings {
  /** The dimension that becomes several. */
  dim: number;
  /** The sizes that it becomes; one of them may be -1. */
  unflattenedSize: readonly number[];
}

/**
 * One dimension as several.
 *
 * @example
 * ```ts
 * nn.Unflatten(1, [16, 5, 5])(randn(8, 400)).shape; // [8, 16, 5, 5]
 * ```
 */
export const Unflatten = defineLayer(
  parameterTable<UnflattenSettings>("Unflatten")(["dim", "unflattenedSize"], (dim, unflattenedSize) => ({
    dim,
    unflattenedSize,
  })),
  {
    forward: ({ dim, unflattenedSize }, input: Tensor) => {
      const at = dim < 0 ? dim + input.ndim : dim;
      if (at < 0 || at >= input.ndim)
        throw new ArgumentError(
          `Unflatten: expected a dimension of an input of rank ${input.ndim}, got ${dim}`,
        );
      const shape = input.shape;
      return reshape(input, [...shape.slice(0, at), ...unflattenedSize, ...shape.slice(at + 1)]);
    },
    describe: (s) => `dim=${s.dim}, unflattened_size=${py(s.unflattenedSize)}`,
  },
);
export type Unflatten = InstanceType<typeof Unflatten>;

/** What `Identity` takes. */
export interface IgnoredSettings {
  /** Anything: nothing is done with it. @default [] */
  ignored?: readonly unknown[];
}

/**
 * Its input, unchanged; takes and ignores any arguments.
 *
 * @example
 * ```ts
 * nn.Identity()(x).shape; // [8, 4]
 * ```
 */
export const Identity = defineLayer(
  parameterTable<IgnoredSettings>("Identity")(["*ignored"], () => ({})),
  { forward: (_settings, input: Tensor) => input },
);
export type Identity = InstanceType<typeof Identity>;

type Factor = number | readonly number[];
/** What the resizing layers take. */
export interface UpsampleSizeSettings {
  /** Size of the output in pixels: one number or (height, width); null to go by `scaleFactor`. @default null */
  size?: Size | null;
  /** How many times as large the output is: one number or (height, width); null to go by `size`. @default null */
  scaleFactor?: Factor | null;
}

/** What `Upsample` takes. */
export interface UpsampleSettings extends UpsampleSizeSettings {
  /** How pixels between those of the input are made. @default "nearest" */
  mode?: "nearest" | "bilinear";
  /** Whether corner pixels keep their values; null for no (bilinear only). @default null */
  alignCorners?: boolean | null;
  /** Taken as in PyTorch; the factor is used as it is. @default null */
  recomputeScaleFactor?: boolean | null;
}

type Resizing = Required<UpsampleSettings>;

function resized({ size, scaleFactor, mode, alignCorners }: Resizing, input: Tensor): Tensor {
  return F.interpolate(input, { size, scaleFactor, mode, alignCorners } as any);
}

function describeResize(s: Resizing): string {
  const { scaleFactor } = s;
  const target =
    scaleFactor === null
      ? `size=${py(s.size)}`
      : `scale_factor=${typeof scaleFactor === "number" ? pyFloat(scaleFactor) : `(${scaleFactor.map(pyFloat).join(", ")})`}`;
  return `${target}, mode='${s.mode}'`;
}

/**
 * A larger (or smaller) image, to a size or by a factor.
 *
 * @param mode - `"nearest"` or `"bilinear"`.
 * @param alignCorners - whether corner pixels keep their values (bilinear only).
 * @example
 * ```ts
 * nn.Upsample({ scaleFactor: 2, mode: "bilinear" })(randn(8, 3, 7, 7)).shape; // [8, 3, 14, 14]
 * ```
 */
export const Upsample = defineLayer(
  parameterTable<UpsampleSettings>("Upsample")(
    [
      "size?:integers|null",
      "scaleFactor?",
      "mode?",
      "alignCorners?:boolean|null",
      "recomputeScaleFactor?:boolean|null",
    ],
    (
      size = null,
      scaleFactor = null,
      mode = "nearest",
      alignCorners = null,
      recomputeScaleFactor = null,
    ) => ({ size, scaleFactor, mode, alignCorners, recomputeScaleFactor }),
  ),
  { forward: (settings, input: Tensor) => resized(settings, input), describe: describeResize },
);
export type Upsample = InstanceType<typeof Upsample>;

function resizeLayer(name: string, mode: "nearest" | "bilinear", alignCorners: boolean | null) {
  return defineLayer(
    parameterTable<UpsampleSizeSettings>(name)(
      ["size?:integers|null", "scaleFactor?"],
      (size = null, scaleFactor = null) => ({
        size,
        scaleFactor,
        mode,
        alignCorners,
        recomputeScaleFactor: null,
      }),
    ),
    { forward: (settings, input: Tensor) => resized(settings, input), describe: describeResize },
  );
}

/**
 * `Upsample` with mode `"nearest"`.
 *
 * @example
 * ```ts
 * nn.UpsamplingNearest2d({ scaleFactor: 2 })(randn(8, 3, 7, 7)).shape; // [8, 3, 14, 14]
 * ```
 */
export const UpsamplingNearest2d = resizeLayer("UpsamplingNearest2d", "nearest", null);
export type UpsamplingNearest2d = InstanceType<typeof UpsamplingNearest2d>;
/**
 * `Upsample` with mode `"bilinear"` and aligned corners.
 *
 * @example
 * ```ts
 * nn.UpsamplingBilinear2d({ scaleFactor: 2 })(randn(8, 3, 7, 7)).shape; // [8, 3, 14, 14]
 * ```
 */
export const UpsamplingBilinear2d = resizeLayer("UpsamplingBilinear2d", "bilinear", true);
export type UpsamplingBilinear2d = InstanceType<typeof UpsamplingBilinear2d>;

/** What `Unfold` takes. */
export interface UnfoldSettings {
  /** The patch in pixels: one number or (height, width). */
  kernelSize: Size;
  /** Distance between the patch's elements in pixels. @default 1 */
  dilation?: Size;
  /** Border around the image in pixels. @default 0 */
  padding?: Size;
  /** Step from patch to patch in pixels. @default 1 */
  stride?: Size;
}

const patches = (s: Required<UnfoldSettings>) =>
  `kernel_size=${py(s.kernelSize)}, dilation=${py(s.dilation)}, padding=${py(s.padding)}, stride=${py(s.stride)}`;

/**
 * Patches of [N, C, H, W] as columns: [N, C kh kw, L].
 *
 * @example
 * ```ts
 * nn.Unfold(2, { stride: 2 })(randn(8, 3, 6, 6)).shape; // [8, 12, 9]
 * ```
 */
export const Unfold = defineLayer(
  parameterTable<UnfoldSettings>("Unfold")(
    ["kernelSize", "dilation?", "padding?", "stride?"],
    (kernelSize, dilation = 1, padding = 0, stride = 1) => ({ kernelSize, dilation, padding, stride }),
  ),
  {
    forward: ({ kernelSize, dilation, padding, stride }, input: Tensor) =>
      F.unfold(input, kernelSize as any, { dilation, padding, stride } as any),
    describe: patches,
  },
);
export type Unfold = InstanceType<typeof Unfold>;

/** What `Fold` takes. */
export interface FoldSettings extends UnfoldSettings {
  /** Size of the image in pixels: one number or (height, width). */
  outputSize: Size;
}

/**
 * Columns back to an image, where overlapping patches add up: the gradient of `Unfold`.
 *
 * @example
 * ```ts
 * nn.Fold([6, 6], 2, { stride: 2 })(randn(8, 12, 9)).shape; // [8, 3, 6, 6]
 * ```
 */
export const Fold = defineLayer(
  parameterTable<FoldSettings>("Fold")(
    ["outputSize", "kernelSize", "dilation?", "padding?", "stride?"],
    (outputSize, kernelSize, dilation = 1, padding = 0, stride = 1) => ({
      outputSize,
      kernelSize,
      dilation,
      padding,
      stride,
    }),
  ),
  {
    forward: ({ outputSize, kernelSize, dilation, padding, stride }, input: Tensor) =>
      F.fold(input, outputSize as any, kernelSize as any, { dilation, padding, stride } as any),
    describe: (s) => `output_size=${py(s.outputSize)}, ${patches(s)}`,
  },
);
export type Fold = InstanceType<typeof Fold>;
