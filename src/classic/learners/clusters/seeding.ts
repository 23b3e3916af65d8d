/** First centres of clusters. */
import { PhiloxStream } from "../../../base/philox.ts";
import { type Matrix, takeRows } from "../../matrix.ts";
import type { Turns } from "../turns.ts";
import { squaredDistance } from "./nearest_centres.ts";

/**
 * k-means++: each next centre is a row drawn with probability proportional to its squared distance from the nearest centre
 * so far; of some candidates the one counts that leaves the smallest sum of distances (greedy k-means++, as in
 * scikit-learn). Distances are in double precision: the same centres on every engine.
 *
 * Source: D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
 */
export async function seedCentres(x: Matrix, k: number, seed: number, turns: Turns): Promise<Matrix> {
  const random = new PhiloxStream(seed, 1);
  const tries = 2 + Math.floor(Math.log(k));
  const chosen = [random.integer(x.rows)];
  let distances = await distancesFrom(x, chosen[0], null, turns);
  while (chosen.length < k) {
    const total = distances.reduce((sum, value) => sum + value, 0);
    let best: { row: number; distances: Float64Array; sum: number } | null = null;
    for (let i = 0; i < tries; i++) {
      const row = drawn(distances, random.uniform() * total);
      const next = await distancesFrom(x, row, distances, turns);
      const sum = next.reduce((all, value) => all + value, 0);
      if (best === null || sum < best.sum) best = { row, distances: next, sum };
    }
    const found = best as { row: number; distances: Float64Array };
    chosen.push(found.row);
    distances = found.distances;
  }
  return takeRows(x, chosen);
}

/** Squared distances from the nearest centre, when a row becomes one. */
async function distancesFrom(
  { rows, columns, data }: Matrix,
  centre: number,
  before: Float64Array | null,
  turns: Turns,
): Promise<Float64Array> {
  const distances = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = squaredDistance(data, row * columns, data, centre * columns, columns);
    distances[row] = before === null ? own : Math.min(own, before[row]);
    if (row % 512 === 511) await turns.restIfOver();
  }
  return distances;
}

/** The row at which the running sum of weights reaches a value. */
function drawn(weights: Float64Array, value: number): number {
  let sum = 0;
  let last = 0;
  for (let row = 0; row < weights.length; row++) {
    if (weights[row] === 0) continue;
    sum += weights[row];
    last = row;
    if (sum > value) return row;
  }
  return last;
}
