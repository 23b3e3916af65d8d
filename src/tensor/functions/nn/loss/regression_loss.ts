/** Losses of numbers against numbers. */
import { isFloating, numbersOf } from "../../../../base/dtype.ts";
import { ArgumentError, ShapeError } from "../../../../base/errors.ts";
import { formatShape, sameShape } from "../../../../base/shape.ts";
import { shownText } from "../../../../base/shown_value.ts";
import type { Value } from "../../../../graph/node.ts";
import { emit } from "../../../../graph/node.ts";
import { constant } from "../../../../ops/creation.ts";
import {
  absOp,
  add,
  cast,
  div,
  eq,
  exp,
  gt,
  log,
  lt,
  mul,
  sub,
  where,
} from "../../../../ops/elementwise/elementwise.ts";
import { reshape } from "../../../../ops/shape/shape_ops.ts";
import { defineLoss } from "../../../autocast.ts";
import { noGrad } from "../../../autograd.ts";
import { promote } from "../../../operands.ts";
import { Tensor, valueOf } from "../../../tensor.ts";
import { floatingInput, named, oneOf } from "../arguments.ts";
import {
  POISSON_NAMES,
  REDUCTION_NAMES,
  type Reduction,
  type ReductionOptions,
  reduced,
  reductionOf,
} from "./reduction.ts";

export interface RegressionLossParameters extends ReductionOptions {
  /** The predictions. */
  input: Tensor;
  /** What they are to be, broadcast against the input. */
  target: Tensor;
}

export interface WeightedLossParameters extends RegressionLossParameters {
  /** Factor of each loss, of their shape; null for none. @default null */
  weight?: Tensor | null;
}

export interface SmoothL1LossParameters extends RegressionLossParameters {
  /** Below this distance the loss is quadratic. @default 1 */
  beta?: number;
}

export interface HuberLossParameters extends Omit<WeightedLossParameters, "sizeAverage" | "reduce"> {
  /** Up to this distance the loss is quadratic. @default 1 */
  delta?: number;
}

export interface KlDivParameters extends Omit<RegressionLossParameters, "reduction"> {
  /** How the losses are summed up; `"batchmean"` divides the sum by the batch size. @default "mean" */
  reduction?: Reduction | "batchmean";
  /** Whether the target is given as logarithms too. @default false */
  logTarget?: boolean;
}

export interface PoissonNllLossParameters extends RegressionLossParameters {
  /** Whether the input is the logarithm of the rate. @default true */
  logInput?: boolean;
  /** Whether Stirling's approximation of log target! is added. @default false */
  full?: boolean;
  /** Keeps the logarithm finite without `logInput`. @default 1e-8 */
  eps?: number;
}

export interface GaussianNllLossParameters {
  /** The means. */
  input: Tensor;
  /** The numbers observed. */
  target: Tensor;
  /** The variances: one number, one for each element, or one for each example. */
  var: Tensor | number;
  /** Whether the constant log(2 pi) / 2 is added. @default false */
  full?: boolean;
  /** Least variance. @default 1e-6 */
  eps?: number;
  /** How the losses are summed up. @default "mean" */
  reduction?: Reduction;
}

const like = (x: Value, value: number): Value => constant(value, x.dtype);

/** Input and target, one of them floating-point, as values of one dtype. */
function pairOf(of: string, input: unknown, target: unknown, integers = false): [Value, Value] {
  const given = [valueOf(input, "input", named(of)), valueOf(target, "target", named(of))];
  if (!integers && !given.some(({ dtype }) => isFloating(dtype))) floatingInput(of, input);
  const [x, t] = promote(named(of), [input, target], true);
  return [x, t];
}

/** Reduces losses that a weight may scale; their mean divides by the sum of the weights if `byWeight`. */
function weighted(of: string, losses: Value, weight: unknown, reduction: Reduction, byWeight = true): Tensor {
  if (weight === null || weight === undefined) return new Tensor(reduced(losses, reduction));
  const given = valueOf(weight, "weight", named(of));
  if (!sameShape(given.shape, losses.shape)) {
    throw new ArgumentError(
      `${named(of)}: weight and input must have the same size, got [${given.shape}] and [${losses.shape}]`,
    );
  }
  const [x, w] = promote(named(of), [new Tensor(losses), weight]);
  const scaled = mul(x, w);
  if (reduction !== "mean" || !byWeight) return new Tensor(reduced(scaled, reduction));
  return new Tensor(div(reduced(scaled, "sum"), reduced(w, "sum")));
}

/**
 * Mean of (input - target)^2.
 *
 * @param reduction - `"mean"`, `"sum"` or `"none"`.
 * @example
 * ```ts
 * nn.functional.mseLoss(tensor([0.5, 2]), tensor([0.5, 5])).item(); // 4.5
 * nn.functional.mseLoss(tensor([0.5, 2]), tensor([0.5, 5]), { reduction: "sum" }).item(); // 9
 * ```
 */
