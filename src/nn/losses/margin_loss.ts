/** Losses with a margin, and those of counts and of Gaussian predictions, as layers. */

import { ArgumentError } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import { POISSON_NAMES } from "../../tensor/functions/nn/loss/reduction.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import {
  type ReducedSettings,
  reducedTable,
  reductionOf,
  type WeightedSettings,
  weightedTable,
} from "./reduction.ts";

/**
 * log(1 + e^(-target input)), targets 1 and -1.
 *
 * @example
 * ```ts
 * nn.SoftMarginLoss()(tensor([1.5, -0.5]), tensor([1, -1]).float()).item(); // 0.33775
 * ```
 */
export const SoftMarginLoss = defineLayer(reducedTable("SoftMarginLoss"), {
  forward: ({ reduction }, input: Tensor, target: Tensor) => F.softMarginLoss(input, target, { reduction }),
});
export type SoftMarginLoss = InstanceType<typeof SoftMarginLoss>;

/** What losses with a margin take. */
export interface MarginSettings extends ReducedSettings {
  /** How far apart the scores must be for a loss of 0. @default 1; 0 in `MarginRankingLoss` and `CosineEmbeddingLoss` */
  margin?: number;
}

/** The parameters of a loss with a margin. */
const marginTable = (name: string, usual: number) =>
  parameterTable<MarginSettings>(name)(
    ["margin?:number", "sizeAverage?:boolean|null", "reduce?:boolean|null", "reduction?"],
    (margin = usual, sizeAverage?, reduce?, reduction = "mean") => ({
      margin,
      reduction: reductionOf(name, sizeAverage, reduce, reduction),
    }),
  );

/**
 * input if the target is 1, max(0, margin - input) if it is -1.
 *
 * @example
 * ```ts
 * nn.HingeEmbeddingLoss()(tensor([0.5, 0.25]), tensor([1, -1]).float()).item(); // 0.625
 * ```
 */
export const HingeEmbeddingLoss = defineLayer(marginTable("HingeEmbeddingLoss", 1), {
  forward: ({ margin, reduction }, input: Tensor, target: Tensor) =>
    F.hingeEmbeddingLoss(input, target, { margin, reduction }),
});
export type HingeEmbeddingLoss = InstanceType<typeof HingeEmbeddingLoss>;

/**
 * max(0, -target (input1 - input2) + margin).
 *
 * @example
 * ```ts
 * nn.MarginRankingLoss()(tensor([0.5, 3]), tensor([1.5, 2]), tensor([1, -1]).float()).item(); // 1
 * ```
 */
export const MarginRankingLoss = defineLayer(marginTable("MarginRankingLoss", 0), {
  forward: ({ margin, reduction }, input1: Tensor, input2: Tensor, target: Tensor) =>
    F.marginRankingLoss(input1, input2, target, { margin, reduction }),
});
export type MarginRankingLoss = InstanceType<typeof MarginRankingLoss>;

/**
 * 1 - cos if the target is 1, max(0, cos - margin) if it is -1.
 *
 * @example
 * ```ts
 * nn.CosineEmbeddingLoss()(randn(8, 4), randn(8, 4), ones(8)).shape; // []
 * ```
 */
export const CosineEmbeddingLoss = defineLayer(marginTable("CosineEmbeddingLoss", 0), {
  forward: ({ margin, reduction }, input1: Tensor, input2: Tensor, target: Tensor) =>
    F.cosineEmbeddingLoss(input1, input2, target, { margin, reduction }),
});
export type CosineEmbeddingLoss = InstanceType<typeof CosineEmbeddingLoss>;

/** What `TripletMarginLoss` takes. */
export interface TripletSettings extends ReducedSettings {
  /** How much nearer the positive example must be for a loss of 0; above 0. @default 1 */
  margin?: number;
  /** The p of the p-norm. @default 2 */
  p?: number;
  /** Added to the differences, against division by 0. @default 1e-6 */
  eps?: number;
  /** Whether the distance from the positive to the negative example counts when it is the smaller one. @default false */
  swap?: boolean;
}
/**
 * max(0, |anchor - positive| - |anchor - negative| + margin), in the p-norm.
 *
 * @example
 * ```ts
 * nn.TripletMarginLoss()(randn(8, 4), randn(8, 4), randn(8, 4)).shape; // []
 * ```
 */
export const TripletMarginLoss = defineLayer(
  parameterTable<TripletSettings>("TripletMarginLoss")(
    [
      "margin?:number",
      "p?",
      "eps?:number",
      "swap?:boolean",
      "sizeAverage?:boolean|null",
      "reduce?:boolean|null",
      "reduction?",
    ],
    (margin = 1, p = 2, eps = 1e-6, swap = false, sizeAverage?, reduce?, reduction = "mean") => {
      const of = "TripletMarginLoss";
      const made = { margin, p, eps, swap, reduction: reductionOf(of, sizeAverage, reduce, reduction) };
      if (!(margin > 0)) throw new ArgumentError(`${of}: expected a \`margin\` above 0, got ${margin}`);
      return made;
    },
  ),
  {
    forward: ({ margin, p, eps, swap, reduction }, anchor: Tensor, positive: Tensor, negative: Tensor) =>
      F.tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction }),
  },
);
export type TripletMarginLoss = InstanceType<typeof TripletMarginLoss>;

