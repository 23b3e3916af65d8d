/** Copying weights into a module by their names. */

import { isMap } from "../../base/builtin_kinds.ts";
import { arrayFrom, type DType, numbersOf } from "../../base/dtype.ts";
import { StateDictError } from "../../base/errors.ts";
import { orderedRecord } from "../../base/key_order.ts";
import { formatShape, sameShape } from "../../base/shape.ts";
import { constantValue, setGradientMode } from "../../graph/node.ts";
import { cast } from "../../ops/elementwise/elementwise.ts";
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
  /** What the module has and the state dict lacks. */
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
  const missingKeys = [...targets.keys()].filter((key) => !given.has(key));
  const unexpectedKeys = [...given.keys()].filter((key) => !targets.has(key));
  const wrong = [...targets].flatMap(([key, target]) =>
    given.has(key) ? misfit(key, target, given.get(key)) : [],
  );
  if (wrong.length > 0 || (strict && missingKeys.length + unexpectedKeys.length > 0)) {
    throw new StateDictError(report(module, strict ? missingKeys : [], strict ? unexpectedKeys : [], wrong));
  }
  for (const [key, target] of targets) if (given.has(key)) copyInto(target, given.get(key) as Tensor);
  return { missingKeys, unexpectedKeys };
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

function report(module: Module, missing: string[], unexpected: string[], wrong: string[]): string {
  const parts = [`these weights do not belong to this model (${module.constructor.name})`];
  if (missing.length > 0) parts.push(`missing keys: ${someOf(missing, ", ")}`);
  if (unexpected.length > 0) parts.push(`unexpected keys: ${someOf(unexpected, ", ")}`);
  if (wrong.length > 0) parts.push(`wrong shapes:\n    ${someOf(wrong, "\n    ")}`);
  if (wrong.length === 0) parts.push("pass { strict: false } to load only what fits");
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
