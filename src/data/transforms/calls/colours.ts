/** The calls of transforms of colours and levels. */
import { ArgumentError } from "../../../base/errors.ts";
import { requireRange } from "../../../base/params/argument_kinds.ts";
import { shownValue } from "../../../base/shown_value.ts";
import { defineTransform } from "../transform.ts";
import type { Range } from "../transform_spec.ts";
import { integerWithin, numbersOf, positiveRangeOf, probabilityOf, rangeWithin } from "./checks.ts";

/** What `ColorJitter` takes. */
export interface ColorJitterSettings {
  /** Bounds of the factor; one number x stands for max(0, 1 - x) to 1 + x; null changes nothing. @default null */
  brightness?: number | readonly number[] | null;
  /** Likewise. @default null */
  contrast?: number | readonly number[] | null;
  /** Likewise; without effect on grey images. @default null */
  saturation?: number | readonly number[] | null;
  /** Bounds of the turn of the hue, within -0.5 to 0.5; one number x stands for -x to x. @default null */
  hue?: number | readonly number[] | null;
}

/**
 * Changes brightness, contrast, saturation and hue, in random order and each by a random factor.
 *
 * Brightness is f x, contrast f x + (1 - f) m with the mean m of the grey image, saturation f x + (1 - f) g with the
 * grey image g; the hue h of HSV becomes (h + f) mod 1.
 *
 * @throws ArgumentError for bounds out of range or order.
 * @example
 * ```ts
 * (await data.transforms.ColorJitter([0.5, 0.5])(tensor([[[0.5, 1]]]))).tolist(); // [[[0.25, 0.5]]]
 * ```
 */
export const ColorJitter = defineTransform<ColorJitterSettings>("ColorJitter")(
  ["brightness?", "contrast?", "saturation?", "hue?"],
  (brightness = null, contrast = null, saturation = null, hue = null) => ({
    kind: "ColorJitter",
    brightness: factorRange(brightness, "brightness"),
    contrast: factorRange(contrast, "contrast"),
    saturation: factorRange(saturation, "saturation"),
    hue: hueRange(hue),
  }),
);

/** Bounds of a factor around 1; null if it can only be 1. */
function factorRange(value: unknown, name: string): Range | null {
  if (value === null) return null;
  if (typeof value !== "number")
    return orNothing(rangeWithin(value, "ColorJitter", name, 0, Number.POSITIVE_INFINITY), 1);
  requireRange(
    "ColorJitter",
    name,
    value,
    (x) => Number.isFinite(x) && x >= 0,
    "a number of at least 0, or [lowest, highest]",
  );
  return orNothing([Math.max(0, 1 - value), 1 + value], 1);
}

function hueRange(value: unknown): Range | null {
  if (value === null) return null;
  if (typeof value !== "number") return orNothing(rangeWithin(value, "ColorJitter", "hue", -0.5, 0.5), 0);
  requireRange(
    "ColorJitter",
    "hue",
    value,
    (x) => x >= 0 && x <= 0.5,
    "a number from 0 to 0.5, or [lowest, highest]",
  );
  return orNothing([-value, value], 0);
}

function orNothing(range: Range, neutral: number): Range | null {
  return range[0] === neutral && range[1] === neutral ? null : range;
}

/** What `Grayscale` takes. */
export interface GrayscaleSettings {
  /** 1, or 3 for three equal channels. @default 1 */
  numOutputChannels?: number;
}

/**
 * Grey images: 0.2989 R + 0.587 G + 0.114 B.
 *
 * @throws ArgumentError for another number of channels than 1 or 3.
 * @example
 * ```ts
 * (await data.transforms.Grayscale()(tensor([[[1]], [[0]], [[0]]]))).shape; // [1, 1, 1]
 * ```
 */
export const Grayscale = defineTransform<GrayscaleSettings>("Grayscale")(
  ["numOutputChannels?"],
  (numOutputChannels = 1) => {
    if (numOutputChannels !== 1 && numOutputChannels !== 3) {
      throw new ArgumentError(
        `Grayscale: expected numOutputChannels to be 1 or 3, got ${shownValue(numOutputChannels)}`,
      );
    }
    return { kind: "Grayscale", numOutputChannels };
  },
);

