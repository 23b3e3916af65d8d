/** Cross-entropy of probabilities against targets between 0 and 1. */
import { ShapeError } from "../../base/errors.ts";
import { formatShape, sameShape } from "../../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { requireFloating, requireSameDtype } from "../core.ts";
import { constant } from "../creation.ts";
import { div, log, maximumOp, mul, sub } from "../elementwise/elementwise.ts";

/**
 * -(t max(log p, -100) + (1 - t) max(log(1 - p), -100)), element by element. Inputs p and t of one shape. The
 * kernel throws if p is not between 0 and 1.
 *
 * dp = g (p - t) / max((1 - p) p, 1e-12), dt = g (log(1 - p) - log p)
 */
export const binaryCrossEntropyOp: OpDefinition = {
  name: "binaryCrossEntropy",
  checksData: true,
  infer([p, t]) {
    requireFloating(p);
    requireSameDtype([p, t]);
    if (!sameShape(p.shape, t.shape)) {
      throw new ShapeError(
        `expected input and target of one shape, got ${formatShape(p.shape)} and ${formatShape(t.shape)}`,
      );
    }
    return [{ shape: p.shape, dtype: p.dtype }];
  },
  gradient({ grads, inputs: [p, t], needs }) {
    const g = grads[0] as Value;
    const like = (value: number): Value => constant(value, p.dtype);
    const rest = sub(like(1), p);
    const spread = emit(maximumOp, [mul(rest, p), like(1e-12)]);
    return [
      needs[0] ? mul(g, div(sub(p, t), spread)) : null,
      needs[1] ? mul(g, sub(log(rest), log(p))) : null,
    ];
  },
};

export function binaryCrossEntropy(p: Value, t: Value): Value {
  return emit(binaryCrossEntropyOp, [p, t]);
}
