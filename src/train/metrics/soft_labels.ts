/**
 * Labels as rows of probabilities [N, classes], as MixUp, CutMix and label smoothing give. Metrics count the most
 * probable class as the true one, the first of equals, as torchvision's training scripts do.
 */
import { argmax } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** How far from 1 the sum of a row may lie: bfloat16 rounds each probability to 8 bits. */
const TOLERANCE = 0.01;

/** The class of each example: labels [N] as they are, of rows of probabilities the most probable class. */
export function hardLabels(target: Tensor): Tensor {
  return target.ndim === 2 ? argmax(target, 1) : target;
}

/** Whether every row of `classes` numbers is a distribution. Of one class there is none: it might be any number. */
export function areDistributions(numbers: ArrayLike<number>, classes: number): boolean {
  if (classes < 2 || numbers.length === 0) return false;
  for (let at = 0; at < numbers.length; at += classes) {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      if (!(numbers[at + c] >= 0)) return false;
      sum += numbers[at + c];
    }
    if (Math.abs(sum - 1) > TOLERANCE) return false;
  }
  return true;
}

/** The place of the largest of the `count` numbers from `at` on, the first of equals. */
export function largestAt(numbers: ArrayLike<number>, at: number, count: number): number {
  let best = 0;
  for (let c = 1; c < count; c++) if (numbers[at + c] > numbers[at + best]) best = c;
  return best;
}
