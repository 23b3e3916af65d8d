/**
 * Transforms as plain descriptions: they can be printed, kept in a run's configuration and sent to a worker.
 */

import type { PhiloxStream } from "../../base/philox.ts";
import type { ArrayBatch } from "../array_batch.ts";

/** How Pad and RandomCrop fill the border: a value, the nearest edge pixel, or a mirror without / with it. */
export type ImagePaddingMode = "constant" | "edge" | "reflect" | "symmetric";

/** Left, top, right, bottom. */
export type ImagePadding = [number, number, number, number];

/** Height, width. */
export type ImageSize = [number, number];

/** How a resized pixel gets its value. */
export type ResizeInterpolation = "nearest" | "nearest-exact" | "bilinear" | "bicubic";

/** How a pixel of a rotated or warped image gets its value. */
export type WarpInterpolation = "nearest" | "bilinear";

/** What stands outside of a warped image: one value, or one for each channel; null is black, blended at the edge. */
export type Fill = number | number[] | null;

/** Lowest and highest value that is drawn. */
export type Range = [number, number];

/** A function of a program's own, as `Lambda` takes it. */
export type BatchOperation = (images: ArrayBatch, context: TransformContext) => ArrayBatch;

export type TransformSpec =
  | { kind: "Compose"; transforms: TransformSpec[] }
  | { kind: "ToTensor" }
  | { kind: "Normalize"; mean: number[]; std: number[] }
  | {
      kind: "Resize";
      size: number | ImageSize;
      /** Bilinear if it is left out, as in descriptions that were recorded before there was a choice. */
      interpolation?: ResizeInterpolation;
      maxSize: number | null;
      antialias: boolean;
    }
  | { kind: "CenterCrop"; size: ImageSize }
  | { kind: "Pad"; padding: ImagePadding; fill: number; paddingMode: ImagePaddingMode }
  | {
      kind: "RandomCrop";
      size: ImageSize;
      padding: ImagePadding | null;
      padIfNeeded: boolean;
      fill: number;
      paddingMode: ImagePaddingMode;
    }
  | { kind: "RandomHorizontalFlip"; p: number }
  | { kind: "RandomVerticalFlip"; p: number }
  | {
      kind: "RandomResizedCrop";
      size: ImageSize;
      scale: [number, number];
      ratio: [number, number];
      interpolation?: ResizeInterpolation;
      antialias: boolean;
    }
  | {
      kind: "RandomRotation";
      degrees: Range;
      interpolation: WarpInterpolation;
      expand: boolean;
      center: [number, number] | null;
      fill: Fill;
    }
  | {
      kind: "RandomAffine";
      degrees: Range;
      /** Fractions of width and height. */
      translate: [number, number] | null;
      scale: Range | null;
      /** Of x, and of y if there are four. */
      shear: number[] | null;
      interpolation: WarpInterpolation;
      fill: Fill;
      center: [number, number] | null;
    }
  | {
      kind: "RandomPerspective";
      distortionScale: number;
      p: number;
      interpolation: WarpInterpolation;
      fill: Fill;
    }
  | {
      kind: "ColorJitter";
      brightness: Range | null;
      contrast: Range | null;
      saturation: Range | null;
      hue: Range | null;
    }
  | { kind: "Grayscale"; numOutputChannels: 1 | 3 }
  | { kind: "RandomGrayscale"; p: number }
  | { kind: "RandomInvert"; p: number }
  | { kind: "RandomAutocontrast"; p: number }
  | { kind: "RandomEqualize"; p: number }
  | { kind: "RandomPosterize"; bits: number; p: number }
  | { kind: "RandomSolarize"; threshold: number; p: number }
  | { kind: "RandomAdjustSharpness"; sharpnessFactor: number; p: number }
  | { kind: "GaussianBlur"; kernelSize: [number, number]; sigma: Range }
  | { kind: "RandomErasing"; p: number; scale: Range; ratio: Range; value: number[] | "random" }
  | {
      kind: "RandAugment";
      numOps: number;
      magnitude: number;
      numMagnitudeBins: number;
      interpolation: WarpInterpolation;
      fill: Fill;
    }
  | { kind: "TrivialAugmentWide"; numMagnitudeBins: number; interpolation: WarpInterpolation; fill: Fill }
  | {
      kind: "AugMix";
      severity: number;
      mixtureWidth: number;
      chainDepth: number;
      alpha: number;
      allOps: boolean;
      interpolation: WarpInterpolation;
      fill: Fill;
    }
  /** The function cannot be recorded: JSON keeps only its name. */
  | { kind: "Lambda"; name: string; apply?: BatchOperation };

/** The description of one kind. */
export type SpecOf<K extends TransformSpec["kind"]> = Extract<TransformSpec, { kind: K }>;

/** A stream of random numbers for each image of a batch. */
export type Streams = (position: number) => PhiloxStream;

/** Applies a transform of this kind to a batch, with numbers drawn for each image. */
export type RandomTransform<K extends TransformSpec["kind"]> = (
  batch: Readonly<ArrayBatch>,
  spec: SpecOf<K>,
  streams: Streams,
) => ArrayBatch;

/**
 * Whether the description holds a function, which no worker can be sent and no file can keep.
 */
export function holdsFunction(spec: TransformSpec): boolean {
  return spec.kind === "Compose" ? spec.transforms.some(holdsFunction) : spec.kind === "Lambda";
}

/**
 * What a random transform draws from: the same seed, epoch and example give the same numbers, however the
 * examples are spread over batches and workers.
 */
export interface TransformContext {
  readonly seed: number;
  readonly epoch: number;
  /** Which example of the data set each image of the batch is. */
  readonly indices: ArrayLike<number>;
}
