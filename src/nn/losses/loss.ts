/** Losses as layers. */
import { parameterTable } from "../../base/params/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import {
  type LegacySettings,
  REDUCTIONS,
  type ReducedSettings,
  type Reduction,
  reducedTable,
  reductionOf,
  type WeightedSettings,
  weightedTable,
} from "./reduction.ts";

/**
 * Mean of (input - target)^2.
 *
 * @example
 * ```ts
 * nn.MSELoss()(tensor([0.5, 2]), tensor([0.5, 5])).item(); // 4.5
 * ```
 */
export const MSELoss = defineLayer(reducedTable("MSELoss"), {
  forward: ({ reduction }, input: Tensor, target: Tensor) => F.mseLoss(input, target, { reduction }),
});
export type MSELoss = InstanceType<typeof MSELoss>;

/**
 * Mean of |input - target|.
 *
 * @example
 * ```ts
 * nn.L1Loss({ reduction: "sum" })(tensor([0.5, 2]), tensor([0.5, 5])).item(); // 3
 * ```
 */
export const L1Loss = defineLayer(reducedTable("L1Loss"), {
  forward: ({ reduction }, input: Tensor, target: Tensor) => F.l1Loss(input, target, { reduction }),
});
export type L1Loss = InstanceType<typeof L1Loss>;

/** What `SmoothL1Loss` takes. */
export interface BetaSettings extends ReducedSettings {
  /** Distance from which on the loss is linear. @default 1 */
  beta?: number;
}
/**
 * Squared below `beta`, linear above.
 *
 * @example
 * ```ts
 * nn.SmoothL1Loss()(tensor([0.5, 2]), tensor([1.5, 5])).item(); // 1.5
 * ```
 */
export const SmoothL1Loss = defineLayer(
  parameterTable<BetaSettings>("SmoothL1Loss")(
    ["sizeAverage?:boolean|null", "reduce?:boolean|null", "reduction?", "beta?:number"],
    (sizeAverage?, reduce?, reduction = "mean", beta = 1) => ({
      beta,
      reduction: reductionOf("SmoothL1Loss", sizeAverage, reduce, reduction),
    }),
  ),
  {
    forward: ({ reduction, beta }, input: Tensor, target: Tensor) =>
      F.smoothL1Loss(input, target, { reduction, beta }),
  },
);
export type SmoothL1Loss = InstanceType<typeof SmoothL1Loss>;

/** What `HuberLoss` takes. */
export interface DeltaSettings extends Pick<ReducedSettings, "reduction"> {
  /** Distance from which on the loss is linear. @default 1 */
  delta?: number;
}
/**
 * d^2 / 2 if d = |input - target| is below `delta`, else delta (d - delta / 2).
 *
 * @example
 * ```ts
 * nn.HuberLoss({ delta: 2 })(tensor([0.5, 2]), tensor([1.5, 5])).item(); // 2.25
 * ```
 */
export const HuberLoss = defineLayer(
  parameterTable<DeltaSettings>("HuberLoss")(
    ["reduction?", "delta?:number"],
    (reduction = "mean", delta = 1) => ({
      delta,
      reduction: reductionOf("HuberLoss", null, null, reduction),
    }),
  ),
  {
    forward: ({ reduction, delta }, input: Tensor, target: Tensor) =>
      F.huberLoss(input, target, { reduction, delta }),
  },
);
export type HuberLoss = InstanceType<typeof HuberLoss>;

/** What `NLLLoss` takes. */
export interface ClassLossSettings extends ReducedSettings {
  /** A factor for each class, [C]. @default null */
  weight?: Tensor | null;
  /** Targets with this label count for nothing. @default -100 */
  ignoreIndex?: number;
}

/** What `CrossEntropyLoss` takes. */
export interface CrossEntropySettings extends ClassLossSettings {
  /** Share of each label, 0 to 1, that is spread over all classes. @default 0 */
  labelSmoothing?: number;
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
export const CrossEntropyLoss = defineLayer(
  parameterTable<CrossEntropySettings>("CrossEntropyLoss")(
    [
      "weight?",
      "sizeAverage?:boolean|null",
      "ignoreIndex?:integer",
      "reduce?:boolean|null",
      "reduction?",
      "labelSmoothing?:number",
    ],
    (weight = null, sizeAverage?, ignoreIndex = -100, reduce?, reduction = "mean", labelSmoothing = 0) => ({
      weight,
      ignoreIndex,
      labelSmoothing,
      reduction: reductionOf("CrossEntropyLoss", sizeAverage, reduce, reduction),
    }),
  ),
  {
    buffers: ["weight"],
    forward: ({ weight, ignoreIndex, reduction, labelSmoothing }, input: Tensor, target: Tensor) =>
      F.crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing }),
  },
);
export type CrossEntropyLoss = InstanceType<typeof CrossEntropyLoss>;

