/** Layers that silence a part of their input in training. */
import { ArgumentError } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { defineLayer } from "./layer.ts";
import { py, pyFloat } from "./module_text.ts";

export interface DropoutSettings {
  /** Probability of silence. */
  p: number;
  inplace: boolean;
}
type DropoutArguments =
  | [p?: number, inplace?: boolean]
  | [p: number, options: { inplace?: boolean }]
  | [options: Partial<DropoutSettings>];

function dropoutLayer(name: string, compute: (input: Tensor, p: number, training: boolean) => Tensor) {
  return defineLayer<DropoutArguments, DropoutSettings>(name, ["p?", "inplace?"], {
    defaults: { p: 0.5, inplace: false },
    prepare: ({ p }) => {
      if (!(p >= 0 && p <= 1))
        throw new ArgumentError(`${name}: expected \`p\` to be a probability from 0 to 1, got ${String(p)}`);
    },
    forward: ({ p, training }, input: Tensor) => compute(input, p, training),
    describe: (s) => `p=${pyFloat(s.p)}, inplace=${py(s.inplace)}`,
  });
}

/** In training each element is 0 with probability p, and the others are divided by 1 - p. */
export const Dropout = dropoutLayer("Dropout", (x, p, training) => F.dropout(x, p, training));
export type Dropout = InstanceType<typeof Dropout>;
/** Dropout of whole channels of [N, C, H, W]. */
export const Dropout2d = dropoutLayer("Dropout2d", (x, p, training) => F.dropout2d(x, p, training));
export type Dropout2d = InstanceType<typeof Dropout2d>;
/** Dropout of whole channels of [N, C, L]. */
export const Dropout1d = dropoutLayer("Dropout1d", (x, p, training) => F.dropout1d(x, p, training));
export type Dropout1d = InstanceType<typeof Dropout1d>;
/** Dropout of whole channels of [N, C, D, H, W]. */
export const Dropout3d = dropoutLayer("Dropout3d", (x, p, training) => F.dropout3d(x, p, training));
export type Dropout3d = InstanceType<typeof Dropout3d>;
/**
 * Dropout that keeps mean and variance of what SELU gives.
 *
 * Source: G. Klambauer et al., "Self-normalizing neural networks", NIPS 2017.
 */
export const AlphaDropout = dropoutLayer("AlphaDropout", (x, p, training) => F.alphaDropout(x, p, training));
export type AlphaDropout = InstanceType<typeof AlphaDropout>;
/** Alpha dropout of whole channels. */
export const FeatureAlphaDropout = dropoutLayer("FeatureAlphaDropout", (x, p, training) =>
  F.featureAlphaDropout(x, p, training),
);
export type FeatureAlphaDropout = InstanceType<typeof FeatureAlphaDropout>;
