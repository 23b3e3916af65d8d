/** Activation functions as layers. */

import { ArgumentError } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import { py, pyFloat } from "../module/module_text.ts";

/** What activations that can write to their input take. */
export interface InPlaceSettings {
  /** Kept for the printed form: memory is planned, so nothing is gained by changing the input. @default false */
  inplace?: boolean;
}

function plain(name: string, compute: (input: Tensor) => Tensor) {
  return defineLayer(
    parameterTable<object>(name)([], () => ({})),
    { forward: (_settings, input: Tensor) => compute(input) },
  );
}

function withInPlace(name: string, compute: (input: Tensor) => Tensor) {
  return defineLayer(
    parameterTable<InPlaceSettings>(name)(["inplace?:boolean"], (inplace = false) => ({ inplace })),
    {
      forward: (_settings, input: Tensor) => compute(input),
      describe: (s) => (s.inplace ? "inplace=True" : ""),
    },
  );
}

/** A list of settings, with `inplace=True` behind them if it is set. */
function described(settings: string, inplace: boolean): string {
  return inplace ? `${settings}, inplace=True` : settings;
}

/**
 * max(x, 0)
 *
 * @example
 * ```ts
 * nn.ReLU()(tensor([-1.5, 2])).tolist(); // [0, 2]
 * ```
 */
export const ReLU = withInPlace("ReLU", (x) => F.relu.direct(x));
export type ReLU = InstanceType<typeof ReLU>;
/**
 * min(max(x, 0), 6)
 *
 * @example
 * ```ts
 * nn.ReLU6()(tensor([3.5, 8])).tolist(); // [3.5, 6]
 * ```
 */
export const ReLU6 = withInPlace("ReLU6", (x) => F.relu6.direct(x));
export type ReLU6 = InstanceType<typeof ReLU6>;
/**
 * Scaled ELU; Klambauer et al., "Self-normalizing neural networks", 2017.
 *
 * @example
 * ```ts
 * nn.SELU()(tensor([-1.5, 2])).tolist(); // [-1.36581, 2.10140]
 * ```
 */
export const SELU = withInPlace("SELU", (x) => F.selu.direct(x));
export type SELU = InstanceType<typeof SELU>;
/**
 * x sigmoid(x)
 *
 * @example
 * ```ts
 * nn.SiLU()(tensor([0.5, 2])).tolist(); // [0.31123, 1.76159]
 * ```
 */
export const SiLU = withInPlace("SiLU", (x) => F.silu.direct(x));
export type SiLU = InstanceType<typeof SiLU>;
/**
 * x tanh(softplus(x))
 *
 * @example
 * ```ts
 * nn.Mish()(tensor([0.5, 2])).tolist(); // [0.37525, 1.94396]
 * ```
 */
export const Mish = withInPlace("Mish", (x) => F.mish.direct(x));
export type Mish = InstanceType<typeof Mish>;
/**
 * x min(max(x + 3, 0), 6) / 6
 *
 * @example
 * ```ts
 * nn.Hardswish()(tensor([-3.5, 1.5])).tolist(); // [0, 1.125]
 * ```
 */
export const Hardswish = withInPlace("Hardswish", (x) => F.hardswish.direct(x));
export type Hardswish = InstanceType<typeof Hardswish>;
/**
 * min(max(x + 3, 0), 6) / 6
 *
 * @example
 * ```ts
 * nn.Hardsigmoid()(tensor([-3.5, 1.5])).tolist(); // [0, 0.75]
 * ```
 */
export const Hardsigmoid = withInPlace("Hardsigmoid", (x) => F.hardsigmoid.direct(x));
export type Hardsigmoid = InstanceType<typeof Hardsigmoid>;
/**
 * 1 / (1 + e^-x)
 *
 * @example
 * ```ts
 * nn.Sigmoid()(tensor([0.5, 2])).tolist(); // [0.62246, 0.88080]
 * ```
 */
export const Sigmoid = plain("Sigmoid", (x) => F.sigmoid.direct(x));
export type Sigmoid = InstanceType<typeof Sigmoid>;
/**
 * (e^x - e^-x) / (e^x + e^-x)
 *
 * @example
 * ```ts
 * nn.Tanh()(tensor([0.5, 2])).tolist(); // [0.46212, 0.96403]
 * ```
 */
export const Tanh = plain("Tanh", (x) => F.tanh.direct(x));
export type Tanh = InstanceType<typeof Tanh>;
/**
 * log(sigmoid(x))
 *
 * @example
 * ```ts
 * nn.LogSigmoid()(tensor([0.5, 2])).tolist(); // [-0.47408, -0.12693]
 * ```
 */
