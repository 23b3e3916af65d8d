/** Losses of classifiers: cross-entropy and negative log-likelihood. */

import { checkedLabels, type LabelRule } from "../../../../base/class_labels.ts";
import { isFloating } from "../../../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../../base/errors.ts";
import { formatShape, numel, sameShape } from "../../../../base/shape.ts";
import { shownText } from "../../../../base/shown_value.ts";
import { constantValue, type Value } from "../../../../graph/node.ts";
import { constant } from "../../../../ops/creation.ts";
import { add, cast, div, ge, mul, neg, sub, where } from "../../../../ops/elementwise/elementwise.ts";
import { classLabels, labelMask } from "../../../../ops/nn/labels.ts";
import { logSoftmax } from "../../../../ops/nn/softmax.ts";
import { sum } from "../../../../ops/reduction/reduction.ts";
import { reshape } from "../../../../ops/shape/shape_ops.ts";
import { defineLoss } from "../../../autocast.ts";
import { promote, scalarValue } from "../../../operands.ts";
import { integerValue } from "../../../positions.ts";
import { Tensor, valueOf } from "../../../tensor.ts";
import { floatingInput, named, optionalValue } from "../arguments.ts";
import { type Reduction, type ReductionOptions, reductionOf } from "./reduction.ts";

export interface NllLossParameters extends ReductionOptions {
  /** Scores (of `nllLoss` logarithms of probabilities) [C], [N, C] or [N, C, d1, ...]. */
  input: Tensor;
  /** Class labels of the input's shape without C; of `crossEntropy` also probabilities of its whole shape. */
  target: Tensor;
  /** One factor per class; the mean then divides by the sum of the labels' weights. Null for none. @default null */
  weight?: Tensor | null;
  /** A label that counts for nothing. @default -100 */
  ignoreIndex?: number;
}

export interface CrossEntropyParameters extends NllLossParameters {
  /** The share of each label's probability that is spread evenly over all classes. @default 0 */
  labelSmoothing?: number;
}

const NLL = [
  "input",
  "target",
  "weight?",
  "sizeAverage?:boolean|null",
  "ignoreIndex?:integer",
  "reduce?:boolean|null",
  "reduction?",
] as const;

/**
 * Cross-entropy between scores and classes: the mean over the examples of -log softmax(input)[target].
 *
 * @param input - scores (logits) [C], [N, C] or [N, C, d1, ...].
 * @param target - class labels (integers of any dtype) of the input's shape without C, or probabilities (floats)
 * of the input's shape.
 * @param weight - one factor per class; the mean then divides by the sum of the labels' weights.
 * @param ignoreIndex - a label that counts for nothing.
 * @param labelSmoothing - this share of each label's probability is spread evenly over all classes.
 * @throws IndexError for a label out of range: at the call if the labels are known, else when the loss is
 * computed. DTypeError for labels that are not integers.
 * @example
 * ```ts
 * nn.functional.crossEntropy(net(x), y, { labelSmoothing: 0.1 }).shape; // []
 * nn.functional.crossEntropy(tensor([[2.5, 0.5]]), tensor([0])).item(); // 0.12693
 * ```
 */
