/** The calls of transforms that erase, or choose what they do. */
import { ArgumentError } from "../../../base/errors.ts";
import { requireRange } from "../../../base/params/argument_kinds.ts";
import { shownValue } from "../../../base/shown_value.ts";
import { defineTransform } from "../transform.ts";
import type { WarpInterpolation } from "../transform_spec.ts";
import {
  type FillArgument,
  fillOf,
  integerWithin,
  numbersOf,
  positiveRangeOf,
  probabilityOf,
  rangeWithin,
  warpInterpolationOf,
} from "./checks.ts";

/** What `RandomErasing` takes. */
export interface RandomErasingSettings {
  /** Probability that an image loses a rectangle, 0 to 1. @default 0.5 */
  p?: number;
  /** Bounds of the rectangle's area, as a fraction of the image's. @default [0.02, 0.33] */
  scale?: readonly number[];
  /** Bounds of its height / width. @default [0.3, 3.3] */
  ratio?: readonly number[];
  /** What stands in it, in the range of the images: a value, one for each channel, or `"random"` for normal noise. @default 0 */
  value?: number | readonly number[] | "random";
  /** Taken as in torchvision: changes nothing here. @default false */
  inplace?: boolean;
}

/**
 * Fills a random rectangle of each image with probability `p`. It comes last in a pipeline, after `Normalize`.
 *
 * Source: Z. Zhong et al., "Random erasing data augmentation", AAAI 2020.
 *
 * @throws ArgumentError for a probability, area or ratio out of range.
 * @example
 * ```ts
 * (await data.transforms.RandomErasing(1)(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const RandomErasing = defineTransform<RandomErasingSettings>("RandomErasing")(
  ["p?", "scale?", "ratio?", "value?", "inplace?:boolean"],
  (p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0) => ({
    kind: "RandomErasing",
    p: probabilityOf(p, "RandomErasing"),
    scale: rangeWithin(scale, "RandomErasing", "scale", 0, 1),
    ratio: positiveRangeOf(ratio, "RandomErasing", "ratio"),
    value: erasedValueOf(value),
  }),
);

function erasedValueOf(value: unknown): number[] | "random" {
  if (value === "random") return value;
  if (typeof value !== "string" && (!Array.isArray(value) || value.length > 0))
    return numbersOf(value, "RandomErasing", "value");
  throw new ArgumentError(
    `RandomErasing: expected value to be a number, one for each channel, or "random", got ${shownValue(value)}`,
  );
}

/** What the transforms that choose operations share. */
interface ChoiceSettings {
  /** How rotated and moved images get their pixels, `"nearest"` or `"bilinear"`. @default "nearest" */
  interpolation?: WarpInterpolation;
  /** What stands outside of them: a value, one for each channel, or null for black. @default null */
  fill?: FillArgument;
}

/** What `RandAugment` takes. */
export interface RandAugmentSettings extends ChoiceSettings {
  /** Operations one after the other. @default 2 */
  numOps?: number;
  /** How strong they are, from 0. @default 9 */
  magnitude?: number;
  /** Number of strengths, above `magnitude`. @default 31 */
  numMagnitudeBins?: number;
}

/**
 * `numOps` random operations on each image, all equally strong: shear, translation, rotation, brightness, colour,
 * contrast, sharpness, posterizing, solarizing, autocontrast, equalizing, or nothing. Put it before `ToTensor`.
 *
 * Source: E. D. Cubuk et al., "RandAugment: practical automated data augmentation with a reduced search space", 2020.
 *
 * @throws ArgumentError unless `magnitude` is below `numMagnitudeBins`.
 * @example
 * ```ts
 * (await data.transforms.RandAugment({ magnitude: 5 })(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const RandAugment = defineTransform<RandAugmentSettings>("RandAugment")(
  ["numOps?", "magnitude?", "numMagnitudeBins?", "interpolation?", "fill?"],
  (numOps = 2, magnitude = 9, numMagnitudeBins = 31, interpolation = "nearest", fill = null) => {
    const bins = integerWithin(numMagnitudeBins, "RandAugment", "numMagnitudeBins", 1);
    return {
      kind: "RandAugment",
      numOps: integerWithin(numOps, "RandAugment", "numOps", 0),
      magnitude: integerWithin(magnitude, "RandAugment", "magnitude", 0, bins - 1),
      numMagnitudeBins: bins,
      interpolation: warpInterpolationOf(interpolation, "RandAugment"),
      fill: fillOf(fill, "RandAugment"),
    };
  },
);

/** What `TrivialAugmentWide` takes. */
export interface TrivialAugmentWideSettings extends ChoiceSettings {
  /** Number of strengths. @default 31 */
  numMagnitudeBins?: number;
}

