/** Modules that hold others. */

import { ArgumentError } from "../../base/errors.ts";
import { callable } from "../../base/params/callable.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "./module.ts";
import { indentRest, withLines } from "./module_text.ts";
import { itemNamed, type Named, namedEntries } from "./named_entries.ts";

/** Modules by name: an object, a list of pairs, a Map, or a ModuleDict. */
export type NamedModules = Named<Module> | ModuleDictLayer;

function entriesOf(of: string, modules: unknown): [string, Module][] {
  return namedEntries(of, "module", modules instanceof ModuleDictLayer ? modules.items() : modules);
}

/** Modules under the names 0, 1, 2, ... */
abstract class NumberedModules extends Module implements Iterable<Module> {
  [index: number]: Module;

  /** Number of modules. */
  override get length(): number {
    return this.held().length;
  }

  /** @internal All of them, also those that appear twice. */
  held(): Module[] {
    return this.ownModules().map(([, module]) => module);
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.held()[Symbol.iterator]();
  }

  /** The module at a place, counted from either end. */
  at(index: number): Module {
    const module = this.held().at(index);
    if (module === undefined) {
      throw new ArgumentError(
        `${this.constructor.name}: there is no module ${index}; it holds ${this.length}`,
      );
    }
    return module;
  }

  /**
   * Adds a module at the end, under its position as name.
   *
   * @throws ArgumentError if another module was given that name.
   */
  append(module: Module): this {
    appendAt(this, this.length, module);
    return this;
  }

  /** Adds several modules at the end. */
  extend(modules: Iterable<Module>): this {
    let place = this.length;
    for (const module of [...modules]) appendAt(this, place++, module);
    return this;
  }

  /**
   * Puts a module at a place; those from there on move up.
   *
   * @throws ArgumentError if modules have other names than their places: these would change.
   */
  insert(index: number, module: Module): this {
    const all = this.held();
    const named = this.ownModules().find(([name], i) => name !== String(i));
    if (named !== undefined) {
      throw new ArgumentError(
        `${this.constructor.name}.insert: modules move to other places, but "${named[0]}" is a name; make a new ` +
          "container from a list of pairs",
      );
    }
    if (!Number.isInteger(index) || Math.abs(index) > all.length) {
      throw new ArgumentError(
        `${this.constructor.name}.insert: there is no place ${index}; it holds ${all.length}`,
      );
    }
    all.splice(index, 0, module);
    this.#replaceAll(all);
    return this;
  }

  /** Takes the module at a place away, and returns it. Those that are left are named by their places. */
  pop(index = -1): Module {
    const taken = this.at(index);
    const all = this.held();
    all.splice(index, 1);
    this.#replaceAll(all);
    return taken;
  }

  #replaceAll(modules: readonly Module[]): void {
    const own = this as unknown as Record<string, unknown>;
    for (const [name] of this.ownModules()) delete own[name];
    modules.forEach((module, i) => this.addModule(String(i), module));
  }
}

/** Adds a module at the end of a list; `place` is the number of its modules, which takes a walk through all of them to count. */
function appendAt(list: Module, place: number, module: Module): void {
  const name = String(place);
  if (Object.hasOwn(list, name)) {
    throw new ArgumentError(
      `${list.constructor.name}.append: a module is named "${name}" already; choose a name with addModule(name, module)`,
    );
  }
  list.addModule(name, module);
}

type SequentialArguments = Module[] | [modules: NamedModules];

/** See {@link Sequential}. */
export class SequentialLayer extends NumberedModules {
  constructor(...modules: SequentialArguments) {
    super();
    const [only] = modules;
    if (modules.length === 1 && !(only instanceof Module)) {
      for (const [name, module] of entriesOf("Sequential", only)) this.addModule(name, module);
      return;
    }
    modules.forEach((module, i) => {
      if (!(module instanceof Module)) {
        throw new ArgumentError(
          `Sequential: expected modules, got ${module === null ? "null" : typeof module} at place ${i}`,
        );
      }
      this.addModule(String(i), module);
    });
  }

