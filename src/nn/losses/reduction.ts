/** What losses make of the losses of all elements. */
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What is made of the losses of all elements. */
export type Reduction = "mean" | "sum" | "none";
export const REDUCTIONS: readonly string[] = ["mean", "sum", "none"];

export interface ReducedSettings {
  /** How the losses of the examples become one: "mean", "sum" or "none". */
  reduction: Reduction;
}

/** PyTorch's former way to say `reduction`, still in its places among the positional arguments. */
export interface LegacySettings {
  sizeAverage?: boolean | null;
  reduce?: boolean | null;
}

export function checkReduction(name: string, allowed: readonly string[] = REDUCTIONS) {
  return (settings: ReducedSettings & LegacySettings) => {
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

export type LegacyArguments = [sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: Reduction];
export type ReductionArguments = LegacyArguments | [options: Partial<ReducedSettings & LegacySettings>];

export interface WeightedSettings extends ReducedSettings {
  weight: Tensor | null;
}

export type WeightedArguments = [
  weight?: Tensor | null,
  sizeAverage?: boolean | null,
  reduce?: boolean | null,
  reduction?: Reduction,
];
