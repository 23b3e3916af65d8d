/** Layers that change the shape of their input: flattening, resizing, taking patches. */
import { ArgumentError } from "../../base/errors.ts";
import { flatten, reshape } from "../../tensor/functions/shape/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer, type Size } from "../module/layer.ts";
import { py, pyFloat } from "../module/module_text.ts";

export interface FlattenSettings {
  startDim: number;
  endDim: number;
}

/**
 * Dimensions from `startDim` to `endDim` as one: pictures as vectors.
 *
 * @example
 * ```ts
 * nn.Flatten()(randn(8, 16, 5, 5)).shape; // [8, 400]
 * ```
 */
export const Flatten = defineLayer<
  | [startDim?: number, endDim?: number]
  | [startDim: number, options: { endDim?: number }]
  | [options: Partial<FlattenSettings>],
  FlattenSettings
>("Flatten", ["startDim?", "endDim?"], {
  defaults: { startDim: 1, endDim: -1 },
  forward: ({ startDim, endDim }, input: Tensor) => flatten(input, startDim, endDim),
  describe: (s) => `start_dim=${s.startDim}, end_dim=${s.endDim}`,
});
export type Flatten = InstanceType<typeof Flatten>;

export interface UnflattenSettings {
  dim: number;
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
export const Unflatten = defineLayer<
  | [dim: number, unflattenedSize: readonly number[]]
  | [dim: number, options: { unflattenedSize: readonly number[] }]
  | [options: UnflattenSettings],
  UnflattenSettings
>("Unflatten", ["dim", "unflattenedSize"], {
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
});
export type Unflatten = InstanceType<typeof Unflatten>;

/**
 * Its input, unchanged; takes and ignores any arguments.
 *
 * @example
 * ```ts
 * nn.Identity()(x).shape; // [8, 4]
 * ```
 */
export const Identity = defineLayer<unknown[], object>("Identity", ["*ignored"], {
  forward: (_settings, input: Tensor) => input,
});
export type Identity = InstanceType<typeof Identity>;

type Factor = number | readonly number[];
export interface UpsampleSettings {
  size: Size | null;
  scaleFactor: Factor | null;
  mode: "nearest" | "bilinear";
  alignCorners: boolean | null;
  recomputeScaleFactor: boolean | null;
}

function resized({ size, scaleFactor, mode, alignCorners }: UpsampleSettings, input: Tensor): Tensor {
  return F.interpolate(input, { size, scaleFactor, mode, alignCorners } as any);
}

function describeResize(s: UpsampleSettings): string {
  const { scaleFactor } = s;
  const target =
    scaleFactor === null
      ? `size=${py(s.size)}`
      : `scale_factor=${typeof scaleFactor === "number" ? pyFloat(scaleFactor) : `(${scaleFactor.map(pyFloat).join(", ")})`}`;
  return `${target}, mode='${s.mode}'`;
}

/**
 * A larger (or smaller) picture, to a size or by a factor.
 *
 * @param mode - `"nearest"` or `"bilinear"`.
 * @param alignCorners - whether corner pixels keep their values (bilinear only).
 * @example
 * ```ts
 * nn.Upsample({ scaleFactor: 2, mode: "bilinear" })(randn(8, 3, 7, 7)).shape; // [8, 3, 14, 14]
 * ```
 */
export const Upsample = defineLayer<
  | [
      size?: Size | null,
      scaleFactor?: Factor | null,
      mode?: "nearest" | "bilinear",
      alignCorners?: boolean | null,
    ]
  | [size: Size | null, options: Partial<UpsampleSettings>]
  | [options: Partial<UpsampleSettings>],
  UpsampleSettings
>("Upsample", ["size?", "scaleFactor?", "mode?", "alignCorners?", "recomputeScaleFactor?"], {
  defaults: {
    size: null,
    scaleFactor: null,
    mode: "nearest",
    alignCorners: null,
    recomputeScaleFactor: null,
  },
  forward: (settings, input: Tensor) => resized(settings, input),
  describe: describeResize,
});
export type Upsample = InstanceType<typeof Upsample>;

type ResizeArguments =
  | [size?: Size | null, scaleFactor?: Factor | null]
  | [options: { size?: Size | null; scaleFactor?: Factor | null }];

function resizeLayer(name: string, mode: "nearest" | "bilinear", alignCorners: boolean | null) {
  return defineLayer<ResizeArguments, UpsampleSettings>(name, ["size?", "scaleFactor?"], {
    defaults: { size: null, scaleFactor: null, mode, alignCorners, recomputeScaleFactor: null },
    forward: (settings, input: Tensor) => resized(settings, input),
    describe: describeResize,
  });
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

export interface UnfoldSettings {
  kernelSize: Size;
  dilation: Size;
  padding: Size;
  stride: Size;
}
type UnfoldRest = Partial<Omit<UnfoldSettings, "kernelSize">>;

const patches = (s: UnfoldSettings) =>
  `kernel_size=${py(s.kernelSize)}, dilation=${py(s.dilation)}, padding=${py(s.padding)}, stride=${py(s.stride)}`;

/**
 * Patches of [N, C, H, W] as columns: [N, C kh kw, L].
 *
 * @example
 * ```ts
 * nn.Unfold(2, { stride: 2 })(randn(8, 3, 6, 6)).shape; // [8, 12, 9]
 * ```
 */
export const Unfold = defineLayer<
  | [kernelSize: Size, dilation?: Size, padding?: Size, stride?: Size]
  | [kernelSize: Size, options?: UnfoldRest]
  | [options: UnfoldRest & { kernelSize: Size }],
  UnfoldSettings
>("Unfold", ["kernelSize", "dilation?", "padding?", "stride?"], {
  defaults: { dilation: 1, padding: 0, stride: 1 },
  forward: ({ kernelSize, dilation, padding, stride }, input: Tensor) =>
    F.unfold(input, kernelSize as any, { dilation, padding, stride } as any),
  describe: patches,
});
export type Unfold = InstanceType<typeof Unfold>;

export interface FoldSettings extends UnfoldSettings {
  outputSize: Size;
}

/**
 * Columns back to a picture, where overlapping patches add up: the gradient of `Unfold`.
 *
 * @example
 * ```ts
 * nn.Fold([6, 6], 2, { stride: 2 })(randn(8, 12, 9)).shape; // [8, 3, 6, 6]
 * ```
 */
export const Fold = defineLayer<
  | [outputSize: Size, kernelSize: Size, dilation?: Size, padding?: Size, stride?: Size]
  | [outputSize: Size, kernelSize: Size, options?: UnfoldRest]
  | [options: UnfoldRest & { outputSize: Size; kernelSize: Size }],
  FoldSettings
>("Fold", ["outputSize", "kernelSize", "dilation?", "padding?", "stride?"], {
  defaults: { dilation: 1, padding: 0, stride: 1 },
  forward: ({ outputSize, kernelSize, dilation, padding, stride }, input: Tensor) =>
    F.fold(input, outputSize as any, kernelSize as any, { dilation, padding, stride } as any),
  describe: (s) => `output_size=${py(s.outputSize)}, ${patches(s)}`,
});
export type Fold = InstanceType<typeof Fold>;
