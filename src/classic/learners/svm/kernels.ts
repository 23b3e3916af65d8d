/** Kernels: how alike two rows are, as an inner product in another space. */
import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { fromTypedArray, type Tensor } from "../../../tensor/tensor.ts";
import { checkMatrix, type Matrix, rowOf } from "../../matrix.ts";
import {
  computed,
  type HeldBlock,
  HeldMatrix,
  held,
  rowProducts,
  rowsOfBlock,
  rowsTensor,
} from "../products.ts";
import { Turns } from "../turns.ts";
import { offsetOf, type PreparedRows, prepareRows } from "./prepared_rows.ts";

/** A kernel of one's own: a symmetric, positive semi-definite function of two rows. */
export type KernelFunction = (a: Float32Array, b: Float32Array) => number;

/** Names of the kernels that are built in. */
export const KERNEL_NAMES = ["linear", "poly", "rbf", "chi2", "intersection", "precomputed"] as const;
export type KernelName = (typeof KERNEL_NAMES)[number];

/** A kernel with its numbers. */
export interface Kernel {
  readonly kernel: KernelName | KernelFunction;
  readonly gamma: number;
  readonly degree: number;
  readonly coef0: number;
}

/** Rows of histograms that are compared without a matmul: what is in flight has rows * columns of each. */
const COMPARED_ROWS = 2048;

/** Rows as the engine's kernels take them, and their half squared lengths, [rows]; RBF only, else undefined. */
export interface RowTensors {
  readonly x: Tensor;
  readonly halfSquares: Tensor | undefined;
}

/** Prepared rows as tensors. */
export function rowTensors({ rows, halfSquares }: PreparedRows): RowTensors {
  return {
    x: rowsTensor(rows, 0, rows.rows),
    halfSquares:
      halfSquares.length > 0 ? fromTypedArray(halfSquares, [halfSquares.length], "float32") : undefined,
  };
}

/** Kernel values of rows of two sides as a tensor. */
export function kernelTensor(
  { kernel, gamma, degree, coef0 }: Kernel,
  { x: points, halfSquares: halves }: RowTensors,
  { x, halfSquares }: RowTensors,
): Tensor {
  const [rows, columns] = points.shape;
  if (kernel === "chi2") {
    const one = points.reshape(rows, 1, columns);
    // Where both are zero, the numerator is, too.
    const distance = one.sub(x).square().div(one.add(x).add(1e-30)).sum(-1);
    return distance.mul(-gamma).exp();
  }
  if (kernel === "intersection") return points.reshape(rows, 1, columns).minimum(x).sum(-1);
  const products = rowProducts(points, x);
  if (kernel === "linear") return products;
  if (kernel === "poly") return products.mul(gamma).add(coef0).pow(degree);
  return products
    .sub((halves as Tensor).reshape(rows, 1))
    .sub(halfSquares as Tensor)
    .mul(2 * gamma)
    .clamp({ max: 0 })
    .exp();
}

interface EngineSide {
  readonly held: HeldMatrix;
  /** Of each block; RBF only. */
  readonly halfSquares: readonly Tensor[];
  readonly offset: Float32Array | null;
}

/** One side of kernel values, held by the engine, to which rows of another side are compared. */
export class KernelSide {
  readonly rows: number;
  readonly #kernel: Kernel;
  readonly #source: Matrix;
  readonly #held: HeldMatrix | null;
  readonly #halfSquares: readonly Tensor[];
  readonly #offset: Float32Array | null;
  readonly #turns: Turns;

  private constructor(kernel: Kernel, source: Matrix, engineSide: EngineSide | null, turns: Turns) {
    this.rows = source.rows;
    this.#kernel = kernel;
    this.#source = source;
    this.#held = engineSide?.held ?? null;
    this.#halfSquares = engineSide?.halfSquares ?? [];
    this.#offset = engineSide?.offset ?? null;
    this.#turns = turns;
  }

  static async of(kernel: Kernel, source: Matrix, turns = new Turns("kernel")): Promise<KernelSide> {
    const { kernel: name } = kernel;
    if (typeof name !== "string" || name === "precomputed")
      return new KernelSide(kernel, source, null, turns);
    const offset = offsetOf(kernel, source);
    const prepared = prepareRows(source, offset);
    const compared = name === "chi2" || name === "intersection";
    const bytes = compared ? COMPARED_ROWS * 4 * source.columns : undefined;
    const matrix = await HeldMatrix.of(prepared.rows, bytes);
    const halfSquares: Tensor[] = [];
    for (const { start, rows } of name === "rbf" ? matrix.blocks : [])
      halfSquares.push(
        held(fromTypedArray(prepared.halfSquares.subarray(start, start + rows), [rows], "float32")),
      );
    return new KernelSide(kernel, source, { held: matrix, halfSquares, offset }, turns);
  }

  /** Kernel values of rows of another matrix, [its rows, rows of this side], row-major. */
  async values(points: Matrix): Promise<Float32Array> {
    const { kernel } = this.#kernel;
    if (typeof kernel === "function") return this.#called(kernel, points);
    if (kernel === "precomputed") return points.data;
    if (this.blocks.length === 1) return computed(() => this.tensors(points)[0]);
    const all = new Float32Array(points.rows * this.rows);
    for (const [i, { start, rows }] of this.blocks.entries()) {
      const part = await computed(() => this.tensors(points)[i]);
      for (let row = 0; row < points.rows; row++)
        all.set(part.subarray(row * rows, (row + 1) * rows), row * this.rows + start);
    }
    return all;
  }

