/** Arguments that all optimisers take. */

import { ArgumentError } from "../base/errors.ts";
import type { ArgumentsOf } from "../base/params/arguments.ts";

/** Switches between PyTorch's own implementations of a step. They are taken, and change nothing here. */
export interface ImplementationSwitches {
  /** PyTorch's implementation that goes over all parameters at once: changes nothing here. @default null */
  foreach?: boolean | null;
  /** PyTorch's implementation in one kernel: changes nothing here, a step is one program anyway. @default null */
  fused?: boolean | null;
  /** Whether PyTorch may record the step in a CUDA graph: changes nothing here. @default false */
  capturable?: boolean;
  /** Only false: a step is not part of the tape. @default false */
  differentiable?: boolean;
}

/** The switches' place in a parameter table: at its end. */
export const SWITCHES = [
  "foreach?:boolean|null",
  "fused?:boolean|null",
  "capturable?:boolean",
  "differentiable?:boolean",
] as const;

/** @throws ArgumentError for what is not possible here. */
export function checkSwitches(
  of: string,
  [_foreach, _fused, _capturable, differentiable]: readonly [
    foreach?: boolean | null,
    fused?: boolean | null,
    capturable?: boolean,
    differentiable?: boolean,
  ],
): void {
  if (!differentiable) return;
  throw new ArgumentError(`${of}: expected \`differentiable\` false; a step is not part of the tape here`);
}

/**
 * What an optimiser takes behind its first argument. The first one is a parameter of its own, so that the compiler
 * lets a program call the one of several optimisers that it has chosen.
 */
export type BehindParameters<T extends { readonly forms?: readonly unknown[] }> =
  ArgumentsOf<T> extends infer Form
    ? Form extends readonly [unknown, ...infer Rest extends readonly unknown[]]
      ? Rest
      : never
    : never;

/** An optimiser's class, called with or without `new`. */
export type OptimizerClass<C> = C &
  (C extends abstract new (
    first: infer First,
    ...rest: infer Rest extends readonly unknown[]
  ) => infer Instance
    ? (first: First, ...rest: Rest) => Instance
    : never);
