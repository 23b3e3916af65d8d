/** Arguments that all optimisers take. */
import { type BoundArguments, bindArguments, type Signature, signature } from "../base/arguments.ts";
import { ArgumentError } from "../base/errors.ts";

/** Switches between PyTorch's own implementations of a step. They are taken, and change nothing here. */
export interface ImplementationSwitches {
  foreach?: boolean | null;
  fused?: boolean | null;
  capturable?: boolean;
  /** Only false: a step is not part of the tape. */
  differentiable?: boolean;
}

const SWITCHES = ["foreach?:flag|null", "fused?:flag|null", "capturable?:flag", "differentiable?:flag"];

/** An optimiser's signature: its own parameters and the switches. */
export function optimizerSignature(name: string, parameters: readonly string[]): Signature {
  return signature(name, [...parameters, ...SWITCHES]);
}

/** An optimiser's arguments without the switches. */
export function bindOptimizer(of: Signature, args: readonly unknown[]): BoundArguments {
  const {
    foreach: _foreach,
    fused: _fused,
    capturable: _capturable,
    differentiable,
    ...own
  } = bindArguments(of, args);
  if (differentiable) {
    throw new ArgumentError(
      `${of.name}: expected \`differentiable\` false; a step is not part of the tape here`,
    );
  }
  return own;
}
