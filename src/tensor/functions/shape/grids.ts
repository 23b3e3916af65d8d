/** Grids of coordinates, combinations of elements, and positions of triangles. */

import type { DType } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../base/errors.ts";
import { formatShape, numel } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import { constantValue, type Value } from "../../../graph/node.ts";
import { cast } from "../../../ops/elementwise/elementwise.ts";
import { indexSelect } from "../../../ops/shape/indexing.ts";
import { expand, reshape } from "../../../ops/shape/shape_ops.ts";
import { cat } from "../../../ops/shape/slicing.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { expandStep } from "../../views/steps.ts";
import { reshapedView, viewOf } from "../../views/view.ts";

export interface MeshGridParameters {
  /** One-dimensional tensors, one for each dimension. */
  tensors?: Tensor[];
  /** "ij" (rows first), or "xy": the first two dimensions exchanged, as in images and plots. @default "ij" */
  indexing?: "ij" | "xy";
}

/** Vectors (a number counts as one) of one dtype. */
function vectors(of: string, tensors: unknown): Value[] {
  const values = (tensors as unknown[]).map((one) => valueOf(one, "tensors", of));
  if (values.length === 0) throw new ArgumentError(`${of}: expected at least one tensor`);
  for (const { shape, dtype } of values) {
    if (shape.length > 1) throw new ShapeError(`${of}: expected vectors, got shape ${formatShape(shape)}`);
    if (dtype !== values[0].dtype)
      throw new DTypeError(`${of}: expected tensors of one dtype, got ${values[0].dtype} and ${dtype}`);
  }
  return values.map((v) => reshape(v, [numel(v.shape)]));
}

/** Vector i along dimension i, the same along all others. */
function grid(values: readonly Value[]): Value[] {
  const shape = values.map((v) => v.shape[0]);
  return values.map((v, i) =>
    expand(
      reshape(
        v,
        shape.map((size, d) => (d === i ? size : 1)),
      ),
      shape,
    ),
  );
}

/**
 * Coordinates of a grid: result i has vector i along dimension i and repeats it along the others.
 *
 * @param indexing - "ij" (rows first), or "xy": the first two dimensions exchanged, as in images and plots.
 * @example
 * ```ts
 * const [rows, columns] = meshgrid(arange(2), arange(3));
 * columns.tolist(); // [[0, 1, 2], [0, 1, 2]]
 * meshgrid(arange(2), arange(3), { indexing: "xy" })[0].tolist(); // [[0, 1], [0, 1], [0, 1]]
 * ```
 */
export const meshgrid = defineCall<MeshGridParameters, Tensor[]>("meshgrid")(
  ["*tensors", "indexing?"],
  (tensors = [], indexing = "ij") => {
    if (indexing !== "ij" && indexing !== "xy")
      throw new ArgumentError(`meshgrid: expected \`indexing\` "ij" or "xy", got ${shownText(indexing)}`);
    const sizes = vectors("meshgrid", tensors).map((v) => v.shape[0]);
    // Result i varies along dimension i, with "xy" the first two the other way round.
    const along = sizes.map((_, i) => (indexing === "xy" && sizes.length > 1 && i < 2 ? 1 - i : i));
    const shape = along.map((i) => sizes[i]);
    return (tensors as Tensor[]).map((one, i) => {
      const line = reshapedView(
        one,
        sizes.map((_, d) => (d === along[i] ? sizes[i] : 1)),
      );
      return viewOf(line, expandStep(shape));
    });
  },
);

export interface CartesianProductParameters {
  /** The vectors. */
  tensors?: readonly Tensor[];
}

/**
 * All combinations of one element of each vector, one in each row; of a single vector, itself.
 *
 * @example
 * ```ts
 * cartesianProd(tensor([1, 2]), tensor([5, 6])).tolist(); // [[1, 5], [1, 6], [2, 5], [2, 6]]
 * ```
 */
export const cartesianProd = defineCall<CartesianProductParameters>("cartesianProd")(
  ["*tensors"],
  (tensors = []) => {
    const values = vectors("cartesianProd", tensors);
    if (values.length === 1) return new Tensor(values[0]);
    const columns = grid(values).map((v) => reshape(v, [numel(v.shape), 1]));
    return new Tensor(cat(columns, 1));
  },
);

