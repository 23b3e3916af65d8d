import type { Attributes, TensorSpec } from "../../contract/engine.ts";

const CODES: Readonly<Record<string, number>> = { none: 0, relu: 1, sigmoid: 2, tanh: 3, relu6: 4 };

/** The code by which the binary knows an `activation` attribute; undefined for one it does not know. */
export function activationCode(attributes: Attributes): number | undefined {
  const name = attributes.activation;
  if (name === undefined || name === null) return 0;
  return typeof name === "string" ? CODES[name] : undefined;
}

/** Whether all are 32-bit floats with at least one element. */
export function allFloat32(...specs: readonly TensorSpec[]): boolean {
  return specs.every((spec) => spec.dtype === "float32" && spec.shape.every((size) => size > 0));
}
