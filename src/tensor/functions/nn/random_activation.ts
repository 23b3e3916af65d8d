/** Activations that draw random numbers. */

import { ArgumentError } from "../../../base/errors.ts";
import { normalizeDim } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import { add, cast, div, gt, log, mul, neg, sub, where } from "../../../ops/elementwise/elementwise.ts";
import { labelMask } from "../../../ops/nn/labels.ts";
import { softmax } from "../../../ops/nn/softmax.ts";
import { randomUniform } from "../../../ops/random.ts";
import { argExtreme, argmaxOp } from "../../../ops/reduction/ordering.ts";
import { noGrad } from "../../autograd.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { scalarValue } from "../../operands.ts";
import { drawKey } from "../../random_state.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import { floatingInput, named } from "./arguments.ts";

export interface RandomLeakyReluParameters extends InputParameter {
  /** Least slope for negative inputs. @default 1 / 8 */
  lower?: number;
  /** Largest slope for negative inputs. @default 1 / 3 */
  upper?: number;
  /** Whether this is training; in evaluation nothing is random and running statistics are used. @default false */
  training?: boolean;
  /** Whether the input itself is overwritten. @default false */
  inplace?: boolean;
}

/**
 * Leaky ReLU whose slope is drawn from [lower, upper) for each element in training, and their mean otherwise.
 *
 * Source: B. Xu et al., "Empirical evaluation of rectified activations in convolutional network", 2015.
 *
 * @example
 * ```ts
 * nn.functional.rrelu(tensor([-1.5, 2]), 0.1, 0.3).tolist(); // [-0.3, 2]
 * ```
 */
export const rrelu = defineCall<RandomLeakyReluParameters>("rrelu")(
  ["input", "lower?:number", "upper?:number", "training?:boolean", "inplace?:boolean"],
  (input, lower = 1 / 8, upper = 1 / 3, training = false, inplace = false) => {
    const x = floatingInput("rrelu", input);
    if (!(lower <= upper))
      throw new ArgumentError(`${named("rrelu")}: expected lower <= upper, got ${lower} and ${upper}`);
    const like = (value: number): Value => scalarValue(value, x.dtype);
    const slope = training
      ? add(mul(randomUniform(drawKey(), x.shape, x.dtype), like(upper - lower)), like(lower))
      : like((lower + upper) / 2);
    const y = where(gt(x, constant(0, x.dtype)), x, mul(x, slope));
    return inplace ? input.assign(y) : new Tensor(y);
  },
);

export interface GumbelSoftmaxParameters {
  /** Unnormalised log-probabilities. */
  logits: Tensor;
  /** Temperature. @default 1 */
  tau?: number;
  /** Returns ones and zeros, with the gradient of the soft sample. @default false */
  hard?: boolean;
  /** Has no effect, as in PyTorch. */
  eps?: number;
  /** The dimension. @default -1 */
  dim?: number;
}

/**
 * A sample from the categories of `logits` that has a gradient: softmax((logits + Gumbel noise) / tau).
 *
 * Source: E. Jang et al., "Categorical reparameterization with Gumbel-softmax", 2017.
 *
 * @param hard - returns ones and zeros, with the gradient of the soft sample.
 * @param eps - has no effect, as in PyTorch.
 * @example
 * ```ts
 * nn.functional.gumbelSoftmax(randn(8, 3), { hard: true }).sum().item(); // 8
 * ```
 */
export const gumbelSoftmax = defineCall<GumbelSoftmaxParameters>("gumbelSoftmax")(
  ["logits", "tau?:number", "hard?:boolean", "eps?:number", "dim?"],
  (logits, tau = 1, hard = false, _eps, dim = -1) => {
    const x = floatingInput("gumbelSoftmax", logits, "logits");
    const along = normalizeDim(dim, x.shape.length, named("gumbelSoftmax"));
    // 1 - u is in (0, 1], so that its logarithm is finite.
    const uniform = sub(constant(1, x.dtype), randomUniform(drawKey(), x.shape, x.dtype));
    const tiny = constant(x.dtype === "float64" ? 1e-300 : 1e-38, x.dtype);
    const noise = neg(log(add(neg(log(uniform)), tiny)));
    const soft = softmax(div(add(x, noise), scalarValue(tau, x.dtype)), along);
    if (!hard) return new Tensor(soft);
    const step = noGrad(() => sub(oneHotOfLargest(soft, along), soft));
    return new Tensor(add(step, soft));
  },
);

function oneHotOfLargest(x: Value, dim: number): Value {
  const best = cast(argExtreme(argmaxOp, x, dim, false), "int32");
  return cast(labelMask(best, x.shape[dim], dim), x.dtype);
}
