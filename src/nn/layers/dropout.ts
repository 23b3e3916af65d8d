/** Layers that silence a part of their input in training. */

import { ArgumentError } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";
import { py, pyFloat } from "../module/module_text.ts";

/** What the dropout layers take. */
export interface DropoutSettings {
  /** Probability of an element, or a channel, to become 0 in training. @default 0.5 */
  p?: number;
  /** Kept for the printed form: memory is planned, so nothing is gained by changing the input. @default false */
  inplace?: boolean;
}

function dropoutLayer(name: string, compute: (input: Tensor, p: number, training: boolean) => Tensor) {
  return defineLayer(
    parameterTable<DropoutSettings>(name)(["p?", "inplace?:boolean"], (p = 0.5, inplace = false) => {
      if (!(p >= 0 && p <= 1))
        throw new ArgumentError(`${name}: expected \`p\` to be a probability from 0 to 1, got ${String(p)}`);
      return { p, inplace };
    }),
    {
      forward: ({ p, training }, input: Tensor) => compute(input, p, training),
      describe: (s) => `p=${pyFloat(s.p)}, inplace=${py(s.inplace)}`,
    },
  );
}

/**
 * In training each element is 0 with probability p, and the others are divided by 1 - p.
 *
 * @param p - probability of 0 (default 0.5).
 * @example
 * ```ts
 * nn.Dropout({ p: 0.5 })(randn(8, 4096)).shape; // [8, 4096]
 * nn.Dropout(0.5).eval()(ones(2)).tolist(); // [1, 1]
 * ```
 */
export const Dropout = dropoutLayer("Dropout", (x, p, training) => F.dropout.direct(x, p, training));
export type Dropout = InstanceType<typeof Dropout>;
/**
 * Dropout of whole channels of [N, C, H, W].
 *
 * @example
 * ```ts
 * nn.Dropout2d(0.2)(randn(8, 3, 5, 5)).shape; // [8, 3, 5, 5]
 * ```
 */
export const Dropout2d = dropoutLayer("Dropout2d", (x, p, training) => F.dropout2d.direct(x, p, training));
export type Dropout2d = InstanceType<typeof Dropout2d>;
/**
 * Dropout of whole channels of [N, C, L].
 *
 * @example
 * ```ts
 * nn.Dropout1d(0.2)(randn(8, 3, 10)).shape; // [8, 3, 10]
 * ```
 */
export const Dropout1d = dropoutLayer("Dropout1d", (x, p, training) => F.dropout1d.direct(x, p, training));
export type Dropout1d = InstanceType<typeof Dropout1d>;
/**
 * Dropout of whole channels of [N, C, D, H, W].
 *
 * @example
 * ```ts
 * nn.Dropout3d(0.2)(randn(8, 3, 2, 5, 5)).shape; // [8, 3, 2, 5, 5]
 * ```
 */
export const Dropout3d = dropoutLayer("Dropout3d", (x, p, training) => F.dropout3d.direct(x, p, training));
export type Dropout3d = InstanceType<typeof Dropout3d>;
/**
 * Dropout that keeps mean and variance of what SELU gives.
 *
 * Source: G. Klambauer et al., "Self-normalizing neural networks", NIPS 2017.
 *
 * @example
 * ```ts
 * nn.AlphaDropout(0.1)(randn(8, 4)).shape; // [8, 4]
 * ```
 */
export const AlphaDropout = dropoutLayer("AlphaDropout", (x, p, training) =>
  F.alphaDropout.direct(x, p, training),
);
export type AlphaDropout = InstanceType<typeof AlphaDropout>;
/**
 * Alpha dropout of whole channels.
 *
 * @example
 * ```ts
 * nn.FeatureAlphaDropout(0.1)(randn(8, 3, 5, 5)).shape; // [8, 3, 5, 5]
 * ```
 */
export const FeatureAlphaDropout = dropoutLayer("FeatureAlphaDropout", (x, p, training) =>
  F.featureAlphaDropout.direct(x, p, training),
);
export type FeatureAlphaDropout = InstanceType<typeof FeatureAlphaDropout>;
