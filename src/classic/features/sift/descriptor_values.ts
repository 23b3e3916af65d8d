/** Values of SIFT descriptors from sums of gradients. */
import { SIFT_LENGTH } from "./descriptor_shape.ts";

/** Where a normalised value is cut, and what the result is multiplied by and cut at. */
const CLIP = 0.2;
const FACTOR = 512;
const MOST = 255;

/** How values are finished. */
export interface DescriptorForm {
  /** Added before the fraction is dropped: 0.5 rounds, 0 cuts. */
  readonly rounding: number;
  /** Whether the result is RootSIFT. */
  readonly root: boolean;
}

/**
 * Cuts values at 0.2 of their length, scales them to 0 to 255, and makes RootSIFT of them if asked to.
 *
 * @returns the length of the values as they came.
 */
export function finishDescriptor(
  values: Float64Array,
  out: Float32Array,
  at: number,
  { rounding, root }: DescriptorForm,
): number {
  const length = lengthOf(values);
  const limit = CLIP * length;
  for (let i = 0; i < SIFT_LENGTH; i++) values[i] = Math.min(values[i], limit);
  const factor = FACTOR / Math.max(lengthOf(values), 1e-7);
  let sum = 0;
  for (let i = 0; i < SIFT_LENGTH; i++) {
    const value = Math.min(Math.floor(values[i] * factor + rounding), MOST);
    sum += value;
    out[at + i] = value;
  }
  if (root && sum > 0) for (let i = 0; i < SIFT_LENGTH; i++) out[at + i] = Math.sqrt(out[at + i] / sum);
  return length;
}

function lengthOf(values: Float64Array): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
  return Math.sqrt(squares);
}
