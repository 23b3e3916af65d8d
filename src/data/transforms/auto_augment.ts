/** Augmentations that choose their operations at random. */
import { allocateArray } from "../../base/dtype.ts";
import type { ArrayBatch } from "../array_batch.ts";
import {
  AUG_MIX_PARTIAL_SPACE,
  AUG_MIX_SPACE,
  type Augmentation,
  augment,
  drawAugmentation,
  RAND_AUGMENT_SPACE,
  TRIVIAL_AUGMENT_SPACE,
} from "./augmentation_space.ts";
import type { WarpOptions } from "./operations/affine.ts";
import { eachImage, type OneImage, requireColours, withData } from "./operations/one_image.ts";
import { f32 } from "./operations/rounding.ts";
import type { RandomTransform, SpecOf, Streams } from "./transform_spec.ts";
import { dirichlet } from "./variates.ts";

/** The number of AugMix's strengths. */
const AUG_MIX_BINS = 10;

export const randAugment: RandomTransform<"RandAugment"> = (batch, spec, streams) => {
  return eachImage(batch, spec.kind, (image, n) => {
    requireColours(image, spec.kind);
    const stream = streams(n);
    let result = image;
    for (let i = 0; i < spec.numOps; i++) {
      const bin = () => spec.magnitude;
      const drawn = drawAugmentation(RAND_AUGMENT_SPACE, stream, result, spec.numMagnitudeBins, bin);
      result = augment(result, drawn, spec);
    }
    return result;
  });
};

export const trivialAugmentWide: RandomTransform<"TrivialAugmentWide"> = (batch, spec, streams) => {
  return eachImage(batch, spec.kind, (image, n) => {
    requireColours(image, spec.kind);
    const stream = streams(n);
    const bins = spec.numMagnitudeBins;
    return augment(
      image,
      drawAugmentation(TRIVIAL_AUGMENT_SPACE, stream, image, bins, () => stream.integer(bins)),
      spec,
    );
  });
};

export function augMix(batch: Readonly<ArrayBatch>, spec: SpecOf<"AugMix">, streams: Streams): ArrayBatch {
  const space = spec.allOps ? AUG_MIX_SPACE : AUG_MIX_PARTIAL_SPACE;
  return eachImage(batch, spec.kind, (image, n) => {
    requireColours(image, spec.kind);
    const stream = streams(n);
    const [original, augmented] = dirichlet(stream, spec.alpha, 2);
    const weights = dirichlet(stream, spec.alpha, spec.mixtureWidth).map((weight) => weight * augmented);
    const chains = weights.map(() => {
      const depth = spec.chainDepth > 0 ? spec.chainDepth : 1 + stream.integer(3);
      const bin = () => stream.integer(spec.severity);
      return Array.from({ length: depth }, () => drawAugmentation(space, stream, image, AUG_MIX_BINS, bin));
    });
    return mixChains(image, { original, weights, chains }, spec);
  });
}

/** What AugMix draws for an image. */
export interface Mixture {
  /** Weight of the image as it is. */
  readonly original: number;
  /** Weight of each chain's result. */
  readonly weights: readonly number[];
  readonly chains: readonly (readonly Augmentation[])[];
}

/** The weighted sum of an image and of what chains of operations make of it. */
export function mixChains(image: OneImage, mixture: Mixture, options: WarpOptions): OneImage {
  const own = f32(mixture.original);
  const sum = Float32Array.from(image.data, (value) => f32(value * own));
  mixture.chains.forEach((chain, i) => {
    const { data } = chain.reduce((result, each) => augment(result, each, options), image);
    const weight = f32(mixture.weights[i]);
    for (let k = 0; k < sum.length; k++) sum[k] = f32(sum[k] + f32(data[k] * weight));
  });
  const data = allocateArray(image.dtype, sum.length);
  // Cut, as torchvision's conversion to uint8 does; by rounding the sum may end above 255.
  for (let k = 0; k < sum.length; k++) data[k] = image.dtype === "uint8" ? Math.min(255, sum[k]) : sum[k];
  return withData(image, data);
}
