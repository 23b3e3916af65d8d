/** Attention. */
import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { formatShape } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { arange, constant } from "../../../ops/creation.ts";
import { add, cast, eq, ge, mul, where } from "../../../ops/elementwise/elementwise.ts";
import { softmax } from "../../../ops/nn/softmax.ts";
import { amax } from "../../../ops/reduction/reduction.ts";
import { expand, reshape, transposeLast } from "../../../ops/shape/shape_ops.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import { matmul } from "../linalg/linear_algebra.ts";
import { floatingInput, named, optionalValue } from "./arguments.ts";
import { dropout } from "./dropout.ts";

export interface ScaledDotProductAttentionParameters {
  /** [..., L, E]. */
  query: Tensor;
  /** [..., S, E]. */
  key: Tensor;
  /** [..., S, Ev]. */
  value: Tensor;
  /** Bool (true: takes part) or floating-point (added), broadcast to [..., L, S]; null for none. @default null */
  attnMask?: Tensor | null;
  /** Probability that a weight becomes 0. @default 0 */
  dropoutP?: number;
  /** Whether position i sees positions 0 to i only. @default false */
  isCausal?: boolean;
  /** Factor of the scores; null for 1 / sqrt(E). @default null */
  scale?: number | null;
  /** Whether heads of key and value (the third dimension from the end) serve several of the query's. @default false */
  enableGqa?: boolean;
}

/**
 * softmax(query key^T * scale + mask) value.
 *
 * @param query - [..., L, E]; key [..., S, E]; value [..., S, Ev].
 * @param attnMask - bool (true: takes part) or floating-point (added), broadcast to [..., L, S]. A row in
 * which nothing takes part gives zeros.
 * @param isCausal - position i sees positions 0 to i only.
 * @param scale - 1 / sqrt(E) by default.
 * @param enableGqa - heads of key and value (the third dimension from the end) serve several of the query's.
 * @example
 * ```ts
 * const q = randn(2, 4, 10, 16);
 * nn.functional.scaledDotProductAttention(q, q, q, { isCausal: true }).shape; // [2, 4, 10, 16]
 * ```
 */
export const scaledDotProductAttention = defineCall<ScaledDotProductAttentionParameters>(
  "scaledDotProductAttention",
)(
  [
    "query",
    "key",
    "value",
    "attnMask?",
    "dropoutP?:number",
    "isCausal?:boolean",
    "scale?:number|null",
    "enableGqa?:boolean",
  ],
  (query, key, value, attnMask = null, dropoutP = 0, isCausal = false, scale = null, enableGqa = false) => {
    const of = "scaledDotProductAttention";
    const q = floatingInput(of, query, "query");
    let [k, v] = [floatingInput(of, key, "key"), floatingInput(of, value, "value")];
    const mask = optionalValue(of, attnMask, "attnMask");
    if (mask !== null && mask.dtype !== "bool") floatingInput(of, attnMask, "attnMask");
    if (mask !== null && isCausal)
      throw new ArgumentError(`${named(of)}: expected attnMask or isCausal, not both`);
    if (enableGqa) [k, v] = [repeatHeads(of, k, q), repeatHeads(of, v, q)];
    const factor = constant(scale ?? 1 / Math.sqrt(q.shape[q.shape.length - 1]), q.dtype);
    const scores = matmul(new Tensor(mul(q, factor)), new Tensor(transposeLast(k))).value;
    const weights = maskedSoftmax(scores, isCausal ? causalMask(scores) : mask);
    return matmul(dropout(new Tensor(weights), dropoutP, dropoutP > 0), new Tensor(v));
  },
);

function causalMask(scores: Value): Value {
  const [rows, columns] = scores.shape.slice(-2);
  return ge(reshape(arange(rows, "int32"), [rows, 1]), reshape(arange(columns, "int32"), [1, columns]));
}

function maskedSoftmax(scores: Value, mask: Value | null): Value {
  const dim = scores.shape.length - 1;
  if (mask === null) return softmax(scores, dim);
  const nothing = constant(Number.NEGATIVE_INFINITY, scores.dtype);
  const masked = mask.dtype === "bool" ? where(mask, scores, nothing) : add(scores, cast(mask, scores.dtype));
  const silent = eq(amax(masked, [dim], true), nothing);
  const zero = constant(0, scores.dtype);
  return where(silent, zero, softmax(where(silent, zero, masked), dim));
}

/** Each head as often as the query has heads for it. */
function repeatHeads(of: string, x: Value, query: Value): Value {
  const [heads, length, width] = x.shape.slice(-3);
  const wanted = query.shape[query.shape.length - 3];
  if (x.shape.length < 3 || wanted % heads !== 0) {
    throw new ShapeError(
      `${named(of)}: expected a number of heads that divides the query's, got ${formatShape(x.shape)} and ${formatShape(query.shape)}`,
    );
  }
  const lead = x.shape.slice(0, -3);
  const times = wanted / heads;
  const spread = expand(reshape(x, [...lead, heads, 1, length, width]), [
    ...lead,
    heads,
    times,
    length,
    width,
  ]);
  return reshape(spread, [...lead, wanted, length, width]);
}
