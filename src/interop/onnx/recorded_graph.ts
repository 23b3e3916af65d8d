/**
 * What one forward pass records, as plain data. The pass is recorded for two sizes of the batch: what differs is what
 * depends on the batch, and what both share was there before and is constant.
 */
import type { DType } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import type { Attributes } from "../../engines/contract/engine.ts";
import type { Node, Value } from "../../graph/node.ts";
import { BATCH_DEPENDENT, type OnnxSize } from "../../ops/onnx/conversion.ts";
import { onnxRule, RANDOM_OPS } from "../../ops/onnx/table.ts";

export interface RecordedValue {
  readonly shape: readonly OnnxSize[];
  readonly dtype: DType;
  /** What computes it in the forward pass; null for the input and for what was there before. */
  readonly node: RecordedNode | null;
  /** Which output of the node. */
  readonly index: number;
  /** Whether it is the same for every input. */
  readonly isConstant: boolean;
  /** As it was recorded for the smaller batch. */
  readonly value: Value;
}

export interface RecordedNode {
  readonly op: string;
  /** Path of the layer, `net.features.3`; empty outside of any. */
  readonly label: string;
  /** Those that depend on the batch are `BATCH_DEPENDENT`. */
  readonly attributes: Attributes;
  readonly inputs: readonly RecordedValue[];
  readonly outputs: readonly RecordedValue[];
}

/** The sizes of the batch for which a pass is recorded. */
export const BATCHES = [2, 3] as const;

/** The same value in both recordings. */
type Pair = readonly [Value, Value];

/**
 * The graph behind an output.
 *
 * @param input - of the forward pass, for each size of the batch.
 * @throws ArgumentError if the pass does other things for another size of the batch.
 */
export function recordedGraph(input: Pair, output: Pair): RecordedValue {
  return new Recording(input).valueOf(output);
}

class Recording {
  readonly #known = new Map<Value, RecordedValue>();
  /** What stands in for a node that is written as the ops it decomposes into. */
  readonly #decomposed = new Map<Node, readonly Pair[]>();

  constructor([small, large]: Pair) {
    const shape = mergedShape(small.shape, large.shape, "the input");
    const input = { shape, dtype: small.dtype, node: null, index: 0, isConstant: false, value: small };
    this.#known.set(small, input);
  }

  valueOf(wanted: Pair): RecordedValue {
    // Not by recursion: networks are deeper than the stack.
    const stack = [canonical(wanted)];
    for (let pair = stack.at(-1); pair !== undefined; pair = stack.at(-1)) {
      const missing = this.#known.has(pair[0]) ? [] : this.#missingFor(pair);
      if (missing.length === 0) stack.pop();
      else stack.push(...missing);
    }
    return this.#get(wanted);
  }

  #get(pair: Pair): RecordedValue {
    return this.#known.get(canonical(pair)[0]) as RecordedValue;
  }

  /** What must be known before a pair; with nothing missing the pair is known afterwards. */
  #missingFor([small, large]: Pair): Pair[] {
    const [node, twin] = [small.node, large.node];
    // Both recordings share what was there before.
    if (node === null || twin === null || node === twin || (small.isMaterialised && large.isMaterialised)) {
      const { shape, dtype } = small;
      this.#known.set(small, { shape, dtype, node: null, index: 0, isConstant: true, value: small });
      return [];
    }
    if (node.op !== twin.op || node.inputs.length !== twin.inputs.length) throw differs(node);
    const standsFor = this.#decompositionOf(node, twin);
    const needed = standsFor ?? node.inputs.map((value, i) => canonical([value, twin.inputs[i]]));
    const missing = needed.filter(([value]) => !this.#known.has(value));
    if (missing.length > 0) return missing;
    if (standsFor !== null) this.#known.set(small, this.#get(standsFor[small.index]));
    else this.#addNode(node, twin);
    return [];
  }

  #decompositionOf(node: Node, twin: Node): readonly Pair[] | null {
    const rule = onnxRule(node.op.name);
    const { decompose } = node.op;
    if (decompose === undefined || !(rule === "decompose" || rule === undefined)) return null;
    const known = this.#decomposed.get(node);
    if (known !== undefined) return known;
    const others = decompose(twin.inputs, twin.attributes);
    const pairs = decompose(node.inputs, node.attributes).map((value, i) => canonical([value, others[i]]));
    this.#decomposed.set(node, pairs);
    return pairs;
  }

  #addNode(node: Node, twin: Node): void {
    const { op, label } = node;
    const inputs = node.inputs.map((value, i) => this.#get([value, twin.inputs[i]]));
    const attributes = mergedAttributes(node.attributes, twin.attributes);
    const depends = RANDOM_OPS.has(op.name) || Object.values(attributes).includes(BATCH_DEPENDENT);
    const outputs: RecordedValue[] = [];
    const recorded = { op: op.name, label, attributes, inputs, outputs };
    node.outputs.forEach((value, index) => {
      const shape = mergedShape(value.shape, twin.outputs[index].shape, opAt(op.name, label));
      const isConstant =
        !depends && inputs.every((one) => one.isConstant) && shape.every((size) => typeof size === "number");
      const one = { shape, dtype: value.dtype, node: recorded, index, isConstant, value };
      outputs.push(one);
      this.#known.set(value, one);
    });
  }
}

/** An op and its layer, as errors name them: `conv2d (net.3)`. */
export function opAt(op: string, label: string): string {
  return label === "" ? op : `${op} (${label})`;
}

/** Several Value objects can stand for one result. */
function canonical([small, large]: Pair): Pair {
  const one = (value: Value) =>
    value.isMaterialised || value.node === null ? value : value.node.outputs[value.index];
  return [one(small), one(large)];
}

function mergedShape(small: Shape, large: Shape, what: string): OnnxSize[] {
  return small.map((size, d) => {
    if (size === large[d] && small.length === large.length) return size;
    const times = size / BATCHES[0];
    if (Number.isInteger(times) && times * BATCHES[1] === large[d]) return { times };
    throw new ArgumentError(
      `onnx.export: the shape of ${what} is ${formatShape(small)} for a batch of ${BATCHES[0]} and ${formatShape(large)} for ` +
        `one of ${BATCHES[1]}; expected sizes that are fixed or a multiple of the batch`,
    );
  });
}

function mergedAttributes(small: Attributes, large: Attributes): Attributes {
  const merged: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(small))
    merged[name] = isSame(value, large[name]) ? value : BATCH_DEPENDENT;
  return merged as Attributes;
}

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => isSame(one, b[i]));
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  return Object.entries(a).every(([name, one]) => isSame(one, (b as Record<string, unknown>)[name]));
}

function differs({ op, label }: Node): ArgumentError {
  return new ArgumentError(
    `onnx.export: ${opAt(op.name, label)}: the network records other operations for a batch of ${BATCHES[1]} than for one of ` +
      `${BATCHES[0]}; let its forward pass not depend on the size of the batch`,
  );
}
