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
import { type Reduction, type ReductionOptions, reduced, reductionOf } from "./reduction.ts";

export interface BinaryCrossEntropy {
  (
    input: Tensor,
    target: Tensor,
    weight?: Tensor | null,
    sizeAverage?: boolean | null,
    reduce?: boolean | null,
    reduction?: Reduction,
  ): Tensor;
  (input: Tensor, target: Tensor, options: ReductionOptions & { weight?: Tensor | null }): Tensor;
}

export interface BinaryCrossEntropyWithLogits {
  (
    input: Tensor,
    target: Tensor,
    weight?: Tensor | null,
    sizeAverage?: boolean | null,
    reduce?: boolean | null,
    reduction?: Reduction,
    posWeight?: Tensor | null,
  ): Tensor;
  (
    input: Tensor,
    target: Tensor,
    options: ReductionOptions & { weight?: Tensor | null; posWeight?: Tensor | null },
  ): Tensor;
}

export interface UnweightedLoss {
  (
    input: Tensor,
    target: Tensor,
    sizeAverage?: boolean | null,
    reduce?: boolean | null,
    reduction?: Reduction,
  ): Tensor;
  (input: Tensor, target: Tensor, options: ReductionOptions): Tensor;
}

const LEGACY = ["sizeAverage?", "reduce?", "reduction?"];
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
 * @throws ArgumentError, when the loss is computed, where an input is not between 0 and 1.
 * @example
 * ```ts
 * nn.functional.binaryCrossEntropy(tensor([0.9, 0.2]), tensor([1.0, 0]).float()).item(); // 0.16425
 * ```
 */
export const binaryCrossEntropy = defineLoss<BinaryCrossEntropy>(
  "binaryCrossEntropy",
  ["input", "target", "weight?", ...LEGACY],
  (args) => {
    const of = "binaryCrossEntropy";
    const p = floatingInput(of, args.input);
    const t = floatingTarget(of, p, args.target);
    return new Tensor(reduced(scaled(of, bce.binaryCrossEntropy(p, t), args.weight), reductionOf(of, args)));
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
export const binaryCrossEntropyWithLogits = defineLoss<BinaryCrossEntropyWithLogits>(
  "binaryCrossEntropyWithLogits",
  ["input", "target", "weight?", ...LEGACY, "posWeight?"],
  (args) => {
    const of = "binaryCrossEntropyWithLogits";
    const { dtype } = floatingTarget(of, floatingInput(of, args.input), args.target);
    const given = optionalValue(of, args.posWeight, "posWeight") === null ? [] : [args.posWeight];
    const [x, t, posWeight] = promote(named(of), [args.input, args.target, ...given]);
    const logs = logSigmoidOf(x);
    const factor = posWeight && add(mul(sub(posWeight, like(x, 1)), t), like(x, 1));
    const losses = sub(mul(sub(like(x, 1), t), x), factor === undefined ? logs : mul(factor, logs));
    // The losses are of the target's dtype, as in PyTorch.
    return new Tensor(reduced(scaled(of, cast(losses, dtype), args.weight), reductionOf(of, args)));
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
export const softMarginLoss = defineLoss<UnweightedLoss>(
  "softMarginLoss",
  ["input", "target", ...LEGACY],
  (args) => {
    const of = "softMarginLoss";
    const x = floatingInput(of, args.input);
    const t = cast(valueOf(args.target, "target", named(of)), x.dtype);
    if (!sameShape(broadcastShapes([x.shape, t.shape], named(of)), x.shape)) {
      throw new ShapeError(
        `${named(of)}: expected a target that broadcasts to the input's ${formatShape(x.shape)}, got ${formatShape(t.shape)}`,
      );
    }
    return new Tensor(reduced(emit(log1pOp, [exp(neg(mul(t, x)))]), reductionOf(of, args)));
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
export const multilabelSoftMarginLoss = defineLoss<BinaryCrossEntropy>(
  "multilabelSoftMarginLoss",
  ["input", "target", "weight?", ...LEGACY],
  (args) => {
    const of = "multilabelSoftMarginLoss";
    floatingInput(of, args.input);
    valueOf(args.target, "target", named(of));
    const given = optionalValue(of, args.weight, "weight") === null ? [] : [args.weight];
    const [x, t] = promote(named(of), [args.input, args.target, ...given]);
    if (x.shape.length === 0)
      throw new ArgumentError(`${named(of)}: expected scores [N, C] or [C], got a single number`);
    const losses = neg(add(mul(t, logSigmoidOf(x)), mul(sub(like(x, 1), t), logSigmoidOf(neg(x)))));
    const weighted = scaled(of, losses, args.weight);
    const last = weighted.shape.length - 1;
    const perExample = mean(weighted, [last]);
    // PyTorch divides by the input's classes, also where a single one is repeated along the target's.
    const repeats = weighted.shape[last] / x.shape[x.shape.length - 1];
    const counted = repeats > 1 ? mul(perExample, like(perExample, repeats)) : perExample;
    return new Tensor(reduced(counted, reductionOf(of, args)));
  },
);
