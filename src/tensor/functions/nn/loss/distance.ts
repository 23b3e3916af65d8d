/** Distances and angles between vectors, and the losses made of them. */
import { isFloating } from "../../../../base/dtype.ts";
import { ArgumentError, ShapeError } from "../../../../base/errors.ts";
import { broadcastShapes, formatShape, normalizeDim } from "../../../../base/shape.ts";
import { shownText } from "../../../../base/shown_value.ts";
import type { Value } from "../../../../graph/node.ts";
import { emit } from "../../../../graph/node.ts";
import { constant } from "../../../../ops/creation.ts";
import {
  add,
  cast,
  div,
  eq,
  lt,
  maximumOp,
  minimumOp,
  mul,
  neg,
  sqrtOp,
  sub,
  where,
} from "../../../../ops/elementwise/elementwise.ts";
import { sum } from "../../../../ops/reduction/reduction.ts";
import { expand } from "../../../../ops/shape/shape_ops.ts";
import { promote } from "../../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../../tensor.ts";
import { floatingInput, named } from "../arguments.ts";
import { vectorNorm } from "../norm.ts";
import { REDUCTION_NAMES, type Reduction, type ReductionOptions, reduced, reductionOf } from "./reduction.ts";

const like = (x: Value, value: number): Value => constant(value, x.dtype);

function floats(of: string, ...inputs: unknown[]): Value[] {
  requireTensors(of, inputs);
  return promote(named(of), inputs, true);
}

function requireTensors(of: string, inputs: readonly unknown[]): void {
  inputs.forEach((one, i) => {
    valueOf(one, `input${i + 1}`, named(of));
  });
}

/** @throws ShapeError if the tensors do not all have `rank` dimensions, or as many as the first. */
function requireRanks(of: string, tensors: readonly Tensor[], rank?: number): void {
  const shapes = tensors.map((tensor, i) => valueOf(tensor, `input${i + 1}`, named(of)).shape);
  const wanted = rank ?? shapes[0].length;
  if (shapes.every((shape) => shape.length === wanted)) return;
  throw new ShapeError(
    `${named(of)}: expected tensors of ${wanted} dimensions, got shapes ${shapes.map(formatShape).join(", ")}`,
  );
}

/** a - b in their own dtype (uint8 wraps around, as in PyTorch), then as floating-point numbers. */
function differenceOf(of: string, a: unknown, b: unknown): Value {
  requireTensors(of, [a, b]);
  const difference = sub(...(promote(named(of), [a, b]) as [Value, Value]));
  return isFloating(difference.dtype) ? difference : cast(difference, "float32");
}

export interface CosineSimilarityParameters {
  /** First tensor. */
  x1: Tensor;
  /** Second tensor. */
  x2: Tensor;
  /** The dimension along which the vectors lie. @default 1 */
  dim?: number;
  /** Least length of a vector. @default 1e-8 */
  eps?: number;
}

/**
 * x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along `dim` (1 by default).
 *
 * @example
 * ```ts
 * nn.functional.cosineSimilarity(tensor([[1.5, 0]]), tensor([[1.5, 1.5]])).tolist(); // [0.70711]
 * ```
 */
export const cosineSimilarity = defineCall<CosineSimilarityParameters>("cosineSimilarity")(
  ["x1", "x2", "dim?", "eps?:number"],
  (x1, x2, dim = 1, eps = 1e-8) => {
    const [a, b] = floats("cosineSimilarity", x1, x2);
    const shape = broadcastShapes([a.shape, b.shape], named("cosineSimilarity"));
    const along = normalizeDim(dim, shape.length, named("cosineSimilarity"));
    const dims = shape.length === 0 ? [] : [along];
    const unit = (v: Value): Value => {
      const norm = vectorNorm(v, 2, dims, true);
      return div(v, emit(maximumOp, [norm, like(v, eps)]));
    };
    return new Tensor(sum(mul(unit(expand(a, shape)), unit(expand(b, shape))), dims));
  },
);

export interface PairwiseDistanceParameters {
  /** First tensor. */
  x1: Tensor;
  /** Second tensor. */
  x2: Tensor;
  /** Exponent of the norm. @default 2 */
  p?: number;
  /** A small number that keeps the result finite. @default 1e-6 */
  eps?: number;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
}

/**
 * The p-norm of x1 - x2 + eps along the last dimension.
 *
 * @example
 * ```ts
 * nn.functional.pairwiseDistance(tensor([[1.5, 2]]), tensor([[0.0, 0]]).float()).tolist(); // [2.5000]
 * ```
 */
