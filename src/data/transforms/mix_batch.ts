/** Runs a described mix on a batch, here or in a loader's worker. */
import { ArgumentError } from "../../base/errors.ts";
import { PhiloxStream } from "../../base/philox.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { imagesOf } from "./images.ts";
import { cutImages, lambdaOf, mixImages, mixLabels, probabilitiesOf } from "./mixing.ts";
import { drawRectangleAbout } from "./random_rectangle.ts";
import { beta } from "./variates.ts";

/** What a mix does, as plain data: `MixUp(spec)` makes it again. */
export interface MixSpec {
  readonly kind: "MixUp" | "CutMix";
  readonly alpha: number;
  readonly numClasses: number | null;
  /** Probability that a batch is mixed. */
  readonly p: number;
}

/** What the share is drawn from: the same seed, epoch and batch number give the same share. */
export interface MixContext {
  readonly seed: number;
  readonly epoch: number;
  readonly batch: number;
}

/** Of a loader's batch: the mixes of which one is drawn, and from what. */
export interface BatchMixing {
  readonly mixes: readonly MixSpec[];
  readonly context: MixContext;
}

/** The position of mixes among the transforms of a pipeline: behind any that there can be. */
const POSITION = 0xffff_ffff;

/**
 * A batch mixed by one of the mixes, all of which are equally probable: images, labels as rows of probabilities, and
 * further parts as they are.
 *
 * @throws ArgumentError for a batch without labels; what `probabilitiesOf` and the mix throw.
 */
export function mixBatch(parts: readonly ArrayBatch[], { mixes, context }: BatchMixing): ArrayBatch[] {
  const [images, labels, ...others] = parts;
  if (labels === undefined)
    throw new ArgumentError(`${mixes[0].kind}: expected batches of images and labels, got images alone`);
  const stream = new PhiloxStream(context.seed, context.epoch, context.batch, POSITION);
  const spec = mixes.length === 1 ? mixes[0] : mixes[stream.integer(mixes.length)];
  const { count } = imagesOf(images, spec.kind);
  const rows = probabilitiesOf(labels, count, spec.numClasses, spec.kind);
  const leaves = spec.p < 1 && stream.uniform() >= spec.p;
  return [...(leaves ? [images, rows] : mix(images, rows, spec, stream)), ...others];
}

function mix(images: ArrayBatch, rows: ArrayBatch, spec: MixSpec, stream: PhiloxStream): ArrayBatch[] {
  const lambda = beta(stream, spec.alpha);
  if (spec.kind === "MixUp") return [mixImages(images, lambda), mixLabels(rows, lambda)];
  const { height, width } = imagesOf(images, spec.kind);
  const box = drawRectangleAbout(stream, 1 - lambda, height, width);
  return [cutImages(images, box), mixLabels(rows, lambdaOf(box, height, width))];
}

/**
 * The mixes that a loader was given, as plain data; none if it was given none.
 *
 * @throws ArgumentError for anything that is not `MixUp(...)` or `CutMix(...)`.
 */
export function mixesOf(given: unknown, of: string): readonly MixSpec[] {
  if (given === undefined || given === null) return [];
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.map((one) => {
    const { spec } = (one ?? {}) as { readonly spec?: MixSpec };
    if (spec?.kind === "MixUp" || spec?.kind === "CutMix") return spec;
    throw new ArgumentError(
      `${of}: expected \`mix\` to be transforms.MixUp(...), transforms.CutMix(...) or an array of them, got ${shownValue(one)}`,
    );
  });
}