/** What `MultiMarginLoss` takes. */
export interface MultiMarginSettings extends WeightedSettings {
  /** Exponent of the losses: 1 or 2. @default 1 */
  p?: number;
  /** How far above the others the right score must be for a loss of 0. @default 1 */
  margin?: number;
}
/**
 * Mean over the classes of max(0, margin - input[label] + input[class])^p.
 *
 * @example
 * ```ts
 * nn.MultiMarginLoss()(tensor([[0.5, 1.0, 0.25]]), tensor([1])).item(); // 0.25
 * ```
 */
export const MultiMarginLoss = defineLayer(
  parameterTable<MultiMarginSettings>("MultiMarginLoss")(
    ["p?", "margin?:number", "weight?", "sizeAverage?:boolean|null", "reduce?:boolean|null", "reduction?"],
    (p = 1, margin = 1, weight = null, sizeAverage?, reduce?, reduction = "mean") => {
      const of = "MultiMarginLoss";
      const made = { p, margin, weight, reduction: reductionOf(of, sizeAverage, reduce, reduction) };
      if (p !== 1 && p !== 2) throw new ArgumentError(`${of}: expected \`p\` to be 1 or 2, got ${String(p)}`);
      return made;
    },
  ),
  {
    buffers: ["weight"],
    forward: ({ p, margin, weight, reduction }, input: Tensor, target: Tensor) =>
      F.multiMarginLoss(input, target, { p, margin, weight, reduction } as any),
  },
);
export type MultiMarginLoss = InstanceType<typeof MultiMarginLoss>;

/**
 * Binary cross-entropy of sigmoid(input), averaged over the classes.
 *
 * @example
 * ```ts
 * nn.MultiLabelSoftMarginLoss()(tensor([[1.5, -0.5]]), tensor([[1, 0]]).float()).item(); // 0.33775
 * ```
 */
export const MultiLabelSoftMarginLoss = defineLayer(weightedTable("MultiLabelSoftMarginLoss"), {
  buffers: ["weight"],
  forward: ({ weight, reduction }, input: Tensor, target: Tensor) =>
    F.multilabelSoftMarginLoss(input, target, { weight, reduction }),
});
export type MultiLabelSoftMarginLoss = InstanceType<typeof MultiLabelSoftMarginLoss>;

/** What `PoissonNLLLoss` takes. */
export interface PoissonSettings extends ReducedSettings {
  /** Whether the inputs are logarithms of the expected counts. @default true */
  logInput?: boolean;
  /** Whether Stirling's approximation of log(target!) is added. @default false */
  full?: boolean;
  /** Added to the inputs before their logarithm, when `logInput` is false. @default 1e-8 */
  eps?: number;
}
/**
 * Negative log-likelihood of counts: e^input - target input, or input - target log(input + eps).
 *
 * @example
 * ```ts
 * nn.PoissonNLLLoss()(tensor([0.5]), tensor([2]).float()).item(); // 0.64872
 * ```
 */
export const PoissonNLLLoss = defineLayer(
  parameterTable<PoissonSettings>("PoissonNLLLoss")(
    POISSON_NAMES,
    (logInput = true, full = false, sizeAverage?, eps = 1e-8, reduce?, reduction = "mean") => ({
      logInput,
      full,
      eps,
      reduction: reductionOf("PoissonNLLLoss", sizeAverage, reduce, reduction),
    }),
  ),
  {
    forward: ({ logInput, full, eps, reduction }, input: Tensor, target: Tensor) =>
      F.poissonNllLoss(input, target, { logInput, full, eps, reduction }),
  },
);
export type PoissonNLLLoss = InstanceType<typeof PoissonNLLLoss>;

/** What `GaussianNLLLoss` takes. */
export interface GaussianSettings extends Pick<ReducedSettings, "reduction"> {
  /** Whether the constant log(2 pi) / 2 is added. @default false */
  full?: boolean;
  /** Lower bound of the variances. @default 1e-6 */
  eps?: number;
}
/**
 * Negative log-likelihood of targets under normal distributions of given mean and variance.
 *
 * @example
 * ```ts
 * nn.GaussianNLLLoss()(tensor([0.5]), tensor([2.5]), tensor([4]).float()).item(); // 1.19315
 * ```
 */
export const GaussianNLLLoss = defineLayer(
  parameterTable<GaussianSettings>("GaussianNLLLoss")(
    ["full?:boolean", "eps?:number", "reduction?"],
    (full = false, eps = 1e-6, reduction = "mean") => ({
      full,
      eps,
      reduction: reductionOf("GaussianNLLLoss", null, null, reduction),
    }),
  ),
  {
    forward: ({ full, eps, reduction }, input: Tensor, target: Tensor, variance: Tensor) =>
      F.gaussianNllLoss(input, target, variance, { full, eps, reduction }),
  },
);
export type GaussianNLLLoss = InstanceType<typeof GaussianNLLLoss>;
