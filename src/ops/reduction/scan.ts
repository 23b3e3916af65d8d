/** Running sums and products along a dimension, and the product of all. */
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { reducedShape } from "../core.ts";
import { arange, constant, full } from "../creation.ts";
import { eq, ge, mul, where } from "../elementwise/elementwise.ts";
import { expand, permute, reshape } from "../shape/shape_ops.ts";
import { cat, flip, sliceDim } from "../shape/slicing.ts";
import { sum } from "./reduction.ts";

/** y[i] = x[0] + ... + x[i] along `attributes.dim`. */
export const cumsumOp: OpDefinition = {
  name: "cumsum",
  infer: ([input]) => [{ shape: input.shape, dtype: input.dtype }],
  gradient({ grads, attributes }) {
    const dims = [attributes.dim as number];
    return [flip(cumsum(flip(grads[0] as Value, dims), dims[0]), dims)];
  },
};

/** y[i] = x[0] * ... * x[i] along `attributes.dim`. */
export const cumprodOp: OpDefinition = {
  name: "cumprod",
  infer: ([input]) => [{ shape: input.shape, dtype: input.dtype }],
  gradient: ({ grads, inputs: [x], attributes }) => [
    cumprodGradient(grads[0] as Value, x, attributes.dim as number),
  ],
};

/** Product over `attributes.dim`. */
export const prodOp: OpDefinition = {
  name: "prod",
  infer: ([input], attributes) => [
    {
      shape: reducedShape(input.shape, [attributes.dim as number], attributes.keepdim as boolean),
      dtype: input.dtype,
    },
  ],
  /** The product of all others, from the left times from the right: right where elements are 0. */
  gradient({ grads, inputs: [x], attributes }) {
    const dim = attributes.dim as number;
    const g = reshape(grads[0] as Value, reducedShape(x.shape, [dim], true));
    const others = mul(productBefore(x, dim), flip(productBefore(flip(x, [dim]), dim), [dim]));
    return [mul(expand(g, x.shape), others)];
  },
};

export function cumsum(value: Value, dim: number): Value {
  return emit(cumsumOp, [value], { dim });
}

export function cumprod(value: Value, dim: number): Value {
  return emit(cumprodOp, [value], { dim });
}

export function prod(value: Value, dim: number, keepdim = false): Value {
  return emit(prodOp, [value], { dim, keepdim });
}

/** x[0] * ... * x[i - 1]; 1 for i = 0. */
function productBefore(x: Value, dim: number): Value {
  const size = x.shape[dim];
  if (size === 0) return x;
  const one = full(reducedShape(x.shape, [dim], true), 1, x.dtype);
  return cat([one, cumprod(sliceDim(x, dim, 0, size - 1), dim)], dim);
}

/**
 * dx[i] = sum over j >= i of g[j] * (product of x[0..j] without x[i]): x repeated in n columns, column i with
 * its element i replaced by 1, so that no division meets a 0.
 */
function cumprodGradient(grad: Value, x: Value, dim: number): Value {
  const size = x.shape[dim];
  const rank = x.shape.length;
  const last = [...x.shape.map((_, d) => d).filter((d) => d !== dim), dim];
  const back = x.shape.map((_, d) => last.indexOf(d));
  const rows = permute(x, last);
  const g = permute(grad, last);
  const square = [...rows.shape, size];
  const j = reshape(arange(size, "int64"), [size, 1]);
  const i = reshape(arange(size, "int64"), [1, size]);
  const columns = expand(reshape(rows, [...rows.shape, 1]), square);
  const one = constant(1, x.dtype);
  const products = cumprod(where(eq(j, i), one, columns), rank - 1);
  const counted = where(ge(j, i), products, constant(0, x.dtype));
  const total = sum(mul(counted, reshape(g, [...g.shape, 1])), [rank - 1]);
  return permute(total, back);
}
