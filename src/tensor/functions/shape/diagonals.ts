/** Matrices made of diagonals and blocks, and the sum of a diagonal. */

import { isFloating, resultType } from "../../../base/dtype.ts";
import { ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim, numel } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { full } from "../../../ops/creation.ts";
import { cast } from "../../../ops/elementwise/elementwise.ts";
import { sum } from "../../../ops/reduction/reduction.ts";
import { permute, reshape } from "../../../ops/shape/shape_ops.ts";
import { cat, unslice } from "../../../ops/shape/slicing.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import type { UnaryParameters } from "../elementwise/unary.ts";
import { asRows } from "./dimensions_at_least.ts";
import { type DiagonalParameters, diagonal } from "./slicing.ts";

/** Square matrices, as the last two dimensions, with the last dimension as their `offset`-th diagonal. */
function matricesOf(value: Value, offset: number): Value {
  const outer = value.shape.slice(0, -1);
  const size = value.shape[outer.length] + Math.abs(offset);
  const starts = [...outer.map(() => 0), offset >= 0 ? offset : -offset * size];
  const steps = [...outer.map(() => 1), size + 1];
  const flat = unslice(value, [...outer, size * size], { starts, steps });
  return reshape(flat, [...outer, size, size]);
}

/**
 * Matrices with the last dimension as their `offset`-th diagonal above the main one, 0 elsewhere; dim1 and dim2 are the
 * result's dimensions that hold them.
 *
 * @example
 * ```ts
 * diagEmbed(tensor([1, 2])).tolist(); // [[1, 0], [0, 2]]
 * diagEmbed(randn(5, 3)).shape; // [5, 3, 3]
 * ```
 */
export const diagEmbed = defineCall<DiagonalParameters>("diagEmbed")(
  ["input", "offset?:integer", "dim1?", "dim2?"],
  (input, offset = 0, dim1 = -2, dim2 = -1) => {
    const value = valueOf(input, "input", "diagEmbed");
    if (value.shape.length === 0)
      throw new ShapeError("diagEmbed: expected at least one dimension, got a 0-dimensional tensor");
    const rank = value.shape.length + 1;
    const [first, second] = [normalizeDim(dim1, rank, "diagEmbed"), normalizeDim(dim2, rank, "diagEmbed")];
    if (first === second)
      throw new ShapeError(`diagEmbed: expected two different dimensions, got ${first} twice`);
    let outer = 0;
    const order = Array.from({ length: rank }, (_, d) =>
      d === first ? rank - 2 : d === second ? rank - 1 : outer++,
    );
    return new Tensor(permute(matricesOf(value, offset), order));
  },
);

/**
 * The square matrix with all elements of a tensor as its `offset`-th diagonal.
 *
 * @example
 * ```ts
 * diagflat(tensor([1, 2]), 1).tolist(); // [[0, 1, 0], [0, 0, 2], [0, 0, 0]]
 * ```
 */
export const diagflat = defineCall<OffsetParameters>("diagflat")(
  ["input", "offset?:integer"],
  (input, offset = 0) => {
    const value = valueOf(input, "input", "diagflat");
    return new Tensor(matricesOf(reshape(value, [numel(value.shape)]), offset));
  },
);

export interface OffsetParameters extends InputParameter {
  /** Which diagonal: 0 is the main one, above it positive, below it negative. @default 0 */
  offset?: number;
}

export interface BlockDiagParameters {
  /** Matrices; a vector counts as a row. */
  tensors?: readonly Tensor[];
}

/**
 * Matrices (a vector counts as a row) put corner to corner, 0 elsewhere.
 *
 * @example
 * ```ts
 * blockDiag(tensor([[1], [2]]), tensor([3, 4])).tolist(); // [[1, 0, 0], [2, 0, 0], [0, 3, 4]]
 * ```
 */
export const blockDiag = defineCall<BlockDiagParameters>("blockDiag")(["*tensors"], (tensors = []) => {
  const given = (tensors as unknown[]).map((one) => valueOf(one, "tensors", "blockDiag"));
  for (const { shape } of given)
    if (shape.length > 2)
      throw new ShapeError(
        `blockDiag: expected matrices, vectors or numbers, got shape ${formatShape(shape)}`,
      );
  if (given.length === 0) return new Tensor(full([1, 0], 0, "float32"));
  const dtype = resultType(given.map((v) => ({ dtype: v.dtype, kind: "tensor" as const })));
  const blocks = given.map((v) => cast(asRows(v), dtype));
  const width = blocks.reduce((total, block) => total + block.shape[1], 0);
  let before = 0;
  const bands = blocks.map((block) => {
    const [rows, columns] = block.shape;
    const zeros = (count: number) => full([rows, count], 0, dtype);
    const band = cat([zeros(before), block, zeros(width - before - columns)], 1);
    before += columns;
    return band;
  });
  return new Tensor(cat(bands, 0));
});

/**
 * The sum of a matrix's main diagonal; integers are summed as int64.
 *
 * @example
 * ```ts
 * trace(tensor([[1, 2], [3, 4]])).item(); // 5
 * ```
 */
export const trace = defineCall<UnaryParameters>("trace")(["input"], (input: Tensor): Tensor => {
  const value = valueOf(input, "input", "trace");
  if (value.shape.length !== 2)
    throw new ShapeError(`trace: expected a matrix, got shape ${formatShape(value.shape)}`);
  const line = diagonal(input).value;
  return new Tensor(sum(isFloating(line.dtype) ? line : cast(line, "int64"), [0]));
});
