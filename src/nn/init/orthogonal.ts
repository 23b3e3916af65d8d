/** Orthogonal matrices from random ones. */
import { addScaled, dot } from "../../base/vectors.ts";

/**
 * The rows x columns matrix Q of a QR decomposition of `matrix` (of its transpose if it is wider than tall),
 * with the signs that make it uniformly distributed: orthonormal columns, or rows.
 *
 * Modified Gram-Schmidt, each vector made orthogonal twice ("twice is enough": L. Giraud et al., 2005).
 */
export function orthogonalRows(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const wide = columns >= rows;
  const count = wide ? rows : columns;
  const length = wide ? columns : rows;
  const vectors = Array.from({ length: count }, (_, v) =>
    Float64Array.from({ length }, (_, i) => (wide ? matrix[v * columns + i] : matrix[i * columns + v])),
  );
  for (let v = 0; v < count; v++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let u = 0; u < v; u++) subtractProjection(vectors[v], vectors[u]);
    }
    const size = Math.sqrt(dot(vectors[v], vectors[v]));
    for (let i = 0; i < length; i++) vectors[v][i] /= size;
  }
  const out = new Float64Array(rows * columns);
  vectors.forEach((vector, v) => {
    for (let i = 0; i < length; i++) out[wide ? v * columns + i : i * columns + v] = vector[i];
  });
  return out;
}

function subtractProjection(vector: Float64Array, unit: Float64Array): void {
  addScaled(vector, unit, -dot(vector, unit));
}
