/** Means, variances and covariances of the columns of a matrix. */
import { ArgumentError } from "../../../base/errors.ts";
import type { Matrix } from "../../matrix.ts";
import { computed, rowProducts, rowsOfBlock, rowsTensor } from "../products.ts";
import type { Turns } from "../turns.ts";

/** Mean of each column, summed in double precision. */
export async function columnMeans({ rows, columns, data }: Matrix, turns: Turns): Promise<Float64Array> {
  const means = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let j = 0; j < columns; j++, at++) means[j] += data[at];
    if (row % 256 === 255) await turns.restIfOver();
  }
  for (let j = 0; j < columns; j++) means[j] /= rows;
  return means;
}

/** Mean of the squared distances of each column's values from its mean (the population's variance). */
export async function columnVariances(
  { rows, columns, data }: Matrix,
  means: Float64Array,
  turns: Turns,
): Promise<Float64Array> {
  const sums = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let j = 0; j < columns; j++, at++) sums[j] += (data[at] - means[j]) ** 2;
    if (row % 256 === 255) await turns.restIfOver();
  }
  for (let j = 0; j < columns; j++) sums[j] /= rows;
  return sums;
}

/** @throws ArgumentError for a matrix that has no covariances. */
export function requireSpread(caller: string, { rows, columns }: Matrix): void {
  if (rows < 2 || columns < 1)
    throw new ArgumentError(
      `${caller}: expected at least two rows and one column, got ${rows} and ${columns}`,
    );
}

/**
 * The covariance matrix (divided by rows - 1), [columns, columns]: products of centred rows on the engine, summed over
 * blocks in double precision.
 */
export async function covariance(x: Matrix, means: Float64Array, turns: Turns): Promise<Float64Array> {
  const { rows, columns } = x;
  const sums = new Float64Array(columns * columns);
  const step = Math.min(4096, rowsOfBlock(columns));
  for (let start = 0; start < rows; start += step) {
    const count = Math.min(step, rows - start);
    const centred = transposed(centredRows(x, means, start, count));
    const part = await computed(() => {
      const t = rowsTensor(centred, 0, columns);
      return rowProducts(t, t);
    });
    for (let i = 0; i < sums.length; i++) sums[i] += part[i];
    await turns.restIfOver();
  }
  for (let i = 0; i < sums.length; i++) sums[i] /= rows - 1;
  return sums;
}

/** Rows minus the means of their columns. */
function centredRows({ columns, data }: Matrix, means: Float64Array, start: number, count: number): Matrix {
  const centred = new Float32Array(count * columns);
  for (let row = 0, at = 0, from = start * columns; row < count; row++)
    for (let j = 0; j < columns; j++, at++, from++) centred[at] = data[from] - means[j];
  return { rows: count, columns, data: centred };
}

function transposed({ rows, columns, data }: Matrix): Matrix {
  const turned = new Float32Array(data.length);
  for (let row = 0, at = 0; row < rows; row++)
    for (let j = 0; j < columns; j++, at++) turned[j * rows + row] = data[at];
  return { rows: columns, columns: rows, data: turned };
}
