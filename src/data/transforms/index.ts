/** Transforms of images, under torchvision's names (torchvision.transforms). */
import { ArgumentError } from "../../base/errors.ts";
import { shownText, shownValue } from "../../base/shown_value.ts";
import { defineTransform, type Transform } from "./transform.ts";
import type { ImagePadding, ImagePaddingMode, ImageSize, TransformSpec } from "./transform_spec.ts";

export type { Transform } from "./transform.ts";
export { transformOf } from "./transform.ts";
export type { ImagePadding, ImagePaddingMode, TransformContext, TransformSpec } from "./transform_spec.ts";

/** One number for both, or height and width. */
export type SizeArgument = number | readonly number[];
/** One number for all sides; left/right and top/bottom; or left, top, right, bottom. */
export type PaddingArgument = number | readonly number[];

const PADDING_MODES: readonly ImagePaddingMode[] = ["constant", "edge", "reflect", "symmetric"];

/** What `Compose` takes. */
export interface ComposeSettings {
  /** The transforms in order. */
  transforms: readonly Transform[];
}

/**
 * One transform after the other.
 *
 * @example
 * ```ts
 * const { Compose, Resize, ToTensor } = data.transforms;
 * const bigger = Compose([Resize(64), ToTensor()]);
 * (await bigger(randint(0, 256, [1, 28, 28]).to("uint8"))).shape; // [1, 64, 64]
 * ```
 */
export const Compose = defineTransform<ComposeSettings>()("Compose", ["transforms"], (transforms) => ({
  kind: "Compose",
  transforms: specsOf(transforms),
}));

/**
 * uint8 images (0 to 255) to float32 (0 to 1): x / 255. float32 images pass unchanged. (Images already
 * are [C, H, W] here, so nothing is transposed.)
 *
 * @example
 * ```ts
 * (await data.transforms.ToTensor()(tensor([[[0, 255]]], { dtype: "uint8" }))).tolist(); // [[[0, 1]]]
 * ```
 */
export const ToTensor = defineTransform<object>()("ToTensor", [], () => ({ kind: "ToTensor" }));

/** What `Normalize` takes. */
export interface NormalizeSettings {
  /** Mean of each channel, or of all. */
  mean: readonly number[];
  /** Standard deviation of each channel, or of all; none may be 0. */
  std: readonly number[];
  /** Taken as in torchvision: changes nothing here. @default false */
  inplace?: boolean;
}

/**
 * (x - mean) / std for each channel of float32 images.
 *
 * @param mean - one for each channel, or one for all
 * @param std - likewise; none may be 0
 * @example
 * ```ts
 * (await data.transforms.Normalize([0.5], [0.5])(tensor([[[0.5, 1]]]))).tolist(); // [[[0, 1]]]
 * ```
 */
export const Normalize = defineTransform<NormalizeSettings>()(
  "Normalize",
  ["mean", "std", "inplace?:boolean"],
  (mean, std) => {
    const spec = { mean: numbers(mean, "Normalize", "mean"), std: numbers(std, "Normalize", "std") };
    if (spec.mean.length !== spec.std.length || spec.mean.length === 0) {
      throw new ArgumentError(
        `Normalize: expected as many means as stds, got ${spec.mean.length} and ${spec.std.length}`,
      );
    }
    if (spec.std.includes(0)) throw new ArgumentError("Normalize: std must not be 0");
    return { kind: "Normalize", ...spec };
  },
);

/** What `Resize` takes. */
export interface ResizeSettings {
  /** [height, width] in pixels, or the length of the shorter edge. */
  size: SizeArgument;
  /** Only `"bilinear"`. @default "bilinear" */
  interpolation?: "bilinear";
  /** With one number as size: an upper limit for the longer edge, in pixels. @default null */
  maxSize?: number | null;
  /** Whether the filter is widened for float32 images that shrink; for uint8 ones it always is. @default true */
  antialias?: boolean;
}

/**
 * Resizes with the bilinear filter, antialiased; uint8 images bit for bit as Pillow does it.
 *
 * @param size - [height, width], or the length of the shorter edge
 * @param maxSize - with one number: an upper limit for the longer edge
 * @param antialias - false turns the wider filter off for float32 images that shrink; uint8 ones always have it
 * @example
 * ```ts
 * (await data.transforms.Resize([224, 224])(x)).shape; // [8, 1, 224, 224]
 * ```
 */
