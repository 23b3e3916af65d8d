/**
 * What stands behind the class Module. In this order: what belongs to a module (its parameters, buffers and children, under
 * which names and in which order); what happens when it is called.
 */
import { ArgumentError } from "../../base/errors.ts";
import { isIntegerLike } from "../../base/key_order.ts";
import { CallableObject } from "../../base/params/callable.ts";
import { asUserCode, atTopLevel, currentLabel, insideLayer, isGradientModeOn } from "../../graph/node.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noteResult, Tensor } from "../../tensor/tensor.ts";
import { watchGradients } from "./backward_hooks.ts";
import { isMadeAnew, keepState } from "./kept_state.ts";
import type { Module } from "./module.ts";
import { attributeName } from "./names.ts";
import { ParameterTensor } from "./parameter.ts";
import { noteHandled, warnUnregistered } from "./unregistered.ts";

/** What a module owns itself, without its children, in order of definition. */
export interface OwnTensors {
  readonly parameters: [key: string, parameter: ParameterTensor][];
  readonly buffers: [key: string, buffer: Tensor, persistent: boolean][];
}

type Kind = "module" | "parameter" | "buffer";

/** What a module holds, in the state dict's words. */
type Holder = Record<string, unknown>;

/**
 * Members live in the module's own properties, so that they are found however they were assigned. Beside them stands
 * what properties cannot express: which tensors are buffers, the state dict's names, and the order of integer-like names.
 */
export class Members {
  readonly #owner: Module;
  readonly #buffers = new Map<string, { readonly key: string; readonly persistent: boolean }>();
  readonly #parameterKeys = new Map<string, string>();
  /** Integer-like names that were added by a call, which knows their place. */
  readonly #integers = new Set<string>();
  /** The order of all properties, once it is not the one in which an object lists its keys. */
  #order: string[] | null = null;

  constructor(owner: Module) {
    this.#owner = owner;
  }