/** What `RandomGrayscale` takes. */
export interface RandomGrayscaleSettings {
  /** Probability that an image is changed, 0 to 1. @default 0.1 */
  p?: number;
}

/**
 * Makes an image grey with probability `p`; it keeps its number of channels.
 *
 * @throws ArgumentError for a probability outside of 0 to 1.
 * @example
 * ```ts
 * (await data.transforms.RandomGrayscale(1)(tensor([[[1]], [[1]], [[1]]]))).shape; // [3, 1, 1]
 * ```
 */
export const RandomGrayscale = defineTransform<RandomGrayscaleSettings>("RandomGrayscale")(
  ["p?"],
  (p = 0.1) => ({
    kind: "RandomGrayscale",
    p: probabilityOf(p, "RandomGrayscale"),
  }),
);

/** What `RandomInvert` takes. */
export interface RandomInvertSettings {
  /** Probability that an image is changed, 0 to 1. @default 0.5 */
  p?: number;
}

/**
 * Makes a negative with probability `p`: 255 - x for uint8, 1 - x for float32.
 *
 * @throws ArgumentError for a probability outside of 0 to 1.
 * @example
 * ```ts
 * (await data.transforms.RandomInvert(1)(tensor([[[0.25, 1]]]))).tolist(); // [[[0.75, 0]]]
 * ```
 */
export const RandomInvert = defineTransform<RandomInvertSettings>("RandomInvert")(["p?"], (p = 0.5) => ({
  kind: "RandomInvert",
  p: probabilityOf(p, "RandomInvert"),
}));

/** What `RandomAutocontrast` takes. */
export interface RandomAutocontrastSettings {
  /** Probability that an image is changed, 0 to 1. @default 0.5 */
  p?: number;
}

/**
 * Stretches each channel to the whole range with probability `p`: its lowest level becomes 0, its highest 255 (1 for
 * float32).
 *
 * @throws ArgumentError for a probability outside of 0 to 1.
 * @example
 * ```ts
 * (await data.transforms.RandomAutocontrast(1)(tensor([[[0.5, 0.75]]]))).tolist(); // [[[0, 1]]]
 * ```
 */
export const RandomAutocontrast = defineTransform<RandomAutocontrastSettings>("RandomAutocontrast")(
  ["p?"],
  (p = 0.5) => ({
    kind: "RandomAutocontrast",
    p: probabilityOf(p, "RandomAutocontrast"),
  }),
);

/** What `RandomEqualize` takes. */
export interface RandomEqualizeSettings {
  /** Probability that an image is changed, 0 to 1. @default 0.5 */
  p?: number;
}

/**
 * Spreads the levels of each channel with probability `p` so that all are about equally frequent (histogram
 * equalisation as in Pillow).
 *
 * @throws ArgumentError for a probability outside of 0 to 1.
 * @example
 * ```ts
 * (await data.transforms.RandomEqualize(1)(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const RandomEqualize = defineTransform<RandomEqualizeSettings>("RandomEqualize")(
  ["p?"],
  (p = 0.5) => ({
    kind: "RandomEqualize",
    p: probabilityOf(p, "RandomEqualize"),
  }),
);

/** What `RandomPosterize` takes. */
export interface RandomPosterizeSettings {
  /** Bits of each level that stay, 0 to 8. */
  bits: number;
  /** Probability that an image is changed, 0 to 1. @default 0.5 */
  p?: number;
}

/**
 * Keeps the highest `bits` bits of each level with probability `p`.
 *
 * @throws ArgumentError for bits outside of 0 to 8, or a probability outside of 0 to 1.
 * @example
 * ```ts
 * (await data.transforms.RandomPosterize(1, { p: 1 })(tensor([[[0.25, 0.75]]]))).tolist(); // [[[0, 0.5]]]
 * ```
 */
export const RandomPosterize = defineTransform<RandomPosterizeSettings>("RandomPosterize")(
  ["bits", "p?"],
  (bits, p = 0.5) => ({
    kind: "RandomPosterize",
    bits: integerWithin(bits, "RandomPosterize", "bits", 0, 8),
    p: probabilityOf(p, "RandomPosterize"),
  }),
);

