/** The first principal components of many features. */
import { ArgumentError } from "../../base/errors.ts";
import { PhiloxStream } from "../../base/philox.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Points } from "./points.ts";

/** How far the directions may still turn in a round, squared, when they are taken as found. */
const SETTLED = 1e-22;
const MOST_ROUNDS = 2000;

/**
 * Places of points on the directions in which they differ most: the principal component analysis. For a few directions of
 * thousands of features, found by orthogonal iteration
 * on the products of the columns, or of the rows if they are fewer. Of each direction the sign is such that its largest entry is positive.
 *
 * @param components - how many directions. Default 2.
 * @throws ArgumentError for more components than there are rows or columns.
 * @example
 * ```ts
 * import { principalComponents } from "convoyant/look";
 * const points = { rows: 3, columns: 2, data: Float64Array.of(0, 0, 1, 1, 2, 2) };
 * [...principalComponents(points, 1).data]; // [-1.414, 0, 1.414]
 * ```
 */
export function principalComponents(points: Points, components = 2): Points {
  const { rows, columns } = points;
  if (!Number.isInteger(components) || components < 1 || components > Math.min(rows, columns))
    throw new ArgumentError(
      `principalComponents: expected \`components\` to be an integer from 1 to ${Math.min(rows, columns)}, got ${shownValue(components)}`,
    );
  const x = centred(points);
  const directions = topDirections(x, rows, columns, components);
  const data = new Float64Array(rows * components);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < components; k++)
      data[i * components + k] = dot(x, i * columns, directions[k], columns);
  return { rows, columns: components, data };
}

function centred({ rows, columns, data }: Points): Float64Array {
  const means = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) means[j] += data[i * columns + j] / rows;
  return Float64Array.from({ length: rows * columns }, (_, i) => data[i] - means[i % columns]);
}

/** Eigenvectors of X'X, or, if there are fewer rows than columns, of XX', which give those of X'X. */
function topDirections(x: Float64Array, rows: number, columns: number, wanted: number): Float64Array[] {
  const tall = columns <= rows;
  const side = tall ? columns : rows;
  const vectors = topEigenvectors(products(x, rows, columns, tall), side, wanted);
  const directions = tall ? vectors : vectors.map((vector) => combined(x, rows, columns, vector));
  if (!tall) orthonormalise(directions);
  return directions.map((direction) => {
    const largest = direction.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    return largest < 0 ? direction.map((value) => -value) : direction;
  });
}

/** Products of each two columns, or of each two rows. */
function products(x: Float64Array, rows: number, columns: number, ofColumns: boolean): Float64Array {
  const [side, length] = ofColumns ? [columns, rows] : [rows, columns];
  const [step, next] = ofColumns ? [1, columns] : [columns, 1];
  const out = new Float64Array(side * side);
  for (let a = 0; a < side; a++)
    for (let b = a; b < side; b++) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += x[a * step + i * next] * x[b * step + i * next];
      out[a * side + b] = sum;
      out[b * side + a] = sum;
    }
  return out;
}

/** The sum of rows, each times its share. */
function combined(x: Float64Array, rows: number, columns: number, shares: Float64Array): Float64Array {
  const out = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j] += shares[i] * x[i * columns + j];
  return out;
}

/** Orthogonal iteration, with more vectors than are asked for, which makes it settle sooner. */
function topEigenvectors(matrix: Float64Array, side: number, wanted: number): Float64Array[] {
  const random = new PhiloxStream(0, 0);
  let block: Float64Array[] = Array.from({ length: Math.min(side, wanted + 10) }, () =>
    Float64Array.from({ length: side }, () => random.uniform() - 0.5),
  );
  orthonormalise(block);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = block.map((vector) =>
      Float64Array.from({ length: side }, (_, i) => dot(matrix, i * side, vector, side)),
    );
    orthonormalise(next);
    let turned = 0;
    for (let k = 0; k < wanted; k++) turned = Math.max(turned, turn(next[k], block[k]));
    block = next;
    if (turned < SETTLED) break;
  }
  return block.slice(0, wanted);
}

/** The squared distance of a unit vector from the line of another. */
function turn(a: Float64Array, b: Float64Array): number {
  const along = dot(a, 0, b, a.length);
  return a.reduce((sum, value, i) => sum + (value - along * b[i]) ** 2, 0);
}

/** Gram and Schmidt's method, twice, for the sake of rounding errors. */
function orthonormalise(block: readonly Float64Array[]): void {
  block.forEach((direction, k) => {
    for (let again = 0; again < 2; again++)
      for (let before = 0; before < k; before++) {
        const share = dot(direction, 0, block[before], direction.length);
        for (let j = 0; j < direction.length; j++) direction[j] -= share * block[before][j];
      }
    const length = Math.sqrt(dot(direction, 0, direction, direction.length)) || 1;
    for (let j = 0; j < direction.length; j++) direction[j] /= length;
  });
}

function dot(a: Float64Array, at: number, b: Float64Array, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[at + i] * b[i];
  return sum;
}
