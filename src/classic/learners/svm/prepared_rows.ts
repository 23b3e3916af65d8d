/** Rows as the kernels of support vector machines take them; workers load this without the tensors. */
import type { Matrix } from "../../matrix.ts";
import type { Kernel } from "./kernels.ts";

/** Rows as the engine's kernels take them. */
export interface PreparedRows {
  readonly rows: Matrix;
  /** Half squared lengths; RBF only, else empty. */
  readonly halfSquares: Float32Array;
}

/** What rows are moved by: the RBF kernel is the same for shifted rows, and near zero squares lose fewer digits. */
export function offsetOf({ kernel }: Kernel, x: Matrix): Float32Array | null {
  return kernel === "rbf" ? meanRow(x) : null;
}

/** Rows moved by an offset, with what the kernel needs of each. */
export function prepareRows(x: Matrix, offset: Float32Array | null): PreparedRows {
  if (offset === null) return { rows: x, halfSquares: new Float32Array(0) };
  const rows = shifted(x, offset);
  return { rows, halfSquares: halfSquares(rows) };
}

function meanRow({ rows, columns, data }: Matrix): Float32Array {
  const sums = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row++) for (let j = 0; j < columns; j++, at++) sums[j] += data[at];
  return Float32Array.from(sums, (sum) => sum / Math.max(1, rows));
}

function shifted({ rows, columns, data }: Matrix, offset: Float32Array): Matrix {
  const moved = new Float32Array(data.length);
  for (let row = 0, at = 0; row < rows; row++)
    for (let j = 0; j < columns; j++, at++) moved[at] = data[at] - offset[j];
  return { rows, columns, data: moved };
}

function halfSquares({ rows, columns, data }: Matrix): Float32Array {
  const halves = new Float32Array(rows);
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (let j = 0; j < columns; j++, at++) sum += data[at] * data[at];
    halves[row] = sum / 2;
  }
  return halves;
}
