/** Which photographs are trained on, which judge epochs, which are looked at once in the end. */
import { TensorDataset } from "../../data/dataset.ts";
import { stratifiedSplit } from "../../data/sampling/stratified_split.ts";
import { PHOTO_SPLITS, type PhotoSplit } from "./photo_config.ts";
import type { Photo } from "./photo_source.ts";

/** Shares, and the seed of the shuffle. */
export interface SplitSettings {
  readonly valSplit: number;
  readonly testSplit: number;
  readonly seed: number;
}

/**
 * The part of each image, with the classes in the same shares. Images whose part is known keep it; a class of two or more
 * images has one to train on and one to judge by.
 *
 * @param kept - parts of an earlier split by the names of the images.
 */
export function splitPhotos(
  photos: readonly Photo[],
  settings: SplitSettings,
  kept: ReadonlyMap<string, PhotoSplit> = new Map(),
): PhotoSplit[] {
  const parts = photos.map(({ name, split }) => split ?? kept.get(name) ?? null);
  const free = parts.flatMap((part, i) => (part === null ? [i] : []));
  if (free.length === 0) return parts as PhotoSplit[];
  const { valSplit, testSplit, seed } = settings;
  const labels = photos.map(({ label }) => label);
  const places = TensorDataset({ data: Float32Array.from(free), shape: [free.length], dtype: "float32" });
  const fractions = [1 - valSplit - testSplit, valSplit, testSplit];
  const split = stratifiedSplit(places, fractions, { seed, labels: free.map((i) => labels[i]) });
  for (const [part, { indices }] of split.entries())
    for (const index of indices) parts[free[index]] = PHOTO_SPLITS[part];
  const chosen = parts as PhotoSplit[];
  // A class that would be trained on and never judged, or the other way round, gives one of its images.
  for (const label of new Set(labels)) {
    const movable = free.filter((i) => labels[i] === label);
    if (valSplit > 0) lendOne("val", movable, chosen, labels, label);
    lendOne("train", movable, chosen, labels, label);
  }
  return chosen;
}

/** Moves the last image of a class that may move into a part that has none of it. */
function lendOne(
  to: PhotoSplit,
  movable: readonly number[],
  parts: PhotoSplit[],
  labels: readonly number[],
  label: number,
): void {
  const count = (part: PhotoSplit) => parts.filter((each, i) => each === part && labels[i] === label).length;
  if (count(to) > 0) return;
  const from = (to === "train" ? ["test", "val"] : ["train", "test"]) as readonly PhotoSplit[];
  const giver = from.find((part) => count(part) > (part === "train" ? 1 : 0));
  const given = giver && movable.findLast((i) => parts[i] === giver);
  if (given !== undefined) parts[given] = to;
}

/** Places of the images of a part. */
export function placesOf(parts: readonly PhotoSplit[], part: PhotoSplit): number[] {
  return parts.flatMap((each, i) => (each === part ? [i] : []));
}