export const mseLoss = defineLoss<WeightedLossParameters>("mseLoss")(
  ["input", "target", ...REDUCTION_NAMES, "weight?"],
  (input, target, sizeAverage?, reduce?, reduction = "mean", weight = null) => {
    const [x, t] = pairOf("mseLoss", input, target);
    const difference = sub(x, t);
    return weighted(
      "mseLoss",
      mul(difference, difference),
      weight,
      reductionOf("mseLoss", { sizeAverage, reduce, reduction }),
    );
  },
);

/**
 * Mean of |input - target|.
 *
 * @param reduction - `"mean"`, `"sum"` or `"none"`.
 * @example
 * ```ts
 * nn.functional.l1Loss(tensor([0.5, 2]), tensor([0.5, 5])).item(); // 1.5
 * ```
 */
export const l1Loss = defineLoss<WeightedLossParameters>("l1Loss")(
  ["input", "target", ...REDUCTION_NAMES, "weight?"],
  (input, target, sizeAverage?, reduce?, reduction = "mean", weight = null) => {
    const [x, t] = pairOf("l1Loss", input, target);
    return weighted(
      "l1Loss",
      emit(absOp, [sub(x, t)]),
      weight,
      reductionOf("l1Loss", { sizeAverage, reduce, reduction }),
    );
  },
);

/**
 * If d = |input - target| is below beta: d^2 / (2 beta), else d - beta / 2; the mean of that.
 *
 * @example
 * ```ts
 * nn.functional.smoothL1Loss(tensor([0.5, 2]), tensor([1.5, 5])).item(); // 1.5
 * ```
 */
export const smoothL1Loss = defineLoss<SmoothL1LossParameters>("smoothL1Loss")(
  ["input", "target", ...REDUCTION_NAMES, "beta?:number"],
  (input, target, sizeAverage?, reduce?, reduction = "mean", beta = 1) => {
    const of = "smoothL1Loss";
    if (beta < 0)
      throw new ArgumentError(
        `${named(of)}: smooth_l1_loss does not support negative values for beta, got ${beta}`,
      );
    const [x, t] = pairOf(of, input, target);
    const distance = emit(absOp, [sub(x, t)]);
    const kind = reductionOf(of, { sizeAverage, reduce, reduction });
    if (beta === 0) return new Tensor(reduced(distance, kind));
    const square = mul(mul(distance, distance), like(x, 0.5 / beta));
    const losses = where(lt(distance, like(x, beta)), square, sub(distance, like(x, beta / 2)));
    return new Tensor(reduced(losses, kind));
  },
);

/**
 * If d = |input - target| is at most delta: d^2 / 2, else delta (d - delta / 2); the mean of that.
 *
 * @example
 * ```ts
 * nn.functional.huberLoss(tensor([0.5, 2]), tensor([1.5, 5]), { delta: 2 }).item(); // 2.25
 * ```
 */
export const huberLoss = defineLoss<HuberLossParameters>("huberLoss")(
  ["input", "target", "reduction?", "delta?:number", "weight?"],
  (input, target, reduction = "mean", delta = 1, weight = null) => {
    const of = "huberLoss";
    if (!(delta > 0))
      throw new ArgumentError(
        `${named(of)}: huber_loss does not support non-positive values for delta, got ${delta}`,
      );
    const x = floatingInput(of, input);
    const t = cast(valueOf(target, "target", named(of)), x.dtype);
    const distance = emit(absOp, [sub(x, t)]);
    const square = mul(mul(distance, distance), like(x, 0.5));
    const line = mul(sub(distance, like(x, delta / 2)), like(x, delta));
    const losses = where(gt(distance, like(x, delta)), line, square);
    return weighted(of, losses, weight, reductionOf(of, { reduction }), false);
  },
);

/**
 * Kullback-Leibler divergence, target * (log target - input) with the input (and, with `logTarget`, the
 * target) given as logarithms.
 *
 * @param reduction - `"batchmean"` is the divergence by its definition: the sum over the batch size.
 * @example
 * ```ts
 * const p = softmax(randn(8, 3), 1);
 * nn.functional.klDiv(p.log(), p, { reduction: "batchmean" }).item(); // 0.0000
 * ```
 */
