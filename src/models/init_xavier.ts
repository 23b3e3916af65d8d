/** The chapter's initial values of weights. */
import * as nn from "../nn/index.ts";

/**
 * Draws the weights of all linear and convolution layers from Xavier's uniform distribution; biases keep the
 * framework's default, as in the book's `init_weights`.
 *
 * @returns the network.
 * @example
 * ```ts
 * const net = models.initXavier(models.lenet());
 * ```
 */
export function initXavier<M extends nn.Module>(net: M): M {
  net.apply((module) => {
    if (module instanceof nn.Linear || module instanceof nn.Conv2d) nn.init.xavierUniform_(module.weight);
  });
  return net;
}
