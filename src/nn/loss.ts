/** Losses as layers. */
import { ArgumentError, didYouMean } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { defineLayer } from "./layer.ts";

/** What is made of the losses of all elements. */
export type Reduction = "mean" | "sum" | "none";
const REDUCTIONS: readonly string[] = ["mean", "sum", "none"];

interface Reduced {
  reduction: Reduction;
}

/** PyTorch's former way to say `reduction`, still in its places among the positional arguments. */
interface Legacy {
  sizeAverage?: boolean | null;
  reduce?: boolean | null;
}

function checkReduction(name: string, allowed: readonly string[] = REDUCTIONS) {
  return (settings: Reduced & Legacy) => {
    const { sizeAverage, reduce } = settings;
    if ((sizeAverage ?? null) !== null || (reduce ?? null) !== null) {
      settings.reduction = reduce === false ? "none" : sizeAverage === false ? "sum" : "mean";
    }
    const given = String(settings.reduction);
    if (!allowed.includes(given)) {
      throw new ArgumentError(
        `${name}: unknown reduction "${given}"${didYouMean(given, allowed)} (expected ${allowed.join(", ")})`,
      );
    }
  };
}

type LegacyArguments = [sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: Reduction];
type ReductionArguments = LegacyArguments | [options: Partial<Reduced & Legacy>];

/** (input - target)^2 */
export const MSELoss = defineLayer<ReductionArguments, Reduced>("MSELoss", ["sizeAverage?", "reduce?", "reduction?"], {
  defaults: { reduction: "mean" },
  prepare: checkReduction("MSELoss"),
  forward: ({ reduction }, input: Tensor, target: Tensor) => F.mseLoss(input, target, { reduction }),
});

/** |input - target| */
export const L1Loss = defineLayer<ReductionArguments, Reduced>("L1Loss", ["sizeAverage?", "reduce?", "reduction?"], {
  defaults: { reduction: "mean" },
  prepare: checkReduction("L1Loss"),
  forward: ({ reduction }, input: Tensor, target: Tensor) => F.l1Loss(input, target, { reduction }),
});

interface Beta extends Reduced {
  beta: number;
}
/** Squared below `beta`, linear above. */
export const SmoothL1Loss = defineLayer<
  [...LegacyArguments, beta?: number] | [options: Partial<Beta & Legacy>],
  Beta
>("SmoothL1Loss", ["sizeAverage?", "reduce?", "reduction?", "beta?"], {
  defaults: { reduction: "mean", beta: 1 },
  prepare: checkReduction("SmoothL1Loss"),
  forward: ({ reduction, beta }, input: Tensor, target: Tensor) => F.smoothL1Loss(input, target, { reduction, beta }),
});

interface Delta extends Reduced {
  delta: number;
}
/** d^2 / 2 where d = |input - target| is below `delta`, else delta (d - delta / 2). */
export const HuberLoss = defineLayer<
  [reduction?: Reduction, delta?: number] | [reduction: Reduction, options: { delta?: number }] | [options: Partial<Delta>],
  Delta
>("HuberLoss", ["reduction?", "delta?"], {
  defaults: { reduction: "mean", delta: 1 },
  prepare: checkReduction("HuberLoss"),
  forward: ({ reduction, delta }, input: Tensor, target: Tensor) => F.huberLoss(input, target, { reduction, delta }),
});

