/** Activations that are one formula of the input, with PyTorch's parameters and gradients at the kinks. */
import { ArgumentError } from "../../../base/errors.ts";
import type { Value } from "../../../graph/node.ts";
import { emit } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import { defineFunction } from "../../define.ts";
import { floatingValue, inWideNumbers } from "../../operands.ts";
import { Tensor } from "../../tensor.ts";
import { floatingInput, named, numericInput } from "./arguments.ts";

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

/**
 * A function of one tensor and numbers; the last parameter of some is `inplace?`.
 *
 * @param operand - what tensors it takes: floating-point ones if nothing is said.
 */
export function activation<F>(
  name: string,
  parameters: readonly string[],
  compute: (x: Value, args: any) => Value,
  operand: (of: string, tensor: unknown) => Value = floatingInput,
): F {
  return defineFunction<F>(name, ["input", ...parameters], (args) => {
    const y = inWideNumbers(operand(name, args.input), (x) => compute(x, args));
    return args.inplace ? args.input.assign(y) : new Tensor(y);
  });
}

/** The values of a tensor; integers become float32. */
const asFloats = (of: string, tensor: unknown): Value => floatingValue(named(of), tensor);
const like = (x: Value, value: number): Value => constant(value, x.dtype);
/** min(x, 0) with the whole gradient at 0. */
const negativePart = (x: Value): Value => where(gt(x, like(x, 0)), like(x, 0), x);

/** min(max(x, low), high), with no gradient where x is at a bound. */
function clipped(x: Value, least: number, most: number): Value {
  // Unsigned numbers lie above any negative limit.
  const [low, high] = x.dtype === "uint8" ? [Math.max(least, 0), Math.min(most, 255)] : [least, most];
  const below = emit(ops.leOp, [x, like(x, low)]);
  return where(below, like(x, low), where(ge(x, like(x, high)), like(x, high), x));
}

/**
 * min(max(0, x), 6)
 *
 * @example
 * ```ts
 * nn.functional.relu6(tensor([-1, 3, 8])).tolist(); // [0, 3, 6]
 * ```
 */
export const relu6 = activation<Activation>("relu6", ["inplace?"], (x) => clipped(x, 0, 6), numericInput);

/**
 * x where x > 0, negativeSlope * x elsewhere; negativeSlope is 0.01 by default.
 *
 * @example
 * ```ts
 * nn.functional.leakyRelu(tensor([-1.5, 2]), 0.1).tolist(); // [-0.15, 2]
 * ```
 */
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

/**
 * x where x > 0, alpha (e^x - 1) elsewhere. Source: Clevert et al., "ELUs", 2015.
 *
 * @example
 * ```ts
 * nn.functional.elu(tensor([-1.5, 2])).tolist(); // [-0.77687, 2]
 * ```
 */
export const elu = activation<ExponentialLinear>("elu", ["alpha?", "inplace?"], (x, { alpha = 1 }) =>
  exponentialLinear(x, alpha, 1, 1),
);

/**
 * max(0, x) + min(0, alpha (e^(x / alpha) - 1)).
 *
 * @example
 * ```ts
 * nn.functional.celu(tensor([-1.5, 2]), { alpha: 2 }).tolist(); // [-1.05527, 2]
 * ```
 */
export const celu = activation<ExponentialLinear>("celu", ["alpha?", "inplace?"], (x, { alpha = 1 }) => {
  if (alpha === 0) throw new ArgumentError(`${named("celu")}: expected an \`alpha\` other than 0`);
  return exponentialLinear(x, alpha, 1, 1 / alpha);
});

/**
 * Scaled ELU. Source: Klambauer et al., "Self-normalizing neural networks", 2017.
 *
 * @example
 * ```ts
 * nn.functional.selu(tensor([-1.5, 2])).tolist(); // [-1.36581, 2.10140]
 * ```
 */
export const selu = activation<Activation>("selu", ["inplace?"], (x) =>
  exponentialLinear(x, 1.6732632423543772, 1.0507009873554805, 1),
);

/**
 * x sigmoid(x)
 *
 * @example
 * ```ts
 * nn.functional.silu(tensor([0.5, 2])).tolist(); // [0.31123, 1.76159]
 * ```
 */
export const silu = activation<Activation>("silu", ["inplace?"], (x) => mul(x, emit(ops.sigmoidOp, [x])));

/**
 * x tanh(softplus(x))
 *
 * @example
 * ```ts
 * nn.functional.mish(tensor([0.5, 2])).tolist(); // [0.37525, 1.94396]
 * ```
 */
export const mish = activation<Activation>("mish", ["inplace?"], (x) =>
  mul(x, emit(ops.tanhOp, [softplusOf(x, 1, 20)])),
);

/**
 * log(1 + e^(beta x)) / beta, and x itself where beta x > threshold.
 *
 * @example
 * ```ts
 * nn.functional.softplus(tensor([0.5, 30])).tolist(); // [0.97408, 30]
 * ```
 */
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