/**
 * Negative log-likelihood of class labels, from logarithms of probabilities.
 *
 * @example
 * ```ts
 * nn.NLLLoss()(logSoftmax(net(x), 1), y).shape; // []
 * ```
 */
export const NLLLoss = defineLayer(
  parameterTable<ClassLossSettings>("NLLLoss")(
    ["weight?", "sizeAverage?:boolean|null", "ignoreIndex?:integer", "reduce?:boolean|null", "reduction?"],
    (weight = null, sizeAverage?, ignoreIndex = -100, reduce?, reduction = "mean") => ({
      weight,
      ignoreIndex,
      reduction: reductionOf("NLLLoss", sizeAverage, reduce, reduction),
    }),
  ),
  {
    buffers: ["weight"],
    forward: ({ weight, ignoreIndex, reduction }, input: Tensor, target: Tensor) =>
      F.nllLoss(input, target, { weight, ignoreIndex, reduction }),
  },
);
export type NLLLoss = InstanceType<typeof NLLLoss>;

/**
 * Binary cross-entropy of probabilities.
 *
 * @example
 * ```ts
 * nn.BCELoss()(tensor([0.9, 0.2]), tensor([1, 0]).float()).item(); // 0.16425
 * ```
 */
export const BCELoss = defineLayer(weightedTable("BCELoss"), {
  buffers: ["weight"],
  forward: ({ weight, reduction }, input: Tensor, target: Tensor) =>
    F.binaryCrossEntropy(input, target, { weight, reduction }),
});
export type BCELoss = InstanceType<typeof BCELoss>;

/** What `BCEWithLogitsLoss` takes. */
export interface WithLogitsSettings extends WeightedSettings {
  /** A factor for the positive examples of each class. @default null */
  posWeight?: Tensor | null;
}
/**
 * Binary cross-entropy of sigmoid(input), computed so that large inputs do not overflow.
 *
 * @example
 * ```ts
 * nn.BCEWithLogitsLoss()(tensor([1.5, -0.5]), tensor([1, 0]).float()).item(); // 0.33775
 * ```
 */
export const BCEWithLogitsLoss = defineLayer(
  parameterTable<WithLogitsSettings>("BCEWithLogitsLoss")(
    ["weight?", "sizeAverage?:boolean|null", "reduce?:boolean|null", "reduction?", "posWeight?"],
    (weight = null, sizeAverage?, reduce?, reduction = "mean", posWeight = null) => ({
      weight,
      posWeight,
      reduction: reductionOf("BCEWithLogitsLoss", sizeAverage, reduce, reduction),
    }),
  ),
  {
    buffers: ["weight", "pos_weight"],
    forward: ({ weight, reduction, posWeight }, input: Tensor, target: Tensor) =>
      F.binaryCrossEntropyWithLogits(input, target, { weight, reduction, posWeight }),
  },
);
export type BCEWithLogitsLoss = InstanceType<typeof BCEWithLogitsLoss>;

/** What `KLDivLoss` takes. */
export interface DivergenceSettings extends LegacySettings {
  /** What becomes of the losses of all elements: their "mean", their "sum", their sum over the number of examples ("batchmean"), or all of them ("none"). @default "mean" */
  reduction?: Reduction | "batchmean";
  /** Whether the targets are logarithms, as the inputs are. @default false */
  logTarget?: boolean;
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
export const KLDivLoss = defineLayer(
  parameterTable<DivergenceSettings>("KLDivLoss")(
    ["sizeAverage?:boolean|null", "reduce?:boolean|null", "reduction?", "logTarget?:boolean"],
    (sizeAverage?, reduce?, reduction = "mean", logTarget = false) => ({
      logTarget,
      reduction: reductionOf("KLDivLoss", sizeAverage, reduce, reduction, [...REDUCTIONS, "batchmean"]),
    }),
  ),
  {
    forward: ({ reduction, logTarget }, input: Tensor, target: Tensor) =>
      F.klDiv(input, target, { reduction, logTarget }),
  },
);
export type KLDivLoss = InstanceType<typeof KLDivLoss>;
