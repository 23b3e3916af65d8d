/** Stochastic depth: in training a residual branch is left out at random. */
import { ArgumentError } from "../../base/errors.ts";
import { parameterTable } from "../../base/params/arguments.ts";
import { shownValue } from "../../base/shown_value.ts";
import { dropout } from "../../nn/functional.ts";
import { defineLayer } from "../../nn/module/layer.ts";
import { py } from "../../nn/module/module_text.ts";
import { ones } from "../../tensor/filled.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What `StochasticDepth` takes. */
export interface StochasticDepthSettings {
  /** Probability that the branch is left out in training. */
  p: number;
  /** Whether each example draws for itself (`"row"`), or the batch draws once. */
  mode: "row" | "batch";
}

const STOCHASTIC_DEPTH = parameterTable<StochasticDepthSettings>("StochasticDepth")(
  ["p:number", "mode"],
  (p, mode) => {
    if (!(p >= 0 && p <= 1))
      throw new ArgumentError(
        `StochasticDepth: expected \`p\` to be a probability from 0 to 1, got ${shownValue(p)}`,
      );
    if (mode !== "row" && mode !== "batch")
      throw new ArgumentError(
        `StochasticDepth: expected \`mode\` to be "row" or "batch", got ${shownValue(mode)}`,
      );
    return { p, mode };
  },
);

/**
 * In training 0 with probability p, else the input over 1 - p; in use the input.
 *
 * Source: G. Huang et al., "Deep networks with stochastic depth", ECCV 2016, section 3.
 *
 * @throws ArgumentError for a probability outside [0, 1] or another mode.
 * @example
 * ```ts
 * models.torchvision.StochasticDepth(0.2, "row")(randn(8, 4, 5, 5)).shape; // [8, 4, 5, 5]
 * models.torchvision.StochasticDepth(1, "batch")(ones(2, 1)).tolist(); // [[0], [0]]
 * ```
 */
export const StochasticDepth = defineLayer(STOCHASTIC_DEPTH, {
  forward: ({ p, mode, training }, input: Tensor) => {
    if (!training || p === 0) return input;
    const shape = input.shape.map((size, i) => (i === 0 && mode === "row" ? size : 1));
    return input.mul(dropout(ones(shape, { dtype: input.dtype }), p));
  },
  describe: (s) => `p=${py(s.p)}, mode=${s.mode}`,
});
export type StochasticDepth = InstanceType<typeof StochasticDepth>;
