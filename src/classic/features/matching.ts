/** Matching of descriptors. */
import { ShapeError } from "../../base/errors.ts";
import { Turns } from "../learners/turns.ts";
import { checkMatrix, type Matrix } from "../matrix.ts";
import { boolean, number, type OptionRules, readOptions } from "../option_checks.ts";

/** Two descriptors that belong together. */
export interface DescriptorMatch {
  /** Row among the first descriptors. */
  readonly query: number;
  /** Row among the second. */
  readonly train: number;
  /** Euclidean distance. */
  readonly distance: number;
}

/** Options of {@link matchDescriptors}. */
export interface MatchOptions {
  /**
   * Keeps matches whose distance is less than this share of the distance to the second nearest; those of a single
   * descriptor have no second and are dropped. Default 1: all are kept, ties too.
   */
  ratio: number;
  /** Keeps matches that are the nearest to each other from both sides. Default false. */
  crossCheck: boolean;
}

const RULES: OptionRules<MatchOptions> = { ratio: number(1, 0, 1, true), crossCheck: boolean(false) };

/** For each row the nearest of other rows, and the squared distances to it and to the second nearest. */
interface Nearest {
  readonly indices: Int32Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/**
 * For each descriptor the nearest of others, by Euclidean distance; Lowe's ratio test and a cross-check drop doubtful
 * matches. Of equal distances the first counts.
 *
 * Sources: D. G. Lowe, IJCV 2004, section 7.1 (ratios up to 0.8); OpenCV's `BFMatcher`, whose matches it gives.
 *
 * @returns matches in the order of the first descriptors; none if either side has no descriptors.
 * @throws ShapeError if the descriptors have different lengths; ArgumentError for values that are NaN or infinite, and
 *   for options outside their range.
 * @example
 * ```ts
 * import { matchDescriptors, matrix } from "convoyant/classic";
 * const [first, second] = [matrix([[0, 0], [9, 9]]), matrix([[8, 9], [1, 0], [0, 5]])];
 * const matches = await matchDescriptors(first, second, { ratio: 0.8 });
 * matches.map(({ train }) => train); // [1, 0]
 * matches[0].distance; // 1
 * ```
 */
export async function matchDescriptors(
  query: Matrix,
  train: Matrix,
  options: Partial<MatchOptions> = {},
): Promise<DescriptorMatch[]> {
  const { ratio, crossCheck } = readOptions("matchDescriptors", options, RULES);
  checkMatrix("matchDescriptors", query);
  checkMatrix("matchDescriptors", train);
  if (query.rows === 0 || train.rows === 0) return [];
  if (query.columns !== train.columns) {
    throw new ShapeError(
      `matchDescriptors: expected descriptors of one length, got ${query.columns} and ${train.columns} values; ` +
        "take both from the same extractor",
    );
  }
  const turns = new Turns("matchDescriptors");
  const forward = await nearestRows(query, train, turns);
  const backward = crossCheck ? (await nearestRows(train, query, turns)).indices : null;
  const matches: DescriptorMatch[] = [];
  for (const [row, index] of forward.indices.entries()) {
    const distance = Math.sqrt(forward.first[row]);
    const second = Math.sqrt(forward.second[row]);
    if (ratio < 1 && !(distance < ratio * second && Number.isFinite(second))) continue;
    if (backward !== null && backward[index] !== row) continue;
    matches.push({ query: row, train: index, distance });
  }
  return matches;
}

async function nearestRows(from: Matrix, to: Matrix, turns: Turns): Promise<Nearest> {
  const found: Nearest = {
    indices: new Int32Array(from.rows),
    first: new Float64Array(from.rows).fill(Number.POSITIVE_INFINITY),
    second: new Float64Array(from.rows).fill(Number.POSITIVE_INFINITY),
  };
  for (let row = 0; row < from.rows; row++) {
    findNearest(from, row, to, found);
    if (row % 16 === 15) await turns.restIfOver();
  }
  return found;
}

function findNearest({ columns, data }: Matrix, row: number, to: Matrix, found: Nearest): void {
  const at = row * columns;
  let [index, first, second] = [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let other = 0, from = 0; other < to.rows; other++, from += columns) {
    let sum = 0;
    for (let i = 0; i < columns; i++) {
      const difference = data[at + i] - to.data[from + i];
      sum += difference * difference;
    }
    if (sum >= second) continue;
    if (sum >= first) {
      second = sum;
      continue;
    }
    second = first;
    first = sum;
    index = other;
  }
  found.indices[row] = index;
  found.first[row] = first;
  found.second[row] = second;
}
