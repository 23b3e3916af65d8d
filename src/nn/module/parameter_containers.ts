/** Modules that hold parameters. */

import { ArgumentError } from "../../base/errors.ts";
import { callable } from "../../base/params/callable.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "./module.ts";
import { itemNamed, type Named, namedEntries } from "./named_entries.ts";
import { ParameterTensor } from "./parameter.ts";

/** Parameters by name: an object, a list of pairs, a Map, or a ParameterDict. */
export type NamedParameters = Named<Tensor> | ParameterDictLayer;

function asParameter(tensor: Tensor): ParameterTensor {
  return tensor instanceof ParameterTensor ? tensor : new ParameterTensor(tensor);
}

/** See {@link ParameterList}. */
export class ParameterListLayer extends Module {
  [index: number]: ParameterTensor;

  constructor(parameters: Iterable<Tensor> = []) {
    super();
    this.extend(parameters);
  }

  override get length(): number {
    return this.ownTensors().parameters.length;
  }

  [Symbol.iterator](): Iterator<ParameterTensor> {
    return this.ownTensors()
      .parameters.map(([, parameter]) => parameter)
      [Symbol.iterator]();
  }

  /** The parameter at a position, counted from either end. */
  at(index: number): ParameterTensor {
    const found = [...this].at(index);
    if (found === undefined)
      throw new ArgumentError(`ParameterList: there is no parameter ${index}; it holds ${this.length}`);
    return found;
  }

  /** Adds a parameter; other tensors become one. */
  append(parameter: Tensor): this {
    this.members.addParameter("ParameterList", String(this.length), asParameter(parameter));
    return this;
  }

  /** Adds parameters at the end. */
  extend(parameters: Iterable<Tensor>): this {
    for (const parameter of parameters) this.append(parameter);
    return this;
  }

  override toString(): string {
    const lines = [...this].map((parameter, i) => {
      const size = parameter.shape.join("x");
      return `    (${i}): Parameter containing: [torch.${parameter.dtype} of size ${size}]`;
    });
    return lines.length === 0 ? "ParameterList()" : `ParameterList(\n${lines.join("\n")}\n)`;
  }
}

/**
 * A list of parameters.
 *
 * @example
 * ```ts
 * const scales = nn.ParameterList([nn.Parameter(ones(4)), nn.Parameter(zeros(4))]);
 * scales.length; // 2
 * ```
 */
export const ParameterList = callable("ParameterList", ParameterListLayer);
export type ParameterList = ParameterListLayer;

/** See {@link ParameterDict}. */
export class ParameterDictLayer extends Module {
  constructor(parameters: NamedParameters = {}) {
    super();
    this.#setAll("ParameterDict", parameters);
  }

  override get length(): number {
    return this.keys().length;
  }

  /** The names, in order. */
  keys(): string[] {
    return this.items().map(([name]) => name);
  }

  /** The parameters, in order. */
  values(): ParameterTensor[] {
    return this.items().map(([, parameter]) => parameter);
  }

  /** Names and parameters, in order. */
  items(): [string, ParameterTensor][] {
    return this.ownTensors().parameters;
  }

  /** Whether there is a parameter of this name. */
  has(name: string): boolean {
    return this.keys().includes(name);
  }

  /** The parameter of this name. */
  get(name: string): ParameterTensor {
    return itemNamed("ParameterDict", "parameter", this.items(), name);
  }

  /** Adds a parameter; other tensors become one. */
  set(name: string, parameter: Tensor): this {
    this.members.addParameter("ParameterDict", name, asParameter(parameter));
    return this;
  }

  /** Adds several parameters under their names. */
  update(parameters: NamedParameters): this {
    return this.#setAll("ParameterDict.update", parameters);
  }

  #setAll(of: string, parameters: NamedParameters): this {
    const given = parameters instanceof ParameterDictLayer ? parameters.items() : parameters;
    for (const [name, parameter] of namedEntries<Tensor>(of, "parameter", given)) this.set(name, parameter);
    return this;
  }

  override toString(): string {
    const lines = this.items().map(([name, parameter]) => {
      return `  (${name}): Parameter containing: [torch.FloatTensor of size ${parameter.shape.join("x")}]`;
    });
    return `ParameterDict(${lines.join("\n")})`;
  }
}

/**
 * Parameters by name.
 *
 * @example
 * ```ts
 * const scales = nn.ParameterDict({ gamma: nn.Parameter(ones(4)), beta: nn.Parameter(zeros(4)) });
 * scales.length; // 2
 * ```
 */
export const ParameterDict = callable("ParameterDict", ParameterDictLayer);
export type ParameterDict = ParameterDictLayer;
