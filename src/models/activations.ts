/** Activation layers by name, for networks whose activation can be chosen. */
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { shownText } from "../base/shown_value.ts";
import * as nn from "../nn/index.ts";

const ACTIVATIONS = {
  sigmoid: () => nn.Sigmoid(),
  tanh: () => nn.Tanh(),
  relu: () => nn.ReLU(),
  leakyRelu: () => nn.LeakyReLU(),
  elu: () => nn.ELU(),
  gelu: () => nn.GELU(),
  silu: () => nn.SiLU(),
} as const;

export type ActivationName = keyof typeof ACTIVATIONS;

/** Names that networks take as `activation`. */
export const ACTIVATION_NAMES = Object.keys(ACTIVATIONS) as ActivationName[];

/**
 * A new activation layer.
 *
 * @param of - the network that asks, for the message.
 * @throws ArgumentError for a name that does not exist.
 */
export function activationLayer(of: string, name: ActivationName): nn.Module {
  if (Object.hasOwn(ACTIVATIONS, name)) return ACTIVATIONS[name]();
  throw new ArgumentError(
    `${of}: unknown activation "${shownText(name)}"${didYouMean(String(name), ACTIVATION_NAMES)} ` +
      `(expected one of ${ACTIVATION_NAMES.join(", ")})`,
  );
}