  /** The values of each block as a tensor, for what is computed with them on the engine. */
  tensors(points: Matrix): Tensor[] {
    const given = rowTensors(prepareRows(points, this.#offset));
    return this.blocks.map(({ x }, i) =>
      kernelTensor(this.#kernel, given, { x, halfSquares: this.#halfSquares[i] }),
    );
  }

  /** The blocks of `tensors`. */
  get blocks(): readonly HeldBlock[] {
    return this.#held?.blocks ?? [];
  }

  async #called(kernel: KernelFunction, points: Matrix): Promise<Float32Array> {
    const all = new Float32Array(points.rows * this.rows);
    for (let i = 0, at = 0; i < points.rows; i++) {
      const a = rowOf(points, i);
      for (let j = 0; j < this.rows; j++, at++) {
        all[at] = valueOf(kernel, a, rowOf(this.#source, j));
        if (j % 64 === 0) await this.#turns.restIfOver();
      }
    }
    return all;
  }
}

/** How many rows are compared with a side at once, so that results fit a block. */
export function rowsAtOnce({ kernel }: Kernel, side: number): number {
  const most = kernel === "chi2" || kernel === "intersection" ? 32 : 512;
  return Math.min(most, rowsOfBlock(side));
}

/** What a function gives that is not a number becomes NaN, which is refused: text of digits would count as a number. */
function valueOf(kernel: KernelFunction, a: Float32Array, b: Float32Array): number {
  const value: unknown = kernel(a, b);
  return typeof value === "number" ? value : Number.NaN;
}

/** k(x, x) of each row. */
export function kernelDiagonal({ kernel, gamma, degree, coef0 }: Kernel, x: Matrix): Float64Array {
  const diagonal = new Float64Array(x.rows);
  for (let i = 0; i < x.rows; i++) {
    const row = rowOf(x, i);
    if (typeof kernel === "function") diagonal[i] = valueOf(kernel, row, row);
    else if (kernel === "precomputed") diagonal[i] = row[i];
    else if (kernel === "rbf" || kernel === "chi2") diagonal[i] = 1;
    else if (kernel === "intersection") diagonal[i] = row.reduce((sum, value) => sum + value, 0);
    else {
      const product = row.reduce((sum, value) => sum + value * value, 0);
      diagonal[i] = kernel === "linear" ? product : (gamma * product + coef0) ** degree;
    }
  }
  return diagonal;
}

/** What a kernel matrix is made with. */
export interface KernelMatrixOptions {
  /** `"linear"`, `"poly"`, `"rbf"`, `"chi2"`, `"intersection"`, or a function of two rows. @default "rbf" */
  kernel?: Exclude<KernelName, "precomputed"> | KernelFunction;
  /** Of poly, RBF and chi-square. @default 1 / columns */
  gamma?: number;
  /** Of poly. @default 3 */
  degree?: number;
  /** Of poly. @default 0 */
  coef0?: number;
}

/**
 * The kernel values of all pairs of rows, [rows of a, rows of b], computed on the engine in blocks:
 *
 * - linear: x.y
 * - poly: (gamma x.y + coef0)^degree
 * - rbf: exp(-gamma |x - y|^2)
 * - chi2: exp(-gamma sum (x - y)^2 / (x + y)), for histograms
 * - intersection: sum min(x, y), for histograms
 *
 * Source: J. Zhang, M. Marszalek, S. Lazebnik, C. Schmid, "Local features and kernels for classification of texture and
 * object categories", IJCV 2007 (chi-square); M. Swain, D. Ballard, "Color indexing", IJCV 1991 (intersection).
 *
 * @throws ShapeError if the rows have different lengths; ArgumentError for negative values in histograms.
 * @example
 * ```ts
 * import { kernelMatrix, matrix } from "convoyant/classic";
 * const k = await kernelMatrix(matrix([[1, 2]]), matrix([[3, 1], [0, 0]]), { kernel: "intersection" });
 * k.data[0]; // 2
 * ```
 */
export async function kernelMatrix(a: Matrix, b: Matrix, options: KernelMatrixOptions = {}): Promise<Matrix> {
  checkMatrix("kernelMatrix", a);
  checkMatrix("kernelMatrix", b);
  if (a.columns !== b.columns)
    throw new ShapeError(
      `kernelMatrix: expected rows of equal length, got ${a.columns} and ${b.columns} features`,
    );
  const { kernel = "rbf", gamma = 1 / Math.max(1, a.columns), degree = 3, coef0 = 0 } = options;
  const full: Kernel = { kernel, gamma, degree, coef0 };
  for (const side of [a, b]) checkHistograms("kernelMatrix", full, side);
  const side = await KernelSide.of(full, b);
  const data = new Float32Array(a.rows * b.rows);
  const step = rowsAtOnce(full, b.rows);
  for (let start = 0; start < a.rows; start += step) {
    const count = Math.min(step, a.rows - start);
    data.set(await side.values(rowRange(a, start, count)), start * b.rows);
  }
  return { rows: a.rows, columns: b.rows, data };
}

/** @throws ArgumentError for a negative value if the kernel is one of histograms. */
export function checkHistograms(caller: string, { kernel }: Kernel, { columns, data }: Matrix): void {
  if (kernel !== "chi2" && kernel !== "intersection") return;
  const at = data.findIndex((value) => value < 0);
  if (at < 0) return;
  throw new ArgumentError(
    `${caller}: the kernel "${kernel}" compares histograms: expected values >= 0, ` +
      `got ${data[at]} in row ${Math.floor(at / columns)}, column ${at % columns}`,
  );
}

/** Some rows of a matrix that follow one another; the same memory. */
export function rowRange({ columns, data }: Matrix, start: number, count: number): Matrix {
  return { rows: count, columns, data: data.subarray(start * columns, (start + count) * columns) };
}
