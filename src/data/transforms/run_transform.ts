import { ArgumentError } from "../../base/errors.ts";
import { PhiloxStream } from "../../base/philox.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { centerCrop, pad, randomCrop, randomHorizontalFlip, randomResizedCrop } from "./crops.ts";
import { normalize, toTensor } from "./levels.ts";
import { resize } from "./resize.ts";
import type { TransformContext, TransformSpec } from "./transform_spec.ts";

/**
 * Runs a described transform on a batch of images [N, C, H, W]. The input is not changed; if nothing is
 * to be done the result may share its data.
 *
 * @param context - what random transforms draw from
 */
export function runTransform(
  spec: TransformSpec,
  batch: Readonly<ArrayBatch>,
  context: TransformContext,
): ArrayBatch {
  // Position 0 stays free: with it the loader shuffles.
  return run(spec, batch, context, { next: 1 });
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
    return spec.transforms.reduce<ArrayBatch>((images, one) => run(one, images, context, positions), {
      ...batch,
    });
  }
  const position = positions.next++;
  const streams = (n: number) => new PhiloxStream(context.seed, context.epoch, context.indices[n], position);
  switch (spec.kind) {
    case "ToTensor":
      return toTensor(batch);
    case "Normalize":
      return normalize(batch, spec);
    case "Resize":
      return resize(batch, spec);
    case "CenterCrop":
      return centerCrop(batch, spec);
    case "Pad":
      return pad(batch, spec);
    case "RandomCrop":
      return randomCrop(batch, spec, streams);
    case "RandomHorizontalFlip":
      return randomHorizontalFlip(batch, spec, streams);
    case "RandomResizedCrop":
      return randomResizedCrop(batch, spec, streams);
    default:
      throw new ArgumentError(`unknown transform \`${(spec as { kind: string }).kind}\``);
  }
}
