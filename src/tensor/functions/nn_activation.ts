/** Activations that are one formula of the input, with PyTorch's parameters and gradients at the kinks. */
import type { Value } from "../../graph/node.ts";
import { emit } from "../../graph/node.ts";
import { constant } from "../../ops/creation.ts";
import * as ops from "../../ops/elementwise.ts";
import { defineFunction } from "../define.ts";
import { Tensor } from "../tensor.ts";
import { floatingInput } from "./nn_arguments.ts";

const { add, div, ge, gt, mul, neg, sub, where } = ops;

/** An activation without parameters. `inplace` puts the result in the input's place. */
export interface Activation {
  (input: Tensor, inplace?: boolean): Tensor;
  (input: Tensor, options: { inplace?: boolean }): Tensor;
}

/** An activation that PyTorch does not offer in place. */
export interface PlainActivation {
  (input: Tensor): Tensor;
  (options: { input: Tensor }): Tensor;
}

export interface LeakyRelu {
  (input: Tensor, negativeSlope?: number, inplace?: boolean): Tensor;
  (input: Tensor, options: { negativeSlope?: number; inplace?: boolean }): Tensor;
  (input: Tensor, negativeSlope: number, options: { inplace?: boolean }): Tensor;
}

export interface ExponentialLinear {
  (input: Tensor, alpha?: number, inplace?: boolean): Tensor;
  (input: Tensor, options: { alpha?: number; inplace?: boolean }): Tensor;
  (input: Tensor, alpha: number, options: { inplace?: boolean }): Tensor;
}

export interface Hardtanh {
  (input: Tensor, minVal?: number, maxVal?: number, inplace?: boolean): Tensor;
  (input: Tensor, options: { minVal?: number; maxVal?: number; inplace?: boolean }): Tensor;
}

export interface Threshold {
  (input: Tensor, threshold: number, value: number, inplace?: boolean): Tensor;
  (input: Tensor, threshold: number, value: number, options: { inplace?: boolean }): Tensor;
}

export interface Shrink {
  (input: Tensor, lambd?: number): Tensor;
  (input: Tensor, options: { lambd?: number }): Tensor;
}

export interface Softplus {
  (input: Tensor, beta?: number, threshold?: number): Tensor;
  (input: Tensor, options: { beta?: number; threshold?: number }): Tensor;
}

/** A function of one floating-point tensor and numbers; the last parameter of some is `inplace?`. */
export function activation<F>(
  name: string,
  parameters: readonly string[],
  compute: (x: Value, args: any) => Value,
): F {
  return defineFunction<F>(name, ["input", ...parameters], (args) => {
    const y = compute(floatingInput(name, args.input), args);
    return args.inplace ? args.input.assign(y) : new Tensor(y);
  });
}

const like = (x: Value, value: number): Value => constant(value, x.dtype);
/** min(x, 0) with the whole gradient at 0. */
const negativePart = (x: Value): Value => where(gt(x, like(x, 0)), like(x, 0), x);

/** min(max(x, low), high), with no gradient where x is at a bound. */
function clipped(x: Value, low: number, high: number): Value {
  const below = emit(ops.leOp, [x, like(x, low)]);
  return where(below, like(x, low), where(ge(x, like(x, high)), like(x, high), x));
}

/** min(max(0, x), 6) */
export const relu6 = activation<Activation>("relu6", ["inplace?"], (x) => clipped(x, 0, 6));

/** x where x > 0, negativeSlope * x elsewhere; negativeSlope is 0.01 by default. */
export const leakyRelu = activation<LeakyRelu>(
  "leakyRelu",
  ["negativeSlope?", "inplace?"],
  (x, { negativeSlope = 0.01 }) => where(gt(x, like(x, 0)), x, mul(x, like(x, negativeSlope))),
);

/** scale * (x where x > 0, alpha (e^(x inputScale) - 1) elsewhere). */
function exponentialLinear(x: Value, alpha: number, scale: number, inputScale: number): Value {
  const curve = emit(ops.expm1Op, [mul(negativePart(x), like(x, inputScale))]);
  return where(gt(x, like(x, 0)), mul(x, like(x, scale)), mul(curve, like(x, alpha * scale)));
}

/** x where x > 0, alpha (e^x - 1) elsewhere. Source: Clevert et al., "ELUs", 2015. */
export const elu = activation<ExponentialLinear>("elu", ["alpha?", "inplace?"], (x, { alpha = 1 }) =>
  exponentialLinear(x, alpha, 1, 1),
);

