/** Operations on colours and levels, drawn for each image. */
import type { ArrayBatch } from "../array_batch.ts";
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  greyscale,
} from "./operations/colour.ts";
import { adjustSharpness, gaussianBlur as blur } from "./operations/filters.ts";
import { eachImage, type OneImage } from "./operations/one_image.ts";
import { autocontrast, equalize, invert, posterize, solarize } from "./operations/tones.ts";
import type { RandomTransform, Range, SpecOf, Streams, TransformSpec } from "./transform_spec.ts";
import { uniformBetween } from "./variates.ts";

/** Changes brightness, contrast, saturation and hue in a random order, each by a factor of its own. */
export const colorJitter: RandomTransform<"ColorJitter"> = (batch, spec, streams) => {
  return eachImage(batch, spec.kind, (image, n) => {
    const stream = streams(n);
    const steps: [Range | null, (image: OneImage, factor: number) => OneImage][] = [
      [spec.brightness, adjustBrightness],
      [spec.contrast, adjustContrast],
      [spec.saturation, adjustSaturation],
      [spec.hue, adjustHue],
    ];
    // Fisher and Yates's shuffle.
    for (let i = 3; i > 0; i--) {
      const j = stream.integer(i + 1);
      [steps[i], steps[j]] = [steps[j], steps[i]];
    }
    return steps.reduce(
      (result, [range, adjust]) => (range === null ? result : adjust(result, uniformBetween(stream, range))),
      image,
    );
  });
};

export function grayscale(batch: Readonly<ArrayBatch>, spec: SpecOf<"Grayscale">): ArrayBatch {
  return eachImage(batch, spec.kind, (image) => greyscale(image, spec.numOutputChannels));
}

export const gaussianBlur: RandomTransform<"GaussianBlur"> = (batch, spec, streams) => {
  return eachImage(batch, spec.kind, (image, n) =>
    blur(image, spec.kernelSize, uniformBetween(streams(n), spec.sigma)),
  );
};

/** Descriptions with a probability. */
type Chance = Extract<TransformSpec, { p: number }>;

/** A transform that does one operation to an image with probability `p`, and else leaves it as it is. */
function withProbability<S extends Chance>(operation: (image: OneImage, spec: S) => OneImage) {
  return (batch: Readonly<ArrayBatch>, spec: S, streams: Streams): ArrayBatch =>
    eachImage(batch, spec.kind, (image, n) =>
      streams(n).uniform() < spec.p ? operation(image, spec) : image,
    );
}

export const randomGrayscale = withProbability<SpecOf<"RandomGrayscale">>((image) =>
  greyscale(image, image.channels),
);
export const randomInvert = withProbability<SpecOf<"RandomInvert">>(invert);
export const randomAutocontrast = withProbability<SpecOf<"RandomAutocontrast">>(autocontrast);
export const randomEqualize = withProbability<SpecOf<"RandomEqualize">>(equalize);
export const randomPosterize = withProbability<SpecOf<"RandomPosterize">>((image, { bits }) =>
  posterize(image, bits),
);
export const randomSolarize = withProbability<SpecOf<"RandomSolarize">>((image, { threshold }) =>
  solarize(image, threshold),
);
export const randomAdjustSharpness = withProbability<SpecOf<"RandomAdjustSharpness">>(
  (image, { sharpnessFactor }) => adjustSharpness(image, sharpnessFactor),
);