export const LogSigmoid = plain("LogSigmoid", (x) => F.logsigmoid.direct(x));
export type LogSigmoid = InstanceType<typeof LogSigmoid>;
/**
 * x / (1 + |x|)
 *
 * @example
 * ```ts
 * nn.Softsign()(tensor([0.5, -3])).tolist(); // [0.33333, -0.75]
 * ```
 */
export const Softsign = plain("Softsign", (x) => F.softsign.direct(x));
export type Softsign = InstanceType<typeof Softsign>;
/**
 * x - tanh(x)
 *
 * @example
 * ```ts
 * nn.Tanhshrink()(tensor([0.5, 2])).tolist(); // [0.03788, 1.03597]
 * ```
 */
export const Tanhshrink = plain("Tanhshrink", (x) => F.tanhshrink.direct(x));
export type Tanhshrink = InstanceType<typeof Tanhshrink>;

/** What `LeakyReLU` takes. */
export interface NegativeSlopeSettings extends InPlaceSettings {
  /** Slope for numbers below 0. @default 0.01 */
  negativeSlope?: number;
}
/**
 * x if it is positive, else negativeSlope x.
 *
 * @example
 * ```ts
 * nn.LeakyReLU(0.1)(tensor([-1.5, 2])).tolist(); // [-0.15, 2]
 * ```
 */
export const LeakyReLU = defineLayer(
  parameterTable<NegativeSlopeSettings>("LeakyReLU")(
    ["negativeSlope?:number", "inplace?:boolean"],
    (negativeSlope = 0.01, inplace = false) => ({ negativeSlope, inplace }),
  ),
  {
    forward: ({ negativeSlope }, input: Tensor) => F.leakyRelu.direct(input, negativeSlope),
    describe: (s) => described(`negative_slope=${pyFloat(s.negativeSlope)}`, s.inplace),
  },
);
export type LeakyReLU = InstanceType<typeof LeakyReLU>;

/** What `ELU` and `CELU` take. */
export interface AlphaSettings extends InPlaceSettings {
  /** The lower bound is -alpha. @default 1 */
  alpha?: number;
}
const alphaTable = (name: string) =>
  parameterTable<AlphaSettings>(name)(
    ["alpha?:scalar", "inplace?:boolean"],
    (alpha = 1, inplace = false) => ({
      alpha,
      inplace,
    }),
  );

/**
 * x if it is positive, else alpha (e^x - 1).
 *
 * @example
 * ```ts
 * nn.ELU()(tensor([-1.5, 2])).tolist(); // [-0.77687, 2]
 * ```
 */
export const ELU = defineLayer(alphaTable("ELU"), {
  forward: ({ alpha }, input: Tensor) => F.elu.direct(input, alpha),
  describe: (s) => described(`alpha=${pyFloat(s.alpha)}`, s.inplace),
});
export type ELU = InstanceType<typeof ELU>;

/**
 * max(0, x) + min(0, alpha (e^(x / alpha) - 1))
 *
 * @example
 * ```ts
 * nn.CELU({ alpha: 2 })(tensor([-1.5, 2])).tolist(); // [-1.05527, 2]
 * ```
 */
export const CELU = defineLayer(alphaTable("CELU"), {
  forward: ({ alpha }, input: Tensor) => F.celu.direct(input, alpha),
  describe: (s) => described(`alpha=${pyFloat(s.alpha)}`, s.inplace),
});
export type CELU = InstanceType<typeof CELU>;

/** What `GELU` takes. */
export interface ApproximateSettings {
  /** Exactly, or by the formula with tanh. @default "none" */
  approximate?: "none" | "tanh";
}
/**
 * x Phi(x), Phi the normal distribution function; `"tanh"` approximates it.
 *
 * @example
 * ```ts
 * nn.GELU({ approximate: "tanh" })(tensor([0.5, 2])).tolist(); // [0.34571, 1.95460]
 * ```
 */
export const GELU = defineLayer(
  parameterTable<ApproximateSettings>("GELU")(["approximate?"], (approximate = "none") => ({
    approximate,
  })),
  {
    forward: ({ approximate }, input: Tensor) => F.gelu.direct(input, approximate),
    describe: (s) => `approximate='${s.approximate}'`,
  },
);
export type GELU = InstanceType<typeof GELU>;

