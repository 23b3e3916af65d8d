/** Eigenvalues and eigenvectors of a symmetric matrix. */
import type { Turns } from "../turns.ts";

/** Eigenvalues, the largest first, and the eigenvector of each as a row. */
export interface Eigen {
  readonly values: Float64Array;
  /** [n, n]; row i belongs to `values[i]`. */
  readonly vectors: Float64Array;
}

/**
 * Householder's reduction to tridiagonal form, then the QL algorithm with implicit shifts.
 *
 * Source: J. H. Wilkinson, C. Reinsch, "Handbook for Automatic Computation II: Linear Algebra", 1971, II/2 and II/3
 * (tred2 and tql2).
 *
 * @param matrix - [n, n], symmetric.
 */
export async function symmetricEigen(matrix: Float64Array, n: number, turns: Turns): Promise<Eigen> {
  // Rows of z become columns of the eigenvector matrix: rotations then run along memory.
  const z = Float64Array.from(matrix);
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  await tridiagonalise(z, d, e, n, turns);
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) rows[j * n + i] = z[i * n + j];
  await diagonalise(rows, d, e, n, turns);
  return sortedLargestFirst(rows, d, n);
}

/** z becomes the orthogonal matrix Q with Q^T A Q tridiagonal: diagonal d, below it e[1..]. */
async function tridiagonalise(
  z: Float64Array,
  d: Float64Array,
  e: Float64Array,
  n: number,
  turns: Turns,
): Promise<void> {
  for (let i = n - 1; i > 0; i--) {
    reflect(z, d, e, n, i);
    await turns.restIfOver();
  }
  d[0] = 0;
  e[0] = 0;
  const work = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    if (d[i] !== 0) accumulate(z, work, n, i);
    d[i] = z[i * n + i];
    z[i * n + i] = 1;
    for (let j = 0; j < i; j++) z[j * n + i] = z[i * n + j] = 0;
    await turns.restIfOver();
  }
}

/** One Householder reflection: empties row i left of the subdiagonal. */
function reflect(z: Float64Array, d: Float64Array, e: Float64Array, n: number, i: number): void {
  const last = i - 1;
  const row = i * n;
  let scale = 0;
  for (let k = 0; k <= last; k++) scale += Math.abs(z[row + k]);
  if (last === 0 || scale === 0) {
    e[i] = z[row + last];
    d[i] = 0;
    return;
  }
  let h = 0;
  for (let k = 0; k <= last; k++) {
    z[row + k] /= scale;
    h += z[row + k] ** 2;
  }
  const f = z[row + last];
  const g = f >= 0 ? -Math.sqrt(h) : Math.sqrt(h);
  e[i] = scale * g;
  h -= f * g;
  z[row + last] = f - g;
  // e[0 .. last] becomes A u, read from the lower triangle row by row.
  e.fill(0, 0, i);
  for (let j = 0; j <= last; j++) {
    const at = j * n;
    const u = z[row + j];
    let sum = z[at + j] * u;
    for (let k = 0; k < j; k++) {
      sum += z[at + k] * z[row + k];
      e[k] += z[at + k] * u;
    }
    e[j] += sum;
  }
  let product = 0;
  for (let j = 0; j <= last; j++) {
    z[j * n + i] = z[row + j] / h;
    e[j] /= h;
    product += e[j] * z[row + j];
  }
  const half = product / (h + h);
  for (let j = 0; j <= last; j++) {
    const u = z[row + j];
    const q = e[j] - half * u;
    e[j] = q;
    const at = j * n;
    for (let k = 0; k <= j; k++) z[at + k] -= u * e[k] + q * z[row + k];
  }
  d[i] = h;
}

/** Multiplies the leading i x i block by reflection i, from the left. */
function accumulate(z: Float64Array, work: Float64Array, n: number, i: number): void {
  const row = i * n;
  work.fill(0, 0, i);
  for (let k = 0; k < i; k++) {
    const u = z[row + k];
    const at = k * n;
    for (let j = 0; j < i; j++) work[j] += u * z[at + j];
  }
  for (let k = 0; k < i; k++) {
    const u = z[k * n + i];
    const at = k * n;
    for (let j = 0; j < i; j++) z[at + j] -= work[j] * u;
  }
}

/** Most QL steps for one eigenvalue; two are usual. */
const MOST_STEPS = 60;

/** QL steps on the tridiagonal matrix; the rotations are applied to pairs of rows. */
async function diagonalise(
  rows: Float64Array,
  d: Float64Array,
  e: Float64Array,
  n: number,
  turns: Turns,
): Promise<void> {
  for (let i = 1; i < n; i++) e[i - 1] = e[i];
  e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    for (let step = 0; step < MOST_STEPS; step++) {
      const m = splitAt(d, e, n, l);
      if (m === l) break;
      qlStep(rows, d, e, n, l, m);
      await turns.restIfOver();
    }
  }
}

/** The first place from l on where the matrix falls apart. */
function splitAt(d: Float64Array, e: Float64Array, n: number, l: number): number {
  for (let m = l; m < n - 1; m++) {
    if (Math.abs(e[m]) <= Number.EPSILON * (Math.abs(d[m]) + Math.abs(d[m + 1]))) return m;
  }
  return n - 1;
}

function qlStep(rows: Float64Array, d: Float64Array, e: Float64Array, n: number, l: number, m: number): void {
  let g = (d[l + 1] - d[l]) / (2 * e[l]);
  const root = Math.hypot(g, 1);
  g = d[m] - d[l] + e[l] / (g + (g >= 0 ? root : -root));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i];
    const b = c * e[i];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    const t = (d[i] - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    rotate(rows, n, i, s, c);
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

function rotate(rows: Float64Array, n: number, i: number, s: number, c: number): void {
  for (let k = 0, a = i * n, b = a + n; k < n; k++, a++, b++) {
    const x = rows[a];
    const y = rows[b];
    rows[b] = s * x + c * y;
    rows[a] = c * x - s * y;
  }
}

function sortedLargestFirst(rows: Float64Array, d: Float64Array, n: number): Eigen {
  const order = Array.from(d.keys()).sort((a, b) => d[b] - d[a] || a - b);
  const vectors = new Float64Array(n * n);
  for (const [to, from] of order.entries()) vectors.set(rows.subarray(from * n, (from + 1) * n), to * n);
  return { values: Float64Array.from(order, (i) => d[i]), vectors };
}
