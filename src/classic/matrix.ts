/** A matrix as plain data: what extractors of features give and what learners take. */
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";

/**
 * A matrix as plain data, row-major: a row for each image (or descriptor), a column for each feature.
 *
 * @example
 * ```ts
 * import type { Matrix } from "convoyant/classic";
 * const features: Matrix = { rows: 2, columns: 3, data: new Float32Array([1, 2, 3, 4, 5, 6]) };
 * features.data[1 * features.columns + 2]; // 6
 * ```
 */
export interface Matrix {
  /** Number of rows: examples. */
  readonly rows: number;
  /** Number of columns: features of an example. */
  readonly columns: number;
  /** `rows * columns` values, one row after the other. */
  readonly data: Float32Array;
}

/**
 * A matrix of zeros, or of rows given as lists.
 *
 * @throws ShapeError if the rows have different lengths.
 * @example
 * ```ts
 * import { matrix } from "convoyant/classic";
 * matrix([[1, 2], [3, 4], [5, 6]]).rows; // 3
 * matrix(4, 2).data.length; // 8
 * ```
 */
export function matrix(values: readonly ArrayLike<number>[]): Matrix;
export function matrix(rows: number, columns: number): Matrix;
export function matrix(first: number | readonly ArrayLike<number>[], columns = 0): Matrix {
  if (typeof first === "number") {
    for (const [name, size] of Object.entries({ rows: first, columns })) {
      if (!Number.isSafeInteger(size) || size < 0)
        throw new ArgumentError(
          `matrix: expected \`${name}\` to be an integer >= 0, got ${shownValue(size)}`,
        );
    }
    return { rows: first, columns, data: new Float32Array(first * columns) };
  }
  const width = first[0]?.length ?? 0;
  const data = new Float32Array(first.length * width);
  for (const [row, values] of first.entries()) {
    if (values.length !== width) {
      throw new ShapeError(
        `matrix: expected rows of equal length, got ${width} values in row 0 and ${values.length} in row ${row}`,
      );
    }
    data.set(values, row * width);
  }
  return { rows: first.length, columns: width, data };
}

/**
 * Row `index` of a matrix; the same memory, no copy.
 *
 * @example
 * ```ts
 * import { matrix, rowOf } from "convoyant/classic";
 * rowOf(matrix([[1, 2], [3, 4]]), 1)[0]; // 3
 * ```
 */
export function rowOf({ columns, data }: Matrix, index: number): Float32Array {
  return data.subarray(index * columns, (index + 1) * columns);
}

/**
 * A matrix of some rows of another, in the order of `indices`; a copy.
 *
 * @example
 * ```ts
 * import { matrix, takeRows } from "convoyant/classic";
 * takeRows(matrix([[1, 2], [3, 4], [5, 6]]), [2, 0]).data[0]; // 5
 * ```
 */
export function takeRows(source: Matrix, indices: ArrayLike<number>): Matrix {
  const { columns } = source;
  const data = new Float32Array(indices.length * columns);
  for (let i = 0; i < indices.length; i++) data.set(rowOf(source, indices[i]), i * columns);
  return { rows: indices.length, columns, data };
}

/**
 * Checks what a caller passes as features.
 *
 * @param caller - whom the message names.
 * @param columns - how many features there have to be; undefined for any number.
 * @throws ShapeError if the sizes do not belong together or are not those expected, or rows have no features.
 * @throws ArgumentError for a value that is NaN or infinite; the message names the first one's row and column.
 */
export function checkMatrix(caller: string, given: Matrix, columns?: number): void {
  const isMatrix =
    typeof given === "object" && given !== null && ArrayBuffer.isView(given.data) && "length" in given.data;
  if (!isMatrix) {
    throw new ArgumentError(
      `${caller}: expected a matrix { rows, columns, data: Float32Array }, got ${shownValue(given)}`,
    );
  }
  const { rows, data } = given;
  const sizes = [rows, given.columns];
  if (
    !sizes.every((size) => Number.isSafeInteger(size) && size >= 0) ||
    rows * given.columns !== data.length
  ) {
    throw new ShapeError(
      `${caller}: expected rows * columns values, got ${data.length} for ${shownValue(rows)} rows and ${shownValue(given.columns)} columns`,
    );
  }
  if (rows > 0 && given.columns === 0)
    throw new ShapeError(`${caller}: expected at least one feature, got ${rows} rows of 0 columns`);
  if (columns !== undefined && given.columns !== columns) {
    throw new ShapeError(
      `${caller}: expected ${columns} features, as in training, got ${given.columns}; extract them as for training`,
    );
  }
  const at = firstNonFinite(data);
  if (at < 0) return;
  throw new ArgumentError(
    `${caller}: expected finite features, got ${data[at]} in row ${Math.floor(at / given.columns)}, column ${at % given.columns}`,
  );
}

function firstNonFinite(data: Float32Array): number {
  // Four sums, none of which waits for another; each is 0, or NaN.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += data[i] - data[i];
    b += data[i + 1] - data[i + 1];
    c += data[i + 2] - data[i + 2];
    d += data[i + 3] - data[i + 3];
  }
  for (let i = whole; i < data.length; i++) a += data[i] - data[i];
  if (a + b + c + d === 0) return -1;
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

/** The rows of all parts below each other; parts without rows may have any number of columns. */
export function stacked(parts: readonly Matrix[]): Matrix {
  const columns = parts.find(({ rows }) => rows > 0)?.columns ?? 0;
  const all = matrix(
    parts.reduce((sum, { rows }) => sum + rows, 0),
    columns,
  );
  let at = 0;
  for (const { data } of parts) {
    all.data.set(data, at);
    at += data.length;
  }
  return all;
}
