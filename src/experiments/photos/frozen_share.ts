/** The lowest layers of a network, which stay as they are. */
import type { Module } from "../../nn/index.ts";

/** Freezes a share of the parameters' tensors, in order of definition; a head comes last and is never among them. */
export function freezeLowest(net: Module, share: number): void {
  const parameters = net.parameters();
  const count = Math.min(parameters.length - 2, Math.floor(share * parameters.length));
  for (const parameter of parameters.slice(0, Math.max(0, count))) parameter.requiresGrad_(false);
}