/** What `Softplus` takes. */
export interface SoftplusSettings {
  /** How sharp the bend at 0 is. @default 1 */
  beta?: number;
  /** The largest beta x for which the formula is used; above it the result is x. @default 20 */
  threshold?: number;
}
/**
 * log(1 + e^(beta x)) / beta; x itself if beta x is above the threshold.
 *
 * @example
 * ```ts
 * nn.Softplus()(tensor([0.5, 30])).tolist(); // [0.97408, 30]
 * ```
 */
export const Softplus = defineLayer(
  parameterTable<SoftplusSettings>("Softplus")(
    ["beta?:number", "threshold?:number"],
    (beta = 1, threshold = 20) => ({ beta, threshold }),
  ),
  {
    forward: ({ beta, threshold }, input: Tensor) => F.softplus.direct(input, beta, threshold),
    describe: (s) => `beta=${pyFloat(s.beta)}, threshold=${pyFloat(s.threshold)}`,
  },
);
export type Softplus = InstanceType<typeof Softplus>;

/** What `Hardtanh` takes. */
export interface LimitsSettings extends InPlaceSettings {
  /** Lower bound. @default -1 */
  minVal?: number;
  /** Upper bound. @default 1 */
  maxVal?: number;
}
/**
 * x kept within minVal and maxVal.
 *
 * @example
 * ```ts
 * nn.Hardtanh(-2, 2)(tensor([-3.5, 0.5])).tolist(); // [-2, 0.5]
 * ```
 */
export const Hardtanh = defineLayer(
  parameterTable<LimitsSettings>("Hardtanh")(
    ["minVal?:number", "maxVal?:number", "inplace?:boolean"],
    (minVal = -1, maxVal = 1, inplace = false) => {
      if (!(maxVal > minVal))
        throw new ArgumentError(
          `Hardtanh: expected \`maxVal\` above \`minVal\`, got ${maxVal} and ${minVal}`,
        );
      return { minVal, maxVal, inplace };
    },
  ),
  {
    forward: ({ minVal, maxVal }, input: Tensor) => F.hardtanh.direct(input, minVal, maxVal),
    describe: (s) => described(`min_val=${pyFloat(s.minVal)}, max_val=${pyFloat(s.maxVal)}`, s.inplace),
  },
);
export type Hardtanh = InstanceType<typeof Hardtanh>;

/** What `Hardshrink` and `Softshrink` take. */
export interface ShrinkSettings {
  /** Numbers from -lambd to lambd become 0. @default 0.5 */
  lambd?: number;
}
const lambdaTable = (name: string) =>
  parameterTable<ShrinkSettings>(name)(["lambd?:number"], (lambd = 0.5) => ({ lambd }));
/**
 * x if |x| > lambd, else 0.
 *
 * @example
 * ```ts
 * nn.Hardshrink(1)(tensor([0.5, 2])).tolist(); // [0, 2]
 * ```
 */
export const Hardshrink = defineLayer(lambdaTable("Hardshrink"), {
  forward: ({ lambd }, input: Tensor) => F.hardshrink.direct(input, lambd),
  describe: (s) => pyFloat(s.lambd),
});
export type Hardshrink = InstanceType<typeof Hardshrink>;
/**
 * x moved towards 0 by lambd, 0 in between.
 *
 * @example
 * ```ts
 * nn.Softshrink(1)(tensor([0.5, 2])).tolist(); // [0, 1]
 * ```
 */
export const Softshrink = defineLayer(lambdaTable("Softshrink"), {
  forward: ({ lambd }, input: Tensor) => F.softshrink.direct(input, lambd),
  describe: (s) => pyFloat(s.lambd),
});
export type Softshrink = InstanceType<typeof Softshrink>;

/** What `Threshold` takes. */
export interface ThresholdSettings extends InPlaceSettings {
  /** Numbers above it stay. */
  threshold: number;
  /** What the others become. */
  value: number;
}
/**
 * x if it is above the threshold, else `value`.
 *
 * @example
 * ```ts
 * nn.Threshold(1, 20)(tensor([0.5, 2])).tolist(); // [20, 2]
 * ```
 */
export const Threshold = defineLayer(
  parameterTable<ThresholdSettings>("Threshold")(
    ["threshold:number", "value", "inplace?:boolean"],
    (threshold, value, inplace = false) => ({ threshold, value, inplace }),
  ),
  {
    forward: ({ threshold, value }, input: Tensor) => F.threshold.direct(input, threshold, value),
    describe: (s) => described(`threshold=${py(s.threshold)}, value=${py(s.value)}`, s.inplace),
  },
);
export type Threshold = InstanceType<typeof Threshold>;

