/** Losses for yes-or-no targets. */

import { isFloating } from "../../../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../../base/errors.ts";
import { broadcastShapes, formatShape, sameShape } from "../../../../base/shape.ts";
import type { Value } from "../../../../graph/node.ts";
import { emit } from "../../../../graph/node.ts";
import { constant } from "../../../../ops/creation.ts";
import { add, cast, exp, log1pOp, mul, neg, sub } from "../../../../ops/elementwise/elementwise.ts";
import * as bce from "../../../../ops/nn/binary_cross_entropy.ts";
import { mean } from "../../../../ops/reduction/reduction.ts";
import { defineLoss } from "../../../autocast.ts";
import { promote } from "../../../operands.ts";
import { Tensor, valueOf } from "../../../tensor.ts";
import { logSigmoidOf } from "../activation.ts";
import { floatingInput, named, optionalValue } from "../arguments.ts";
import { REDUCTION_NAMES, type ReductionOptions, reduced, reductionOf } from "./reduction.ts";

export interface UnweightedLossParameters extends ReductionOptions {
  /** Scores (logits). */
  input: Tensor;
  /** The targets, which broadcast to the input. */
  target: Tensor;
}

export interface BinaryCrossEntropyParameters extends UnweightedLossParameters {
  /** Factor of each loss, broadcast to the input; null for none. @default null */
  weight?: Tensor | null;
}

export interface BinaryCrossEntropyWithLogitsParameters extends BinaryCrossEntropyParameters {
  /** Factor of the positive part, by the last dimension; null for none. @default null */
  posWeight?: Tensor | null;
}

const like = (x: Value, value: number): Value => constant(value, x.dtype);

function floatingTarget(of: string, x: Value, target: unknown): Value {
  const t = valueOf(target, "target", named(of));
  if (!isFloating(t.dtype)) {
    throw new DTypeError(
      `${named(of)}: expected a target of dtype ${x.dtype}, got ${t.dtype}; convert it with .to("${x.dtype}")`,
    );
  }
  if (!sameShape(x.shape, t.shape)) {
    throw new ShapeError(
      `${named(of)}: Target size (${formatShape(t.shape)}) must be the same as input size (${formatShape(x.shape)})`,
    );
  }
  return t;
}

/** A factor per element, of any dtype, which broadcasts to the losses but does not give them another shape. */
function scaled(of: string, losses: Value, weight: unknown): Value {
  const w = optionalValue(of, weight, "weight");
  if (w === null) return losses;
  if (!sameShape(broadcastShapes([losses.shape, w.shape], named(of)), losses.shape)) {
    throw new ShapeError(
      `${named(of)}: expected a weight that broadcasts to ${formatShape(losses.shape)}, got ${formatShape(w.shape)}`,
    );
  }
  return mul(losses, cast(w, losses.dtype));
}

/**
 * Mean of -(t log p + (1 - t) log(1 - p)), logarithms not below -100.
 *
 * @param input - probabilities.
 * @param target - of the input's shape and dtype, between 0 and 1.
 * @throws ArgumentError, when the loss is computed, if an input is not between 0 and 1.
 * @example
 * ```ts
 * nn.functional.binaryCrossEntropy(tensor([0.9, 0.2]), tensor([1.0, 0]).float()).item(); // 0.16425
 * ```
 */
export const binaryCrossEntropy = defineLoss<BinaryCrossEntropyParameters>("binaryCrossEntropy")(
  ["input", "target", "weight?", ...REDUCTION_NAMES],
  (input, target, weight = null, sizeAverage?, reduce?, reduction = "mean") => {
    const of = "binaryCrossEntropy";
    const p = floatingInput(of, input);
    const t = floatingTarget(of, p, target);
    return new Tensor(
      reduced(
        scaled(of, bce.binaryCrossEntropy(p, t), weight),
        reductionOf(of, { sizeAverage, reduce, reduction }),
      ),
    );
  },
);

