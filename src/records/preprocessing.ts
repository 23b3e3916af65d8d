/** What is done to an image before a network sees it. */

/** How pixels are interpolated when an image is resized; the filter widens when it shrinks. */
export type PreprocessingInterpolation = "nearest" | "bilinear" | "bicubic";

/**
 * What is done to an image before a network sees it, as plain data, in this order: alpha is composited on the
 * background, the image is resized, its middle is cut out, levels 0 to 255 become 0 to 1, and each channel becomes
 * (x - mean) / std. `data.transforms.Preprocess` does it.
 */
export interface Preprocessing {
  /**
   * Length of the shorter side in pixels (the other keeps the proportions), or height and width; null: the image keeps
   * its size.
   */
  readonly resize: {
    readonly size: number | readonly [height: number, width: number];
    readonly interpolation: PreprocessingInterpolation;
  } | null;
  /** Size in pixels of the middle that is left; null: the whole image. */
  readonly crop: readonly [height: number, width: number] | null;
  /** Of each channel, 0 to 1. There are as many channels: 1 grey, 3 red, green, blue. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, on the same scale. */
  readonly std: readonly number[];
  /** What lies behind pixels that are not opaque, 0 to 255 each. */
  readonly background: readonly [red: number, green: number, blue: number];
}

const kept = new WeakMap<object, Preprocessing>();

/**
 * The preprocessing that a network's weights were trained with; undefined if that is not known. Networks that were made
 * with published weights (`weights: "IMAGENET1K_V1"`) have it.
 *
 * @example
 * ```ts
 * models.preprocessingOf(models.lenet()); // undefined
 * models.torchvision.resnet18.weights.IMAGENET1K_V1.preprocessing.crop; // [224, 224]
 * ```
 */
export function preprocessingOf(net: object): Preprocessing | undefined {
  return kept.get(net);
}

/** Gives a network what {@link preprocessingOf} returns. */
export function keepPreprocessing(net: object, preprocessing: Preprocessing): void {
  kept.set(net, preprocessing);
}
