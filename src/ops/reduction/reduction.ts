/** Reductions over dimensions. Attributes: `dims` ascending, `keepdim`. */
import { isHalf } from "../../base/dtype.ts";
import { ShapeError } from "../../base/errors.ts";
import { formatShape, numel } from "../../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { constant, dimsOf, mixesExamples, reduce, reducedShape, sum, withReducedDims } from "../core.ts";
import { cast, div, eq, isnanOp, logicalAndOp, logicalOrOp, mul } from "../elementwise/elementwise.ts";

export { sum, sumOp } from "../core.ts";

/** Largest or smallest along dimensions; equal extremes share the gradient evenly. NaN wins. */
function extreme(name: "amax" | "amin"): OpDefinition {
  return {
    name,
    mixesExamples,
    reduction: name,
    infer([input], attributes) {
      const dims = dimsOf(attributes);
      if (dims.some((d) => input.shape[d] === 0) || (input.shape.length === 0 && numel(input.shape) === 0)) {
        throw new ShapeError(
          `cannot reduce over an empty dimension of ${formatShape(input.shape)}: there is no ${name === "amax" ? "largest" : "smallest"} element`,
        );
      }
      return [{ shape: reducedShape(input.shape, dims, attributes.keepdim as boolean), dtype: input.dtype }];
    },
    gradient({ grads, inputs: [input], outputs, attributes }) {
      const best = withReducedDims(outputs[0], input, attributes);
      const mask = cast(attributes.nanShares ? equalOrNan(input, best) : eq(input, best), input.dtype);
      const count = sum(mask, dimsOf(attributes), true);
      const share = div(withReducedDims(grads[0] as Value, input, attributes), count);
      return [mul(mask, share)];
    },
  };
}

/** With the attribute `nanShares` NaNs share the gradient of a result that is NaN (max()); else it is NaN. */
function equalOrNan(input: Value, best: Value): Value {
  const bothNan = emit(logicalAndOp, [emit(isnanOp, [input]), emit(isnanOp, [best])]);
  return emit(logicalOrOp, [eq(input, best), bothNan]);
}

export const amaxOp = extreme("amax");
export const aminOp = extreme("amin");

export function amax(value: Value, dims: readonly number[], keepdim = false): Value {
  return reduce(amaxOp, value, dims, keepdim);
}

export function amin(value: Value, dims: readonly number[], keepdim = false): Value {
  return reduce(aminOp, value, dims, keepdim);
}

/** Sum over `dims` divided by how many elements each sum has. */
export function mean(value: Value, dims: readonly number[], keepdim = false): Value {
  if (isHalf(value.dtype)) return cast(mean(cast(value, "float32"), dims, keepdim), value.dtype);
  const count = dims.reduce((product, d) => product * value.shape[d], 1);
  return div(sum(value, dims, keepdim), constant(count, value.dtype));
}