/**
 * Mean of -(posWeight t log s + (1 - t) log(1 - s)), s = sigmoid(input), computed without overflow.
 *
 * @param input - scores (logits).
 * @param posWeight - factor of the positive part, by the last dimension.
 * @example
 * ```ts
 * nn.functional.binaryCrossEntropyWithLogits(tensor([1.5, -0.5]), tensor([1, 0]).float()).item(); // 0.33775
 * ```
 */
export const binaryCrossEntropyWithLogits = defineLoss<BinaryCrossEntropyWithLogitsParameters>(
  "binaryCrossEntropyWithLogits",
)(
  ["input", "target", "weight?", ...REDUCTION_NAMES, "posWeight?"],
  (input, target, weight = null, sizeAverage?, reduce?, reduction = "mean", posWeight = null) => {
    const of = "binaryCrossEntropyWithLogits";
    const { dtype } = floatingTarget(of, floatingInput(of, input), target);
    const given = optionalValue(of, posWeight, "posWeight") === null ? [] : [posWeight];
    const [x, t, positive] = promote(named(of), [input, target, ...given]);
    const logs = logSigmoidOf(x);
    const factor = positive && add(mul(sub(positive, like(x, 1)), t), like(x, 1));
    const losses = sub(mul(sub(like(x, 1), t), x), factor === undefined ? logs : mul(factor, logs));
    // The losses are of the target's dtype, as in PyTorch.
    return new Tensor(
      reduced(scaled(of, cast(losses, dtype), weight), reductionOf(of, { sizeAverage, reduce, reduction })),
    );
  },
);

/**
 * Mean of log(1 + e^(-target * input)), targets 1 and -1.
 *
 * @example
 * ```ts
 * nn.functional.softMarginLoss(tensor([1.5, -0.5]), tensor([1, -1]).float()).item(); // 0.33775
 * ```
 */
export const softMarginLoss = defineLoss<UnweightedLossParameters>("softMarginLoss")(
  ["input", "target", ...REDUCTION_NAMES],
  (input, target, sizeAverage?, reduce?, reduction = "mean") => {
    const of = "softMarginLoss";
    const x = floatingInput(of, input);
    const t = cast(valueOf(target, "target", named(of)), x.dtype);
    if (!sameShape(broadcastShapes([x.shape, t.shape], named(of)), x.shape)) {
      throw new ShapeError(
        `${named(of)}: expected a target that broadcasts to the input's ${formatShape(x.shape)}, got ${formatShape(t.shape)}`,
      );
    }
    return new Tensor(
      reduced(emit(log1pOp, [exp(neg(mul(t, x)))]), reductionOf(of, { sizeAverage, reduce, reduction })),
    );
  },
);

/**
 * Mean over the classes (the last dimension) of the binary cross-entropy with logits.
 *
 * @example
 * ```ts
 * nn.functional.multilabelSoftMarginLoss(tensor([[1.5, -0.5]]), tensor([[1, 0]]).float()).item(); // 0.33775
 * ```
 */
export const multilabelSoftMarginLoss = defineLoss<BinaryCrossEntropyParameters>("multilabelSoftMarginLoss")(
  ["input", "target", "weight?", ...REDUCTION_NAMES],
  (input, target, weight = null, sizeAverage?, reduce?, reduction = "mean") => {
    const of = "multilabelSoftMarginLoss";
    floatingInput(of, input);
    valueOf(target, "target", named(of));
    const given = optionalValue(of, weight, "weight") === null ? [] : [weight];
    const [x, t] = promote(named(of), [input, target, ...given]);
    if (x.shape.length === 0)
      throw new ArgumentError(`${named(of)}: expected scores [N, C] or [C], got a single number`);
    const losses = neg(add(mul(t, logSigmoidOf(x)), mul(sub(like(x, 1), t), logSigmoidOf(neg(x)))));
    const weighted = scaled(of, losses, weight);
    const last = weighted.shape.length - 1;
    const perExample = mean(weighted, [last]);
    // PyTorch divides by the input's classes, also if a single one is repeated along the target's.
    const repeats = weighted.shape[last] / x.shape[x.shape.length - 1];
    const counted = repeats > 1 ? mul(perExample, like(perExample, repeats)) : perExample;
    return new Tensor(reduced(counted, reductionOf(of, { sizeAverage, reduce, reduction })));
  },
);