export const pairwiseDistance = defineCall<PairwiseDistanceParameters>("pairwiseDistance")(
  ["x1", "x2", "p?:number", "eps?:number", "keepdim?:boolean"],
  (x1, x2, p = 2, eps = 1e-6, keepdim = false) => {
    return new Tensor(distance(differenceOf("pairwiseDistance", x1, x2), p, eps, keepdim));
  },
);

function distance(apart: Value, p: number, eps: number, keepdim = false): Value {
  const difference = add(apart, like(apart, eps));
  if (difference.shape.length === 0)
    throw new ArgumentError("pairwiseDistance: expected vectors, got single numbers");
  return vectorNorm(difference, p, [difference.shape.length - 1], keepdim);
}

export interface MarginRankingLossParameters extends ReductionOptions {
  /** First tensor. */
  input1: Tensor;
  /** Second tensor. */
  input2: Tensor;
  /** 1 or -1. */
  target: Tensor;
  /** The margin. @default 0 */
  margin?: number;
}

/**
 * Mean of max(0, -target (input1 - input2) + margin): target 1 wants input1 above input2, -1 below.
 *
 * @example
 * ```ts
 * const target = tensor([1, -1]).float();
 * nn.functional.marginRankingLoss(tensor([0.5, 3]), tensor([1.5, 2]), target).item(); // 1
 * ```
 */
export const marginRankingLoss = defineCall<MarginRankingLossParameters>("marginRankingLoss")(
  ["input1", "input2", "target", "margin?:number", ...REDUCTION_NAMES],
  (input1, input2, target, margin = 0, sizeAverage?, reduce?, reduction = "mean") => {
    const of = "marginRankingLoss";
    requireTensors(of, [input1, input2, target]);
    requireRanks(of, [input1, input2, target]);
    const [a, b, t] = promote(named(of), [input1, input2, target]);
    const wrong = mul(neg(t), sub(a, b));
    const ranked = isFloating(wrong.dtype) ? wrong : cast(wrong, "float32");
    const losses = atLeastZero(add(ranked, like(ranked, margin)));
    return new Tensor(reduced(losses, reductionOf("marginRankingLoss", { sizeAverage, reduce, reduction })));
  },
);

/** max(x, 0), with the whole gradient at 0, as PyTorch's clamp_min; NaN stays NaN. */
function atLeastZero(x: Value): Value {
  return where(lt(x, like(x, 0)), like(x, 0), x);
}

/**
 * Mean of 1 - cos(input1, input2) if target is 1, max(0, cos - margin) if it is -1.
 *
 * @example
 * ```ts
 * nn.functional.cosineEmbeddingLoss(randn(8, 4), randn(8, 4), ones(8)).shape; // []
 * ```
 */
export const cosineEmbeddingLoss = defineCall<MarginRankingLossParameters>("cosineEmbeddingLoss")(
  ["input1", "input2", "target", "margin?:number", ...REDUCTION_NAMES],
  (input1, input2, target, margin = 0, sizeAverage?, reduce?, reduction = "mean") => {
    const of = "cosineEmbeddingLoss";
    const [a, b] = floats(of, input1, input2);
    const t = cast(valueOf(target, "target", named(of)), a.dtype);
    if (t.shape.length > 1)
      throw new ShapeError(`${named(of)}: expected a target [N] or [], got ${formatShape(t.shape)}`);
    requireRanks(of, [input1, input2], t.shape.length + 1);
    const dims = [a.shape.length - 1];
    const size = (v: Value): Value => add(sum(mul(v, v), dims), like(v, 1e-12));
    const cosine = div(sum(mul(a, b), dims), emit(sqrtOp, [mul(size(a), size(b))]));
    const zero = like(a, 0);
    const alike = where(eq(t, like(a, 1)), sub(like(a, 1), cosine), zero);
    const apart = where(eq(t, like(a, -1)), atLeastZero(sub(cosine, like(a, margin))), zero);
    return new Tensor(reduced(add(alike, apart), reductionOf(of, { sizeAverage, reduce, reduction })));
  },
);

export interface HingeEmbeddingLossParameters extends ReductionOptions {
  /** The distances. */
  input: Tensor;
  /** 1 or -1. */
  target: Tensor;
  /** Up to which distance a target of -1 costs. @default 1 */
  margin?: number;
}

/**
 * Mean of input if target is 1, of max(0, margin - input) if it is -1.
 *
 * @example
 * ```ts
 * nn.functional.hingeEmbeddingLoss(tensor([0.5, 0.25]), tensor([1, -1]).float()).item(); // 0.625
 * ```
 */
