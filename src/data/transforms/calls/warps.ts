/** The calls of flips, rotations and other maps of the plane. */
import { ArgumentError } from "../../../base/errors.ts";
import { requireRange } from "../../../base/params/argument_kinds.ts";
import { shownValue } from "../../../base/shown_value.ts";
import { defineTransform } from "../transform.ts";
import type { WarpInterpolation } from "../transform_spec.ts";
import {
  anglesOf,
  centerOf,
  type FillArgument,
  fillOf,
  numbersOf,
  positiveRangeOf,
  probabilityOf,
  warpInterpolationOf,
} from "./checks.ts";

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
export const RandomHorizontalFlip = defineTransform<RandomHorizontalFlipSettings>("RandomHorizontalFlip")(
  ["p?"],
  (p = 0.5) => ({ kind: "RandomHorizontalFlip", p: probabilityOf(p, "RandomHorizontalFlip") }),
);

/** What `RandomVerticalFlip` takes. */
export interface RandomVerticalFlipSettings {
  /** Probability of a flip, 0 to 1. @default 0.5 */
  p?: number;
}

/**
 * Swaps top and bottom with probability `p`.
 *
 * @throws ArgumentError for a probability outside of 0 to 1.
 * @example
 * ```ts
 * (await data.transforms.RandomVerticalFlip(1)(tensor([[[0.5], [1]]]))).tolist(); // [[[1], [0.5]]]
 * ```
 */
export const RandomVerticalFlip = defineTransform<RandomVerticalFlipSettings>("RandomVerticalFlip")(
  ["p?"],
  (p = 0.5) => ({ kind: "RandomVerticalFlip", p: probabilityOf(p, "RandomVerticalFlip") }),
);

/** What `RandomRotation` takes. */
export interface RandomRotationSettings {
  /** Bounds of the angle in degrees, counter-clockwise; one number x stands for -x to x. */
  degrees: number | readonly number[];
  /** `"nearest"` or `"bilinear"`. @default "nearest" */
  interpolation?: WarpInterpolation;
  /** Whether the result grows to hold the whole image; images of a batch may then differ in size, which is an error. @default false */
  expand?: boolean;
  /** The point that stays, [x, y] in pixels from the upper left corner; null is the middle. @default null */
  center?: readonly number[] | null;
  /** What stands outside of the image: a value, or one for each channel. @default 0 */
  fill?: FillArgument;
}

/**
 * Rotates each image by an angle of its own.
 *
 * @throws ArgumentError for bad settings; ShapeError if `expand` gives images of different sizes.
 * @example
 * ```ts
 * const quarter = data.transforms.RandomRotation([90, 90]);
 * (await quarter(tensor([[[1, 2], [3, 4]]]))).tolist(); // [[[2, 4], [1, 3]]]
 * ```
 */
export const RandomRotation = defineTransform<RandomRotationSettings>("RandomRotation")(
  ["degrees", "interpolation?", "expand?:boolean", "center?", "fill?"],
  (degrees, interpolation = "nearest", expand = false, center = null, fill = 0) => ({
    kind: "RandomRotation",
    degrees: anglesOf(degrees, "RandomRotation", "degrees", [2]) as [number, number],
    interpolation: warpInterpolationOf(interpolation, "RandomRotation"),
    expand,
    center: centerOf(center, "RandomRotation"),
    fill: fillOf(fill, "RandomRotation"),
  }),
);

/** What `RandomAffine` takes. */
export interface RandomAffineSettings {
  /** Bounds of the angle in degrees, clockwise; one number x stands for -x to x, 0 for no rotation. */
  degrees: number | readonly number[];
  /** Most that an image moves to either side, as a fraction of [width, height]; null for not at all. @default null */
  translate?: readonly number[] | null;
  /** Bounds of the factor of its size; null keeps it. @default null */
  scale?: readonly number[] | null;
  /** Bounds of the shear along x in degrees, and along y if there are four; one number x stands for -x to x; null for none. @default null */
  shear?: number | readonly number[] | null;
  /** `"nearest"` or `"bilinear"`. @default "nearest" */
  interpolation?: WarpInterpolation;
  /** What stands outside of the image: a value, or one for each channel. @default 0 */
  fill?: FillArgument;
  /** The point that stays, [x, y] in pixels from the upper left corner; null is the middle. @default null */
  center?: readonly number[] | null;
}

/**
 * Rotates, moves, scales and shears each image by numbers of its own.
 *
 * @throws ArgumentError for bad settings.
 * @example
 * ```ts
 * (await data.transforms.RandomAffine(15, { translate: [0.1, 0.1], scale: [0.9, 1.1] })(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const RandomAffine = defineTransform<RandomAffineSettings>("RandomAffine")(
  ["degrees", "translate?", "scale?", "shear?", "interpolation?", "fill?", "center?"],
  (
    degrees,
    translate = null,
    scale = null,
    shear = null,
    interpolation = "nearest",
    fill = 0,
    center = null,
  ) => ({
    kind: "RandomAffine",
    degrees: anglesOf(degrees, "RandomAffine", "degrees", [2]) as [number, number],
    translate: translate === null ? null : fractionsOf(translate),
    scale: scale === null ? null : positiveRangeOf(scale, "RandomAffine", "scale"),
    shear: shear === null ? null : anglesOf(shear, "RandomAffine", "shear", [2, 4]),
    interpolation: warpInterpolationOf(interpolation, "RandomAffine"),
    fill: fillOf(fill, "RandomAffine"),
    center: centerOf(center, "RandomAffine"),
  }),
);

function fractionsOf(translate: unknown): [number, number] {
  const list = numbersOf(translate, "RandomAffine", "translate");
  if (list.length === 2 && list.every((n) => n >= 0 && n <= 1)) return [list[0], list[1]];
  throw new ArgumentError(
    `RandomAffine: expected translate to be fractions of width and height from 0 to 1, got ${shownValue(translate)}`,
  );
}

/** What `RandomPerspective` takes. */
export interface RandomPerspectiveSettings {
  /** How far the corners may move inwards, as a fraction of half the image, 0 to 1. @default 0.5 */
  distortionScale?: number;
  /** Probability that an image is distorted, 0 to 1. @default 0.5 */
  p?: number;
  /** `"nearest"` or `"bilinear"`. @default "bilinear" */
  interpolation?: WarpInterpolation;
  /** What stands outside of the image: a value, or one for each channel. @default 0 */
  fill?: FillArgument;
}

/**
 * Moves each image's corners inwards, each by a distance of its own, with probability `p`: the image seen from aside.
 *
 * @throws ArgumentError for bad settings.
 * @example
 * ```ts
 * (await data.transforms.RandomPerspective(0.3, { p: 1 })(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const RandomPerspective = defineTransform<RandomPerspectiveSettings>("RandomPerspective")(
  ["distortionScale?", "p?", "interpolation?", "fill?"],
  (distortionScale = 0.5, p = 0.5, interpolation = "bilinear", fill = 0) => {
    requireRange(
      "RandomPerspective",
      "distortionScale",
      distortionScale,
      (x) => x >= 0 && x <= 1,
      "a number from 0 to 1",
    );
    return {
      kind: "RandomPerspective",
      distortionScale,
      p: probabilityOf(p, "RandomPerspective"),
      interpolation: warpInterpolationOf(interpolation, "RandomPerspective"),
      fill: fillOf(fill, "RandomPerspective"),
    };
  },
);
