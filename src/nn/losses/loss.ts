/** Losses as layers. */
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import {
  checkReduction,
  type LegacyArguments,
  type LegacySettings,
  REDUCTIONS,
  type ReducedSettings,
  type Reduction,
  type ReductionArguments,
  type WeightedArguments,
  type WeightedSettings,
} from "./reduction.ts";

/**
 * Mean of (input - target)^2.
 *
 * @example
 * ```ts
 * nn.MSELoss()(tensor([0.5, 2]), tensor([0.5, 5])).item(); // 4.5
 * ```
 */
export const MSELoss = defineLayer<ReductionArguments, ReducedSettings>(
  "MSELoss",
  ["sizeAverage?", "reduce?", "reduction?"],
  {
    defaults: { reduction: "mean" },
    prepare: checkReduction("MSELoss"),
    forward: ({ reduction }, input: Tensor, target: Tensor) => F.mseLoss(input, target, { reduction }),
  },
);
export type MSELoss = InstanceType<typeof MSELoss>;

/**
 * Mean of |input - target|.
 *
 * @example
 * ```ts
 * nn.L1Loss({ reduction: "sum" })(tensor([0.5, 2]), tensor([0.5, 5])).item(); // 3
 * ```
 */
export const L1Loss = defineLayer<ReductionArguments, ReducedSettings>(
  "L1Loss",
  ["sizeAverage?", "reduce?", "reduction?"],
  {
    defaults: { reduction: "mean" },
    prepare: checkReduction("L1Loss"),
    forward: ({ reduction }, input: Tensor, target: Tensor) => F.l1Loss(input, target, { reduction }),
  },
);
export type L1Loss = InstanceType<typeof L1Loss>;

export interface BetaSettings extends ReducedSettings {
  beta: number;
}
/**
 * Squared below `beta`, linear above.
 *
 * @example
 * ```ts
 * nn.SmoothL1Loss()(tensor([0.5, 2]), tensor([1.5, 5])).item(); // 1.5
 * ```
 */
export const SmoothL1Loss = defineLayer<
  [...LegacyArguments, beta?: number] | [options: Partial<BetaSettings & LegacySettings>],
  BetaSettings
>("SmoothL1Loss", ["sizeAverage?", "reduce?", "reduction?", "beta?"], {
  defaults: { reduction: "mean", beta: 1 },
  prepare: checkReduction("SmoothL1Loss"),
  forward: ({ reduction, beta }, input: Tensor, target: Tensor) =>
    F.smoothL1Loss(input, target, { reduction, beta }),
});
export type SmoothL1Loss = InstanceType<typeof SmoothL1Loss>;

export interface DeltaSettings extends ReducedSettings {
  delta: number;
}
/**
 * d^2 / 2 where d = |input - target| is below `delta`, else delta (d - delta / 2).
 *
 * @example
 * ```ts
 * nn.HuberLoss({ delta: 2 })(tensor([0.5, 2]), tensor([1.5, 5])).item(); // 2.25
 * ```
 */
export const HuberLoss = defineLayer<
  | [reduction?: Reduction, delta?: number]
  | [reduction: Reduction, options: { delta?: number }]
  | [options: Partial<DeltaSettings>],
  DeltaSettings
>("HuberLoss", ["reduction?", "delta?"], {
  defaults: { reduction: "mean", delta: 1 },
  prepare: checkReduction("HuberLoss"),
  forward: ({ reduction, delta }, input: Tensor, target: Tensor) =>
    F.huberLoss(input, target, { reduction, delta }),
});
export type HuberLoss = InstanceType<typeof HuberLoss>;

export interface ClassLossSettings extends ReducedSettings {
  /** A factor for each class. */
  weight: Tensor | null;
  /** Targets with this label count for nothing. */
  ignoreIndex: number;
}
type ClassArguments = [
  weight?: Tensor | null,
  sizeAverage?: boolean | null,
  ignoreIndex?: number,
  reduce?: boolean | null,
  reduction?: Reduction,
];
const CLASS_PARAMETERS = ["weight?", "sizeAverage?", "ignoreIndex?", "reduce?", "reduction?"];

export interface CrossEntropySettings extends ClassLossSettings {
  /** Share of each label that is spread over all classes. */
  labelSmoothing: number;
}
/**
 * Cross-entropy between logits [N, C, ...] and class labels [N, ...] or probabilities [N, C, ...]: softmax,
 * logarithm and negative log-likelihood in one.
 *
 * @param labelSmoothing - share of the target that is spread over all classes.
 * @example
 * ```ts
 * const loss = nn.CrossEntropyLoss({ labelSmoothing: 0.1 })(net(x), y);
 * loss.backward();
 * ```
 */
export const CrossEntropyLoss = defineLayer<
  | [...ClassArguments, labelSmoothing?: number]
  | [weight: Tensor | null, options: Partial<CrossEntropySettings & LegacySettings>]
  | [options: Partial<CrossEntropySettings & LegacySettings>],
  CrossEntropySettings