  override forward(input: Tensor): Tensor {
    let x: any = input;
    for (const module of this.held()) x = module(x);
    return x;
  }

  /** A part of it, with the same modules under the same names. */
  slice(start?: number, end?: number): SequentialLayer {
    return new SequentialLayer(this.ownModules().slice(start, end));
  }
}

/**
 * Modules in a row: each gets what the one before it gave.
 *
 * @example
 * ```ts
 * const net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10));
 * const named = nn.Sequential({ flatten: nn.Flatten(), output: nn.Linear(784, 10) });
 * ```
 */
export const Sequential = callable("Sequential", SequentialLayer);
export type Sequential = SequentialLayer;

/** See {@link ModuleList}. */
export class ModuleListLayer extends NumberedModules {
  constructor(modules: Iterable<Module> = []) {
    super();
    this.extend(modules);
  }

  /** A list of a part of the modules. */
  slice(start?: number, end?: number): ModuleListLayer {
    return new ModuleListLayer(this.held().slice(start, end));
  }

  /** Equal neighbours on one line: `(0-3): 4 x ReLU()`. */
  override toString(): string {
    const texts = this.held().map((module) => module.toString());
    const lines: string[] = [];
    for (let first = 0; first < texts.length; ) {
      let last = first;
      while (last + 1 < texts.length && texts[last + 1] === texts[first]) last++;
      const text = indentRest(texts[first]);
      lines.push(
        last === first ? `(${first}): ${text}` : `(${first}-${last}): ${last - first + 1} x ${text}`,
      );
      first = last + 1;
    }
    return withLines(this.constructor.name, [], lines);
  }
}

/**
 * A list of modules, for a `forward` of one's own.
 *
 * @example
 * ```ts
 * class Deep extends nn.Module {
 *   layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)]);
 *
 *   override forward(input: Tensor): Tensor {
 *     for (const layer of this.layers) input = layer(input).relu();
 *     return input;
 *   }
 * }
 * new Deep()(x).shape; // [8, 4]
 * ```
 */
export const ModuleList = callable("ModuleList", ModuleListLayer);
export type ModuleList = ModuleListLayer;

/** See {@link ModuleDict}. */
export class ModuleDictLayer extends Module {
  constructor(modules: NamedModules = {}) {
    super();
    this.update(modules);
  }

  override get length(): number {
    return this.keys().length;
  }

  /** The names, in order. */
  keys(): string[] {
    return this.items().map(([name]) => name);
  }

  /** The modules, in order. */
  values(): Module[] {
    return this.items().map(([, module]) => module);
  }

  /** Names and modules, in order. */
  items(): [string, Module][] {
    return this.ownModules();
  }

  /** Whether there is a module of this name. */
  has(name: string): boolean {
    return this.keys().includes(name);
  }

  /** The module of this name. */
  get(name: string): Module {
    return itemNamed("ModuleDict", "module", this.items(), name);
  }

  /** Puts a module under a name. */
  set(name: string, module: Module): this {
    this.addModule(name, module);
    return this;
  }

  /** Puts several modules under their names. */
  update(modules: NamedModules): this {
    for (const [name, module] of entriesOf("ModuleDict", modules)) this.addModule(name, module);
    return this;
  }

  [Symbol.iterator](): Iterator<string> {
    return this.keys()[Symbol.iterator]();
  }
}

/**
 * Modules by name, for a `forward` of one's own.
 *
 * @example
 * ```ts
 * const heads = nn.ModuleDict({ kind: nn.Linear(4, 10), colour: nn.Linear(4, 3) });
 * heads.get("colour")(x).shape; // [8, 3]
 * ```
 */
export const ModuleDict = callable("ModuleDict", ModuleDictLayer);
export type ModuleDict = ModuleDictLayer;
