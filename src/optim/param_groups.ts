/** Parameters in groups with settings of their own, as the user gives them. */

import { isPlainObject } from "../base/builtin_kinds.ts";
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { otherCopy } from "../base/package_copies.ts";
import { knownNumber } from "../tensor/operands.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Parameters that share their settings. */
export interface ParamGroup {
  /** Parameters that share these settings. */
  params: Tensor[];
  /** Their names, if they were given as [name, parameter]. */
  paramNames?: string[];
  /** Learning rate. */
  lr: number;
  [setting: string]: any;
}

/** A group as the user writes it: its own settings over the optimiser's. */
export interface ParamGroupInput {
  /** Parameters that share these settings. */
  params: Tensor | Iterable<Tensor>;
  [setting: string]: unknown;
}

/** Parameters, parameters with their names, or groups. */
export type ParametersInput =
  | Iterable<Tensor>
  | Iterable<readonly [string, Tensor]>
  | Iterable<ParamGroupInput>;

/** The groups of an optimiser's first argument. */
export function groupsOf(
  of: string,
  params: unknown,
  defaults: Readonly<Record<string, unknown>>,
): ParamGroup[] {
  if (
    params instanceof Tensor ||
    typeof params !== "object" ||
    params === null ||
    !(Symbol.iterator in params)
  ) {
    throw new ArgumentError(
      `${of}: expected \`params\` to be a list of parameters (net.parameters()) or of groups, got ${described(params)}`,
    );
  }
  const list = [...(params as Iterable<unknown>)];
  if (list.length === 0) throw new ArgumentError(`${of}: expected parameters to train, got an empty list`);
  const groups = list.every(isPlainObject) ? list : [{ params: list }];
  const taken = new Set<Tensor>();
  const made = groups.map((group) => groupOf(of, group as unknown as ParamGroupInput, defaults, taken));
  requireAllNamed(of, made);
  return made;
}

/** @throws ArgumentError if some groups have names for their parameters and others have not. */
export function requireAllNamed(of: string, groups: readonly ParamGroup[]): void {
  const named = groups.map(({ paramNames }) => paramNames !== undefined);
  if (named.every((one) => one === named[0])) return;
  throw new ArgumentError(
    `${of}: expected parameters of all groups with names or of none, got group ${named.indexOf(true)} with and ` +
      `group ${named.indexOf(false)} without`,
  );
}

/** One group with all settings; `taken` holds the parameters of the others. */
export function groupOf(
  of: string,
  input: ParamGroupInput,
  defaults: Readonly<Record<string, unknown>>,
  taken: Set<Tensor>,
): ParamGroup {
  if (!isPlainObject(input) || input.params === undefined) {
    throw new ArgumentError(
      `${of}: expected a parameter group to be an object with \`params\`, got ${described(input)}`,
    );
  }
  const { params: given, ...settings } = input;
  const known = Object.keys(defaults);
  for (const name of Object.keys(settings)) {
    if (!known.includes(name)) {
      throw new ArgumentError(
        `unknown setting \`${name}\` of a parameter group of ${of}${didYouMean(name, known)} (it takes ${known.join(", ")})`,
      );
    }
  }
  if (typeof given !== "object" || given === null || !(given instanceof Tensor || Symbol.iterator in given)) {
    throw new ArgumentError(
      `${of}: expected a group's \`params\` to be a list of parameters, got ${described(given)}`,
    );
  }
  const list = given instanceof Tensor ? [given] : [...(given as Iterable<unknown>)];
  const params = list.map((one) => parameterOf(of, one));
  const paramNames = list.filter(isNamed).map(([name]) => name);
  if (paramNames.length !== 0 && paramNames.length !== list.length) {
    throw new ArgumentError(
      `${of}: expected all parameters with names or none, got names for ${paramNames.length} of ${list.length}`,
    );
  }
  for (const param of params) {
    if (taken.has(param))
      throw new ArgumentError(`${of}: a parameter appears in more than one place of the parameter groups`);
    taken.add(param);
  }
  const group = { ...defaults, ...settings, params } as ParamGroup;
  if (paramNames.length > 0) group.paramNames = paramNames;
  if ((group.lr as unknown) instanceof Tensor) group.lr = knownNumber(of, "lr", group.lr);
  return group;
}

/** Whether a parameter comes with its name. */
function isNamed(given: unknown): given is [name: string, parameter: unknown] {
  return Array.isArray(given) && given.length === 2 && typeof given[0] === "string";
}

function parameterOf(of: string, given: unknown): Tensor {
  const param = isNamed(given) ? given[1] : given;
  if (!(param instanceof Tensor))
    throw new ArgumentError(`${of}: expected parameters to be tensors, got ${described(param)}`);
  if (!param.isLeaf)
    throw new ArgumentError(
      `${of}: cannot train a tensor that an operation made; pass the leaf it was made from`,
    );
  return param;
}

function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value instanceof Tensor) return "a single tensor (put it into a list)";
  const foreign = otherCopy(value);
  if (foreign !== null) return foreign;
  return Array.isArray(value) ? "an array" : typeof value;
}
