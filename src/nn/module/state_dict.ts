/** Copying weights into a module by their names. */

import { isMap } from "../../base/builtin_kinds.ts";
import { arrayFrom, type DType, numbersOf } from "../../base/dtype.ts";
import { StateDictError } from "../../base/errors.ts";
import { orderedRecord } from "../../base/key_order.ts";
import { formatShape, sameShape } from "../../base/shape.ts";
import { constantValue, setGradientMode } from "../../graph/node.ts";
import { cast } from "../../ops/elementwise/elementwise.ts";
import { moduleVersion } from "../../records/loaded_metadata.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { sameMemory } from "../../tensor/views/cell.ts";
import { overwrite } from "../init/initial_values.ts";
import type { Module } from "./module.ts";
import { joinPath } from "./names.ts";
import { noteHandled } from "./unregistered.ts";

/** Tensors by PyTorch's keys. */
export type StateDict = Record<string, Tensor>;

/** The tensor under a key, or undefined. */
export function entryOf(stateDict: StateDict, key: string): Tensor | undefined {
  return Object.hasOwn(stateDict, key) ? stateDict[key] : undefined;
}

/** What did not fit, if `strict` is off. */
export interface LoadResult {
  /** What the module has and the state dict lacks, or has for another number of classes: it is left as it was. */
  readonly missingKeys: string[];
  /** What the state dict has and the module lacks. */
  readonly unexpectedKeys: string[];
}

/** See `Module.loadStateDict`. Nothing is changed if an error is thrown. */
export function loadInto(
  module: Module,
  source: StateDict | ReadonlyMap<string, Tensor>,
  strict: boolean,
): LoadResult {
  if (typeof source !== "object" || source === null || source instanceof Tensor) {
    throw new StateDictError(
      "loadStateDict: expected an object of tensors by name, such as stateDict() returns",
    );
  }
  const given = new Map(isMap(source) ? (source as ReadonlyMap<string, Tensor>) : Object.entries(source));
  const byName = orderedRecord(given);
  eachModule(module, "", (path, part) => {
    if (part.isLazy) part.materializeFrom(byName, path);
  });
  const targets = new Map<string, Tensor>();
  eachState(module, "", (key, tensor) => targets.set(key, tensor));
  const optional = keysOfNewerVersions(module, source);
  const missingKeys = [...targets.keys()].filter((key) => !given.has(key) && !optional.has(key));
  const unexpectedKeys = [...given.keys()].filter((key) => !targets.has(key));
  const wrong = [...targets].flatMap(([key, target]) =>
    given.has(key) ? misfit(key, target, given.get(key)) : [],
  );
  const classes = classCountsThatDiffer(targets, given);
  const tolerated = !strict && classes !== null;
  if ((wrong.length > 0 && !tolerated) || (strict && missingKeys.length + unexpectedKeys.length > 0)) {
    const [missing, unexpected] = strict ? [missingKeys, unexpectedKeys] : [[], []];
    throw new StateDictError(report(module, { missing, unexpected, wrong, classes }));
  }
  const left = classes?.keys ?? [];
  for (const [key, target] of targets)
    if (given.has(key) && !left.includes(key)) copyInto(target, given.get(key) as Tensor);
  return { missingKeys: [...missingKeys, ...left], unexpectedKeys };
}

/** The keys that a module gained after the version that wrote the state dict: they keep what they have. */
function keysOfNewerVersions(module: Module, source: object): ReadonlySet<string> {
  const keys = new Set<string>();
  eachModule(module, "", (path, part) => {
    for (const key of part.keysSinceVersion(moduleVersion(source, path))) keys.add(joinPath(path, key));
  });
  return keys;
}

/** Weights and model for different numbers of classes. */
interface ClassCounts {
  readonly keys: string[];
  readonly layers: string[];
  readonly given: number;
  readonly expected: number;
}

/**
 * The layers that keep weights from fitting because they are for another number of classes: every tensor that does not
 * fit differs in its outputs (or in outputs and inputs), and all by the same two numbers. Null if that is not what is wrong.
 */
