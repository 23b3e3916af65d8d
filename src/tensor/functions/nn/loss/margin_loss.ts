/** Losses that want the right class ahead of the others by a margin. */
import { checkedLabels, type LabelRule } from "../../../../base/class_labels.ts";
import { ArgumentError, ShapeError } from "../../../../base/errors.ts";
import { formatShape, numel, sameShape } from "../../../../base/shape.ts";
import { shownText } from "../../../../base/shown_value.ts";
import { constantValue, type Value } from "../../../../graph/node.ts";
import { constant } from "../../../../ops/creation.ts";
import { add, div, gt, mul, sub, where } from "../../../../ops/elementwise/elementwise.ts";
import { classLabels, labelMask } from "../../../../ops/nn/labels.ts";
import { sum } from "../../../../ops/reduction/reduction.ts";
import { reshape } from "../../../../ops/shape/shape_ops.ts";
import { defineLoss } from "../../../autocast.ts";
import { integerValue } from "../../../positions.ts";
import { Tensor, valueOf } from "../../../tensor.ts";
import { floatingInput, named, optionalValue } from "../arguments.ts";
import { REDUCTION_NAMES, type ReductionOptions, reduced, reductionOf } from "./reduction.ts";

export interface MultiMarginLossParameters extends ReductionOptions {
  /** Scores [N, C] or [C]. */
  input: Tensor;
  /** Class labels, [N]. */
  target: Tensor;
  /** Exponent of the shortfalls. @default 1 */
  p?: 1 | 2;
  /** How far the right class is to be ahead. @default 1 */
  margin?: number;
  /** Factor per label, [C]; null for none. @default null */
  weight?: Tensor | null;
}

/**
 * Mean over the examples of sum over the other classes of max(0, margin - x[label] + x[class])^p / C.
 *
 * @param input - scores [N, C] or [C].
 * @param weight - factor per label.
 * @example
 * ```ts
 * nn.functional.multiMarginLoss(tensor([[0.5, 1.0, 0.25]]), tensor([1])).item(); // 0.25
 * ```
 */
export const multiMarginLoss = defineLoss<MultiMarginLossParameters>("multiMarginLoss")(
  ["input", "target", "p?", "margin?:number", "weight?", ...REDUCTION_NAMES],
  (input, target, p = 1, margin = 1, weight = null, sizeAverage?, reduce?, reduction = "mean") => {
    const of = "multiMarginLoss";
    const scores = floatingInput(of, input);
    const given = valueOf(target, "target", named(of));
    if (p !== 1 && p !== 2)
      throw new ArgumentError(`${named(of)}: only p == 1 and p == 2 are supported, got ${shownText(p)}`);
    const [rows, classes] = [numel(scores.shape.slice(0, -1)), scores.shape[scores.shape.length - 1] ?? 1];
    const single = scores.shape.length < 2 && numel(given.shape) === 1 && given.shape.length < 2;
    if (scores.shape.length > 2 || !(single || sameShape(given.shape, scores.shape.slice(0, -1)))) {
      throw new ShapeError(
        `${named(of)}: expected scores [N, C] and labels [N], got ${formatShape(scores.shape)} and ${formatShape(given.shape)}`,
      );
    }
    const labels = reshape(checked(of, given, classes), [rows]);
    const losses = marginLosses(
      reshape(scores, [rows, classes]),
      labels,
      p,
      margin,
      optionalValue(of, weight, "weight"),
    );
    return new Tensor(
      reduced(reshape(losses, given.shape), reductionOf(of, { sizeAverage, reduce, reduction })),
    );
  },
);

function checked(of: string, given: Value, classes: number): Value {
  const labels = integerValue(named(of), "class labels", given);
  // No label is left out: Infinity is none.
  const rule: LabelRule = { classes, ignoreIndex: Number.POSITIVE_INFINITY, of: named(of) };
  return labels.data === null
    ? classLabels(labels, rule)
    : constantValue(checkedLabels(labels.data, rule), labels.shape, "int32");
}

function marginLosses(scores: Value, labels: Value, p: number, margin: number, weight: Value | null): Value {
  const like = (value: number): Value => constant(value, scores.dtype);
  const mask = labelMask(labels, scores.shape[1], 1);
  const right = sum(where(mask, scores, like(0)), [1], true);
  const short = add(sub(like(margin), right), scores);
  const counted = where(mask, like(0), where(gt(short, like(0)), short, like(0)));
  const powers = p === 1 ? counted : mul(counted, counted);
  const total = div(sum(powers, [1]), like(scores.shape[1]));
  if (weight === null) return total;
  return mul(total, sum(where(mask, reshape(weight, [1, scores.shape[1]]), like(0)), [1]));
}
