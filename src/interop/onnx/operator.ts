/** How an ONNX operator is defined: from a node's settings to a function on its inputs. */
import type { OnnxAttribute } from "../../io/formats/onnx/onnx_model.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { asTensor, isKnown, type KnownArray, type OnnxValue } from "./known_array.ts";

/** What a node computes. Whether the network is in training decides for dropout and batch norm. */
export type RunNode = (inputs: NodeInputs, training: boolean) => OnnxValue | readonly OnnxValue[];

/** One operator. */
export interface OnnxOperator {
  /**
   * Reads a node's attributes and returns what computes it.
   *
   * @throws UnsupportedNode if this form of the operator cannot be computed.
   */
  readonly build: (node: NodeSettings) => RunNode;
  /** Which inputs are weights if they are constants: they are trained. */
  readonly weights?: readonly number[];
  /** Which inputs are running statistics: they are saved, not trained. */
  readonly statistics?: readonly number[];
  /** The node's only tensor is its first input in another shape: a weight remains one behind it. */
  readonly isView?: true;
  /** Known arrays in give known arrays out: nodes on constants alone are computed when the network is loaded. */
  readonly onKnown?: true;
  /** A constant of several elements is a weight if the other input depends on weights: scales and shifts of layers. */
  readonly joinsLayers?: true;
  /** In words, what of the operator is not computed. */
  readonly limits?: string;
}

/** A form of an operator that cannot be computed; the message is put behind the operator's name. */
export class UnsupportedNode extends Error {
  override name = "UnsupportedNode";
}

/** What a node's inputs are at fault for; the message is put behind the node's name. */
export class NodeFault extends Error {
  override name = "NodeFault";
}

/** What attributes of each type hold. */
type AttributeValues = {
  [T in OnnxAttribute["type"]]: Extract<OnnxAttribute, { readonly type: T }>["value"];
};

/** A node's attributes. */
export class NodeSettings {
  readonly opType: string;
  readonly opset: number;
  readonly outputs: readonly string[];
  readonly inputCount: number;
  readonly #attributes: ReadonlyMap<string, OnnxAttribute>;

  constructor(node: {
    readonly opType: string;
    readonly opset: number;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  }) {
    this.opType = node.opType;
    this.opset = node.opset;
    this.outputs = node.outputs;
    this.inputCount = node.inputs.length;
    this.#attributes = node.attributes;
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** @throws UnsupportedNode if the attribute is of another type. */
  attribute<T extends keyof AttributeValues>(name: string, type: T): AttributeValues[T] | undefined {
    const found = this.#attributes.get(name);
    if (found === undefined) return undefined;
    // An empty list is written without a type by the first versions of the format.
    if (found.type === "other" && found.value === 0) return undefined;
    if (found.type !== type)
      throw new UnsupportedNode(`with an attribute ${name} of the type ${found.type}, expected ${type}`);
    return found.value as AttributeValues[T];
  }

  integer(name: string, otherwise: number): number {
    return this.attribute(name, "int") ?? otherwise;
  }

  flag(name: string, otherwise: boolean): boolean {
    return this.integer(name, otherwise ? 1 : 0) !== 0;
  }

  float(name: string, otherwise: number): number {
    return this.attribute(name, "float") ?? otherwise;
  }

  integers(name: string): readonly number[] | undefined {
    return this.attribute(name, "ints");
  }

  /** One of several words; what is not among them is not computed. */
  word<W extends string>(name: string, otherwise: W, known: readonly W[]): W {
    const found = this.attribute(name, "string") ?? otherwise;
    if (!known.includes(found as W)) throw new UnsupportedNode(`with ${name} = ${JSON.stringify(found)}`);
    return found as W;
  }

  /** Whether the node's output of that place is asked for. */
  wants(output: number): boolean {
    return (this.outputs[output] ?? "") !== "";
  }

  /** @throws UnsupportedNode if the network uses more outputs than the first. */
  firstOutputOnly(): void {
    if (this.outputs.slice(1).some((name) => name !== ""))
      throw new UnsupportedNode(`with ${this.outputs.length} outputs`);
  }
}

/** A node's inputs. */
export class NodeInputs {
  readonly #values: readonly (OnnxValue | undefined)[];

  constructor(values: readonly (OnnxValue | undefined)[]) {
    this.#values = values;
  }

  get count(): number {
    return this.#values.length;
  }

  has(place: number): boolean {
    return this.#values[place] !== undefined;
  }

  /** @throws NodeFault if there is none. */
  value(place: number): OnnxValue {
    const value = this.#values[place];
    if (value === undefined) throw new NodeFault(`input ${place} is missing`);
    return value;
  }

  /** All that are there. */
  values(): OnnxValue[] {
    return this.#values.filter((value) => value !== undefined);
  }

  tensor(place: number): Tensor {
    return asTensor(this.value(place));
  }

  optional(place: number): Tensor | null {
    return this.has(place) ? this.tensor(place) : null;
  }

  /** The input if its numbers are known. */
  known(place: number): KnownArray | undefined {
    const value = this.#values[place];
    return isKnown(value) ? value : undefined;
  }

  /** Whether all inputs are known. */
  get allKnown(): boolean {
    return this.#values.every((value) => value === undefined || isKnown(value));
  }

  /**
   * Numbers that decide what is computed, such as a shape.
   *
   * @throws NodeFault if they are not known until the network has run.
   */
  numbers(place: number, what: string): number[] {
    const value = this.value(place);
    if (!isKnown(value))
      throw new NodeFault(
        `its ${what} is computed from the contents of tensors, so shapes are not known before the ` +
          "network has run; export it with a fixed shape there",
      );
    return Array.from(value.data);
  }

  /** {@link numbers} if the input is there. */
  optionalNumbers(place: number, what: string): number[] | undefined {
    return this.has(place) ? this.numbers(place, what) : undefined;
  }

  /** {@link numbers} of an input with one element. */
  number(place: number, what: string): number {
    const numbers = this.numbers(place, what);
    if (numbers.length !== 1) throw new NodeFault(`its ${what} has ${numbers.length} elements, expected 1`);
    return numbers[0];
  }
}

/** A dimension counted from either end. @throws NodeFault if there is none of that number. */
export function dimension(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= Math.max(rank, 1))
    throw new NodeFault(`axis ${axis} does not exist in ${rank} dimensions`);
  return at;
}
