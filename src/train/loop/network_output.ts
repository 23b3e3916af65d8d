/** What a network gives for a batch: its output, and in training perhaps those of auxiliary classifiers. */
import { isHalf } from "../../base/dtype.ts";
import type { Module } from "../../nn/index.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** The weight of an auxiliary classifier's loss, as in Szegedy et al., "Going deeper with convolutions", section 5. */
const AUXILIARY_WEIGHT = 0.3;

/** What a network gives for a batch. */
export interface NetworkOutputs {
  readonly output: Tensor;
  /** Those of auxiliary classifiers. */
  readonly auxiliary: readonly Tensor[];
}

/**
 * The network's outputs: 32-bit numbers, whatever its last layer computes in, for losses and metrics to count with.
 * An object `{ logits, auxLogits1, auxLogits2 }`, as torchvision's GoogLeNet gives in training, has auxiliary ones.
 */
export function outputsOf(net: Module, x: Tensor): NetworkOutputs {
  const widened = (output: Tensor) =>
    isHalf(output.dtype) && !isHalf(x.dtype) ? output.to("float32") : output;
  const given: unknown = net(x);
  if (given instanceof Tensor) return { output: widened(given), auxiliary: [] };
  const { logits, ...others } = (given ?? {}) as Record<string, unknown>;
  const auxiliary = Object.entries(others).flatMap(([name, value]) =>
    name.startsWith("auxLogits") && value instanceof Tensor ? [widened(value)] : [],
  );
  // Anything else is the loss's business.
  return { output: logits instanceof Tensor ? widened(logits) : (given as Tensor), auxiliary };
}

/** The output alone. */
export function outputOf(net: Module, x: Tensor): Tensor {
  return outputsOf(net, x).output;
}

/** The output's loss, and 0.3 of each auxiliary classifier's. */
export function lossOf(
  loss: (output: Tensor, target: Tensor) => Tensor,
  { output, auxiliary }: NetworkOutputs,
  target: Tensor,
): Tensor {
  return auxiliary.reduce(
    (sum, own) => sum.add(loss(own, target).mul(AUXILIARY_WEIGHT)),
    loss(output, target),
  );
}