/** What `RandomSolarize` takes. */
export interface RandomSolarizeSettings {
  /** Levels from this one on are inverted: 0 to 255 for uint8, 0 to 1 for float32. */
  threshold: number;
  /** Probability that an image is changed, 0 to 1. @default 0.5 */
  p?: number;
}

/**
 * Inverts the levels from `threshold` on, with probability `p`.
 *
 * @throws ArgumentError for a threshold that is not a number, and when it runs for one above the highest level.
 * @example
 * ```ts
 * (await data.transforms.RandomSolarize(0.5, 1)(tensor([[[0.25, 0.75]]]))).tolist(); // [[[0.25, 0.25]]]
 * ```
 */
export const RandomSolarize = defineTransform<RandomSolarizeSettings>("RandomSolarize")(
  ["threshold", "p?"],
  (threshold, p = 0.5) => {
    requireRange("RandomSolarize", "threshold", threshold, Number.isFinite, "a number");
    return { kind: "RandomSolarize", threshold, p: probabilityOf(p, "RandomSolarize") };
  },
);

/** What `RandomAdjustSharpness` takes. */
export interface RandomAdjustSharpnessSettings {
  /** 0: smoothed, 1: as it is, 2: twice as sharp. */
  sharpnessFactor: number;
  /** Probability that an image is changed, 0 to 1. @default 0.5 */
  p?: number;
}

/**
 * f x + (1 - f) s with the smoothed image s, with probability `p`. The outermost pixels stay as they are.
 *
 * @throws ArgumentError for a negative factor, or a probability outside of 0 to 1.
 * @example
 * ```ts
 * (await data.transforms.RandomAdjustSharpness(2, 1)(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const RandomAdjustSharpness = defineTransform<RandomAdjustSharpnessSettings>("RandomAdjustSharpness")(
  ["sharpnessFactor", "p?"],
  (sharpnessFactor, p = 0.5) => {
    requireRange(
      "RandomAdjustSharpness",
      "sharpnessFactor",
      sharpnessFactor,
      (x) => Number.isFinite(x) && x >= 0,
      "a number of at least 0",
    );
    return { kind: "RandomAdjustSharpness", sharpnessFactor, p: probabilityOf(p, "RandomAdjustSharpness") };
  },
);

/** What `GaussianBlur` takes. */
export interface GaussianBlurSettings {
  /** Size of the kernel in pixels, odd: one number or [width, height], as torchvision has it. */
  kernelSize: number | readonly number[];
  /** Bounds of the standard deviation in pixels, or the one there is. @default [0.1, 2] */
  sigma?: number | readonly number[];
}

/**
 * Blurs each image with a Gaussian of random width.
 *
 * @throws ArgumentError for an even kernel or a standard deviation that is not positive; ShapeError when it runs, for
 *   images no larger than half the kernel.
 * @example
 * ```ts
 * (await data.transforms.GaussianBlur(5, [0.5, 1.5])(x)).shape; // [8, 1, 28, 28]
 * ```
 */
export const GaussianBlur = defineTransform<GaussianBlurSettings>("GaussianBlur")(
  ["kernelSize:integers", "sigma?"],
  (kernelSize, sigma = [0.1, 2]) => {
    const sizes = numbersOf(kernelSize, "GaussianBlur", "kernelSize");
    if (sizes.length === 0 || sizes.length > 2 || !sizes.every((size) => size > 0 && size % 2 === 1)) {
      throw new ArgumentError(
        `GaussianBlur: expected kernelSize to be a positive odd integer or two of them, got ${shownValue(kernelSize)}`,
      );
    }
    const list =
      typeof sigma === "number" ? [sigma, sigma] : sigma.length === 1 ? [sigma[0], sigma[0]] : sigma;
    return {
      kind: "GaussianBlur",
      kernelSize: [sizes[0], sizes[sizes.length - 1]],
      sigma: positiveRangeOf(list, "GaussianBlur", "sigma"),
    };
  },
);