export const crossEntropy = defineLoss<CrossEntropyParameters>("crossEntropy")(
  [...NLL, "labelSmoothing?:number"],
  (
    input,
    target,
    weight = null,
    sizeAverage?,
    ignoreIndex = -100,
    reduce?,
    reduction = "mean",
    labelSmoothing = 0,
  ) => {
    const of = "crossEntropy";
    const x = floatingInput(of, input);
    const wanted = labelOfOne(x, valueOf(target, "target", named(of)));
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new ArgumentError(
        `${named(of)}: labelSmoothing must be between 0 and 1, got ${shownText(labelSmoothing)}`,
      );
    }
    const classDim = classDimOf(of, x);
    const factors = classWeight(of, weight, x, classDim);
    const kind = reductionOf(of, { sizeAverage, reduce, reduction });
    const scores = logSoftmax(x, classDim);
    if (sameShape(wanted.shape, x.shape)) {
      if (!isFloating(wanted.dtype)) {
        throw new DTypeError(
          `${named(of)}: expected probabilities of a floating-point dtype for a target of the input's shape ` +
            `${formatShape(x.shape)}, got ${wanted.dtype}; class labels have shape ${formatShape(withoutDim(x.shape, classDim))}`,
        );
      }
      if (ignoreIndex >= 0) {
        throw new ArgumentError(
          `${named(of)}: \`ignoreIndex\` is not supported if the target holds probabilities; leave it out`,
        );
      }
      const operands = [input, target, ...(weight === null ? [] : [weight])];
      const [{ dtype }] = promote(named(of), operands);
      const [s, t, w] = [cast(scores, dtype), cast(wanted, dtype), factors && cast(factors, dtype)];
      return new Tensor(probabilityLoss(s, t, w, classDim, kind, labelSmoothing));
    }
    requireDtypeOfScores(of, factors, x);
    return new Tensor(labelLoss(of, scores, wanted, factors, classDim, ignoreIndex, kind, labelSmoothing));
  },
);

/**
 * Negative log-likelihood: the mean over the examples of -input[target].
 *
 * @param input - logarithms of probabilities, [C], [N, C] or [N, C, d1, ...]; the rest as in `crossEntropy`.
 * @example
 * ```ts
 * nn.functional.nllLoss(logSoftmax(net(x), 1), y).shape; // []
 * ```
 */
export const nllLoss = defineLoss<NllLossParameters>("nllLoss")(
  NLL,
  (input, target, weight = null, sizeAverage?, ignoreIndex = -100, reduce?, reduction = "mean") => {
    const of = "nllLoss";
    const x = floatingInput(of, input);
    const wanted = labelOfOne(x, valueOf(target, "target", named(of)));
    const classDim = classDimOf(of, x);
    const factors = classWeight(of, weight, x, classDim);
    requireDtypeOfScores(of, factors, x);
    return new Tensor(
      labelLoss(
        of,
        x,
        wanted,
        factors,
        classDim,
        ignoreIndex,
        reductionOf(of, { sizeAverage, reduce, reduction }),
        0,
      ),
    );
  },
);

function classDimOf(of: string, x: Value): number {
  if (x.shape.length === 0) {
    throw new ShapeError(`${named(of)}: expected scores [C], [N, C] or [N, C, ...], got a single number`);
  }
  return x.shape.length === 1 ? 0 : 1;
}

/** The label of scores [C] may stand in a list. */
function labelOfOne(x: Value, target: Value): Value {
  const isProbability = isFloating(target.dtype) && sameShape(target.shape, x.shape);
  const inList = x.shape.length === 1 && sameShape(target.shape, [1]) && !isProbability;
  return inList ? reshape(target, []) : target;
}

function withoutDim(shape: readonly number[], dim: number): number[] {
  return shape.filter((_, d) => d !== dim);
}

/** The weight along the class dimension, to broadcast against the scores. */
function classWeight(of: string, weight: unknown, x: Value, classDim: number): Value | null {
  const value = optionalValue(of, weight, "weight");
  if (value === null) return null;
  const classes = x.shape[classDim];
  if (!sameShape(value.shape, [classes])) {
    throw new ShapeError(
      `${named(of)}: weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ${formatShape(value.shape)}`,
    );
  }
  return reshape(
    value,
    x.shape.map((_, d) => (d === classDim ? classes : 1)),
  );
}

function requireDtypeOfScores(of: string, weight: Value | null, x: Value): void {
  if (weight === null || weight.dtype === x.dtype) return;
  throw new DTypeError(
    `${named(of)}: expected \`weight\` of the input's dtype ${x.dtype}, got ${weight.dtype}; convert it with .to("${x.dtype}")`,
  );
}

const allDims = (value: Value): number[] => value.shape.map((_, d) => d);