/**
 * One random operation of random strength on each image, of those of `RandAugment` but up to stronger ones. Put it
 * before `ToTensor`.
 *
 * Source: S. G. Müller and F. Hutter, "TrivialAugment: tuning-free yet state-of-the-art data augmentation", 2021.
 *
 * @throws ArgumentError for bad settings.
 * @example
 * ```ts
 * (await data.transforms.TrivialAugmentWide()(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const TrivialAugmentWide = defineTransform<TrivialAugmentWideSettings>("TrivialAugmentWide")(
  ["numMagnitudeBins?", "interpolation?", "fill?"],
  (numMagnitudeBins = 31, interpolation = "nearest", fill = null) => ({
    kind: "TrivialAugmentWide",
    numMagnitudeBins: integerWithin(numMagnitudeBins, "TrivialAugmentWide", "numMagnitudeBins", 1),
    interpolation: warpInterpolationOf(interpolation, "TrivialAugmentWide"),
    fill: fillOf(fill, "TrivialAugmentWide"),
  }),
);

/** What `AugMix` takes. */
export interface AugMixSettings {
  /** How strong the operations are at most, 1 to 10. @default 3 */
  severity?: number;
  /** Number of chains that are mixed. @default 3 */
  mixtureWidth?: number;
  /** Operations in a chain; 0 or less draws 1 to 3. @default -1 */
  chainDepth?: number;
  /** Concentration of the weights: small ones favour one chain. @default 1 */
  alpha?: number;
  /** Whether brightness, colour, contrast and sharpness are among the operations. @default true */
  allOps?: boolean;
  /** How rotated and moved images get their pixels, `"nearest"` or `"bilinear"`. @default "bilinear" */
  interpolation?: WarpInterpolation;
  /** What stands outside of them: a value, one for each channel, or null for black. @default null */
  fill?: FillArgument;
}

/**
 * A weighted mean of each image and of what chains of random operations make of it. Put it before `ToTensor`.
 *
 * Source: D. Hendrycks et al., "AugMix: a simple data processing method to improve robustness and uncertainty", 2020.
 *
 * @throws ArgumentError for bad settings.
 * @example
 * ```ts
 * (await data.transforms.AugMix({ severity: 2 })(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const AugMix = defineTransform<AugMixSettings>("AugMix")(
  ["severity?", "mixtureWidth?", "chainDepth?", "alpha?", "allOps?:boolean", "interpolation?", "fill?"],
  (
    severity = 3,
    mixtureWidth = 3,
    chainDepth = -1,
    alpha = 1,
    allOps = true,
    interpolation = "bilinear",
    fill = null,
  ) => {
    requireRange("AugMix", "chainDepth", chainDepth, Number.isInteger, "an integer");
    requireRange("AugMix", "alpha", alpha, (x) => Number.isFinite(x) && x > 0, "a number above 0");
    return {
      kind: "AugMix",
      severity: integerWithin(severity, "AugMix", "severity", 1, 10),
      mixtureWidth: integerWithin(mixtureWidth, "AugMix", "mixtureWidth", 1),
      chainDepth,
      alpha,
      allOps,
      interpolation: warpInterpolationOf(interpolation, "AugMix"),
      fill: fillOf(fill, "AugMix"),
    };
  },
);
