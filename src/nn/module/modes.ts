/** Training and evaluation mode, which every module has for itself. */
import type { Module } from "./module.ts";

/**
 * Remembers the mode of every module of a network.
 *
 * @returns what puts each module back into its own mode, whatever has been set in the meantime.
 */
export function keepModes(net: Module): () => void {
  const { training } = net;
  const modes = net.modules().map((module) => [module, module.training] as const);
  return () => {
    // An overridden train() may also set modules that are not in the tree.
    net.train(training);
    for (const [module, mode] of modes) module.training = mode;
  };
}
