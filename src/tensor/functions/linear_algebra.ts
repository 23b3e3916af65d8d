/** Products of matrices. */
import { ShapeError } from "../../base/errors.ts";
import { broadcastShapes, formatShape, numel } from "../../base/shape.ts";
import type { Value } from "../../graph/node.ts";
import * as ops from "../../ops/matmul.ts";
import { mul } from "../../ops/elementwise.ts";
import { sum } from "../../ops/reduction.ts";
import { expand, reshape } from "../../ops/shape_ops.ts";
import { defineFunction } from "../define.ts";
import { promote } from "../operands.ts";
import { Tensor } from "../tensor.ts";

export interface MatrixProduct {
  (input: Tensor, other: Tensor): Tensor;
  (input: Tensor, options: { other: Tensor }): Tensor;
}

/**
 * Matrix product with PyTorch's rules: vectors are rows on the left and columns on the right, leading
 * dimensions are batches and broadcast.
 */
export const matmul = defineFunction<MatrixProduct>("matmul", ["input", "other"], ({ input, other }) => {
  const [a, b] = promote("matmul", [input, other]);
  return new Tensor(product(a, b));
});

function product(a: Value, b: Value): Value {
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError(`matmul: expected at least one dimension on both sides, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`);
  }
  if (a.shape.length === 1 && b.shape.length === 1) {
    if (a.shape[0] !== b.shape[0]) throw new ShapeError(`matmul: vectors of sizes ${a.shape[0]} and ${b.shape[0]} differ`);
    return sum(mul(a, b), [0]);
  }
  if (a.shape.length === 1) return dropDim(product(reshape(a, [1, a.shape[0]]), b), -2);
  if (b.shape.length === 1) return dropDim(product(a, reshape(b, [b.shape[0], 1])), -1);
  if (a.shape.length === 2 && b.shape.length === 2) return ops.matmul(a, b);
  // A batch against one matrix is one tall product.
  if (b.shape.length === 2) {
    const rows = a.shape.slice(0, -1);
    const flat = ops.matmul(reshape(a, [numel(rows), a.shape[a.shape.length - 1]]), b);
    return reshape(flat, [...rows, b.shape[1]]);
  }
  const batch = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)], "matmul");
  const flatten = (v: Value) => {
    const matrix = v.shape.slice(-2);
    return reshape(expand(v, [...batch, ...matrix]), [numel(batch), ...matrix]);
  };
  const out = ops.matmul(flatten(a), flatten(b));
  return reshape(out, [...batch, ...out.shape.slice(1)]);
}

function dropDim(value: Value, dim: -1 | -2): Value {
  const shape = [...value.shape];
  shape.splice(shape.length + dim, 1);
  return reshape(value, shape);
}
