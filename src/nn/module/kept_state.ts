/**
 * What modules keep from one call to the next. A tensor that is a property of a module when a call ends is state,
 * however it came there: `this.movingMean = ...`, a registered buffer that `forward` assigns anew, one of a list.
 */
import { isMap, isPlainObject } from "../../base/builtin_kinds.ts";
import { executor } from "../../runtime/runtime.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Module } from "./module.ts";
import { ParameterTensor } from "./parameter.ts";

/** Elements of a list, a Map or an object that are looked at: states are few, and a list may be data. */
const MOST = 64;

/** Cells of tensors that a call made; the next call replaces them, so that a buffer of their own is of no use. */
const replaced = new WeakSet<object>();
let calls = 0;

/** Whether the tensor is state that every call makes anew. */
export function isMadeAnew(tensor: Tensor): boolean {
  return replaced.has(tensor.cell);
}

/** Looks at modules after the outermost call of one of them. */
export function keepState(modules: Iterable<Module>): void {
  calls++;
  for (const module of modules) {
    const properties = module as unknown as Record<string, unknown>;
    for (const name of Object.keys(module)) {
      const value = properties[name];
      if (typeof value !== "object" || value === null) continue;
      if (value instanceof Tensor) keep(value);
      else if (Array.isArray(value)) keepParts(value);
      else if (isMap(value)) keepParts(value.values());
      else if (isPlainObject(value)) keepParts(Object.values(value));
    }
  }
}

function keepParts(parts: Iterable<unknown>): void {
  let left = MOST;
  for (const part of parts) {
    if (part instanceof Tensor) keep(part);
    if (--left === 0) return;
  }
}

function keep(tensor: Tensor): void {
  // Parameters move to buffers of their own, with the values that they start from.
  if (tensor instanceof ParameterTensor) return;
  const { cell, value } = tensor;
  // What is changed in place is computed with the other changes.
  if (value.settled || value.lost !== null || executor().isCommitPending(cell)) return;
  replaced.add(cell);
  executor().carry(value, calls);
}
