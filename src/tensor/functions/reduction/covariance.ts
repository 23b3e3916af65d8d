/** How variables vary together, and limits on the norms of slices. */

import { isFloating } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim, numel } from "../../../base/shape.ts";
import { emit, type Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import { matmul } from "../../../ops/matmul.ts";
import { sum } from "../../../ops/reduction/reduction.ts";
import { reshape, transposeLast } from "../../../ops/shape/shape_ops.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { floatingValue } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import type { UnaryParameters } from "../elementwise/unary.ts";
import { diagonal } from "../shape/slicing.ts";
import { norm } from "./statistics.ts";

export interface CovarianceParameters {
  /** [variables, observations], or [observations] of a single variable. */
  input: Tensor;
  /** What is taken off the number of observations. @default 1 */
  correction?: number;
  /** How often each observation was made: integers; null for once. @default null */
  fweights?: Tensor | null;
  /** How much each observation counts: floating-point numbers; null for 1. @default null */
  aweights?: Tensor | null;
}

/** Variables as rows, observations as columns. */
function observations(of: string, input: unknown): Value {
  const value = floatingValue(of, input);
  if (value.shape.length > 2)
    throw new ShapeError(`${of}: expected at most 2 dimensions, got ${formatShape(value.shape)}`);
  return value.shape.length === 2 ? value : reshape(value, [1, numel(value.shape)]);
}

function weightsOf(argument: string, weights: unknown, x: Value, whole: boolean): Value | null {
  if (weights === null) return null;
  const value = valueOf(weights, argument, "cov");
  if (isFloating(value.dtype) === whole) {
    throw new DTypeError(
      `cov: expected \`${argument}\` of ${whole ? "integers" : "floating-point numbers"}, got ${value.dtype}`,
    );
  }
  if (value.shape.length > 1 || numel(value.shape) !== x.shape[1]) {
    throw new ShapeError(
      `cov: expected as many \`${argument}\` as observations, ${x.shape[1]}, got ${formatShape(value.shape)}`,
    );
  }
  if (value.data?.some((weight) => weight < 0))
    throw new ArgumentError(`cov: expected \`${argument}\` of 0 or more, got a negative one`);
  return ops.cast(reshape(value, [x.shape[1]]), x.dtype);
}

function covariance(x: Value, correction: number, repeats: Value | null, importance: Value | null): Value {
  const weights =
    repeats === null || importance === null ? (repeats ?? importance) : ops.mul(repeats, importance);
  const weighted = (value: Value) => (weights === null ? value : ops.mul(value, weights));
  const number = (n: number) => constant(n, x.dtype);
  const total = weights === null ? number(x.shape[1]) : sum(weights, [0]);
  const mean = ops.div(sum(weighted(x), [1], true), total);
  let lost = number(correction);
  if (importance !== null && correction !== 0)
    lost = ops.div(ops.mul(lost, sum(weighted(importance), [0])), total);
  const count = emit(ops.maximumOp, [ops.sub(total, lost), number(0)]);
  const apart = ops.sub(x, mean);
  const products = ops.div(matmul(apart, transposeLast(weighted(apart))), count);
  return reshape(
    products,
    products.shape.filter((size) => size !== 1),
  );
}

/**
 * The covariances of variables, of which each row is one and each column an observation. Of a single variable, its
 * variance.
 *
 * @param correction - what is taken off the number of observations (default 1).
 * @param fweights - how often each observation was made: integers.
 * @param aweights - how much each observation counts: floating-point numbers.
 * @throws ArgumentError for negative weights that are known already.
 * @example
 * ```ts
 * cov(tensor([[0.5, 1.5, 2.5], [3.5, 2.5, 1.5]])).tolist(); // [[1, -1], [-1, 1]]
 * ```
 */
export const cov = defineCall<CovarianceParameters>("cov")(
  ["input", "correction?:number", "fweights?", "aweights?"],
  (input, correction = 1, fweights = null, aweights = null) => {
    const x = observations("cov", input);
    const repeats = weightsOf("fweights", fweights, x, true);
    const importance = weightsOf("aweights", aweights, x, false);
    return new Tensor(covariance(x, correction, repeats, importance));
  },
);

/**
 * The correlations (Pearson's) of variables, of which each row is one and each column an observation.
 *
 * @example
 * ```ts
 * corrcoef(tensor([[0.5, 1.5, 2.5], [9.5, 5.5, 1.5]])).tolist(); // [[1, -1], [-1, 1]]
 * ```
 */
export const corrcoef = defineCall<UnaryParameters>("corrcoef")(["input"], (input: Tensor): Tensor => {
  const products = covariance(observations("corrcoef", input), 1, null, null);
  if (products.shape.length < 2) return new Tensor(ops.div(products, products));
  const count = products.shape[0];
  const deviations = emit(ops.sqrtOp, [diagonal(new Tensor(products)).value]);
  const scaled = ops.div(ops.div(products, reshape(deviations, [count, 1])), deviations);
  const low = constant(-1, scaled.dtype);
  const high = constant(1, scaled.dtype);
  return new Tensor(ops.where(ops.lt(scaled, low), low, ops.where(ops.gt(scaled, high), high, scaled)));
});

export interface RenormParameters extends InputParameter {
  /** Exponent of the norm. */
  p: number;
  /** The dimension. */
  dim: number;
  /** The largest norm that a part may have. */
  maxnorm: number;
}

/**
 * Each slice along a dimension whose p-norm is above `maxnorm` scaled down to it.
 *
 * @example
 * ```ts
 * renorm(tensor([[3.5, 0], [0.5, 0.5]]), 2, 0, 1).tolist(); // [[1.00000, 0], [0.5, 0.5]]
 * ```
 */
export const renorm = defineCall<RenormParameters>("renorm")(
  ["input", "p:number", "dim", "maxnorm:number"],
  (input, p, dim, maxnorm) => {
    const x = valueOf(input, "input", "renorm");
    if (!isFloating(x.dtype))
      throw new DTypeError(
        `renorm: expected a floating-point input, got ${x.dtype}; convert it with .float()`,
      );
    if (x.shape.length < 2)
      throw new ShapeError(`renorm: expected at least 2 dimensions, got ${formatShape(x.shape)}`);
    if (!(p > 0)) throw new ArgumentError(`renorm: expected \`p\` above 0, got ${p}`);
    if (!(maxnorm >= 0)) throw new ArgumentError(`renorm: expected \`maxnorm\` of 0 or more, got ${maxnorm}`);
    const along = normalizeDim(dim, x.shape.length, "renorm");
    const others = x.shape.map((_, d) => d).filter((d) => d !== along);
    const length = norm(input, p, others, true).value;
    const limit = constant(maxnorm, x.dtype);
    // As PyTorch has it, a little less than what would be exact.
    const factor = ops.div(limit, ops.add(length, constant(1e-7, x.dtype)));
    const scale = ops.where(ops.gt(length, limit), factor, constant(1, x.dtype));
    return new Tensor(ops.mul(x, scale));
  },
);
