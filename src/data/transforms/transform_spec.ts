/**
 * Transforms as plain descriptions: they can be printed, kept in a run's configuration and sent to a worker.
 */

/** How Pad and RandomCrop fill the border: a value, the nearest edge pixel, or a mirror without / with it. */
export type PaddingMode = "constant" | "edge" | "reflect" | "symmetric";

/** Left, top, right, bottom. */
export type Padding = [number, number, number, number];

/** Height, width. */
export type Size = [number, number];

export type TransformSpec =
  | { kind: "Compose"; transforms: TransformSpec[] }
  | { kind: "ToTensor" }
  | { kind: "Normalize"; mean: number[]; std: number[] }
  | { kind: "Resize"; size: number | Size; maxSize: number | null; antialias: boolean }
  | { kind: "CenterCrop"; size: Size }
  | { kind: "Pad"; padding: Padding; fill: number; paddingMode: PaddingMode }
  | {
      kind: "RandomCrop";
      size: Size;
      padding: Padding | null;
      padIfNeeded: boolean;
      fill: number;
      paddingMode: PaddingMode;
    }
  | { kind: "RandomHorizontalFlip"; p: number }
  | {
      kind: "RandomResizedCrop";
      size: Size;
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