export const Resize = defineTransform<ResizeSettings>()(
  "Resize",
  ["size:integers|null", "interpolation?", "maxSize?", "antialias?:boolean"],
  (size, interpolation, maxSize = null, antialias = true) => {
    onlyBilinear("Resize", interpolation);
    const edge = Array.isArray(size) && size.length === 1 ? size[0] : size;
    if (maxSize !== null && typeof edge !== "number") {
      throw new ArgumentError("Resize: maxSize goes with one number as size, not with [height, width]");
    }
    const target = typeof edge === "number" ? sizeOf(edge, "Resize")[0] : sizeOf(edge, "Resize");
    return { kind: "Resize", size: target, maxSize, antialias };
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
export const CenterCrop = defineTransform<CenterCropSettings>()(
  "CenterCrop",
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
export const Pad = defineTransform<PadSettings>()(
  "Pad",
  ["padding", "fill?", "paddingMode?"],
  (padding, fill = 0, paddingMode = "constant") => ({
    kind: "Pad",
    padding: paddingOf(padding, "Pad"),
    fill,
    paddingMode: modeOf(paddingMode, "Pad"),
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
export const RandomCrop = defineTransform<RandomCropSettings>()(
  "RandomCrop",
  ["size:integers|null", "padding?", "padIfNeeded?", "fill?", "paddingMode?"],
  (size, padding = null, padIfNeeded = false, fill = 0, paddingMode = "constant") => ({
    kind: "RandomCrop",
    size: sizeOf(size, "RandomCrop"),
    padding: padding === null ? null : paddingOf(padding, "RandomCrop"),
    padIfNeeded,
    fill,
    paddingMode: modeOf(paddingMode, "RandomCrop"),
  }),
);

/** What `RandomHorizontalFlip` takes. */
export interface RandomHorizontalFlipSettings {
  /** Probability of a flip, 0 to 1. @default 0.5 */
  p?: number;
}

/**
 * Swaps left and right with probability `p`.
 *
 * @example
 * ```ts
 * (await data.transforms.RandomHorizontalFlip(1)(tensor([[[0.5, 1]]]))).tolist(); // [[[1, 0.5]]]
 * ```
 */
export const RandomHorizontalFlip = defineTransform<RandomHorizontalFlipSettings>()(
  "RandomHorizontalFlip",
  ["p?"],
  (p = 0.5) => {
    if (!(p >= 0 && p <= 1))
      throw new ArgumentError(`RandomHorizontalFlip: expected p from 0 to 1, got ${p}`);
    return { kind: "RandomHorizontalFlip", p };
  },
);

/** What `RandomResizedCrop` takes. */
export interface RandomResizedCropSettings {
  /** Size of the result in pixels: one number or [height, width]. */
  size: SizeArgument;
  /** Bounds of the part's area, as a fraction of the image's. @default [0.08, 1] */
  scale?: readonly number[];
  /** Bounds of its width / height. @default [3 / 4, 4 / 3] */
  ratio?: readonly number[];
  /** Only `"bilinear"`. @default "bilinear" */
  interpolation?: "bilinear";
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
export const RandomResizedCrop = defineTransform<RandomResizedCropSettings>()(
  "RandomResizedCrop",
  ["size:integers|null", "scale?", "ratio?", "interpolation?", "antialias?:boolean"],
  (size, scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation, antialias = true) => {
    onlyBilinear("RandomResizedCrop", interpolation);
    return {
      kind: "RandomResizedCrop",
      size: sizeOf(size, "RandomResizedCrop"),
      scale: rangeOf(scale, "scale"),
      ratio: rangeOf(ratio, "ratio"),
      antialias,
    };
  },
);

function specsOf(transforms: unknown): TransformSpec[] {
  if (!Array.isArray(transforms)) throw new ArgumentError("Compose: expected an array of transforms");
  return transforms.map((one, i) => {
    const spec = (one as Partial<Transform> | undefined)?.spec;
    if (spec === undefined) throw new ArgumentError(`Compose: transforms[${i}] is not a transform`);
    return spec;
  });
}

function numbers(value: unknown, of: string, name: string): number[] {
  const list = typeof value === "number" ? [value] : value;
  if (!Array.isArray(list) || !list.every((n) => Number.isFinite(n))) {
    throw new ArgumentError(`${of}: expected ${name} to be numbers, got ${shownValue(value)}`);
  }
  return [...list] as number[];
}

function sizeOf(value: unknown, of: string): ImageSize {
  const list = numbers(value, of, "size");
  if (list.length > 2 || list.length === 0 || !list.every((n) => Number.isInteger(n) && n > 0)) {
    throw new ArgumentError(
      `${of}: expected size to be a positive integer or [height, width], got ${shownValue(value)}`,
    );
  }
  return [list[0], list[list.length - 1]];
}

function paddingOf(value: unknown, of: string): ImagePadding {
  const list = numbers(value, of, "padding");
  if (![1, 2, 4].includes(list.length) || !list.every(Number.isInteger)) {
    throw new ArgumentError(`${of}: expected padding to be 1, 2 or 4 integers, got ${shownValue(value)}`);
  }
  const at = (i: number) => list[i % list.length];
  return [at(0), at(1), at(2), at(3)];
}

function modeOf(mode: unknown, of: string): ImagePaddingMode {
  if (!PADDING_MODES.includes(mode as ImagePaddingMode)) {
    throw new ArgumentError(
      `${of}: expected paddingMode to be one of ${PADDING_MODES.join(", ")}, got ${shownText(mode)}`,
    );
  }
  return mode as ImagePaddingMode;
}

function rangeOf(value: unknown, name: string): [number, number] {
  const list = numbers(value, "RandomResizedCrop", name);
  if (list.length !== 2 || !(list[0] > 0 && list[0] <= list[1])) {
    throw new ArgumentError(
      `RandomResizedCrop: expected ${name} to be two positive numbers in order, got ${shownValue(value)}`,
    );
  }
  return [list[0], list[1]];
}

function onlyBilinear(of: string, interpolation: unknown): void {
  if (interpolation !== undefined && interpolation !== "bilinear") {
    throw new ArgumentError(`${of}: expected interpolation "bilinear", got ${shownValue(interpolation)}`);
  }
}
