/** Normalisation of HOG's blocks. */

/** How a block is normalised; see `hog`. */
export type BlockNorm = "L1" | "L1-sqrt" | "L2" | "L2-Hys";

/** Keeps flat blocks from becoming large. */
const EPSILON = 1e-5;

/** Where L2-Hys cuts. */
const HYSTERESIS = 0.2;

/**
 * Normalises a block in place: L1 `v / (|v|_1 + e)`, L1-sqrt its square root, L2 `v / sqrt(|v|^2 + e^2)`, L2-Hys L2,
 * cut at 0.2, and L2 again.
 */
export function normalise(values: Float32Array, from: number, to: number, norm: BlockNorm): void {
  if (norm === "L1" || norm === "L1-sqrt") {
    let sum = 0;
    for (let i = from; i < to; i++) sum += values[i];
    const scale = 1 / (sum + EPSILON);
    for (let i = from; i < to; i++)
      values[i] = norm === "L1" ? values[i] * scale : Math.sqrt(values[i] * scale);
    return;
  }
  toUnitLength(values, from, to, Number.POSITIVE_INFINITY);
  if (norm === "L2") return;
  toUnitLength(values, from, to, HYSTERESIS);
}

/** Divides values, cut at a limit, by their length. */
function toUnitLength(values: Float32Array, from: number, to: number, limit: number): void {
  let squares = 0;
  for (let i = from; i < to; i++) {
    const value = Math.min(values[i], limit);
    squares += value * value;
  }
  const scale = 1 / Math.sqrt(squares + EPSILON * EPSILON);
  for (let i = from; i < to; i++) values[i] = Math.min(values[i], limit) * scale;
}