export interface CombinationsParameters extends InputParameter {
  /** Elements of each combination. @default 2 */
  r?: number;
  /** Whether an element may be taken more than once. @default false */
  withReplacement?: boolean;
}

/**
 * All combinations of `r` elements of a vector in its order, one in each row.
 *
 * @param withReplacement - whether an element may be taken more than once.
 * @example
 * ```ts
 * combinations(tensor([1, 2, 3])).tolist(); // [[1, 2], [1, 3], [2, 3]]
 * ```
 */
export const combinations = defineCall<CombinationsParameters>("combinations")(
  ["input", "r?:integer", "withReplacement?:boolean"],
  (input, r = 2, withReplacement = false) => {
    const value = valueOf(input, "input", "combinations");
    if (value.shape.length !== 1)
      throw new ShapeError(`combinations: expected a vector, got shape ${formatShape(value.shape)}`);
    if (r < 0) throw new ArgumentError(`combinations: expected \`r\` of 0 or more, got ${r}`);
    if (r === 0) return new Tensor(indexSelect(value, 0, list([])));
    let rows: number[][] = [[]];
    for (let taken = 0; taken < r; taken++) {
      rows = rows.flatMap((row) => {
        const next = taken === 0 ? 0 : row[taken - 1] + (withReplacement ? 0 : 1);
        return Array.from({ length: Math.max(0, value.shape[0] - next) }, (_, i) => [...row, next + i]);
      });
    }
    return new Tensor(reshape(indexSelect(value, 0, list(rows.flat())), [rows.length, r]));
  },
);

function list(numbers: readonly number[]): Value {
  return constantValue(Float64Array.from(numbers), [numbers.length], "int64");
}

export interface TriangleIndicesParameters {
  /** Rows of the matrix. */
  row: number;
  /** Columns of the matrix. */
  col: number;
  /** Which diagonal ends the triangle: 0 is the main one. @default 0 */
  offset?: number;
  /** `"int64"` or `"int32"`; null for int64. @default null */
  dtype?: DType | null;
  /** Only `"cpu"`, the device there is, and the default. */
  device?: "cpu" | null;
}

function triangleIndices(name: string, kept: (row: number, col: number, offset: number) => boolean) {
  return defineCall<TriangleIndicesParameters>(name)(
    ["row:integer", "col:integer", "offset?:integer", "dtype?:dtype|null", "device?:device|null"],
    (row, col, offset = 0, dtype = null) => {
      if (row < 0 || col < 0)
        throw new ArgumentError(`${name}: expected \`row\` and \`col\` of 0 or more, got ${row} and ${col}`);
      const type: DType = dtype ?? "int64";
      if (type !== "int64" && type !== "int32")
        throw new DTypeError(`${name}: expected \`dtype\` int64 or int32, got ${type}`);
      const rows: number[] = [];
      const columns: number[] = [];
      for (let i = 0; i < row; i++)
        for (let j = 0; j < col; j++)
          if (kept(i, j, offset)) {
            rows.push(i);
            columns.push(j);
          }
      return new Tensor(cast(reshape(list([...rows, ...columns]), [2, rows.length]), type));
    },
  );
}

/**
 * Positions of a matrix's lower triangle, up to the `offset`-th diagonal above the main one: a row of row numbers and a
 * row of column numbers.
 *
 * @example
 * ```ts
 * trilIndices(2, 2).tolist(); // [[0, 1, 1], [0, 0, 1]]
 * ```
 */
export const trilIndices = triangleIndices("trilIndices", (row, col, offset) => col - row <= offset);
/**
 * Positions of a matrix's upper triangle, from the `offset`-th diagonal above the main one: a row of row numbers and a
 * row of column numbers.
 *
 * @example
 * ```ts
 * triuIndices(2, 2, 1).tolist(); // [[0], [1]]
 * ```
 */
export const triuIndices = triangleIndices("triuIndices", (row, col, offset) => col - row >= offset);
