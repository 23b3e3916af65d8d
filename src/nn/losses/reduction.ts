/** What losses make of the losses of all elements. */

import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import type { Reduction } from "../../tensor/functions/nn/loss/reduction.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export type { Reduction };
export const REDUCTIONS = ["mean", "sum", "none"] as const;

/** PyTorch's former way to say `reduction`, still in its places among the positional arguments. */
export interface LegacySettings {
  /** Former way to say `reduction`: false for "sum". @default null */
  sizeAverage?: boolean | null;
  /** Former way to say `reduction`: false for "none". @default null */
  reduce?: boolean | null;
}

/** What the plain losses take. */
export interface ReducedSettings extends LegacySettings {
  /** What becomes of the losses of all elements: their "mean", their "sum", or all of them ("none"). @default "mean" */
  reduction?: Reduction;
}

/** What losses with a factor for each class or element take. */
export interface WeightedSettings extends ReducedSettings {
  /** Factors of the losses, broadcast against them; for class labels one for each class. @default null */
  weight?: Tensor | null;
}

/** @throws ArgumentError when there is no such reduction. */
export function reductionOf<R extends string = Reduction>(
  name: string,
  sizeAverage: boolean | null | undefined,
  reduce: boolean | null | undefined,
  reduction: R,
  allowed: readonly string[] = REDUCTIONS,
): R | Reduction {
  if (sizeAverage != null || reduce != null) {
    if (reduce === false) return "none";
    return sizeAverage === false ? "sum" : "mean";
  }
  const given = String(reduction);
  if (!allowed.includes(given)) {
    throw new ArgumentError(
      `${name}: unknown reduction "${given}"${didYouMean(given, allowed)} (expected ${allowed.join(", ")})`,
    );
  }
  return reduction;
}

/** The parameters of a plain loss. */
export const reducedTable = (name: string) =>
  parameterTable<ReducedSettings>(name)(
    ["sizeAverage?:boolean|null", "reduce?:boolean|null", "reduction?"],
    (sizeAverage?, reduce?, reduction = "mean") => ({
      reduction: reductionOf(name, sizeAverage, reduce, reduction),
    }),
  );

/** The parameters of a loss with a factor for each class. */
export const weightedTable = (name: string) =>
  parameterTable<WeightedSettings>(name)(
    ["weight?", "sizeAverage?:boolean|null", "reduce?:boolean|null", "reduction?"],
    (weight = null, sizeAverage?, reduce?, reduction = "mean") => ({
      weight,
      reduction: reductionOf(name, sizeAverage, reduce, reduction),
    }),
  );
