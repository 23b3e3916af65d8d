/** Who is whose neighbour among points of many features. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Points } from "./points.ts";

/** A sparse matrix by rows. */
export interface SparseRows {
  /** Where each row begins, and the end of the last. */
  readonly starts: Int32Array;
  readonly neighbours: Int32Array;
  readonly shares: Float64Array;
}

/** The nearest points of one. */
export interface NearestPoints {
  /** Rows of other points, the nearest first. */
  readonly rows: readonly number[];
  /** Euclidean distances. */
  readonly distances: readonly number[];
}

/**
 * The nearest other points of each point, by Euclidean distance; of equally near ones the first.
 *
 * @param count - how many. Default 5, at most all others.
 * @throws ArgumentError for a count that is not an integer above 0.
 * @example
 * ```ts
 * import { nearestNeighbours } from "convoyant/look";
 * const points = { rows: 3, columns: 1, data: Float64Array.of(0, 1, 5) };
 * nearestNeighbours(points, 1)[2].rows; // [1]
 * ```
 */
export function nearestNeighbours(points: Points, count = 5): NearestPoints[] {
  if (!Number.isInteger(count) || count < 1)
    throw new ArgumentError(
      `nearestNeighbours: expected \`count\` to be an integer of at least 1, got ${shownValue(count)}`,
    );
  const { rows, columns, data } = points;
  return Array.from({ length: rows }, (_, i) => {
    const squares = new Float64Array(rows);
    for (let j = 0; j < rows; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += (data[i * columns + k] - data[j * columns + k]) ** 2;
      squares[j] = sum;
    }
    const order = Array.from({ length: rows }, (_, j) => j).filter((j) => j !== i);
    order.sort((a, b) => squares[a] - squares[b] || a - b);
    const nearest = order.slice(0, count);
    return { rows: nearest, distances: nearest.map((j) => Math.sqrt(squares[j])) };
  });
}

/**
 * Shares of neighbours, symmetric and of sum 1: of each point a Gaussian over its nearest 3 * perplexity + 1, as wide as
 * gives that perplexity.
 */
export function neighbourhoods(points: Points, perplexity: number): SparseRows {
  const count = Math.min(points.rows - 1, Math.floor(3 * perplexity + 1));
  const found = nearestNeighbours(points, count);
  const shares = found.map(({ distances }) => gaussianShares(distances, perplexity));
  return symmetric(found, shares);
}

/** Weights exp(-d² b), of sum 1, whose entropy is the logarithm of the perplexity; b by binary search. */
function gaussianShares(distances: readonly number[], perplexity: number): number[] {
  const wanted = Math.log(perplexity);
  const squares = distances.map((distance) => distance * distance);
  let [low, high, beta] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1];
  let shares: number[] = [];
  for (let round = 0; round < 100; round++) {
    // Less the nearest, so that not all vanish.
    const weights = squares.map((square) => Math.exp(-(square - squares[0]) * beta));
    const sum = weights.reduce((a, b) => a + b, 0);
    shares = weights.map((weight) => weight / sum);
    const mean = shares.reduce((total, share, j) => total + share * (squares[j] - squares[0]), 0);
    const difference = Math.log(sum) + beta * mean - wanted;
    if (Math.abs(difference) <= 1e-5) break;
    if (difference > 0) {
      low = beta;
      beta = high === Number.POSITIVE_INFINITY ? 2 * beta : (beta + high) / 2;
    } else {
      high = beta;
      beta = low === Number.NEGATIVE_INFINITY ? beta / 2 : (beta + low) / 2;
    }
  }
  return shares;
}

function symmetric(found: readonly NearestPoints[], shares: readonly (readonly number[])[]): SparseRows {
  const rows = found.map(() => new Map<number, number>());
  const total = 2 * found.length;
  found.forEach(({ rows: near }, i) => {
    near.forEach((j, at) => {
      const share = shares[i][at] / total;
      rows[i].set(j, (rows[i].get(j) ?? 0) + share);
      rows[j].set(i, (rows[j].get(i) ?? 0) + share);
    });
  });
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    starts[i + 1] = starts[i] + row.size;
  });
  const neighbours = new Int32Array(starts[rows.length]);
  const values = new Float64Array(starts[rows.length]);
  rows.forEach((row, i) => {
    let at = starts[i];
    for (const [j, share] of row) {
      neighbours[at] = j;
      values[at++] = share;
    }
  });
  return { starts, neighbours, shares: values };
}
