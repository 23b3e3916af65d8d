import { allocateArray } from "../base/dtype.ts";
import { ShapeError } from "../base/errors.ts";
import { formatShape, numel } from "../base/shape.ts";
import { type ArrayBatch, checkedIndex, gatherRows } from "./array_batch.ts";
import type { ImagesDescription } from "./folders/image_source.ts";
import { loadImages } from "./folders/load_images.ts";
import { runTransform } from "./transforms/run_transform.ts";
import type { TransformSpec } from "./transforms/transform_spec.ts";

/**
 * A data set as plain data, from which batches can be built anywhere: here or in a worker that was sent the
 * description.
 */
export type DatasetDescription =
  | {
      kind: "arrays";
      /** Each holds one row for every example; the first are the images. */
      arrays: ArrayBatch[];
      /** Runs on the first array's rows. */
      transform: TransformSpec | null;
    }
  | ImagesDescription
  | { kind: "subset"; of: DatasetDescription; indices: Uint32Array }
  | { kind: "concat"; parts: DatasetDescription[] };

/** What random transforms depend on, besides the example itself. */
export interface BatchContext {
  readonly seed: number;
  readonly epoch: number;
}

/** Number of examples. */
export function lengthOf(description: DatasetDescription): number {
  if (description.kind === "arrays") return description.arrays[0].shape[0];
  if (description.kind === "images") return description.sources.length;
  if (description.kind === "subset") return description.indices.length;
  return description.parts.reduce((sum, part) => sum + lengthOf(part), 0);
}

/**
 * The chosen examples, transformed: one array for each part of an example.
 *
 * @throws IndexError for an example that does not exist; FileError for an image that cannot be decoded.
 */
export async function buildBatch(
  description: DatasetDescription,
  indices: ArrayLike<number>,
  context: BatchContext,
): Promise<ArrayBatch[]> {
  if (description.kind === "arrays") {
    const parts = description.arrays.map((array) => gatherRows(array, indices));
    if (description.transform !== null) {
      parts[0] = runTransform(description.transform, parts[0], { ...context, indices });
    }
    return parts;
  }
  if (description.kind === "images") return loadImages(description, indices, context);
  if (description.kind === "subset") {
    const { indices: chosen } = description;
    const inner = Uint32Array.from(indices, (i) => chosen[checkedIndex(i, chosen.length)]);
    return buildBatch(description.of, inner, context);
  }
  const shares: { arrays: ArrayBatch[]; positions: number[] }[] = [];
  // One after the other: images that are decoded at once take memory at once.
  for (const { part, inner, positions } of spread(indices, description.parts.map(lengthOf)))
    shares.push({ arrays: await buildBatch(description.parts[part], inner, context), positions });
  return merge(indices.length, shares);
}

/** The examples of one part of a concatenation: which ones, and where in the batch they stand. */
export interface Share {
  readonly part: number;
  readonly inner: number[];
  readonly positions: number[];
}

/** Sorts indices into a concatenation of data sets of the given lengths to its parts. */
export function spread(indices: ArrayLike<number>, lengths: readonly number[]): Share[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const shares: Share[] = lengths.map((_, part) => ({ part, inner: [], positions: [] }));
  for (let position = 0; position < indices.length; position++) {
    let index = checkedIndex(indices[position], total);
    let part = 0;
    while (index >= lengths[part]) index -= lengths[part++];
    shares[part].inner.push(index);
    shares[part].positions.push(position);
  }
  return shares.filter((share) => share.inner.length > 0);
}

/** Puts the rows of several batches to their positions in one. */
export function merge(
  count: number,
  shares: readonly { arrays: readonly ArrayBatch[]; positions: readonly number[] }[],
): ArrayBatch[] {
  if (shares.length === 1) return [...shares[0].arrays];
  const counts = shares.map(({ arrays }) => arrays.length);
  if (counts.some((parts) => parts !== counts[0])) {
    throw new ShapeError(
      `ConcatDataset: its parts give examples of ${counts.join(" and ")} parts; expected the same`,
    );
  }
  return shares[0].arrays.map((first, a) => {
    const row = first.shape.slice(1);
    const size = numel(row);
    const data = allocateArray(first.dtype, count * size);
    for (const { arrays, positions } of shares) {
      const array = arrays[a];
      if (array?.dtype !== first.dtype || formatShape(array.shape.slice(1)) !== formatShape(row)) {
        throw new ShapeError(
          `ConcatDataset: its parts give ${first.dtype} ${formatShape(row)} and ` +
            `${array?.dtype} ${formatShape(array?.shape.slice(1) ?? [])}; expected the same from all`,
        );
      }
      positions.forEach((position, i) => {
        data.set(array.data.subarray(i * size, (i + 1) * size), position * size);
      });
    }
    return { data, shape: [count, ...row], dtype: first.dtype };
  });
}
