/** What other libraries make of 300 handwritten digits (`test/fixtures/classic/learners.py`). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Matrix } from "../../../src/classic/matrix.ts";
import { root } from "../../architecture/sources.ts";

export const recorded = JSON.parse(readFileSync(join(root, "test/fixtures/classic/learners.json"), "utf8"));

/** Images of 8 x 8 pixels, 0 to 16. */
export function pixels(values: readonly number[], scale = 1): Matrix {
  return { rows: values.length / 64, columns: 64, data: Float32Array.from(values, (value) => value / scale) };
}

export const train = pixels(recorded.train);
export const test64 = pixels(recorded.test);
/** The same from 0 to 1. */
export const train1 = pixels(recorded.train, 16);
export const test1 = pixels(recorded.test, 16);
export const labels: readonly number[] = recorded.labels;
export const testLabels: readonly number[] = recorded.testLabels;

/** Values as close as their sizes and single precision allow. */
export function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of expected.entries()) {
    const difference = Math.abs(actual[i] - value);
    assert.ok(
      difference <= tolerance * Math.max(1, Math.abs(value)),
      `value ${i}: ${actual[i]}, expected ${value}`,
    );
  }
}

/** Share of equal entries. */
export function agreement(actual: ArrayLike<number>, expected: readonly number[]): number {
  return expected.filter((value, i) => value === actual[i]).length / expected.length;
}
