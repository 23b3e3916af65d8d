/** The images that an experiment is trained on, in memory. */
import { data } from "convoyant";
import type { ClassName } from "../experiment/class_name.ts";
import { LabError } from "../worker/problem.ts";

/** Images with a class for each. */
export interface ImageSet {
  /** Levels 0 to 255, [N, C, H, W]. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array | Uint16Array;
  readonly count: number;
}

/** Training and test images of one size. */
export interface LabData {
  readonly train: ImageSet;
  readonly test: ImageSet;
  readonly channels: 1 | 3;
  readonly side: number;
  readonly classes: readonly ClassName[];
}

export type DataProgress = (done: number, of: number | null) => void;

/** The bytes of image `index`. */
export function pixelsOf(
  { train, test, channels, side }: LabData,
  split: "train" | "test",
  index: number,
): Uint8Array {
  const { pixels, count } = split === "train" ? train : test;
  if (!(Number.isInteger(index) && index >= 0 && index < count))
    throw new LabError("failed", `there is no ${split} image ${index}; there are ${count}`);
  const length = channels * side * side;
  return pixels.subarray(index * length, (index + 1) * length);
}

/** A set as the library's loaders take it, resized to what a network takes. */
export function datasetOf(
  { channels, side, classes }: LabData,
  set: ImageSet,
  size: number,
): data.LabelledImages {
  const { ToTensor, Compose, Resize } = data.transforms;
  const images: data.ArrayBatch = {
    data: set.pixels,
    shape: [set.count, channels, side, side],
    dtype: "uint8",
  };
  const labels: data.ArrayBatch = { data: Float64Array.from(set.labels), shape: [set.count], dtype: "int64" };
  return new data.LabelledImages(images, labels, {
    transform: size === side ? ToTensor() : Compose([Resize([size, size]), ToTensor()]),
    classes: classes.map(({ en }) => en),
  });
}

/** How many training images each class has. */
export function countsOf({ train, classes }: LabData): number[] {
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of train.labels) counts[label]++;
  return counts;
}
