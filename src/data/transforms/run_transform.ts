import { ArgumentError } from "../../base/errors.ts";
import { PhiloxStream } from "../../base/philox.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { augMix, randAugment, trivialAugmentWide } from "./auto_augment.ts";
import {
  centerCrop,
  pad,
  randomCrop,
  randomHorizontalFlip,
  randomResizedCrop,
  randomVerticalFlip,
} from "./crops.ts";
import { randomErasing } from "./erasing.ts";
import { normalize, toTensor } from "./levels.ts";
import {
  colorJitter,
  gaussianBlur,
  grayscale,
  randomAdjustSharpness,
  randomAutocontrast,
  randomEqualize,
  randomGrayscale,
  randomInvert,
  randomPosterize,
  randomSolarize,
} from "./random_colours.ts";
import { randomAffine, randomPerspective, randomRotation } from "./random_warps.ts";
import { resize, resizeMiddle } from "./resize.ts";
import { runLambda } from "./run_lambda.ts";
import type { SpecOf, Streams, TransformContext, TransformSpec } from "./transform_spec.ts";

type Kind = Exclude<TransformSpec["kind"], "Compose">;

/** What each transform does to a batch. */
const RUNS: {
  readonly [K in Kind]: (
    batch: Readonly<ArrayBatch>,
    spec: SpecOf<K>,
    streams: Streams,
    context: TransformContext,
  ) => ArrayBatch;
} = {
  ToTensor: toTensor,
  Normalize: normalize,
  Resize: resize,
  CenterCrop: centerCrop,
  Pad: pad,
  RandomCrop: randomCrop,
  RandomHorizontalFlip: randomHorizontalFlip,
  RandomVerticalFlip: randomVerticalFlip,
  RandomResizedCrop: randomResizedCrop,
  RandomRotation: randomRotation,
  RandomAffine: randomAffine,
  RandomPerspective: randomPerspective,
  ColorJitter: colorJitter,
  Grayscale: grayscale,
  RandomGrayscale: randomGrayscale,
  RandomInvert: randomInvert,
  RandomAutocontrast: randomAutocontrast,
  RandomEqualize: randomEqualize,
  RandomPosterize: randomPosterize,
  RandomSolarize: randomSolarize,
  RandomAdjustSharpness: randomAdjustSharpness,
  GaussianBlur: gaussianBlur,
  RandomErasing: randomErasing,
  RandAugment: randAugment,
  TrivialAugmentWide: trivialAugmentWide,
  AugMix: augMix,
  Lambda: (batch, spec, _, context) => runLambda(batch, spec, context),
};

/** The names of all transforms, as descriptions hold them. */
export const TRANSFORM_KINDS: readonly string[] = ["Compose", ...Object.keys(RUNS)];

/** Position 0 stays free: with it the loader shuffles. */
export const FIRST_POSITION = 1;

/**
 * Runs a described transform on a batch of images [N, C, H, W]. The input is not changed; if nothing is
 * to be done the result may share its data.
 *
 * @param context - what random transforms draw from
 * @param first - the position of the first transform, for the rest of a pipeline whose start has been run
 */
export function runTransform(
  spec: TransformSpec,
  batch: Readonly<ArrayBatch>,
  context: TransformContext,
  first = FIRST_POSITION,
): ArrayBatch {
  return run(spec, batch, context, { next: first });
}

/** Counts the transforms of a pipeline, so that each has random numbers of its own. */
interface Positions {
  next: number;
}

function run(
  spec: TransformSpec,
  batch: Readonly<ArrayBatch>,
  context: TransformContext,
  positions: Positions,
): ArrayBatch {
  if (spec.kind === "Compose") {
    const { transforms } = spec;
    let images: ArrayBatch = { ...batch };
    for (let i = 0; i < transforms.length; i++) {
      const [one, next] = [transforms[i], transforms[i + 1]];
      if (one.kind === "Resize" && next?.kind === "CenterCrop") {
        images = resizeMiddle(images, one, next);
        positions.next += 2;
        i++;
      } else images = run(one, images, context, positions);
    }
    return images;
  }
  const position = positions.next++;
  const streams = (n: number) => new PhiloxStream(context.seed, context.epoch, context.indices[n], position);
  if (!Object.hasOwn(RUNS, spec.kind)) {
    throw new ArgumentError(`unknown transform \`${(spec as { kind: string }).kind}\``);
  }
  const each = RUNS[spec.kind] as (
    batch: Readonly<ArrayBatch>,
    spec: TransformSpec,
    streams: Streams,
    context: TransformContext,
  ) => ArrayBatch;
  return each(batch, spec, streams, context);
}