/** -sum over the classes of target * log p * weight; the mean is over the examples. */
function probabilityLoss(
  scores: Value,
  target: Value,
  weight: Value | null,
  classDim: number,
  reduction: Reduction,
  smoothing: number,
): Value {
  const classes = scores.shape[classDim];
  const like = (value: number): Value => constant(value, scores.dtype);
  const smooth = smoothing === 0 ? target : add(mul(target, like(1 - smoothing)), like(smoothing / classes));
  const weighted = mul(weight === null ? scores : mul(scores, weight), smooth);
  if (reduction === "none") return neg(sum(weighted, [classDim]));
  const total = neg(sum(weighted, allDims(weighted)));
  return reduction === "sum" ? total : div(total, like(numel(scores.shape) / classes));
}

interface Labels {
  /** int32, -1 for those that are left out. */
  readonly value: Value;
  /** How many count; null if that is known only when the loss is computed. */
  readonly counted: number | null;
}

function labelsOf(of: string, scores: Value, given: Value, classDim: number, ignoreIndex: number): Labels {
  const expected = withoutDim(scores.shape, classDim);
  if (given.dtype === "bool" || !sameShape(given.shape, expected)) {
    const other = of === "crossEntropy" ? `, or probabilities of shape ${formatShape(scores.shape)}` : "";
    const Problem = given.dtype === "bool" ? DTypeError : ShapeError;
    throw new Problem(
      `${named(of)}: expected class labels of shape ${formatShape(expected)}${other}, ` +
        `got ${given.dtype} ${formatShape(given.shape)}`,
    );
  }
  const target = integerValue(named(of), "class labels", given);
  const rule: LabelRule = { classes: scores.shape[classDim], ignoreIndex, of: named(of) };
  if (target.data === null) return { value: classLabels(target, rule), counted: null };
  const labels = checkedLabels(target.data, rule);
  let counted = 0;
  for (const label of labels) if (label >= 0) counted++;
  return { value: constantValue(labels, target.shape, "int32"), counted };
}

/** The sum over classes and examples reads a comparison instead of gathering: one loop, also backwards. */
function labelLoss(
  of: string,
  scores: Value,
  target: Value,
  weight: Value | null,
  classDim: number,
  ignoreIndex: number,
  reduction: Reduction,
  smoothing: number,
): Value {
  const labels = labelsOf(of, scores, target, classDim, ignoreIndex);
  const zero = constant(0, scores.dtype);
  const mask = labelMask(labels.value, scores.shape[classDim], classDim);
  const weighted = weight === null ? scores : mul(scores, weight);
  let terms = where(mask, weighted, zero);
  if (smoothing > 0) {
    const like = (value: number): Value => constant(value, scores.dtype);
    const spread = where(reshape(isCounted(labels), keptShape(scores, classDim)), weighted, zero);
    terms = add(mul(terms, like(1 - smoothing)), mul(spread, like(smoothing / scores.shape[classDim])));
  }
  if (reduction === "none") return neg(sum(terms, [classDim]));
  // Taken from 0, as PyTorch does: `neg` would make a perfect loss -0.
  const total = sub(zero, sum(terms, allDims(terms)));
  return reduction === "sum" ? total : div(total, divisor(labels, mask, weight, scores, target));
}

function isCounted(labels: Labels): Value {
  return ge(labels.value, constant(0, "int32"));
}

function keptShape(scores: Value, classDim: number): number[] {
  return scores.shape.map((size, d) => (d === classDim ? 1 : size));
}

/** What the mean divides by: the sum of the labels' weights, or how many labels count. */
function divisor(labels: Labels, mask: Value, weight: Value | null, scores: Value, target: Value): Value {
  if (weight !== null) {
    const picked = where(mask, weight, constant(0, scores.dtype));
    return sum(picked, allDims(picked));
  }
  const all = numel(target.shape);
  if (labels.counted === all) return constant(all, scores.dtype);
  if (labels.counted !== null) return scalarValue(labels.counted, scores.dtype);
  const counted = cast(isCounted(labels), scores.dtype);
  return sum(counted, allDims(counted));
}
