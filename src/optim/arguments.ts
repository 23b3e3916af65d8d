/** Arguments that all optimisers take. */

import { ArgumentError } from "../base/errors.ts";
import { type ArgumentsOf, type ParameterTable, parameterTable } from "../base/params/arguments.ts";
import type { CheckedNames, Positional } from "../base/params/call_types.ts";
import type { ParametersInput } from "./param_groups.ts";

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

/** What every optimiser takes, beside its learning rate, whose default differs. */
export interface CommonSettings extends ImplementationSwitches {
  /** `net.parameters()`, or a list of groups `{ params, ...settings }` with settings of their own. */
  params: ParametersInput;
  /** Factor of the parameter that is added to its gradient. @default 0 */
  weightDecay?: number;
  /** Whether the objective is made larger instead of smaller. @default false */
  maximize?: boolean;
}

/** The switches' place in an optimiser's parameter table: at its end. */
const SWITCHES = [
  "foreach?:boolean|null",
  "fused?:boolean|null",
  "capturable?:boolean",
  "differentiable?:boolean",
] as const;
type Switches = typeof SWITCHES;
type SwitchArguments = [
  foreach?: boolean | null,
  fused?: boolean | null,
  capturable?: boolean,
  differentiable?: boolean,
];

/**
 * The parameter table of an optimiser: `parameterTable` with PyTorch's implementation switches at the end, which are
 * checked here and do not reach the function.
 */
export function optimizerTable<Doc extends ImplementationSwitches>(name: string) {
  type Own = Omit<Doc, keyof ImplementationSwitches>;
  return <const N extends readonly string[], P extends Positional<Own, N>, R>(
    names: N & CheckedNames<Own, N>,
    make: (...args: P) => R,
  ): ParameterTable<Doc, readonly [...N, ...Switches], [...P, ...SwitchArguments], R> => {
    const own = names as N;
    const makeOf = (...args: unknown[]): R => {
      const [, , , differentiable] = args.slice(own.length) as SwitchArguments;
      if (differentiable)
        throw new ArgumentError(
          `${name}: expected \`differentiable\` false; a step is not part of the tape here`,
        );
      return make(...(args.slice(0, own.length) as unknown as P));
    };
    const table = parameterTable<any>(name)([...own, ...SWITCHES] as never, makeOf as never);
    return table as unknown as ParameterTable<
      Doc,
      readonly [...N, ...Switches],
      [...P, ...SwitchArguments],
      R
    >;
  };
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