/** What the softmax layers take. */
export interface AlongSettings {
  /** The dimension whose sum is 1; null for 0 in inputs of 0, 1 or 3 dimensions, else 1. @default null */
  dim?: number | null;
}
const alongTable = (name: string) =>
  parameterTable<AlongSettings>(name)(["dim?:integer|null"], (dim = null) => ({ dim }));

/**
 * e^x over its sum along a dimension.
 *
 * @example
 * ```ts
 * nn.Softmax(1)(tensor([[0.5, 1.5, 2.5]])).tolist(); // [[0.09003, 0.24473, 0.66524]]
 * ```
 */
export const Softmax = defineLayer(alongTable("Softmax"), {
  forward: ({ dim }, input: Tensor) => F.softmax.direct(input, dim ?? usualDim(input)),
  describe: (s) => `dim=${py(s.dim)}`,
});
export type Softmax = InstanceType<typeof Softmax>;
/**
 * softmax(-x) along a dimension.
 *
 * @example
 * ```ts
 * nn.Softmin({ dim: 1 })(tensor([[0.5, 1.5]])).tolist(); // [[0.73106, 0.26894]]
 * ```
 */
export const Softmin = defineLayer(alongTable("Softmin"), {
  forward: ({ dim }, input: Tensor) => F.softmin.direct(input, dim ?? usualDim(input)),
  describe: (s) => `dim=${py(s.dim)}`,
});
export type Softmin = InstanceType<typeof Softmin>;
/**
 * log(softmax(x)) along a dimension.
 *
 * @example
 * ```ts
 * nn.LogSoftmax({ dim: 1 })(tensor([[0.5, 1.5]])).tolist(); // [[-1.31326, -0.31326]]
 * ```
 */
export const LogSoftmax = defineLayer(alongTable("LogSoftmax"), {
  forward: ({ dim }, input: Tensor) => F.logSoftmax.direct(input, dim ?? usualDim(input)),
  describe: (s) => `dim=${py(s.dim)}`,
});
export type LogSoftmax = InstanceType<typeof LogSoftmax>;
/**
 * Softmax over the channels of [N, C, H, W] or [C, H, W].
 *
 * @example
 * ```ts
 * nn.Softmax2d()(randn(8, 3, 5, 5)).sum(1).shape; // [8, 5, 5]
 * ```
 */
export const Softmax2d = plain("Softmax2d", (x) => F.softmax.direct(x, -3));
export type Softmax2d = InstanceType<typeof Softmax2d>;

/** What PyTorch takes if no dimension is given. */
function usualDim(input: Tensor): number {
  return input.ndim === 0 || input.ndim === 1 || input.ndim === 3 ? 0 : 1;
}

/** What `GLU` takes. */
export interface HalvedSettings {
  /** The dimension that is halved. @default -1 */
  dim?: number;
}
/**
 * First half along a dimension times the sigmoid of the second.
 *
 * @example
 * ```ts
 * nn.GLU()(randn(8, 6)).shape; // [8, 3]
 * ```
 */
export const GLU = defineLayer(
  parameterTable<HalvedSettings>("GLU")(["dim?:integer"], (dim = -1) => ({ dim })),
  { forward: ({ dim }, input: Tensor) => F.glu.direct(input, dim), describe: (s) => `dim=${s.dim}` },
);
export type GLU = InstanceType<typeof GLU>;

/** What `RReLU` takes. */
export interface RandomSlopeSettings extends InPlaceSettings {
  /** Smallest slope for numbers below 0. @default 1 / 8 */
  lower?: number;
  /** Largest slope for numbers below 0. @default 1 / 3 */
  upper?: number;
}
/**
 * x if it is positive, else a slope times x: drawn from [lower, upper] in training, their mean in use.
 *
 * @example
 * ```ts
 * nn.RReLU(0.1, 0.1)(tensor([-1.5, 2])).tolist(); // [-0.15, 2]
 * ```
 */
export const RReLU = defineLayer(
  parameterTable<RandomSlopeSettings>("RReLU")(
    ["lower?:number", "upper?:number", "inplace?:boolean"],
    (lower = 1 / 8, upper = 1 / 3, inplace = false) => ({ lower, upper, inplace }),
  ),
  {
    forward: ({ lower, upper, training }, input: Tensor) => F.rrelu.direct(input, lower, upper, training),
    describe: (s) => described(`lower=${pyFloat(s.lower)}, upper=${pyFloat(s.upper)}`, s.inplace),
  },
);
export type RReLU = InstanceType<typeof RReLU>;
