/**
 * Transforms as plain descriptions: they can be printed, kept in a run's configuration and sent to a worker.
 */

/** How Pad and RandomCrop fill the border: a value, the nearest edge pixel, or a mirror without / with it. */
export type ImagePaddingMode = "constant" | "edge" | "reflect" | "symmetric";

/** Left, top, right, bottom. */
export type ImagePadding = [number, number, number, number];

/** Height, width. */
export type ImageSize = [number, number];

export type TransformSpec =
  | { kind: "Compose"; transforms: TransformSpec[] }
  | { kind: "ToTensor" }
  | { kind: "Normalize"; mean: number[]; std: number[] }
  | { kind: "Resize"; size: number | ImageSize; maxSize: number | null; antialias: boolean }
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
  | {
      kind: "RandomResizedCrop";
      size: ImageSize;
      scale: [number, number];
      ratio: [number, number];
      antialias: boolean;
    };

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
