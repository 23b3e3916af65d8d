/** Saliency: which pixels the score of a class depends on. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Module } from "../../nn/index.ts";
import { randn } from "../../tensor/random.ts";
import { Generator } from "../../tensor/random_state.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { finiteRange } from "../heat_map.ts";
import {
  type Attribution,
  attribution,
  type Explained,
  explained,
  weightedGradients,
} from "./input_gradient.ts";

/** What every map of what mattered takes. */
export interface ClassOptions {
  /** The class that is explained. Default: the likeliest. */
  readonly classIndex?: number;
}

/** What `smoothGrad` takes beside the network and the image. */
export interface SmoothGradOptions extends ClassOptions {
  /** Noisy copies of the image. Default 25. */
  readonly samples?: number;
  /** Standard deviation of the noise, as a share of the distance from the image's lowest to its highest number. Default 0.15. */
  readonly noise?: number;
  /** Seed of the noise: the same seed gives the same map. Default 0. */
  readonly seed?: number;
}

/**
 * The gradient of a class's score by the input: which pixels change it most when they change a little.
 *
 * Source: Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks: Visualising Image Classification Models and
 * Saliency Maps", 2014.
 *
 * @param net - a network that gives a score for each class, [N, classes].
 * @param input - one image as the network takes it, [1, C, H, W] or [C, H, W].
 * @throws ShapeError for an input that the network does not take; ArgumentError for a class that does not exist.
 * @example
 * ```ts
 * import { saliency } from "convoyant/look";
 * const map = await saliency(models.lenet(), rand(1, 1, 28, 28), { classIndex: 3 });
 * map.shape; // [1, 28, 28]
 * ```
 */
export async function saliency(
  net: Module,
  input: Tensor,
  { classIndex }: ClassOptions = {},
): Promise<Attribution> {
  const what = await explained("saliency", net, input, classIndex);
  return attribution(what, await weightedGradients("saliency", what, [1], () => what.input));
}

/**
 * The mean of the gradients at noisy copies of the image, whose map is less ragged than that of `saliency`.
 *
 * Source: Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017.
 *
 * @param net - a network that gives a score for each class, [N, classes].
 * @param input - one image as the network takes it, [1, C, H, W] or [C, H, W].
 * @throws ShapeError for an input that the network does not take; ArgumentError for settings out of their range.
 * @example
 * ```ts
 * import { smoothGrad } from "convoyant/look";
 * const map = await smoothGrad(models.lenet(), rand(1, 1, 28, 28), { samples: 4, seed: 1 });
 * map.values.length; // 784
 * ```
 */
export async function smoothGrad(
  net: Module,
  input: Tensor,
  { classIndex, samples = 25, noise = 0.15, seed = 0 }: SmoothGradOptions = {},
): Promise<Attribution> {
  requireCount("smoothGrad", "samples", samples);
  if (!(Number.isFinite(noise) && noise >= 0))
    throw new ArgumentError(
      `smoothGrad: expected \`noise\` to be a number of at least 0, got ${shownValue(noise)}`,
    );
  const what = await explained("smoothGrad", net, input, classIndex);
  const [low, high] = finiteRange(what.input);
  const generator = new Generator().manualSeed(seed);
  const noises: Float32Array[] = [];
  for (let i = 0; i < samples; i++) {
    const drawn = (await randn(what.input.length, { generator }).data()) as Float32Array;
    noises.push(drawn.map((value) => value * noise * (high - low)));
  }
  return meanGradient(what, noises);
}

/** The mean of the gradients at an image with noises added to it. */
export async function meanGradient(what: Explained, noises: readonly Float32Array[]): Promise<Attribution> {
  const weights = noises.map(() => 1 / noises.length);
  const noisy = (index: number) => what.input.map((value, i) => value + noises[index][i]);
  return attribution(what, await weightedGradients("smoothGrad", what, weights, noisy));
}

/** @throws ArgumentError for what is not an integer above 0. */
export function requireCount(of: string, name: string, count: unknown): void {
  if (!(Number.isInteger(count) && Number(count) >= 1))
    throw new ArgumentError(
      `${of}: expected \`${name}\` to be an integer of at least 1, got ${shownValue(count)}`,
    );
}
