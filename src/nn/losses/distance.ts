/** Distances between vectors as layers. */
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";

export interface CosineSettings {
  dim: number;
  eps: number;
}
/**
 * Cosine of the angle between x1 and x2 along a dimension.
 *
 * @example
 * ```ts
 * nn.CosineSimilarity()(tensor([[1.5, 0]]), tensor([[1.5, 1.5]])).tolist(); // [0.70711]
 * ```
 */
export const CosineSimilarity = defineLayer<
  | [dim?: number, eps?: number]
  | [dim: number, options: { eps?: number }]
  | [options: Partial<CosineSettings>],
  CosineSettings
>("CosineSimilarity", ["dim?", "eps?"], {
  defaults: { dim: 1, eps: 1e-8 },
  forward: ({ dim, eps }, x1: Tensor, x2: Tensor) => F.cosineSimilarity(x1, x2, { dim, eps }),
});
export type CosineSimilarity = InstanceType<typeof CosineSimilarity>;

export interface PairwiseSettings {
  p: number;
  eps: number;
  keepdim: boolean;
}
/**
 * p-norm of x1 - x2 + eps along the last dimension.
 *
 * @example
 * ```ts
 * nn.PairwiseDistance()(tensor([[1.5, 2]]), zeros(1, 2)).tolist(); // [2.5000]
 * ```
 */
export const PairwiseDistance = defineLayer<
  | [p?: number, eps?: number, keepdim?: boolean]
  | [p: number, options: { eps?: number; keepdim?: boolean }]
  | [options: Partial<PairwiseSettings>],
  PairwiseSettings
>("PairwiseDistance", ["p?", "eps?", "keepdim?"], {
  defaults: { p: 2, eps: 1e-6, keepdim: false },
  forward: ({ p, eps, keepdim }, x1: Tensor, x2: Tensor) => F.pairwiseDistance(x1, x2, { p, eps, keepdim }),
});
export type PairwiseDistance = InstanceType<typeof PairwiseDistance>;
