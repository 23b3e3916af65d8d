/** Activations that are one formula of the input, with PyTorch's parameters and gradients at the kinks. */

import { ArgumentError } from "../../../base/errors.ts";
import type { Value } from "../../../graph/node.ts";
import { emit } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { floatingValue, inWideNumbers } from "../../operands.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import { floatingInput, named, numericInput } from "./arguments.ts";

const { add, div, ge, gt, mul, neg, sub, where } = ops;

/** An activation without numbers of its own. */
export interface ActivationParameters extends InputParameter {
  /** Whether the input itself is overwritten. @default false */
  inplace?: boolean;
}

/** An activation that PyTorch does not offer in place. */
export interface PlainActivationParameters {
  /** The tensor. */
  input: Tensor;
}

export interface LeakyReluParameters extends ActivationParameters {
  /** Slope for negative inputs. @default 0.01 */
  negativeSlope?: number;
}

export interface ExponentialLinearParameters extends ActivationParameters {
  /** The limit for negative inputs is -alpha. @default 1 */
  alpha?: number;
}

export interface HardtanhParameters extends ActivationParameters {
  /** Least value of the result. @default -1 */
  minVal?: number;
  /** Largest value of the result. @default 1 */
  maxVal?: number;
}

export interface ThresholdParameters extends ActivationParameters {
  /** Inputs above it stay as they are. */
  threshold: number;
  /** What all other inputs become. */
  value: number;
}

export interface ShrinkParameters extends InputParameter {
  /** Inputs of at most this magnitude become 0. @default 0.5 */
  lambd?: number;
}

export interface SoftplusParameters extends InputParameter {
  /** Sharpness of the bend. @default 1 */
  beta?: number;
  /** If beta x is above it, the result is x itself. @default 20 */
  threshold?: number;
}

type Operand = (of: string, tensor: unknown) => Value;

/**
 * A formula over a tensor, put in its place if `inplace` says so.
 *
 * @param operand - what tensors it takes: floating-point ones if nothing is said.
 */
export function activated(
  of: string,
  input: Tensor,
  compute: (x: Value) => Value,
  inplace = false,
  operand: Operand = floatingInput,
): Tensor {
  const y = inWideNumbers(operand(of, input), compute);
  return inplace ? input.assign(y) : new Tensor(y);
}

/** An activation without numbers of its own that can work in place. */
const activation = (name: string, compute: (x: Value) => Value, operand?: Operand) =>
  defineCall<ActivationParameters>(name)(
    ["input", "inplace?:boolean"],
    (input: Tensor, inplace = false): Tensor => activated(name, input, compute, inplace, operand),
  );

const plainActivation = (name: string, compute: (x: Value) => Value, operand?: Operand) =>
  defineCall<PlainActivationParameters>(name)(
    ["input"],
    (input: Tensor): Tensor => activated(name, input, compute, false, operand),
  );

/** The values of a tensor; integers become float32. */
const asFloats = (of: string, tensor: unknown): Value => floatingValue(named(of), tensor);
const like = (x: Value, value: number): Value => constant(value, x.dtype);
/** min(x, 0) with the whole gradient at 0. */
const negativePart = (x: Value): Value => where(gt(x, like(x, 0)), like(x, 0), x);

/** min(max(x, low), high), with no gradient if x is at a bound. */
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
export const relu6 = activation("relu6", (x) => emit(ops.relu6Op, [x]), numericInput);

/**
 * x where x > 0, negativeSlope * x elsewhere; negativeSlope is 0.01 by default.
 *
 * @example
 * ```ts
 * nn.functional.leakyRelu(tensor([-1.5, 2]), 0.1).tolist(); // [-0.15, 2]
 * ```
 */
export const leakyRelu = defineCall<LeakyReluParameters>("leakyRelu")(
  ["input", "negativeSlope?:number", "inplace?:boolean"],
  (input, negativeSlope = 0.01, inplace = false) =>
    activated(
      "leakyRelu",
      input,
      (x) => where(gt(x, like(x, 0)), x, mul(x, like(x, negativeSlope))),
      inplace,
    ),
);

const EXPONENTIAL = ["input", "alpha?:scalar", "inplace?:boolean"] as const;

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
export const elu = defineCall<ExponentialLinearParameters>("elu")(
  EXPONENTIAL,
  (input, alpha = 1, inplace = false) =>
    activated("elu", input, (x) => exponentialLinear(x, alpha, 1, 1), inplace),
);

/**
 * max(0, x) + min(0, alpha (e^(x / alpha) - 1)).
 *
 * @example
 * ```ts
 * nn.functional.celu(tensor([-1.5, 2]), { alpha: 2 }).tolist(); // [-1.05527, 2]
 * ```
 */
export const celu = defineCall<ExponentialLinearParameters>("celu")(
  EXPONENTIAL,
  (input, alpha = 1, inplace = false) => {
    const curve = (x: Value): Value => {
      if (alpha === 0) throw new ArgumentError(`${named("celu")}: expected an \`alpha\` other than 0`);
      return exponentialLinear(x, alpha, 1, 1 / alpha);
    };
    return activated("celu", input, curve, inplace);
  },
);

