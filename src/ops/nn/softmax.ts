/** Softmax and its logarithm along one dimension. */
import type { TensorSpec } from "../../engines/contract/engine.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { requireFloating } from "../core.ts";
import { constant } from "../creation.ts";
import { div, exp, log, mul, sub } from "../elementwise/elementwise.ts";
import { amax, sum } from "../reduction/reduction.ts";

/** A result of the input's shape and dtype, which must be a float. */
function likeFloating([x]: readonly TensorSpec[]): TensorSpec[] {
  requireFloating(x);
  return [{ shape: x.shape, dtype: x.dtype }];
}

/** exp(x_i) / sum_j exp(x_j) along `attributes.dim`. dx = y (dy - sum(dy y)). */
export const softmaxOp: OpDefinition = {
  name: "softmax",
  infer: likeFloating,
  gradient({ grads, outputs: [y], attributes }) {
    const weighted = mul(grads[0] as Value, y);
    return [sub(weighted, mul(y, sum(weighted, [attributes.dim as number], true)))];
  },
  decompose([x], attributes) {
    const dims = [attributes.dim as number];
    if (isEmpty(x)) return [mul(x, constant(1, x.dtype))];
    const powers = exp(sub(x, amax(x, dims, true)));
    return [div(powers, sum(powers, dims, true))];
  },
};

/** x_i - log sum_j exp(x_j) along `attributes.dim`. dx = dy - softmax(x) sum(dy). */
export const logSoftmaxOp: OpDefinition = {
  name: "logSoftmax",
  infer: likeFloating,
  gradient({ grads, outputs: [y], attributes }) {
    const g = grads[0] as Value;
    return [sub(g, mul(exp(y), sum(g, [attributes.dim as number], true)))];
  },
  decompose([x], attributes) {
    const dims = [attributes.dim as number];
    if (isEmpty(x)) return [mul(x, constant(1, x.dtype))];
    const shifted = sub(x, amax(x, dims, true));
    return [sub(shifted, log(sum(exp(shifted), dims, true)))];
  },
};

export function softmax(x: Value, dim: number): Value {
  return emit(softmaxOp, [x], { dim });
}

export function logSoftmax(x: Value, dim: number): Value {
  return emit(logSoftmaxOp, [x], { dim });
}

/** Without elements there is no largest one to subtract. */
function isEmpty(x: Value): boolean {
  return x.shape.includes(0);
}
