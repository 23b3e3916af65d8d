/** The operations that RandAugment, TrivialAugmentWide and AugMix choose from, and how strong they are. */
import type { PhiloxStream } from "../../base/philox.ts";
import { affine, rotate, type WarpOptions } from "./operations/affine.ts";
import { adjustBrightness, adjustContrast, adjustSaturation } from "./operations/colour.ts";
import { adjustSharpness } from "./operations/filters.ts";
import { highestLevel, type OneImage } from "./operations/one_image.ts";
import { f32, roundHalfEven } from "./operations/rounding.ts";
import { autocontrast, equalize, posterize, solarize } from "./operations/tones.ts";

/** The strengths of one operation; null if it has none. */
interface Strengths {
  /** The strength of bin `i` of `bins` for an image of this size. */
  readonly at: (i: number, bins: number, image: OneImage) => number;
  /** Whether it goes in both directions. */
  readonly signed: boolean;
}

/** Operations in torchvision's order, with their strengths. */
export type AugmentationSpace = readonly (readonly [AugmentationName, Strengths | null])[];

/** An operation of the spaces. */
export type AugmentationName =
  | "Identity"
  | "ShearX"
  | "ShearY"
  | "TranslateX"
  | "TranslateY"
  | "Rotate"
  | "Brightness"
  | "Color"
  | "Contrast"
  | "Sharpness"
  | "Posterize"
  | "Solarize"
  | "AutoContrast"
  | "Equalize";

/** From 0 to `most` (of the image) in equal steps, in either direction. */
function upTo(most: number | ((image: OneImage) => number)): Strengths {
  const at = (i: number, bins: number, image: OneImage) => {
    const end = f32(typeof most === "number" ? most : most(image));
    return bins === 1 ? 0 : f32((end * i) / (bins - 1));
  };
  return { at, signed: true };
}

/** Bits that are kept: from `first` down by `range`. */
function bitsFrom(first: number, range: number): Strengths {
  return {
    at: (i, bins) => roundHalfEven(f32(first - f32(i / f32((bins - 1) / range)))),
    signed: false,
  };
}

/** A threshold as a fraction of the highest level, from 1 down to 0. */
const SOLARIZE: Strengths = { at: (i, bins) => (bins === 1 ? 1 : f32(1 - i / (bins - 1))), signed: false };

interface SpaceBounds {
  readonly shear: number;
  readonly translateX: number | ((image: OneImage) => number);
  readonly translateY: number | ((image: OneImage) => number);
  readonly rotate: number;
  readonly colours: number;
  readonly posterize: Strengths;
}

const geometry = (bounds: SpaceBounds): AugmentationSpace => [
  ["ShearX", upTo(bounds.shear)],
  ["ShearY", upTo(bounds.shear)],
  ["TranslateX", upTo(bounds.translateX)],
  ["TranslateY", upTo(bounds.translateY)],
  ["Rotate", upTo(bounds.rotate)],
];

const colours = ({ colours: most }: SpaceBounds): AugmentationSpace => [
  ["Brightness", upTo(most)],
  ["Color", upTo(most)],
  ["Contrast", upTo(most)],
  ["Sharpness", upTo(most)],
];

const tones = (bounds: SpaceBounds): AugmentationSpace => [
  ["Posterize", bounds.posterize],
  ["Solarize", SOLARIZE],
  ["AutoContrast", null],
  ["Equalize", null],
];

const withIdentity = (bounds: SpaceBounds): AugmentationSpace => [
  ["Identity", null],
  ...geometry(bounds),
  ...colours(bounds),
  ...tones(bounds),
];

export const RAND_AUGMENT_SPACE = withIdentity({
  shear: 0.3,
  translateX: ({ width }) => (150 / 331) * width,
  translateY: ({ height }) => (150 / 331) * height,
  rotate: 30,
  colours: 0.9,
  posterize: bitsFrom(8, 4),
});

export const TRIVIAL_AUGMENT_SPACE = withIdentity({
  shear: 0.99,
  translateX: 32,
  translateY: 32,
  rotate: 135,
  colours: 0.99,
  posterize: bitsFrom(8, 6),
});

const AUG_MIX_BOUNDS: SpaceBounds = {
  shear: 0.3,
  translateX: ({ width }) => width / 3,
  translateY: ({ height }) => height / 3,
  rotate: 30,
  colours: 0.9,
  posterize: bitsFrom(4, 4),
};

/** Without the operations that the paper keeps for its test set (brightness, color, contrast, sharpness). */
export const AUG_MIX_PARTIAL_SPACE: AugmentationSpace = [
  ...geometry(AUG_MIX_BOUNDS),
  ...tones(AUG_MIX_BOUNDS),
];
export const AUG_MIX_SPACE: AugmentationSpace = [...AUG_MIX_PARTIAL_SPACE, ...colours(AUG_MIX_BOUNDS)];

/** An operation with its strength. */
export interface Augmentation {
  readonly name: AugmentationName;
  readonly magnitude: number;
}

/** Draws an operation, and its sign; `bin` gives the strength's number. */
export function drawAugmentation(
  space: AugmentationSpace,
  stream: PhiloxStream,
  image: OneImage,
  bins: number,
  bin: () => number,
): Augmentation {
  const [name, strengths] = space[stream.integer(space.length)];
  if (strengths === null) return { name, magnitude: 0 };
  const magnitude = strengths.at(bin(), bins, image);
  return { name, magnitude: strengths.signed && stream.uniform() < 0.5 ? -magnitude : magnitude };
}

/** Does one operation to an image. */
export function augment(image: OneImage, { name, magnitude }: Augmentation, options: WarpOptions): OneImage {
  const degrees = (Math.atan(magnitude) * 180) / Math.PI;
  const still = { angle: 0, translate: [0, 0], scale: 1, shear: [0, 0] } as const;
  switch (name) {
    case "Identity":
      return image;
    case "ShearX":
      return affine(image, { ...still, shear: [degrees, 0] }, { ...options, center: [0, 0] });
    case "ShearY":
      return affine(image, { ...still, shear: [0, degrees] }, { ...options, center: [0, 0] });
    case "TranslateX":
      return affine(image, { ...still, translate: [Math.trunc(magnitude), 0] }, options);
    case "TranslateY":
      return affine(image, { ...still, translate: [0, Math.trunc(magnitude)] }, options);
    case "Rotate":
      return rotate(image, magnitude, { ...options, expand: false });
    case "Brightness":
      return adjustBrightness(image, 1 + magnitude);
    case "Color":
      return adjustSaturation(image, 1 + magnitude);
    case "Contrast":
      return adjustContrast(image, 1 + magnitude);
    case "Sharpness":
      return adjustSharpness(image, 1 + magnitude);
    case "Posterize":
      return posterize(image, Math.trunc(magnitude));
    case "Solarize":
      return solarize(image, highestLevel(image) * magnitude);
    case "AutoContrast":
      return autocontrast(image);
    case "Equalize":
      return equalize(image);
  }
}
