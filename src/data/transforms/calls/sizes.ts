/** The calls of transforms that change the size of images. */
import { ArgumentError } from "../../../base/errors.ts";
import { defineTransform } from "../transform.ts";
import type { ImagePaddingMode, ResizeInterpolation } from "../transform_spec.ts";
import {
  interpolationOf,
  type PaddingArgument,
  paddingModeOf,
  paddingOf,
  positiveRangeOf,
  type SizeArgument,
  sizeOf,
} from "./checks.ts";

/** What `Resize` takes. */
export interface ResizeSettings {
  /** [height, width] in pixels, or the length of the shorter edge. */
  size: SizeArgument;
  /** `"nearest"`, `"nearest-exact"` (Pillow's nearest), `"bilinear"` or `"bicubic"`. @default "bilinear" */
  interpolation?: ResizeInterpolation;
  /** With one number as size: an upper limit for the longer edge, in pixels. @default null */
  maxSize?: number | null;
  /** Whether the filter is widened for float32 images that shrink; for uint8 ones it always is. @default true */
  antialias?: boolean;
}

/**
 * Resizes. uint8 images come out bit for bit as from Pillow, which torchvision uses for images read from files
 * (torchvision's own kernel for uint8 tensors has coarser weights and differs from it by a level here and there);
 * float32 images as from torchvision on tensors. `"nearest"` is PyTorch's, `"nearest-exact"` Pillow's.
 *
 * @param size - [height, width], or the length of the shorter edge
 * @param maxSize - with one number: an upper limit for the longer edge
 * @param antialias - false turns the wider filter off for float32 images that shrink; uint8 ones always have it
 * @example
 * ```ts
 * (await data.transforms.Resize([224, 224])(x)).shape; // [8, 1, 224, 224]
 * ```
 */
export const Resize = defineTransform<ResizeSettings>("Resize")(
  ["size:integers|null", "interpolation?", "maxSize?", "antialias?:boolean"],
  (size, interpolation = "bilinear", maxSize = null, antialias = true) => {
    const edge = Array.isArray(size) && size.length === 1 ? size[0] : size;
    if (maxSize !== null && typeof edge !== "number") {
      throw new ArgumentError("Resize: maxSize goes with one number as size, not with [height, width]");
    }
    const target = typeof edge === "number" ? sizeOf(edge, "Resize")[0] : sizeOf(edge, "Resize");
    return {
      kind: "Resize",
      size: target,
      interpolation: interpolationOf(interpolation, "Resize"),
      maxSize,
      antialias,
    };
  },
);

/** What `CenterCrop` takes. */
export interface CenterCropSettings {
  /** The window in pixels: one number or [height, width]. */
  size: SizeArgument;
}

/**
 * The middle of each image; one that is too small gets a black border first.
 *
 * @example
 * ```ts
 * (await data.transforms.CenterCrop(24)(x)).shape; // [8, 1, 24, 24]
 * ```
 */
export const CenterCrop = defineTransform<CenterCropSettings>("CenterCrop")(
  ["size:integers|null"],
  (size) => ({ kind: "CenterCrop", size: sizeOf(size, "CenterCrop") }),
);

/** What `Pad` takes. */
export interface PadSettings {
  /** Width of the border in pixels: of all sides, of left/right and top/bottom, or of left, top, right, bottom. */
  padding: PaddingArgument;
  /** What stands in the border, in the range of the images. @default 0 */
  fill?: number;
  /** How the border is filled: `"constant"` (fill), `"edge"`, `"reflect"` (mirror without the edge), `"symmetric"` (with it). @default "constant" */
  paddingMode?: ImagePaddingMode;
}

/**
 * Adds a border.
 *
 * @param paddingMode - `"constant"` (fill), `"edge"`, `"reflect"` (mirror without the edge), `"symmetric"` (with it)
 * @example
 * ```ts
 * (await data.transforms.Pad(2)(x)).shape; // [8, 1, 32, 32]
 * ```
 */
export const Pad = defineTransform<PadSettings>("Pad")(
  ["padding", "fill?", "paddingMode?"],
  (padding, fill = 0, paddingMode = "constant") => ({
    kind: "Pad",
    padding: paddingOf(padding, "Pad"),
    fill,
    paddingMode: paddingModeOf(paddingMode, "Pad"),
  }),
);

/** What `RandomCrop` takes. */
export interface RandomCropSettings {
  /** The window in pixels: one number or [height, width]. */
  size: SizeArgument;
  /** Border that is added first, as `Pad` takes it; null for none. @default null */
  padding?: PaddingArgument | null;
  /** Whether an image smaller than the window gets a border. @default false */
  padIfNeeded?: boolean;
  /** What stands in the border, in the range of the images. @default 0 */
  fill?: number;
  /** How the border is filled: `"constant"` (fill), `"edge"`, `"reflect"` (mirror without the edge), `"symmetric"` (with it). @default "constant" */
  paddingMode?: ImagePaddingMode;
}

/**
 * A window at a random place, after padding.
 *
 * @example
 * ```ts
 * (await data.transforms.RandomCrop(28, { padding: 4 })(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const RandomCrop = defineTransform<RandomCropSettings>("RandomCrop")(
  ["size:integers|null", "padding?", "padIfNeeded?", "fill?", "paddingMode?"],
  (size, padding = null, padIfNeeded = false, fill = 0, paddingMode = "constant") => ({
    kind: "RandomCrop",
    size: sizeOf(size, "RandomCrop"),
    padding: padding === null ? null : paddingOf(padding, "RandomCrop"),
    padIfNeeded,
    fill,
    paddingMode: paddingModeOf(paddingMode, "RandomCrop"),
  }),
);

/** What `RandomResizedCrop` takes. */
export interface RandomResizedCropSettings {
  /** Size of the result in pixels: one number or [height, width]. */
  size: SizeArgument;
  /** Bounds of the part's area, as a fraction of the image's. @default [0.08, 1] */
  scale?: readonly number[];
  /** Bounds of its width / height. @default [3 / 4, 4 / 3] */
  ratio?: readonly number[];
  /** `"nearest"`, `"nearest-exact"` (Pillow's nearest), `"bilinear"` or `"bicubic"`. @default "bilinear" */
  interpolation?: ResizeInterpolation;
  /** Whether the filter is widened for float32 images that shrink; for uint8 ones it always is. @default true */
  antialias?: boolean;
}

/**
 * A random part of each image, resized.
 *
 * @param scale - bounds of the part's area, as a fraction of the image's
 * @param ratio - bounds of its width / height
 * @example
 * ```ts
 * (await data.transforms.RandomResizedCrop(24, { scale: [0.5, 1] })(x)).shape; // [8, 1, 24, 24]
 * ```
 */
export const RandomResizedCrop = defineTransform<RandomResizedCropSettings>("RandomResizedCrop")(
  ["size:integers|null", "scale?", "ratio?", "interpolation?", "antialias?:boolean"],
  (size, scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = "bilinear", antialias = true) => {
    return {
      kind: "RandomResizedCrop",
      size: sizeOf(size, "RandomResizedCrop"),
      scale: positiveRangeOf(scale, "RandomResizedCrop", "scale"),
      ratio: positiveRangeOf(ratio, "RandomResizedCrop", "ratio"),
      interpolation: interpolationOf(interpolation, "RandomResizedCrop"),
      antialias,
    };
  },
);
