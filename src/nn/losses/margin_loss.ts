/** Losses with a margin, and those of counts and of Gaussian predictions, as layers. */
import { ArgumentError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import {
  checkReduction,
  type LegacyArguments,
  type LegacySettings,
  type ReducedSettings,
  type ReductionArguments,
  type WeightedArguments,
  type WeightedSettings,
} from "./reduction.ts";

const LEGACY = ["sizeAverage?", "reduce?", "reduction?"];

/**
 * log(1 + e^(-target input)), targets 1 and -1.
 *
 * @example
 * ```ts
 * nn.SoftMarginLoss()(tensor([1.5, -0.5]), tensor([1, -1]).float()).item(); // 0.33775
 * ```
 */
export const SoftMarginLoss = defineLayer<ReductionArguments, ReducedSettings>("SoftMarginLoss", LEGACY, {
  defaults: { reduction: "mean" },
  prepare: checkReduction("SoftMarginLoss"),
  forward: ({ reduction }, input: Tensor, target: Tensor) => F.softMarginLoss(input, target, { reduction }),
});
export type SoftMarginLoss = InstanceType<typeof SoftMarginLoss>;

export interface MarginSettings extends ReducedSettings {
  margin: number;
}
type MarginArguments =
  | [margin?: number, ...LegacyArguments]
  | [margin: number, options: Partial<ReducedSettings & LegacySettings>]
  | [options: Partial<MarginSettings & LegacySettings>];

/**
 * input where the target is 1, max(0, margin - input) where it is -1.
 *
 * @example
 * ```ts
 * nn.HingeEmbeddingLoss()(tensor([0.5, 0.25]), tensor([1, -1]).float()).item(); // 0.625
 * ```
 */
export const HingeEmbeddingLoss = defineLayer<MarginArguments, MarginSettings>(
  "HingeEmbeddingLoss",
  ["margin?", ...LEGACY],
  {
    defaults: { margin: 1, reduction: "mean" },
    prepare: checkReduction("HingeEmbeddingLoss"),
    forward: ({ margin, reduction }, input: Tensor, target: Tensor) =>
      F.hingeEmbeddingLoss(input, target, { margin, reduction }),
  },
);
export type HingeEmbeddingLoss = InstanceType<typeof HingeEmbeddingLoss>;

/**
 * max(0, -target (input1 - input2) + margin).
 *
 * @example
 * ```ts
 * nn.MarginRankingLoss()(tensor([0.5, 3]), tensor([1.5, 2]), tensor([1, -1]).float()).item(); // 1
 * ```
 */
export const MarginRankingLoss = defineLayer<MarginArguments, MarginSettings>(
  "MarginRankingLoss",
  ["margin?", ...LEGACY],
  {
    defaults: { margin: 0, reduction: "mean" },
    prepare: checkReduction("MarginRankingLoss"),
    forward: ({ margin, reduction }, input1: Tensor, input2: Tensor, target: Tensor) =>
      F.marginRankingLoss(input1, input2, target, { margin, reduction }),
  },
);
export type MarginRankingLoss = InstanceType<typeof MarginRankingLoss>;

/**
 * 1 - cos where the target is 1, max(0, cos - margin) where it is -1.
 *
 * @example
 * ```ts
 * nn.CosineEmbeddingLoss()(randn(8, 4), randn(8, 4), ones(8)).shape; // []
 * ```
 */
export const CosineEmbeddingLoss = defineLayer<MarginArguments, MarginSettings>(
  "CosineEmbeddingLoss",
  ["margin?", ...LEGACY],
  {
    defaults: { margin: 0, reduction: "mean" },
    prepare: checkReduction("CosineEmbeddingLoss"),
    forward: ({ margin, reduction }, input1: Tensor, input2: Tensor, target: Tensor) =>
      F.cosineEmbeddingLoss(input1, input2, target, { margin, reduction }),
  },
);
export type CosineEmbeddingLoss = InstanceType<typeof CosineEmbeddingLoss>;

export interface TripletSettings extends MarginSettings {
  p: number;
  eps: number;
  swap: boolean;
}
/**
 * max(0, |anchor - positive| - |anchor - negative| + margin), in the p-norm.
 *
 * @example
 * ```ts
 * nn.TripletMarginLoss()(randn(8, 4), randn(8, 4), randn(8, 4)).shape; // []
 * ```
 */
export const TripletMarginLoss = defineLayer<
  | [margin?: number, p?: number, eps?: number, swap?: boolean, ...LegacyArguments]
  | [margin: number, options: Partial<TripletSettings & LegacySettings>]
  | [options: Partial<TripletSettings & LegacySettings>],
  TripletSettings
>("TripletMarginLoss", ["margin?", "p?", "eps?", "swap?", ...LEGACY], {
  defaults: { margin: 1, p: 2, eps: 1e-6, swap: false, reduction: "mean" },
  prepare: (settings) => {
    checkReduction("TripletMarginLoss")(settings);
    const { margin } = settings;
    if (!(margin > 0))
      throw new ArgumentError(`TripletMarginLoss: expected a \`margin\` above 0, got ${margin}`);
  },
  forward: ({ margin, p, eps, swap, reduction }, anchor: Tensor, positive: Tensor, negative: Tensor) =>
    F.tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction }),
});
export type TripletMarginLoss = InstanceType<typeof TripletMarginLoss>;