export const klDiv = defineLoss<KlDivParameters>("klDiv")(
  ["input", "target", ...REDUCTION_NAMES, "logTarget?:boolean"],
  (input, target, sizeAverage?, reduce?, reduction = "mean", logTarget = false) => {
    const of = "klDiv";
    floatingInput(of, input);
    floatingInput(of, target, "target");
    const [x, t] = pairOf(of, input, target);
    const byBatch = oneOf(of, "reduction", reduction, ["none", "mean", "sum", "batchmean"]) === "batchmean";
    const losses = logTarget ? mul(exp(t), sub(t, x)) : sub(timesLog(t), mul(t, x));
    if (!byBatch || sizeAverage != null || reduce != null) {
      return new Tensor(
        reduced(
          losses,
          reductionOf(of, { sizeAverage, reduce, reduction: reduction === "batchmean" ? "mean" : reduction }),
        ),
      );
    }
    const total = reduced(losses, "sum");
    return new Tensor(x.shape.length === 0 ? total : div(total, like(x, x.shape[0])));
  },
);

/** t log t, 0 at 0. */
function timesLog(t: Value): Value {
  const none = eq(t, like(t, 0));
  return where(none, like(t, 0), mul(t, log(where(none, like(t, 1), t))));
}

/**
 * exp(input) - target * input, or without `logInput` input - target * log(input + eps).
 *
 * @example
 * ```ts
 * nn.functional.poissonNllLoss(tensor([0.5]), tensor([2]).float()).item(); // 0.64872
 * ```
 */
export const poissonNllLoss = defineLoss<PoissonNllLossParameters>("poissonNllLoss")(
  ["input", "target", ...POISSON_NAMES],
  (input, target, logInput = true, full = false, sizeAverage?, eps = 1e-8, reduce?, reduction = "mean") => {
    const of = "poissonNllLoss";
    const [x, t] = pairOf(of, input, target, true);
    let losses = logInput ? sub(exp(x), mul(t, x)) : sub(x, mul(t, log(add(x, like(x, eps)))));
    if (full) losses = add(losses, stirling(t));
    return new Tensor(reduced(losses, reductionOf(of, { sizeAverage, reduce, reduction })));
  },
);

/** Stirling's approximation of log t!, for t above 1. */
function stirling(t: Value): Value {
  const large = gt(t, like(t, 1));
  const safe = where(large, t, like(t, 1));
  const tail = mul(log(mul(safe, like(t, 2 * Math.PI))), like(t, 0.5));
  return where(large, add(sub(mul(safe, log(safe)), safe), tail), like(t, 0));
}

/**
 * (log variance + (input - target)^2 / variance) / 2, the variance not below eps.
 *
 * @example
 * ```ts
 * nn.functional.gaussianNllLoss(tensor([0.5]), tensor([2.5]), tensor([4]).float()).item(); // 1.19315
 * ```
 */
export const gaussianNllLoss = defineLoss<GaussianNllLossParameters>("gaussianNllLoss")(
  ["input", "target", "var", "full?:boolean", "eps?:number", "reduction?"],
  (input, target, variance, full = false, eps = 1e-6, reduction = "mean") => {
    const of = "gaussianNllLoss";
    if (variance instanceof Tensor) floatingInput(of, variance, "var");
    requireNotNegative(of, variance);
    pairOf(of, input, target);
    const [x, t, promoted] = promote(named(of), [input, target, variance], true);
    // The bound is not part of the gradient, as in PyTorch.
    const lift = noGrad(() => where(lt(promoted, like(x, eps)), sub(like(x, eps), promoted), like(x, 0)));
    const spread = varianceFor(of, x, add(promoted, lift), variance instanceof Tensor);
    const difference = sub(x, t);
    let losses = mul(add(log(spread), div(mul(difference, difference), spread)), like(x, 0.5));
    if (full) losses = add(losses, like(x, 0.5 * Math.log(2 * Math.PI)));
    return new Tensor(reduced(losses, reductionOf(of, { reduction })));
  },
);

/** Of a tensor only if its numbers are known. */
function requireNotNegative(of: string, variance: unknown): void {
  const data = variance instanceof Tensor ? variance.value.data : null;
  const numbers = variance instanceof Tensor ? data && numbersOf(variance.dtype, data) : [variance];
  const negative = numbers?.find((one) => Number(one) < 0);
  if (negative !== undefined)
    throw new ArgumentError(`${named(of)}: var has a negative entry, ${shownText(negative)}`);
}

/** One variance for all, one for each number, or one per example (or along one dimension) for all of its numbers. */
function varianceFor(of: string, x: Value, variance: Value, isTensor: boolean): Value {
  const { shape } = variance;
  if (!isTensor || sameShape(shape, x.shape)) return variance;
  if (sameShape(shape, x.shape.slice(0, -1))) return reshape(variance, [...shape, 1]);
  const others = shape.filter((size, d) => size !== x.shape[d]);
  if (shape.length === x.shape.length && others.length === 1 && others[0] === 1) return variance;
  throw new ShapeError(
    `${named(of)}: var is of incorrect size ${formatShape(shape)}; expected the input's ${formatShape(x.shape)}, ` +
      "or that without the last dimension or with a single 1 in place of another size",
  );
}
