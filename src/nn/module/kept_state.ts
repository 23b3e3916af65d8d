/**
 * What modules keep from one call to the next. A tensor that is a property of a module when a call ends is state,
 * however it came there: `this.movingMean = ...`, a registered buffer that `forward` assigns again, one of a list.
 */
import { isMap, isPlainObject } from "../../base/builtin_kinds.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Module } from "./module.ts";
import { joinPath } from "./names.ts";
import { ParameterTensor } from "./parameter.ts";
import { warnListedParameter } from "./unregistered.ts";

/** Elements of a list, a Map or an object that are looked at: states are few, and a list may be data. */
const MOST = 64;

/** Cells of tensors that a call made; the next call replaces them, so that a buffer of their own is of no use. */
const replaced = new WeakSet<object>();
let calls = 0;

/** Whether the tensor is state that every call makes again. */
export function isMadeAnew(tensor: Tensor): boolean {
  return replaced.has(tensor.cell);
}

/** Paths of tensors that calls make again and that no state dict holds. */
export function unsavedState(net: Module): string[] {
  return net.namedModules().flatMap(([path, module]) => {
    const registered = new Set<unknown>(module.ownTensors().buffers.map(([, buffer]) => buffer));
    return Object.keys(module).flatMap((name) => {
      const value = (module as unknown as Record<string, unknown>)[name];
      return value instanceof Tensor && isMadeAnew(value) && !registered.has(value)
        ? joinPath(path, name)
        : [];
    });
  });
}

/** Looks at modules after the outermost call of one of them. */
export function keepState(modules: Iterable<Module>): void {
  calls++;
  const network = [...modules];
  for (const module of network) {
    const properties = module as unknown as Record<string, unknown>;
    for (const name of Object.keys(module)) {
      const value = properties[name];
      // What `.data` gives is a tensor and a function.
      if (value instanceof Tensor) keep(value);
      else if (typeof value === "object" && value !== null)
        for (const part of partsOf(value)) {
          if (part instanceof ParameterTensor) checkListed(part, name, module, network);
          else if (part instanceof Tensor) keep(part);
        }
    }
  }
}

/** What a list, a Map or an object holds. */
function partsOf(holder: object): unknown[] {
  if (Array.isArray(holder)) return holder.length > MOST ? holder.slice(0, MOST) : holder;
  if (isMap(holder)) return holder.size > MOST ? [] : [...holder.values()];
  return isPlainObject(holder) ? Object.values(holder).slice(0, MOST) : [];
}

/** Parameters in lists that have been looked at. */
const listed = new WeakSet<ParameterTensor>();

function checkListed(
  parameter: ParameterTensor,
  name: string,
  owner: Module,
  network: readonly Module[],
): void {
  if (listed.has(parameter)) return;
  listed.add(parameter);
  const isRegistered = network.some((module) =>
    module.ownTensors().parameters.some(([, registered]) => registered === parameter),
  );
  if (!isRegistered) warnListedParameter(name, owner);
}

function keep(tensor: Tensor): void {
  // Parameters move to buffers of their own, with the values that they start from.
  if (tensor instanceof ParameterTensor) return;
  const { cell } = tensor;
  // What is changed in place is computed with the other changes.
  if (defaultSession().isCommitPending(cell.storage)) return;
  for (const value of cell.kept) {
    if (value.isMaterialised || value.lost !== null) continue;
    replaced.add(cell);
    defaultSession().carry(value, calls);
  }
}