/**
 * Scaled ELU. Source: Klambauer et al., "Self-normalizing neural networks", 2017.
 *
 * @example
 * ```ts
 * nn.functional.selu(tensor([-1.5, 2])).tolist(); // [-1.36581, 2.10140]
 * ```
 */
export const selu = activation("selu", (x) =>
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
export const silu = activation("silu", (x) => mul(x, emit(ops.sigmoidOp, [x])));

/**
 * x tanh(softplus(x))
 *
 * @example
 * ```ts
 * nn.functional.mish(tensor([0.5, 2])).tolist(); // [0.37525, 1.94396]
 * ```
 */
export const mish = activation("mish", (x) => mul(x, emit(ops.tanhOp, [softplusOf(x, 1, 20)])));

/**
 * log(1 + e^(beta x)) / beta, and x itself if beta x > threshold.
 *
 * @example
 * ```ts
 * nn.functional.softplus(tensor([0.5, 30])).tolist(); // [0.97408, 30]
 * ```
 */
export const softplus = defineCall<SoftplusParameters>("softplus")(
  ["input", "beta?:number", "threshold?:number"],
  (input, beta = 1, threshold = 20) => activated("softplus", input, (x) => softplusOf(x, beta, threshold)),
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
export const logsigmoid = plainActivation("logsigmoid", (x) => logSigmoidOf(x));

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
export const softsign = plainActivation(
  "softsign",
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
export const tanhshrink = plainActivation("tanhshrink", (x) => sub(x, emit(ops.tanhOp, [x])), asFloats);

/**
 * min(max(x, minVal), maxVal), by default within -1 and 1.
 *
 * @throws ArgumentError if minVal is above maxVal.
 * @example
 * ```ts
 * nn.functional.hardtanh(tensor([-1.5, 0.5]), { minVal: 0 }).tolist(); // [0, 0.5]
 * ```
 */
export const hardtanh = defineCall<HardtanhParameters>("hardtanh")(
  ["input", "minVal?:number", "maxVal?:number", "inplace?:boolean"],
  (input, minVal = -1, maxVal = 1, inplace = false) => {
    const within = (x: Value): Value => {
      if (minVal <= maxVal) return clipped(x, minVal, maxVal);
      throw new ArgumentError(
        `${named("hardtanh")}: expected \`minVal\` of at most \`maxVal\`, got ${minVal} and ${maxVal}`,
      );
    };
    return activated("hardtanh", input, within, inplace, numericInput);
  },
);

/**
 * min(max(x + 3, 0), 6) / 6
 *
 * @example
 * ```ts
 * nn.functional.hardsigmoid(tensor([-3.5, 0, 1.5])).tolist(); // [0, 0.5, 0.75]
 * ```
 */
export const hardsigmoid = activation("hardsigmoid", (x) =>
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
export const hardswish = activation("hardswish", (x) => {
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
export const threshold = defineCall<ThresholdParameters>("threshold")(
  ["input", "threshold:number", "value:number", "inplace?:boolean"],
  (input, threshold, value, inplace = false) => {
    const replaced = (x: Value): Value => where(emit(ops.leOp, [x, like(x, threshold)]), like(x, value), x);
    return activated("threshold", input, replaced, inplace, numericInput);
  },
);

const SHRINK = ["input", "lambd?:number"] as const;

/** |x| <= lambd */
const withinMagnitude = (x: Value, lambd: number): Value =>
  emit(ops.leOp, [emit(ops.absOp, [x]), like(x, lambd)]);

/**
 * x where |x| > lambd (0.5), 0 elsewhere.
 *
 * @example
 * ```ts
 * nn.functional.hardshrink(tensor([-0.4, 1.5])).tolist(); // [0, 1.5]
 * ```
 */
export const hardshrink = defineCall<ShrinkParameters>("hardshrink")(SHRINK, (input, lambd = 0.5) =>
  activated("hardshrink", input, (x) => where(withinMagnitude(x, lambd), like(x, 0), x)),
);

/**
 * x moved towards 0 by lambd (0.5), 0 where it would pass it.
 *
 * @example
 * ```ts
 * nn.functional.softshrink(tensor([-0.4, 1.5])).tolist(); // [0, 1]
 * ```
 */
export const softshrink = defineCall<ShrinkParameters>("softshrink")(SHRINK, (input, lambd = 0.5) =>
  activated("softshrink", input, (x) => {
    if (!(lambd >= 0)) {
      throw new ArgumentError(`${named("softshrink")}: expected \`lambd\` of 0 or more, got ${lambd}`);
    }
    const above = gt(x, like(x, lambd));
    const moved = where(above, sub(x, like(x, lambd)), add(x, like(x, lambd)));
    return where(withinMagnitude(x, lambd), like(x, 0), moved);
  }),
);