>("CrossEntropyLoss", [...CLASS_PARAMETERS, "labelSmoothing?"], {
  defaults: { weight: null, ignoreIndex: -100, reduction: "mean", labelSmoothing: 0 },
  buffers: ["weight"],
  prepare: checkReduction("CrossEntropyLoss"),
  forward: ({ weight, ignoreIndex, reduction, labelSmoothing }, input: Tensor, target: Tensor) =>
    F.crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing }),
});
export type CrossEntropyLoss = InstanceType<typeof CrossEntropyLoss>;

/**
 * Negative log-likelihood of class labels, from logarithms of probabilities.
 *
 * @example
 * ```ts
 * nn.NLLLoss()(logSoftmax(net(x), 1), y).shape; // []
 * ```
 */
export const NLLLoss = defineLayer<
  | ClassArguments
  | [weight: Tensor | null, options: Partial<ClassLossSettings & LegacySettings>]
  | [options: Partial<ClassLossSettings & LegacySettings>],
  ClassLossSettings
>("NLLLoss", CLASS_PARAMETERS, {
  defaults: { weight: null, ignoreIndex: -100, reduction: "mean" },
  buffers: ["weight"],
  prepare: checkReduction("NLLLoss"),
  forward: ({ weight, ignoreIndex, reduction }, input: Tensor, target: Tensor) =>
    F.nllLoss(input, target, { weight, ignoreIndex, reduction }),
});
export type NLLLoss = InstanceType<typeof NLLLoss>;

/**
 * Binary cross-entropy of probabilities.
 *
 * @example
 * ```ts
 * nn.BCELoss()(tensor([0.9, 0.2]), tensor([1, 0]).float()).item(); // 0.16425
 * ```
 */
export const BCELoss = defineLayer<
  | WeightedArguments
  | [weight: Tensor | null, options: Partial<ReducedSettings & LegacySettings>]
  | [options: Partial<WeightedSettings & LegacySettings>],
  WeightedSettings
>("BCELoss", ["weight?", "sizeAverage?", "reduce?", "reduction?"], {
  defaults: { weight: null, reduction: "mean" },
  buffers: ["weight"],
  prepare: checkReduction("BCELoss"),
  forward: ({ weight, reduction }, input: Tensor, target: Tensor) =>
    F.binaryCrossEntropy(input, target, { weight, reduction }),
});
export type BCELoss = InstanceType<typeof BCELoss>;

export interface WithLogitsSettings extends WeightedSettings {
  /** A factor for the positive examples of each class. */
  posWeight: Tensor | null;
}
/**
 * Binary cross-entropy of sigmoid(input), computed so that large inputs do not overflow.
 *
 * @example
 * ```ts
 * nn.BCEWithLogitsLoss()(tensor([1.5, -0.5]), tensor([1, 0]).float()).item(); // 0.33775
 * ```
 */
export const BCEWithLogitsLoss = defineLayer<
  | [...WeightedArguments, posWeight?: Tensor | null]
  | [weight: Tensor | null, options: Partial<WithLogitsSettings & LegacySettings>]
  | [options: Partial<WithLogitsSettings & LegacySettings>],
  WithLogitsSettings
>("BCEWithLogitsLoss", ["weight?", "sizeAverage?", "reduce?", "reduction?", "posWeight?"], {
  defaults: { weight: null, reduction: "mean", posWeight: null },
  buffers: ["weight", "pos_weight"],
  prepare: checkReduction("BCEWithLogitsLoss"),
  forward: ({ weight, reduction, posWeight }, input: Tensor, target: Tensor) =>
    F.binaryCrossEntropyWithLogits(input, target, { weight, reduction, posWeight }),
});
export type BCEWithLogitsLoss = InstanceType<typeof BCEWithLogitsLoss>;

export interface DivergenceSettings {
  reduction: Reduction | "batchmean";
  logTarget: boolean;
}
/**
 * Kullback-Leibler divergence: target (log target - input), input a logarithm of probabilities.
 *
 * @example
 * ```ts
 * const p = softmax(randn(8, 3), 1);
 * nn.KLDivLoss({ reduction: "batchmean" })(p.log(), p).item(); // 0.0000
 * ```
 */
export const KLDivLoss = defineLayer<
  | [
      sizeAverage?: boolean | null,
      reduce?: boolean | null,
      reduction?: DivergenceSettings["reduction"],
      logTarget?: boolean,
    ]
  | [options: Partial<DivergenceSettings & LegacySettings>],
  DivergenceSettings
>("KLDivLoss", ["sizeAverage?", "reduce?", "reduction?", "logTarget?"], {
  defaults: { reduction: "mean", logTarget: false },
  prepare: checkReduction("KLDivLoss", [...REDUCTIONS, "batchmean"]) as (
    settings: DivergenceSettings,
  ) => void,
  forward: ({ reduction, logTarget }, input: Tensor, target: Tensor) =>
    F.klDiv(input, target, { reduction, logTarget }),
});
export type KLDivLoss = InstanceType<typeof KLDivLoss>;
