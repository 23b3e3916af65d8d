/** Distances between vectors as layers. */
import { parameterTable } from "../../base/params/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";

/** What `CosineSimilarity` takes. */
export interface CosineSimilaritySettings {
  /** The dimension of the vectors. @default 1 */
  dim?: number;
  /** Lower bound of the norms, against division by 0. @default 1e-8 */
  eps?: number;
}
/**
 * Cosine of the angle between x1 and x2 along a dimension.
 *
 * @example
 * ```ts
 * nn.CosineSimilarity()(tensor([[1.5, 0]]), tensor([[1.5, 1.5]])).tolist(); // [0.70711]
 * ```
 */
export const CosineSimilarity = defineLayer(
  parameterTable<CosineSimilaritySettings>("CosineSimilarity")(
    ["dim?", "eps?:number"],
    (dim = 1, eps = 1e-8) => ({
      dim,
      eps,
    }),
  ),
  { forward: ({ dim, eps }, x1: Tensor, x2: Tensor) => F.cosineSimilarity.direct(x1, x2, dim, eps) },
);
export type CosineSimilarity = InstanceType<typeof CosineSimilarity>;

/** What `PairwiseDistance` takes. */
export interface PairwiseSettings {
  /** The p of the p-norm. @default 2 */
  p?: number;
  /** Added to the differences. @default 1e-6 */
  eps?: number;
  /** Whether the last dimension stays, with size 1. @default false */
  keepdim?: boolean;
}
/**
 * p-norm of x1 - x2 + eps along the last dimension.
 *
 * @example
 * ```ts
 * nn.PairwiseDistance()(tensor([[1.5, 2]]), zeros(1, 2)).tolist(); // [2.5000]
 * ```
 */
export const PairwiseDistance = defineLayer(
  parameterTable<PairwiseSettings>("PairwiseDistance")(
    ["p?", "eps?:number", "keepdim?:boolean"],
    (p = 2, eps = 1e-6, keepdim = false) => ({ p, eps, keepdim }),
  ),
  {
    forward: ({ p, eps, keepdim }, x1: Tensor, x2: Tensor) =>
      F.pairwiseDistance.direct(x1, x2, p, eps, keepdim),
  },
);
export type PairwiseDistance = InstanceType<typeof PairwiseDistance>;
