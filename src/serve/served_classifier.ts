/** What a server serves, and what it makes of it. */
import type { ArrayBatch } from "../data/array_batch.ts";
import type { ClassName } from "../records/class_names.ts";
import type { Image } from "../records/image.ts";
import type { Preprocessing } from "../records/preprocessing.ts";

/** What a server needs of a classifier; `Classifier` of `convoyant/classifier` is one. */
export interface ServedClassifier {
  /** The names of the classes. */
  readonly classes: readonly ClassName[];
  /** What is done to an image before the network sees it, if that is known. */
  readonly preprocessing?: Preprocessing;
  /** The probabilities of each class for each image. */
  predictBatch(images: readonly Image[]): Promise<readonly { readonly probabilities: readonly number[] }[]>;
  /**
   * The same for images that are preprocessed already, each [1, C, H, W] and all of one shape: with it and `preprocessing`,
   * workers preprocess. When the probabilities are there, the memory of the inputs is used for others.
   */
  predictInputs?(inputs: readonly ArrayBatch[]): Promise<readonly (readonly number[])[]>;
}

/** A class and how likely it is. */
export interface RankedClass {
  /** Position among the classes, from 0. */
  readonly index: number;
  /** Its name. */
  readonly label: string;
  /** From 0 to 1. */
  readonly probability: number;
}