interface ClassLoss extends Reduced {
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

interface CrossEntropySettings extends ClassLoss {
  labelSmoothing: number;
}
/**
 * Cross-entropy between logits [N, C, ...] and class labels [N, ...] or probabilities [N, C, ...]: softmax,
 * logarithm and negative log-likelihood in one.
 *
 * @param labelSmoothing - share of the target that is spread over all classes.
 * @example
 * ```ts
 * const loss = nn.CrossEntropyLoss()(net(x), labels);
 * ```
 */
export const CrossEntropyLoss = defineLayer<
  | [...ClassArguments, labelSmoothing?: number]
  | [weight: Tensor | null, options: Partial<CrossEntropySettings & Legacy>]
  | [options: Partial<CrossEntropySettings & Legacy>],
  CrossEntropySettings
>("CrossEntropyLoss", [...CLASS_PARAMETERS, "labelSmoothing?"], {
  defaults: { weight: null, ignoreIndex: -100, reduction: "mean", labelSmoothing: 0 },
  prepare: checkReduction("CrossEntropyLoss"),
  forward: ({ weight, ignoreIndex, reduction, labelSmoothing }, input: Tensor, target: Tensor) =>
    F.crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing }),
});

/** Negative log-likelihood of class labels, from logarithms of probabilities. */
export const NLLLoss = defineLayer<
  ClassArguments | [weight: Tensor | null, options: Partial<ClassLoss & Legacy>] | [options: Partial<ClassLoss & Legacy>],
  ClassLoss
>("NLLLoss", CLASS_PARAMETERS, {
  defaults: { weight: null, ignoreIndex: -100, reduction: "mean" },
  prepare: checkReduction("NLLLoss"),
  forward: ({ weight, ignoreIndex, reduction }, input: Tensor, target: Tensor) =>
    F.nllLoss(input, target, { weight, ignoreIndex, reduction }),
});

interface Weighted extends Reduced {
  weight: Tensor | null;
}
type WeightedArguments = [
  weight?: Tensor | null,
  sizeAverage?: boolean | null,
  reduce?: boolean | null,
  reduction?: Reduction,
];

/** Binary cross-entropy of probabilities. */
export const BCELoss = defineLayer<
  WeightedArguments | [weight: Tensor | null, options: Partial<Reduced & Legacy>] | [options: Partial<Weighted & Legacy>],
  Weighted
>("BCELoss", ["weight?", "sizeAverage?", "reduce?", "reduction?"], {
  defaults: { weight: null, reduction: "mean" },
  prepare: checkReduction("BCELoss"),
  forward: ({ weight, reduction }, input: Tensor, target: Tensor) =>
    F.binaryCrossEntropy(input, target, { weight, reduction }),
});

interface WithLogits extends Weighted {
  /** A factor for the positive examples of each class. */
  posWeight: Tensor | null;
}
/** Binary cross-entropy of sigmoid(input), computed so that large inputs do not overflow. */
export const BCEWithLogitsLoss = defineLayer<
  | [...WeightedArguments, posWeight?: Tensor | null]
  | [weight: Tensor | null, options: Partial<WithLogits & Legacy>]
  | [options: Partial<WithLogits & Legacy>],
  WithLogits
>("BCEWithLogitsLoss", ["weight?", "sizeAverage?", "reduce?", "reduction?", "posWeight?"], {
  defaults: { weight: null, reduction: "mean", posWeight: null },
  prepare: checkReduction("BCEWithLogitsLoss"),
  forward: ({ weight, reduction, posWeight }, input: Tensor, target: Tensor) =>
    F.binaryCrossEntropyWithLogits(input, target, { weight, reduction, posWeight }),
});

interface Divergence {
  reduction: Reduction | "batchmean";
  logTarget: boolean;
}
/** Kullback-Leibler divergence: target (log target - input), input a logarithm of probabilities. */
export const KLDivLoss = defineLayer<
  | [sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: Divergence["reduction"], logTarget?: boolean]
  | [options: Partial<Divergence & Legacy>],
  Divergence
>("KLDivLoss", ["sizeAverage?", "reduce?", "reduction?", "logTarget?"], {
  defaults: { reduction: "mean", logTarget: false },
  prepare: checkReduction("KLDivLoss", [...REDUCTIONS, "batchmean"]) as (settings: Divergence) => void,
  forward: ({ reduction, logTarget }, input: Tensor, target: Tensor) => F.klDiv(input, target, { reduction, logTarget }),
});