export interface MultiMarginSettings extends WeightedSettings {
  p: number;
  margin: number;
}
/**
 * Mean over the classes of max(0, margin - input[label] + input[class])^p.
 *
 * @example
 * ```ts
 * nn.MultiMarginLoss()(tensor([[0.5, 1.0, 0.25]]), tensor([1])).item(); // 0.25
 * ```
 */
export const MultiMarginLoss = defineLayer<
  | [p?: number, margin?: number, ...WeightedArguments]
  | [options: Partial<MultiMarginSettings & LegacySettings>],
  MultiMarginSettings
>("MultiMarginLoss", ["p?", "margin?", "weight?", ...LEGACY], {
  defaults: { p: 1, margin: 1, weight: null, reduction: "mean" },
  buffers: ["weight"],
  prepare: (settings) => {
    checkReduction("MultiMarginLoss")(settings);
    const { p } = settings;
    if (p !== 1 && p !== 2)
      throw new ArgumentError(`MultiMarginLoss: expected \`p\` to be 1 or 2, got ${String(p)}`);
  },
  forward: ({ p, margin, weight, reduction }, input: Tensor, target: Tensor) =>
    F.multiMarginLoss(input, target, { p, margin, weight, reduction } as any),
});
export type MultiMarginLoss = InstanceType<typeof MultiMarginLoss>;

/**
 * Binary cross-entropy of sigmoid(input), averaged over the classes.
 *
 * @example
 * ```ts
 * nn.MultiLabelSoftMarginLoss()(tensor([[1.5, -0.5]]), tensor([[1, 0]]).float()).item(); // 0.33775
 * ```
 */
export const MultiLabelSoftMarginLoss = defineLayer<
  | WeightedArguments
  | [weight: Tensor | null, options: Partial<ReducedSettings & LegacySettings>]
  | [options: Partial<WeightedSettings & LegacySettings>],
  WeightedSettings
>("MultiLabelSoftMarginLoss", ["weight?", ...LEGACY], {
  defaults: { weight: null, reduction: "mean" },
  buffers: ["weight"],
  prepare: checkReduction("MultiLabelSoftMarginLoss"),
  forward: ({ weight, reduction }, input: Tensor, target: Tensor) =>
    F.multilabelSoftMarginLoss(input, target, { weight, reduction }),
});
export type MultiLabelSoftMarginLoss = InstanceType<typeof MultiLabelSoftMarginLoss>;

export interface PoissonSettings extends ReducedSettings {
  logInput: boolean;
  full: boolean;
  eps: number;
}
/**
 * Negative log-likelihood of counts: e^input - target input, or input - target log(input + eps).
 *
 * @example
 * ```ts
 * nn.PoissonNLLLoss()(tensor([0.5]), tensor([2]).float()).item(); // 0.64872
 * ```
 */
export const PoissonNLLLoss = defineLayer<
  | [logInput?: boolean, full?: boolean, sizeAverage?: boolean | null, eps?: number]
  | [options: Partial<PoissonSettings & LegacySettings>],
  PoissonSettings
>("PoissonNLLLoss", ["logInput?", "full?", "sizeAverage?", "eps?", "reduce?", "reduction?"], {
  defaults: { logInput: true, full: false, eps: 1e-8, reduction: "mean" },
  prepare: checkReduction("PoissonNLLLoss"),
  forward: ({ logInput, full, eps, reduction }, input: Tensor, target: Tensor) =>
    F.poissonNllLoss(input, target, { logInput, full, eps, reduction }),
});
export type PoissonNLLLoss = InstanceType<typeof PoissonNLLLoss>;

export interface GaussianSettings extends ReducedSettings {
  full: boolean;
  eps: number;
}
/**
 * Negative log-likelihood of targets under normal distributions of given mean and variance.
 *
 * @example
 * ```ts
 * nn.GaussianNLLLoss()(tensor([0.5]), tensor([2.5]), tensor([4]).float()).item(); // 1.19315
 * ```
 */
export const GaussianNLLLoss = defineLayer<[options?: Partial<GaussianSettings>], GaussianSettings>(
  "GaussianNLLLoss",
  ["full?", "eps?", "reduction?"],
  {
    defaults: { full: false, eps: 1e-6, reduction: "mean" },
    prepare: checkReduction("GaussianNLLLoss"),
    forward: ({ full, eps, reduction }, input: Tensor, target: Tensor, variance: Tensor) =>
      F.gaussianNllLoss(input, target, variance, { full, eps, reduction }),
  },
);
export type GaussianNLLLoss = InstanceType<typeof GaussianNLLLoss>;
