/** The nearest of a few points for each of many: words of descriptors, clusters of examples. */
import { fromTypedArray } from "../../../tensor/tensor.ts";
import type { Matrix } from "../../matrix.ts";
import { computed, held, rowProducts, rowsOfBlock, rowsTensor } from "../products.ts";
import type { Turns } from "../turns.ts";

/** For each row its nearest centre and the squared distance. */
export interface Assignment {
  readonly labels: Int32Array;
  readonly distances: Float64Array;
}

/** Distances that are closer than this, as a share of the squared lengths, are computed again in double precision. */
const NEAR = 1e-4;

/**
 * The nearest centre of each row. Products run on the engine in blocks; where its rounding could decide, distances are
 * computed again in double precision, so that every engine gives the same labels. Of equal distances the first counts.
 */
export async function assignToCentres(x: Matrix, centres: Matrix, turns: Turns): Promise<Assignment> {
  const { rows, columns } = x;
  const k = centres.rows;
  const labels = new Int32Array(rows);
  const distances = new Float64Array(rows);
  const halves = halfSquares(centres);
  const c = held(rowsTensor(centres, 0, k));
  const h = held(fromTypedArray(Float32Array.from(halves), [k], "float32"));
  const largest = halves.reduce((most, value) => Math.max(most, value), 0);
  const step = Math.min(8192, rowsOfBlock(Math.max(k, columns)));
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    // Half the squared distance without the row's own part, negated.
    const scores = await computed(() => rowProducts(rowsTensor(x, start, count), c).sub(h));
    for (let row = 0; row < count; row++) {
      const at = (start + row) * columns;
      let own = 0;
      for (let j = 0; j < columns; j++) own += x.data[at + j] * x.data[at + j];
      const slack = NEAR * (own + largest);
      const { best, distance } = nearest(x.data, at, centres, scores, row * k, slack);
      labels[start + row] = best;
      distances[start + row] = distance;
      if (row % 64 === 63) await turns.restIfOver();
    }
  }
  return { labels, distances };
}

function nearest(
  data: Float32Array,
  at: number,
  centres: Matrix,
  scores: Float32Array,
  from: number,
  slack: number,
): { readonly best: number; readonly distance: number } {
  const k = centres.rows;
  let top = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < k; c++) if (scores[from + c] > top) top = scores[from + c];
  let best = 0;
  let distance = Number.POSITIVE_INFINITY;
  for (let c = 0; c < k; c++) {
    if (scores[from + c] < top - slack) continue;
    const exact = squaredDistance(data, at, centres.data, c * centres.columns, centres.columns);
    if (exact < distance) {
      distance = exact;
      best = c;
    }
  }
  return { best, distance };
}

/** |a - b|^2 of two rows, in double precision. */
export function squaredDistance(
  a: Float32Array,
  atA: number,
  b: Float32Array,
  atB: number,
  columns: number,
): number {
  let sum = 0;
  for (let j = 0; j < columns; j++) {
    const difference = a[atA + j] - b[atB + j];
    sum += difference * difference;
  }
  return sum;
}

function halfSquares({ rows, columns, data }: Matrix): Float64Array {
  const halves = new Float64Array(rows);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let j = 0; j < columns; j++, at++) halves[row] += data[at] * data[at];
    halves[row] /= 2;
  }
  return halves;
}
