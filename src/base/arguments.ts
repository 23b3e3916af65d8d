/**
 * The one binder of calls: every public function takes its leading arguments by position, in PyTorch's
 * order, and then at most one trailing object with the rest by name.
 *
 * A signature is a list of names: `"input"` must be given, `"bias?"` may be, `"*size"` collects the
 * remaining numbers (or one array of them), `"stateDict{}"` is itself a plain object and is therefore taken
 * by position and never for the trailing object. A colon adds what the argument must be (`"p?:number"`,
 * `"eps?:number|null"`); without it, the name decides (see `argument_kinds.ts`).
 */
import { checkKind, kindOfName } from "./argument_kinds.ts";
import { ArgumentError, didYouMean } from "./errors.ts";

interface Parameter {
  readonly name: string;
  readonly optional: boolean;
  readonly variadic: boolean;
  readonly takesObject: boolean;
  /** What it must be; undefined where the function itself checks. */
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
  return {
    name,
    parameters: parameters.map((annotated) => {
      const [text, kind] = annotated.split(":");
      const variadic = text.startsWith("*");
      const optional = text.endsWith("?") || variadic;
      const takesObject = text.replace(/\?$/, "").endsWith("{}");
      const own = text.replace(/^\*|\?$/g, "").replace(/\{\}$/, "");
      return { name: own, optional, variadic, takesObject, kind: kind ?? kindOfName(own) };
    }),
  };
}

/** Sorts a call's arguments to their names; throws an ArgumentError where they do not fit the signature. */
export function bindArguments(of: Signature, args: readonly unknown[]): BoundArguments {
  const { parameters, name } = of;
  const bound: BoundArguments = {};
  const options = trailingOptions(parameters, args);
  const count = options === undefined ? args.length : args.length - 1;
  for (let i = 0; i < count; i++) {
    const parameter = parameters[i];
    if (parameter === undefined) throw tooMany(of, count);
    if (parameter.variadic) {
      bound[parameter.name] = collect(args.slice(i, count));
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

/** Whether a value is an object written with braces, as against a tensor, an array or a module. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function trailingOptions(
  parameters: readonly Parameter[],
  args: readonly unknown[],
): Record<string, unknown> | undefined {
  const last = args[args.length - 1];
  if (!isPlainObject(last)) return undefined;
  const own = parameters[args.length - 1];
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