/**
 * log sigmoid(x)
 *
 * @example
 * ```ts
 * nn.functional.logsigmoid(tensor([0.5, 2])).tolist(); // [-0.47408, -0.12693]
 * ```
 */
export const logsigmoid = activation<PlainActivation>("logsigmoid", [], (x) => logSigmoidOf(x));

/** min(x, 0) - log(1 + e^-|x|) */
export function logSigmoidOf(x: Value): Value {
  const tail = emit(ops.log1pOp, [ops.exp(neg(emit(ops.absOp, [x])))]);
  return sub(emit(ops.minimumOp, [x, like(x, 0)]), tail);
}

/**
 * x / (1 + |x|)
 *
 * @example
 * ```ts
 * nn.functional.softsign(tensor([0.5, -3])).tolist(); // [0.33333, -0.75]
 * ```
 */
export const softsign = activation<PlainActivation>(
  "softsign",
  [],
  (x) => div(x, add(emit(ops.absOp, [x]), like(x, 1))),
  asFloats,
);

/**
 * x - tanh(x)
 *
 * @example
 * ```ts
 * nn.functional.tanhshrink(tensor([0.5, 2])).tolist(); // [0.03788, 1.03597]
 * ```
 */
export const tanhshrink = activation<PlainActivation>(
  "tanhshrink",
  [],
  (x) => sub(x, emit(ops.tanhOp, [x])),
  asFloats,
);

/**
 * min(max(x, minVal), maxVal), by default within -1 and 1.
 *
 * @throws ArgumentError where minVal is above maxVal.
 * @example
 * ```ts
 * nn.functional.hardtanh(tensor([-1.5, 0.5]), { minVal: 0 }).tolist(); // [0, 0.5]
 * ```
 */
export const hardtanh = activation<Hardtanh>(
  "hardtanh",
  ["minVal?", "maxVal?", "inplace?"],
  (x, { minVal = -1, maxVal = 1 }) => {
    if (minVal <= maxVal) return clipped(x, minVal, maxVal);
    throw new ArgumentError(
      `${named("hardtanh")}: expected \`minVal\` of at most \`maxVal\`, got ${minVal} and ${maxVal}`,
    );
  },
  numericInput,
);

/**
 * min(max(x + 3, 0), 6) / 6
 *
 * @example
 * ```ts
 * nn.functional.hardsigmoid(tensor([-3.5, 0, 1.5])).tolist(); // [0, 0.5, 0.75]
 * ```
 */
export const hardsigmoid = activation<Activation>("hardsigmoid", ["inplace?"], (x) =>
  div(clipped(add(x, like(x, 3)), 0, 6), like(x, 6)),
);

/**
 * x min(max(x + 3, 0), 6) / 6. Source: Howard et al., "Searching for MobileNetV3", 2019.
 *
 * @example
 * ```ts
 * nn.functional.hardswish(tensor([-3.5, 1.5])).tolist(); // [0, 1.125]
 * ```
 */
export const hardswish = activation<Activation>("hardswish", ["inplace?"], (x) => {
  return div(mul(x, clipped(add(x, like(x, 3)), 0, 6)), like(x, 6));
});

/**
 * x where x > threshold, value elsewhere.
 *
 * @example
 * ```ts
 * nn.functional.threshold(tensor([0.5, 2]), 1, 20).tolist(); // [20, 2]
 * ```
 */
export const threshold = activation<Threshold>(
  "threshold",
  ["threshold", "value:number", "inplace?"],
  (x, args) => where(emit(ops.leOp, [x, like(x, args.threshold)]), like(x, args.value), x),
  numericInput,
);

/**
 * x where |x| > lambd (0.5), 0 elsewhere.
 *
 * @example
 * ```ts
 * nn.functional.hardshrink(tensor([-0.4, 1.5])).tolist(); // [0, 1.5]
 * ```
 */
export const hardshrink = activation<Shrink>("hardshrink", ["lambd?"], (x, { lambd = 0.5 }) => {
  const inside = emit(ops.leOp, [emit(ops.absOp, [x]), like(x, lambd)]);
  return where(inside, like(x, 0), x);
});

/**
 * x moved towards 0 by lambd (0.5), 0 where it would pass it.
 *
 * @example
 * ```ts
 * nn.functional.softshrink(tensor([-0.4, 1.5])).tolist(); // [0, 1]
 * ```
 */
export const softshrink = activation<Shrink>("softshrink", ["lambd?"], (x, { lambd = 0.5 }) => {
  if (!(lambd >= 0)) {
    throw new ArgumentError(`${named("softshrink")}: expected \`lambd\` of 0 or more, got ${lambd}`);
  }
  const above = gt(x, like(x, lambd));
  const moved = where(above, sub(x, like(x, lambd)), add(x, like(x, lambd)));
  const inside = emit(ops.leOp, [emit(ops.absOp, [x]), like(x, lambd)]);
  return where(inside, like(x, 0), moved);
});