/** max(0, x) + min(0, alpha (e^(x / alpha) - 1)). */
export const celu = activation<ExponentialLinear>("celu", ["alpha?", "inplace?"], (x, { alpha = 1 }) =>
  exponentialLinear(x, alpha, 1, 1 / alpha),
);

/** Scaled ELU. Source: Klambauer et al., "Self-normalizing neural networks", 2017. */
export const selu = activation<Activation>("selu", ["inplace?"], (x) =>
  exponentialLinear(x, 1.6732632423543772, 1.0507009873554805, 1),
);

/** x sigmoid(x) */
export const silu = activation<Activation>("silu", ["inplace?"], (x) => mul(x, emit(ops.sigmoidOp, [x])));

/** x tanh(softplus(x)) */
export const mish = activation<Activation>("mish", ["inplace?"], (x) =>
  mul(x, emit(ops.tanhOp, [softplusOf(x, 1, 20)])),
);

/** log(1 + e^(beta x)) / beta, and x itself where beta x > threshold. */
export const softplus = activation<Softplus>(
  "softplus",
  ["beta?", "threshold?"],
  (x, { beta = 1, threshold = 20 }) => softplusOf(x, beta, threshold),
);

function softplusOf(x: Value, beta: number, threshold: number): Value {
  const scaled = beta === 1 ? x : mul(x, like(x, beta));
  const linear = gt(scaled, like(x, threshold));
  // The other branch sees no large x: its exponential would turn the gradient into 0 * Infinity.
  const safe = where(linear, like(x, 0), scaled);
  const curve = emit(ops.log1pOp, [ops.exp(safe)]);
  return where(linear, x, beta === 1 ? curve : div(curve, like(x, beta)));
}

/** log sigmoid(x) */
export const logsigmoid = activation<PlainActivation>("logsigmoid", [], (x) => logSigmoidOf(x));

/** min(x, 0) - log(1 + e^-|x|) */
export function logSigmoidOf(x: Value): Value {
  const tail = emit(ops.log1pOp, [ops.exp(neg(emit(ops.absOp, [x])))]);
  return sub(emit(ops.minimumOp, [x, like(x, 0)]), tail);
}

/** x / (1 + |x|) */
export const softsign = activation<PlainActivation>("softsign", [], (x) =>
  div(x, add(emit(ops.absOp, [x]), like(x, 1))),
);

/** x - tanh(x) */
export const tanhshrink = activation<PlainActivation>("tanhshrink", [], (x) => sub(x, emit(ops.tanhOp, [x])));

/** min(max(x, minVal), maxVal), by default within -1 and 1. */
export const hardtanh = activation<Hardtanh>(
  "hardtanh",
  ["minVal?", "maxVal?", "inplace?"],
  (x, { minVal = -1, maxVal = 1 }) => clipped(x, minVal, maxVal),
);

/** min(max(x + 3, 0), 6) / 6 */
export const hardsigmoid = activation<Activation>("hardsigmoid", ["inplace?"], (x) =>
  div(clipped(add(x, like(x, 3)), 0, 6), like(x, 6)),
);

/** x min(max(x + 3, 0), 6) / 6. Source: Howard et al., "Searching for MobileNetV3", 2019. */
export const hardswish = activation<Activation>("hardswish", ["inplace?"], (x) => {
  return div(mul(x, clipped(add(x, like(x, 3)), 0, 6)), like(x, 6));
});

/** x where x > threshold, value elsewhere. */
export const threshold = activation<Threshold>("threshold", ["threshold", "value", "inplace?"], (x, args) =>
  where(emit(ops.leOp, [x, like(x, args.threshold)]), like(x, args.value), x),
);

/** x where |x| > lambd (0.5), 0 elsewhere. */
export const hardshrink = activation<Shrink>("hardshrink", ["lambd?"], (x, { lambd = 0.5 }) => {
  const inside = emit(ops.leOp, [emit(ops.absOp, [x]), like(x, lambd)]);
  return where(inside, like(x, 0), x);
});

/** x moved towards 0 by lambd (0.5), 0 where it would pass it. */
export const softshrink = activation<Shrink>("softshrink", ["lambd?"], (x, { lambd = 0.5 }) => {
  const above = gt(x, like(x, lambd));
  const moved = where(above, sub(x, like(x, lambd)), add(x, like(x, lambd)));
  const inside = emit(ops.leOp, [emit(ops.absOp, [x]), like(x, lambd)]);
  return where(inside, like(x, 0), moved);
});