export function classCountsThatDiffer(
  targets: ReadonlyMap<string, Tensor>,
  source: ReadonlyMap<string, Tensor>,
): ClassCounts | null {
  const pairs = new Set<string>();
  const keys: string[] = [];
  let inputsToo = false;
  for (const [key, target] of targets) {
    const given = source.get(key);
    if (given === undefined || (given instanceof Tensor && sameShape(target.shape, given.shape))) continue;
    if (!(given instanceof Tensor) || given.shape.length !== target.shape.length) return null;
    const differing = target.shape.flatMap((size, dim) => (size === given.shape[dim] ? [] : [dim]));
    // Outputs; inputs too of what follows a layer of classes, as the 1x1 convolutions of NiN.
    if (differing[0] !== 0 || differing.some((dim) => dim > 1)) return null;
    inputsToo ||= differing.length > 1;
    for (const dim of differing) pairs.add(`${given.shape[dim]} ${target.shape[dim]}`);
    keys.push(key);
  }
  const layers = [...new Set(keys.map((key) => key.replace(/\.?[^.]*$/, "")))];
  // A weight and, it may be, a bias to each layer; what is normalised has more, and is not a layer of classes.
  const isLinear = keys.every((key) => /(?:^|\.)(?:weight|bias)$/.test(key));
  const hasWeights = layers.every((layer) => (targets.get(joinPath(layer, "weight"))?.shape.length ?? 0) > 1);
  const whole = layers.every((layer) =>
    ["weight", "bias"]
      .map((name) => joinPath(layer, name))
      .every((key) => keys.includes(key) || !targets.has(key) || !source.has(key)),
  );
  // All layers of another width: that is not about classes.
  const allDiffer = keys.length === targets.size;
  if (pairs.size !== 1 || !isLinear || !hasWeights || !whole || (inputsToo && allDiffer)) return null;
  const [given, expected] = [...pairs][0].split(" ").map(Number);
  return { keys, layers, given, expected };
}

/** Everything that a state dict holds, in its order, whatever the modules' own `stateDict` adds. */
export function eachState(module: Module, path: string, visit: (key: string, tensor: Tensor) => void): void {
  eachModule(module, path, (at, part) => part.eachOwnState(at, visit));
}

/** This module and all below it under all their paths, as the tree holds them. */
function eachModule(module: Module, path: string, visit: (path: string, module: Module) => void): void {
  noteHandled(module);
  visit(path, module);
  for (const [name, child] of module.ownModules()) eachModule(child, joinPath(path, name), visit);
}

function misfit(key: string, target: Tensor, given: unknown): string[] {
  if (!(given instanceof Tensor))
    return [`${key}: expected a Tensor, got ${given === null ? "null" : typeof given}`];
  if (sameShape(target.shape, given.shape)) return [];
  return [`${key}: expected shape ${formatShape(target.shape)}, got ${formatShape(given.shape)}`];
}

interface Misfits {
  readonly missing: string[];
  readonly unexpected: string[];
  readonly wrong: string[];
  readonly classes: ClassCounts | null;
}

function report(module: Module, { missing, unexpected, wrong, classes }: Misfits): string {
  const parts = [`these weights do not belong to this model (${module.constructor.name})`];
  if (missing.length > 0) parts.push(`missing keys: ${someOf(missing, ", ")}`);
  if (unexpected.length > 0) parts.push(`unexpected keys: ${someOf(unexpected, ", ")}`);
  if (wrong.length > 0) parts.push(`wrong shapes:\n    ${someOf(wrong, "\n    ")}`);
  if (classes !== null) {
    const layers = someOf(
      classes.layers.map((layer) => layer || "the only layer"),
      ", ",
    );
    parts.push(
      `the weights are for ${classes.given} classes, the model has ${classes.expected} (${layers}): make it with ` +
        `{ numClasses: ${classes.given} }, or pass { strict: false } to load everything else`,
    );
  } else if (wrong.length === 0) parts.push("pass { strict: false } to load only what fits");
  return `loadStateDict: ${parts.join("\n  ")}`;
}

/** As many as a person reads; a file can name a million. */
const SHOWN = 100;

function someOf(items: readonly string[], separator: string): string {
  const shown = items.slice(0, SHOWN).map((item) => (item.length > 300 ? `${item.slice(0, 300)}...` : item));
  if (items.length > SHOWN) shown.push(`... (${items.length - SHOWN} more)`);
  return shown.join(separator);
}

/** Copies a tensor into another of the same shape: at once if its data is here, else at the next run. */
export function copyInto(target: Tensor, from: Tensor): void {
  if (sameMemory(target.cell, from.cell)) return;
  const { shape, dtype } = target.cell.value;
  const { data } = from.value;
  if (data !== null) {
    overwrite(target, constantValue(arrayFrom(dtype, numbersOf(from.value.dtype, data)), shape, dtype));
    return;
  }
  const before = setGradientMode(false);
  try {
    target.assign(cast(from.value, dtype));
  } finally {
    setGradientMode(before);
  }
}

/** The same contents in another dtype, in the tensor's place. */
export function convert(tensor: Tensor, dtype: DType): void {
  const { value } = tensor.cell;
  if (value.dtype === dtype) return;
  const { data } = value;
  const before = setGradientMode(false);
  try {
    overwrite(
      tensor,
      data === null
        ? cast(value, dtype)
        : constantValue(arrayFrom(dtype, numbersOf(value.dtype, data)), value.shape, dtype),
    );
  } finally {
    setGradientMode(before);
  }
}
