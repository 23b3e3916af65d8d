/**
 * The one binder of calls: every public function takes its leading arguments by position, in PyTorch's
 * order, and then at most one trailing object with the rest by name.
 *
 * A signature is a list of names: `"input"` must be given, `"bias?"` may be, `"*size"` collects the
 * remaining numbers (or one array of them), `"**indices"` what remains (and a lone array is one of them),
 * `"stateDict{}"` is itself a plain object and is therefore taken
 * by position and never for the trailing object. A colon adds what the argument must be (`"p?:number"`,
 * `"eps?:number|null"`, see `argument_kinds.ts`); without it, the function itself checks.
 */

import { isPlainObject } from "../builtin_kinds.ts";
import { ArgumentError, didYouMean } from "../errors.ts";
import { checkKind } from "./argument_kinds.ts";
import type { CallArguments, CheckedNames, OtherNames, Positional, WithoutFirst } from "./call_types.ts";

interface Parameter {
  readonly name: string;
  readonly optional: boolean;
  readonly variadic: boolean;
  /** Of a variadic one: whether a lone list is one argument instead of all of them. */
  readonly oneByOne: boolean;
  readonly takesObject: boolean;
  /** What it must be; undefined if the function itself checks. */
  readonly kind: string | undefined;
}

export interface Signature {
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

/** Arguments by name. Those that were not given are absent. */
export type BoundArguments = Record<string, any>;

/** Reads a signature's list of names. */
export function signature(name: string, parameters: readonly string[]): Signature {
  let read: readonly Parameter[] | undefined;
  return {
    name,
    // When the function is first called: the package defines 600, and a program calls a few.
    get parameters() {
      read ??= parameters.map(readParameter);
      return read;
    },
  };
}

function readParameter(annotated: string): Parameter {
  const [text, kind] = annotated.split(":");
  const variadic = text.startsWith("*");
  const optional = text.endsWith("?") || variadic;
  const takesObject = text.replace(/\?$/, "").endsWith("{}");
  const own = text.replace(/^\*+|\?$/g, "").replace(/\{\}$/, "");
  return { name: own, optional, variadic, oneByOne: text.startsWith("**"), takesObject, kind };
}

/**
 * The table of a call's parameters, and its arguments by position: what the table's function makes of them.
 * Callers give any form of the one rule; the function gets every argument by position.
 */
export interface ParameterTable<Doc, N extends readonly string[], P extends readonly unknown[], R> {
  readonly signature: Signature;
  /** The table's function, which takes the arguments by position. */
  make(...args: readonly unknown[]): R;
  /** @throws ArgumentError when the arguments do not fit. */
  bind(args: readonly unknown[]): R;
  /** Types only: every form of the call. */
  readonly forms?: CallArguments<Doc, N, P>;
}

/** Every form of a call by a table. */
export type ArgumentsOf<T> =
  T extends ParameterTable<infer Doc, infer N, infer P, unknown> ? CallArguments<Doc, N, P> : never;

/**
 * Makes the table of a call's parameters. Types, documentation and checks follow from three parts that the
 * compiler holds together: the interface (what each parameter is, documented), the list (order, which may be left
 * out, kinds; see `signature`) and the function (names and defaults as an editor shows them).
 *
 * ```ts
 * const LINEAR = parameterTable<LinearParameters>(*   "Linear")(
 *   ["inFeatures", "outFeatures", "bias?:boolean"],
 *   (inFeatures, outFeatures, bias = true) => ({ inFeatures, outFeatures, bias }),
 * );
 * ```
 */
export function parameterTable<Doc>(name: string) {
  return <const N extends readonly string[], P extends Positional<Doc, N>, R>(
    names: N & CheckedNames<Doc, N>,
    make: (...args: P) => R,
  ): ParameterTable<Doc, N, P, R> => {
    const of = signature(name, names as N);
    const makeOf = make as (...args: readonly unknown[]) => R;
    return { signature: of, make: makeOf, bind: (args) => makeOf(...bindPositional(of, args)) };
  };
}

/**
 * A table whose first parameter is given already: `LazyConv2d` is `Conv2d` without `inChannels`.
 */
export function withFirst<Doc, N extends readonly string[], P extends readonly unknown[], R>(
  table: ParameterTable<Doc, N, P, R>,
  name: string,
  first: P[0],
): ParameterTable<Doc, OtherNames<N>, WithoutFirst<P>, R> {
  const of = { name, parameters: table.signature.parameters.slice(1) };
  return { signature: of, make: table.make, bind: (args) => table.make(first, ...bindPositional(of, args)) };
}

/** The table of a call with the same parameters that makes something else of them. */
export function withMaker<Doc, N extends readonly string[], P extends readonly unknown[], R>(
  table: ParameterTable<Doc, N, P, unknown>,
  name: string,
  make: (...args: P) => R,
): ParameterTable<Doc, N, P, R> {
  const of = { ...table.signature, name };
  const makeOf = make as (...args: readonly unknown[]) => R;
  return { signature: of, make: makeOf, bind: (args) => makeOf(...bindPositional(of, args)) };
}

/** Sorts a call's arguments to their positions; undefined for those that were not given. */
export function bindPositional(of: Signature, args: readonly unknown[]): unknown[] {
  const bound = bindArguments(of, args);
  return of.parameters.map(({ name }) => bound[name]);
}

/** Sorts a call's arguments to their names; throws an ArgumentError if they do not fit the signature. */
export function bindArguments(of: Signature, args: readonly unknown[]): BoundArguments {
  const { parameters, name } = of;
  const bound: BoundArguments = {};
  const options = trailingOptions(parameters, args);
  const count = options === undefined ? args.length : givenCount(args) - 1;
  for (let i = 0; i < count; i++) {
    const parameter = parameters[i];
    if (parameter === undefined) throw tooMany(of, count);
    if (parameter.variadic) {
      const rest = args.slice(i, count);
      bound[parameter.name] = parameter.oneByOne ? rest : collect(rest);
      break;
    }
    if (args[i] !== undefined) bound[parameter.name] = args[i];
  }
  if (options !== undefined) bindOptions(of, options, bound);
  for (const parameter of parameters) {
    if (!parameter.optional && !(parameter.name in bound)) {
      throw new ArgumentError(
        `missing argument \`${parameter.name}\` of ${name}(${formatParameters(parameters)})`,
      );
    }
  }
  for (const { name: argument, kind } of parameters) {
    if (kind !== undefined && argument in bound) checkKind(name, argument, kind, bound[argument]);
  }
  return bound;
}

/** How many there are but for `undefined` at the end: `f(a, { b }, undefined)` is `f(a, { b })`. */
function givenCount(args: readonly unknown[]): number {
  let count = args.length;
  while (count > 0 && args[count - 1] === undefined) count--;
  return count;
}

function trailingOptions(
  parameters: readonly Parameter[],
  args: readonly unknown[],
): Record<string, unknown> | undefined {
  const count = givenCount(args);
  const last = args[count - 1];
  if (!isPlainObject(last)) return undefined;
  const own = parameters[count - 1];
  return own?.takesObject ? undefined : last;
}

function bindOptions(of: Signature, options: Record<string, unknown>, bound: BoundArguments): void {
  const names = of.parameters.map((p) => p.name);
  for (const key of Object.keys(options)) {
    if (!names.includes(key)) {
      throw new ArgumentError(
        `unknown argument \`${key}\` of ${of.name}${didYouMean(key, names)}` +
          ` (it takes ${formatParameters(of.parameters)})`,
      );
    }
    if (options[key] === undefined) continue;
    if (key in bound) throw new ArgumentError(`argument \`${key}\` of ${of.name} is given twice`);
    const { variadic } = of.parameters[names.indexOf(key)];
    bound[key] = variadic && typeof options[key] === "number" ? [options[key]] : options[key];
  }
}

function collect(rest: readonly unknown[]): unknown {
  return rest.length === 1 && Array.isArray(rest[0]) ? rest[0] : rest;
}

function tooMany(of: Signature, count: number): ArgumentError {
  return new ArgumentError(
    `${of.name} takes at most ${of.parameters.length} arguments by position, got ${count}` +
      ` (it takes ${formatParameters(of.parameters)})`,
  );
}

function formatParameters(parameters: readonly Parameter[]): string {
  return parameters
    .map((p) => `${p.variadic ? "..." : ""}${p.name}${p.optional && !p.variadic ? "?" : ""}`)
    .join(", ");
}