export const hingeEmbeddingLoss = defineCall<HingeEmbeddingLossParameters>("hingeEmbeddingLoss")(
  ["input", "target", "margin?:number", ...REDUCTION_NAMES],
  (input, target, margin = 1, sizeAverage?, reduce?, reduction = "mean") => {
    const of = "hingeEmbeddingLoss";
    const x = floatingInput(of, input);
    const t = cast(valueOf(target, "target", named(of)), x.dtype);
    const zero = like(x, 0);
    const apart = where(eq(t, like(x, 1)), zero, atLeastZero(sub(like(x, margin), x)));
    const alike = where(eq(t, like(x, -1)), zero, x);
    return new Tensor(reduced(add(apart, alike), reductionOf(of, { sizeAverage, reduce, reduction })));
  },
);

interface TripletParameters {
  /** The vectors, [..., D]. */
  anchor: Tensor;
  /** Vectors that are to be near. */
  positive: Tensor;
  /** Vectors that are to be far. */
  negative: Tensor;
  /** By how much farther. @default 1 */
  margin?: number;
  /** Whether the distance of positive and negative counts in place of a larger one from the anchor. @default false */
  swap?: boolean;
  /** How the losses are summed up. @default "mean" */
  reduction?: Reduction;
}

export interface TripletMarginLossParameters extends TripletParameters, ReductionOptions {
  /** Exponent of the norm. @default 2 */
  p?: number;
  /** A small number that keeps the result finite. @default 1e-6 */
  eps?: number;
}

/**
 * Mean of max(0, |anchor - positive| - |anchor - negative| + margin), p-norms along the last dimension.
 *
 * @example
 * ```ts
 * nn.functional.tripletMarginLoss(randn(8, 4), randn(8, 4), randn(8, 4)).shape; // []
 * ```
 */
export const tripletMarginLoss = defineCall<TripletMarginLossParameters>("tripletMarginLoss")(
  [
    "anchor",
    "positive",
    "negative",
    "margin?:number",
    "p?:number",
    "eps?:number",
    "swap?:boolean",
    ...REDUCTION_NAMES,
  ],
  (
    anchor,
    positive,
    negative,
    margin = 1,
    p = 2,
    eps = 1e-6,
    swap = false,
    sizeAverage?,
    reduce?,
    reduction = "mean",
  ) => {
    const of = "tripletMarginLoss";
    if (!(margin > 0)) throw new ArgumentError(`${named(of)}: expected a \`margin\` above 0, got ${margin}`);
    requireRanks(of, [anchor, positive, negative]);
    const between = (a: Tensor, b: Tensor): Value => distance(differenceOf(of, a, b), p, eps);
    const pairs = [between(anchor, positive), between(anchor, negative)];
    if (swap) pairs.push(between(positive, negative));
    const distances = pairs.map((pair) => new Tensor(pair));
    const [near, far, other] = promote(named(of), distances);
    const nearest = swap ? emit(minimumOp, [far, other]) : far;
    const losses = atLeastZero(add(sub(near, nearest), like(near, margin)));
    return new Tensor(reduced(losses, reductionOf(of, { sizeAverage, reduce, reduction })));
  },
);

export interface TripletMarginWithDistanceLossParameters extends TripletParameters {
  /** The distance; null for `pairwiseDistance`. @default null */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
}

/**
 * `tripletMarginLoss` with a distance of one's own, by default `pairwiseDistance`.
 *
 * @example
 * ```ts
 * const distanceFunction = (a: Tensor, b: Tensor) => a.sub(b).abs().amax(1);
 * const [anchor, positive, negative] = randn(3, 8, 4).unbind();
 * nn.functional.tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction }).shape; // []
 * ```
 */
export const tripletMarginWithDistanceLoss = defineCall<TripletMarginWithDistanceLossParameters>(
  "tripletMarginWithDistanceLoss",
)(
  ["anchor", "positive", "negative", "distanceFunction?", "margin?:number", "swap?:boolean", "reduction?"],
  (anchor, positive, negative, distanceFunction = null, margin = 1, swap = false, reduction = "mean") => {
    const of = "tripletMarginWithDistanceLoss";
    const measure = distanceFunction ?? pairwiseDistance;
    if (typeof measure !== "function") {
      throw new ArgumentError(
        `${named(of)}: expected \`distanceFunction\` to be a function, got ${shownText(measure)}`,
      );
    }
    if (!(margin > 0)) throw new ArgumentError(`${named(of)}: expected a \`margin\` above 0, got ${margin}`);
    const near: Value = measure(anchor, positive).value;
    const far: Value = measure(anchor, negative).value;
    const nearest = swap ? emit(minimumOp, [far, measure(positive, negative).value]) : far;
    const losses = atLeastZero(add(sub(near, nearest), like(near, margin)));
    return new Tensor(reduced(losses, reductionOf(of, { reduction })));
  },
);
