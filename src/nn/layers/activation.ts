/** Activation functions as layers. */
import { ArgumentError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import { py, pyFloat } from "../module/module_text.ts";

export interface InPlaceSettings {
  /** Kept for the printed form: memory is planned, so nothing is gained by changing the input. */
  inplace: boolean;
}
type InPlaceArguments = [inplace?: boolean] | [options: Partial<InPlaceSettings>];

function plain(name: string, compute: (input: Tensor) => Tensor) {
  return defineLayer<[], object>(name, [], { forward: (_settings, input: Tensor) => compute(input) });
}

function withInPlace(name: string, compute: (input: Tensor) => Tensor) {
  return defineLayer<InPlaceArguments, InPlaceSettings>(name, ["inplace?"], {
    defaults: { inplace: false },
    forward: (_settings, input: Tensor) => compute(input),
    describe: (s) => (s.inplace ? "inplace=True" : ""),
  });
}

/** A list of settings, with `inplace=True` behind them where it is set. */
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
export const ReLU = withInPlace("ReLU", (x) => F.relu(x));
export type ReLU = InstanceType<typeof ReLU>;
/**
 * min(max(x, 0), 6)
 *
 * @example
 * ```ts
 * nn.ReLU6()(tensor([3.5, 8])).tolist(); // [3.5, 6]
 * ```
 */
export const ReLU6 = withInPlace("ReLU6", (x) => F.relu6(x));
export type ReLU6 = InstanceType<typeof ReLU6>;
/**
 * Scaled ELU; Klambauer et al., "Self-normalizing neural networks", 2017.
 *
 * @example
 * ```ts
 * nn.SELU()(tensor([-1.5, 2])).tolist(); // [-1.36581, 2.10140]
 * ```
 */
export const SELU = withInPlace("SELU", (x) => F.selu(x));
export type SELU = InstanceType<typeof SELU>;
/**
 * x sigmoid(x)
 *
 * @example
 * ```ts
 * nn.SiLU()(tensor([0.5, 2])).tolist(); // [0.31123, 1.76159]
 * ```
 */
export const SiLU = withInPlace("SiLU", (x) => F.silu(x));
export type SiLU = InstanceType<typeof SiLU>;
/**
 * x tanh(softplus(x))
 *
 * @example
 * ```ts
 * nn.Mish()(tensor([0.5, 2])).tolist(); // [0.37525, 1.94396]
 * ```
 */
export const Mish = withInPlace("Mish", (x) => F.mish(x));
export type Mish = InstanceType<typeof Mish>;
/**
 * x min(max(x + 3, 0), 6) / 6
 *
 * @example
 * ```ts
 * nn.Hardswish()(tensor([-3.5, 1.5])).tolist(); // [0, 1.125]
 * ```
 */
export const Hardswish = withInPlace("Hardswish", (x) => F.hardswish(x));
export type Hardswish = InstanceType<typeof Hardswish>;
/**
 * min(max(x + 3, 0), 6) / 6
 *
 * @example
 * ```ts
 * nn.Hardsigmoid()(tensor([-3.5, 1.5])).tolist(); // [0, 0.75]
 * ```
 */
export const Hardsigmoid = withInPlace("Hardsigmoid", (x) => F.hardsigmoid(x));
export type Hardsigmoid = InstanceType<typeof Hardsigmoid>;
/**
 * 1 / (1 + e^-x)
 *
 * @example
 * ```ts
 * nn.Sigmoid()(tensor([0.5, 2])).tolist(); // [0.62246, 0.88080]
 * ```
 */
export const Sigmoid = plain("Sigmoid", (x) => F.sigmoid(x));
export type Sigmoid = InstanceType<typeof Sigmoid>;
/**
 * (e^x - e^-x) / (e^x + e^-x)
 *
 * @example
 * ```ts
 * nn.Tanh()(tensor([0.5, 2])).tolist(); // [0.46212, 0.96403]
 * ```
 */
export const Tanh = plain("Tanh", (x) => F.tanh(x));
export type Tanh = InstanceType<typeof Tanh>;
/**
 * log(sigmoid(x))
 *
 * @example
 * ```ts
 * nn.LogSigmoid()(tensor([0.5, 2])).tolist(); // [-0.47408, -0.12693]
 * ```
 */
export const LogSigmoid = plain("LogSigmoid", (x) => F.logsigmoid(x));
export type LogSigmoid = InstanceType<typeof LogSigmoid>;
/**
 * x / (1 + |x|)
 *
 * @example
 * ```ts
 * nn.Softsign()(tensor([0.5, -3])).tolist(); // [0.33333, -0.75]
 * ```
 */
export const Softsign = plain("Softsign", (x) => F.softsign(x));
export type Softsign = InstanceType<typeof Softsign>;
/**
 * x - tanh(x)
 *
 * @example
 * ```ts
 * nn.Tanhshrink()(tensor([0.5, 2])).tolist(); // [0.03788, 1.03597]
 * ```
 */
export const Tanhshrink = plain("Tanhshrink", (x) => F.tanhshrink(x));
export type Tanhshrink = InstanceType<typeof Tanhshrink>;

export interface NegativeSlopeSettings extends InPlaceSettings {
  negativeSlope: number;
}
/**
 * x where it is positive, else negativeSlope x.
 *
 * @example
 * ```ts
 * nn.LeakyReLU(0.1)(tensor([-1.5, 2])).tolist(); // [-0.15, 2]
 * ```
 */
export const LeakyReLU = defineLayer<
  | [negativeSlope?: number, inplace?: boolean]
  | [negativeSlope: number, options: Partial<InPlaceSettings>]
  | [options: Partial<NegativeSlopeSettings>],
  NegativeSlopeSettings
>("LeakyReLU", ["negativeSlope?", "inplace?"], {
  defaults: { negativeSlope: 0.01, inplace: false },
  forward: ({ negativeSlope }, input: Tensor) => F.leakyRelu(input, negativeSlope),
  describe: (s) => described(`negative_slope=${pyFloat(s.negativeSlope)}`, s.inplace),
});
export type LeakyReLU = InstanceType<typeof LeakyReLU>;

export interface AlphaSettings extends InPlaceSettings {
  alpha: number;
}
type AlphaArguments =
  | [alpha?: number, inplace?: boolean]
  | [alpha: number, options: Partial<InPlaceSettings>]
  | [options: Partial<AlphaSettings>];

/**
 * x where it is positive, else alpha (e^x - 1).
 *
 * @example
 * ```ts
 * nn.ELU()(tensor([-1.5, 2])).tolist(); // [-0.77687, 2]
 * ```
 */
export const ELU = defineLayer<AlphaArguments, AlphaSettings>("ELU", ["alpha?", "inplace?"], {
  defaults: { alpha: 1, inplace: false },
  forward: ({ alpha }, input: Tensor) => F.elu(input, alpha),
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
export const CELU = defineLayer<AlphaArguments, AlphaSettings>("CELU", ["alpha?", "inplace?"], {
  defaults: { alpha: 1, inplace: false },
  forward: ({ alpha }, input: Tensor) => F.celu(input, alpha),
  describe: (s) => described(`alpha=${pyFloat(s.alpha)}`, s.inplace),
});
export type CELU = InstanceType<typeof CELU>;

export interface ApproximateSettings {
  approximate: "none" | "tanh";
}
/**
 * x Phi(x), Phi the normal distribution function; `"tanh"` approximates it.
 *
 * @example
 * ```ts
 * nn.GELU({ approximate: "tanh" })(tensor([0.5, 2])).tolist(); // [0.34571, 1.95460]
 * ```
 */
export const GELU = defineLayer<
  [approximate?: "none" | "tanh"] | [options: Partial<ApproximateSettings>],
  ApproximateSettings
>("GELU", ["approximate?"], {
  defaults: { approximate: "none" },
  forward: ({ approximate }, input: Tensor) => F.gelu(input, { approximate }),
  describe: (s) => `approximate='${s.approximate}'`,
});
export type GELU = InstanceType<typeof GELU>;

export interface SoftplusSettings {
  beta: number;
  threshold: number;
}
/**
 * log(1 + e^(beta x)) / beta; x itself where beta x is above the threshold.
 *
 * @example
 * ```ts
 * nn.Softplus()(tensor([0.5, 30])).tolist(); // [0.97408, 30]
 * ```
 */
export const Softplus = defineLayer<
  | [beta?: number, threshold?: number]
  | [beta: number, options: { threshold?: number }]
  | [options: Partial<SoftplusSettings>],
  SoftplusSettings
>("Softplus", ["beta?", "threshold?"], {
  defaults: { beta: 1, threshold: 20 },
  forward: ({ beta, threshold }, input: Tensor) => F.softplus(input, beta, threshold),
  describe: (s) => `beta=${pyFloat(s.beta)}, threshold=${pyFloat(s.threshold)}`,
});
export type Softplus = InstanceType<typeof Softplus>;

export interface LimitsSettings extends InPlaceSettings {
  minVal: number;
  maxVal: number;
}
/**
 * x kept within minVal and maxVal.
 *
 * @example
 * ```ts
 * nn.Hardtanh(-2, 2)(tensor([-3.5, 0.5])).tolist(); // [-2, 0.5]
 * ```
 */
export const Hardtanh = defineLayer<
  | [minVal?: number, maxVal?: number, inplace?: boolean]
  | [minVal: number, maxVal: number, options: Partial<InPlaceSettings>]
  | [options: Partial<LimitsSettings>],
  LimitsSettings
>("Hardtanh", ["minVal?", "maxVal?", "inplace?"], {
  defaults: { minVal: -1, maxVal: 1, inplace: false },
  prepare: ({ minVal, maxVal }) => {
    if (!(maxVal > minVal))
      throw new ArgumentError(`Hardtanh: expected \`maxVal\` above \`minVal\`, got ${maxVal} and ${minVal}`);
  },
  forward: ({ minVal, maxVal }, input: Tensor) => F.hardtanh(input, minVal, maxVal),
  describe: (s) => described(`min_val=${pyFloat(s.minVal)}, max_val=${pyFloat(s.maxVal)}`, s.inplace),
});
export type Hardtanh = InstanceType<typeof Hardtanh>;

export interface LambdaSettings {
  lambd: number;
}
type LambdaArguments = [lambd?: number] | [options: Partial<LambdaSettings>];
/**
 * x where |x| > lambd, else 0.
 *
 * @example
 * ```ts
 * nn.Hardshrink(1)(tensor([0.5, 2])).tolist(); // [0, 2]
 * ```
 */
export const Hardshrink = defineLayer<LambdaArguments, LambdaSettings>("Hardshrink", ["lambd?"], {
  defaults: { lambd: 0.5 },
  forward: ({ lambd }, input: Tensor) => F.hardshrink(input, lambd),
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
export const Softshrink = defineLayer<LambdaArguments, LambdaSettings>("Softshrink", ["lambd?"], {
  defaults: { lambd: 0.5 },
  forward: ({ lambd }, input: Tensor) => F.softshrink(input, lambd),
  describe: (s) => pyFloat(s.lambd),
});
export type Softshrink = InstanceType<typeof Softshrink>;

export interface ThresholdSettings extends InPlaceSettings {
  threshold: number;
  value: number;
}
/**
 * x where it is above the threshold, else `value`.
 *
 * @example
 * ```ts
 * nn.Threshold(1, 20)(tensor([0.5, 2])).tolist(); // [20, 2]
 * ```
 */
export const Threshold = defineLayer<
  | [threshold: number, value: number, inplace?: boolean]
  | [threshold: number, value: number, options: Partial<InPlaceSettings>]
  | [options: { threshold: number; value: number; inplace?: boolean }],
  ThresholdSettings
>("Threshold", ["threshold", "value", "inplace?"], {
  defaults: { inplace: false },
  forward: ({ threshold, value }, input: Tensor) => F.threshold(input, threshold, value),
  describe: (s) => described(`threshold=${py(s.threshold)}, value=${py(s.value)}`, s.inplace),
});
export type Threshold = InstanceType<typeof Threshold>;

export interface AlongSettings {
  dim: number | null;
}
type AlongArguments = [dim?: number | null] | [options: Partial<AlongSettings>];

/**
 * e^x over its sum along a dimension.
 *
 * @example
 * ```ts
 * nn.Softmax(1)(tensor([[0.5, 1.5, 2.5]])).tolist(); // [[0.09003, 0.24473, 0.66524]]
 * ```
 */
export const Softmax = defineLayer<AlongArguments, AlongSettings>("Softmax", ["dim?:whole|null"], {
  defaults: { dim: null },
  forward: ({ dim }, input: Tensor) => F.softmax(input, dim ?? usualDim(input)),
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
export const Softmin = defineLayer<AlongArguments, AlongSettings>("Softmin", ["dim?:whole|null"], {
  defaults: { dim: null },
  forward: ({ dim }, input: Tensor) => F.softmin(input, dim ?? usualDim(input)),
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
export const LogSoftmax = defineLayer<AlongArguments, AlongSettings>("LogSoftmax", ["dim?:whole|null"], {
  defaults: { dim: null },
  forward: ({ dim }, input: Tensor) => F.logSoftmax(input, dim ?? usualDim(input)),
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
export const Softmax2d = plain("Softmax2d", (x) => F.softmax(x, -3));
export type Softmax2d = InstanceType<typeof Softmax2d>;

/** What PyTorch takes where no dimension is given. */
function usualDim(input: Tensor): number {
  return input.ndim === 0 || input.ndim === 1 || input.ndim === 3 ? 0 : 1;
}

/**
 * First half along a dimension times the sigmoid of the second.
 *
 * @example
 * ```ts
 * nn.GLU()(randn(8, 6)).shape; // [8, 3]
 * ```
 */
export const GLU = defineLayer<[dim?: number] | [options: { dim?: number }], { dim: number }>(
  "GLU",
  ["dim?"],
  {
    defaults: { dim: -1 },
    forward: ({ dim }, input: Tensor) => F.glu(input, dim),
    describe: (s) => `dim=${s.dim}`,
  },
);
export type GLU = InstanceType<typeof GLU>;

export interface RandomSlopeSettings extends InPlaceSettings {
  lower: number;
  upper: number;
}
/**
 * x where it is positive, else a slope times x: drawn from [lower, upper] in training, their mean in use.
 *
 * @example
 * ```ts
 * nn.RReLU(0.1, 0.1)(tensor([-1.5, 2])).tolist(); // [-0.15, 2]
 * ```
 */
export const RReLU = defineLayer<
  | [lower?: number, upper?: number, inplace?: boolean]
  | [lower: number, upper: number, options: Partial<InPlaceSettings>]
  | [options: Partial<RandomSlopeSettings>],
  RandomSlopeSettings
>("RReLU", ["lower?", "upper?", "inplace?"], {
  defaults: { lower: 1 / 8, upper: 1 / 3, inplace: false },
  forward: ({ lower, upper, training }, input: Tensor) => F.rrelu(input, lower, upper, training),
  describe: (s) => described(`lower=${pyFloat(s.lower)}, upper=${pyFloat(s.upper)}`, s.inplace),
});
export type RReLU = InstanceType<typeof RReLU>;