  /** Names of all properties, in the order in which they were added. */
  names(): string[] {
    const keys = Object.keys(this.#owner);
    for (const key of keys) {
      if (this.#integers.has(key)) continue;
      if (!isIntegerLike(key)) break;
      this.#refuseUnordered(key);
    }
    if (this.#order === null) return keys;
    const own = new Set(keys);
    const order = this.#order.filter((name) => own.delete(name));
    order.push(...own);
    this.#order = order;
    return [...order];
  }

  /** An integer-like property that was assigned directly: when, relative to the others, nothing tells. */
  #refuseUnordered(name: string): void {
    const value = (this.#owner as unknown as Holder)[name];
    if (!(value instanceof Tensor || isModule(value))) return;
    const call = isModule(value)
      ? `addModule("${name}", module)`
      : `registerParameter("${name}", parameter) or registerBuffer("${name}", tensor)`;
    throw new ArgumentError(
      `${this.#owner.constructor.name}: a member was assigned to the integer-like name "${name}", whose place in the ` +
        `order of members JavaScript does not keep; add it with ${call}, or append() to a container`,
    );
  }

  /** Parameters and buffers of the module alone. */
  tensors(): OwnTensors {
    const own: OwnTensors = { parameters: [], buffers: [] };
    for (const attribute of this.names()) {
      const value = (this.#owner as unknown as Holder)[attribute];
      if (!(value instanceof Tensor)) continue;
      const buffer = this.#buffers.get(attribute);
      if (value instanceof ParameterTensor)
        own.parameters.push([this.#parameterKeys.get(attribute) ?? buffer?.key ?? attribute, value]);
      else if (buffer !== undefined) own.buffers.push([buffer.key, value, buffer.persistent]);
    }
    return own;
  }

  /** Children under all their names: one that has two names comes twice. */
  modules(): [string, Module][] {
    const found: [string, Module][] = [];
    for (const name of this.names()) {
      const value = (this.#owner as unknown as Holder)[name];
      if (isModule(value)) found.push([name, value]);
    }
    return found;
  }

  registerBuffer(of: string, name: string, tensor: Tensor | null, persistent: boolean): void {
    this.#buffers.set(this.#define(of, "buffer", name, tensor), { key: name, persistent });
  }

  registerParameter(of: string, name: string, parameter: ParameterTensor | null): void {
    this.#parameterKeys.set(this.#define(of, "parameter", name, parameter), name);
  }

  /** A parameter under exactly this name, which is not a property in camelCase. */
  addParameter(of: string, name: string, parameter: ParameterTensor): void {
    this.#requireFree(of, "parameter", name, name);
    this.#put(name, parameter);
  }

  addModule(of: string, name: string, module: Module): void {
    this.#requireFree(of, "module", name, name);
    this.#put(name, module);
  }

  /** Makes the property and, if the name is not camelCase, its twin; returns the property's name. */
  #define(of: string, kind: Kind, name: string, value: unknown): string {
    const attribute = attributeName(name);
    this.#requireFree(of, kind, name, attribute);
    // A class field that was only declared takes its place in the order when it is registered.
    if (this.#kindOf(attribute) === null) delete (this.#owner as unknown as Holder)[attribute];
    this.#put(attribute, value);
    const owner = this.#owner as unknown as Holder;
    if (attribute !== name) {
      Object.defineProperty(owner, name, {
        get: () => owner[attribute],
        set: (tensor) => {
          owner[attribute] = tensor;
        },
        enumerable: false,
        configurable: true,
      });
    }
    return attribute;
  }

  /**
   * As in PyTorch, a name can be given again to a member of the same kind, and to nothing else. A property that is
   * still undefined or null (a class field that was only declared) is free.
   */
  #requireFree(of: string, kind: Kind, name: string, attribute: string): void {
    if (typeof name !== "string" || name === "" || name.includes("."))
      throw new ArgumentError(`${of}: expected a name without dots that is not empty, got ${shown(name)}`);
    const key = this.#buffers.get(attribute)?.key ?? this.#parameterKeys.get(attribute) ?? name;
    if (kind !== "module" && key !== name) {
      throw new ArgumentError(
        `${of}: \`${name}\` and \`${key}\` are one property of ${this.#owner.constructor.name}; choose another name`,
      );
    }
    for (const taken of new Set([attribute, name])) {
      const holder = this.#owner as unknown as Holder;
      if (!(taken in holder) || this.#kindOf(taken) === kind) continue;
      if (Object.hasOwn(holder, taken) && (holder[taken] ?? null) === null) continue;
      throw new ArgumentError(
        `${of}: ${this.#owner.constructor.name} has a ${this.#kindOf(taken) ?? "property"} \`${taken}\` already; ` +
          "choose another name",
      );
    }
  }

  #kindOf(name: string): Kind | null {
    const attribute = attributeName(name);
    if (this.#buffers.has(attribute)) return "buffer";
    if (!Object.hasOwn(this.#owner, name)) return null;
    const value = (this.#owner as unknown as Holder)[name];
    if (value instanceof ParameterTensor || this.#parameterKeys.has(attribute)) return "parameter";
    return isModule(value) ? "module" : null;
  }

  /** Sets a property whose place in the order is known. */
  #put(name: string, value: unknown): void {
    const owner = this.#owner as unknown as Holder;
    if (!isIntegerLike(name) || (this.#integers.has(name) && Object.hasOwn(owner, name))) {
      owner[name] = value;
      return;
    }
    // In a plain list 0, 1, 2, ... an object's own order is the right one.
    const isNext = this.#order === null && this.#isBehindAll(Number(name));
    const before = isNext ? [] : this.names();
    this.#integers.add(name);
    owner[name] = value;
    if (isNext) return;
    const isLast = before.every((key) =>
      isIntegerLike(key) ? Number(key) < Number(name) : !isMember(owner[key]),
    );
    if (this.#order !== null || !isLast) this.#order = [...before, name];
  }

  /** Whether a place is behind all members, each of which is integer-like and was added by a call; a long list is not read for it. */
  #isBehindAll(place: number): boolean {
    // An object lists its integer-like keys first, in rising order.
    const keys = Object.keys(this.#owner);
    const count = this.#integers.size;
    const last = keys[count - 1];
    if (count > 0 && !(this.#integers.has(last) && Number(last) < place)) return false;
    if (count < keys.length && isIntegerLike(keys[count])) return false;
    return keys.slice(count).every((key) => !isMember((this.#owner as unknown as Holder)[key]));
  }
}

function isModule(value: unknown): value is Module {
  return value instanceof CallableObject;
}

function isMember(value: unknown): boolean {
  return value instanceof Tensor || isModule(value);
}

function shown(name: unknown): string {
  return typeof name === "string" ? JSON.stringify(name) : String(name);
}

// A call: hooks, the layer's path, the tensors that the user receives.

/** Outermost module of the call under way, and the paths of all modules below it. */
let root: Module | null = null;
/** Innermost module whose forward runs. */
let running: Module | null = null;
let recordsGradients = true;
const pathsOf = new WeakMap<Module, Map<Module, string>>();

export function callModule(module: Module, args: unknown[]): unknown {
  const [before, owner] = [root, running];
  const received = atTopLevel();
  root ??= module;
  running = module;
  if (before === null) recordsGradients = isGradientModeOn();
  try {
    const path = pathOf(module, root);
    const isPart = pathsOf.get(root)?.has(module) === true;
    if (isPart || owner === null || received) noteHandled(module);
    // Without gradients when the network has them: a teacher.
    else if (isGradientModeOn() === recordsGradients) warnUnregistered(module, owner);
    const result = insideLayer(path, () => run(module, args));
    if (before === null) keepState(pathsOf.get(module)?.keys() ?? [module]);
    else if (!isPart) keepState([module]);
    return received ? note(result) : result;
  } finally {
    root = before;
    running = owner;
  }
}

function run(module: Module, args: unknown[]): unknown {
  let inputs = args;
  if (module.isLazy) module.materialize(inputs);
  requestDeviceBuffers(module);
  const { beforeForward, afterForward, backward } = module.hooks;
  for (const hook of beforeForward.list()) {
    const changed = asUserCode(() => hook(module, noteAll(inputs)));
    if (changed !== undefined) inputs = Array.isArray(changed) ? changed : [changed];
  }
  const watched = backward.isEmpty ? null : watchGradients(module, inputs);
  if (watched !== null) inputs = watched.inputs;
  let output: unknown = module.forward(...inputs);
  if (watched !== null) output = watched.outputs(output);
  for (const hook of afterForward.list()) {
    const changed = asUserCode(() => hook(module, noteAll(inputs), note(output)));
    if (changed !== undefined) output = changed;
  }
  return output;
}

/** From the next run on the module's weights and statistics live in device buffers. */
function requestDeviceBuffers(module: Module): void {
  const { parameters, buffers } = module.ownTensors();
  for (const [, parameter] of parameters) defaultSession().requestDeviceBuffer(parameter.cell);
  for (const [, buffer] of buffers) {
    // Counters stay here, as plain numbers.
    if (buffer.dtype !== "int64" && !isMadeAnew(buffer)) defaultSession().requestDeviceBuffer(buffer.cell);
  }
}

/** `net.features.3`, as seen from the outermost module. */
function pathOf(module: Module, outermost: Module): string {
  const known = pathsOf.get(outermost)?.get(module);
  if (known !== undefined) return known;
  const paths = new Map<Module, string>();
  for (const [path, one] of outermost.namedModules("net")) paths.set(one, path);
  pathsOf.set(outermost, paths);
  const found = paths.get(module);
  if (found !== undefined) return found;
  // Made on the way, and not a part of the network.
  const label = currentLabel();
  return label === "" ? module.constructor.name : `${label}.${module.constructor.name}`;
}

function noteAll(values: unknown[]): unknown[] {
  for (const value of values) note(value);
  return values;
}

/** Remembers what the user's code receives: tensors, lists of them, objects that hold them. */
function note<T>(value: T): T {
  if (typeof value === "object" && value !== null && !(value instanceof Tensor) && !Array.isArray(value)) {
    for (const part of Object.values(value)) noteResult(part);
    return value;
  }
  return noteResult(value);
}
