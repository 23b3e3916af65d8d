/**
 * From pending values to a graph, with the key under which its program is cached. In this order: the capture; the text by
 * which equal ops and attributes are recognised; the graph on which passes work.
 */

import type { Attributes, TensorSpec } from "../engines/contract/engine.ts";
import { NO_ATTRIBUTES, type Node, type OpDefinition, type StateBuffer, type Value } from "./node.ts";

export interface CommitRequest {
  readonly from: Value;
  readonly to: StateBuffer;
}

export interface Capture {
  /** Equal for equal structure: same ops, shapes, attributes and wiring, whatever the data. */
  readonly key: string;
  /** What each input of the program is filled with at this run. */
  readonly inputs: readonly Value[];
  readonly states: readonly StateBuffer[];
  /** Nodes in the order in which they were made, which is a topological order. */
  readonly nodes: readonly Node[];
  /** Builds the graph; not needed when the key is found in the cache. */
  build(): Graph;
}

/** Walks back from `outputs` and `commits` to materialised values; calls `onLost` with one that is lost. */
export function capture(
  outputs: readonly Value[],
  commits: readonly CommitRequest[],
  onLost: (value: Value) => never,
): Capture {
  return captureNodes(collectNodes([...outputs, ...commits.map((c) => c.from)], onLost), outputs, commits);
}

/** `capture` of nodes that have been collected: all that `outputs` and `commits` need, in the order of their making. */
export function captureNodes(
  nodes: readonly Node[],
  outputs: readonly Value[],
  commits: readonly CommitRequest[],
): Capture {
  const numbering = new Numbering();
  const parts: string[] = [];
  for (const node of nodes) {
    let text = `${opNumber(node.op)}${attributeKey(node.attributes)}(`;
    for (const input of node.inputs) text += `${numbering.of(input)},`;
    numbering.define(node);
    parts.push(text);
  }
  const outputIds = outputs.map((v) => numbering.of(v));
  const commitIds = commits.map((c) => ({ from: numbering.of(c.from), to: numbering.ofState(c.to, c.from) }));
  const key = `${parts.join(";")}|${numbering.key()}|${outputIds.join(",")}|${commitIds.map((c) => `${c.from}>${c.to}`).join(",")}`;
  return {
    key,
    inputs: numbering.inputs,
    states: numbering.states,
    nodes,
    build: () => numbering.graph(nodes, outputIds, commitIds),
  };
}

/**
 * Nodes that have to run for `wanted` to be known, in the order in which they were made. The walk ends at a value
 * that is lost, if `onLost` does not throw.
 */
export function collectNodes(wanted: readonly Value[], onLost: (value: Value) => void): Node[] {
  const seen = new Set<Node>();
  const stack: Value[] = [...wanted];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    const { node } = value;
    if (value.isMaterialised || node?.outputs[value.index].isMaterialised) continue;
    if (value.lost !== null || node === null) {
      onLost(value);
      continue;
    }
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) stack.push(input);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

class Numbering {
  readonly inputs: Value[] = [];
  readonly states: StateBuffer[] = [];
  private readonly values: GraphValue[] = [];
  private readonly ids = new Map<Value, number>();
  private readonly stateIds = new Map<StateBuffer, number>();
  private readonly leaves: string[] = [];

  /** Number of a value that is a leaf of this capture or has been defined by one of its nodes. */
  of(value: Value): number {
    // Several Value objects can stand for one result (a detached leaf and what it was assigned from).
    const canonical = value.isMaterialised || value.node === null ? value : value.node.outputs[value.index];
    const known = this.ids.get(canonical);
    if (known !== undefined) return known;
    if (canonical.state !== null) return this.ofState(canonical.state, canonical);
    const id = this.add({
      shape: value.shape,
      dtype: value.dtype,
      source: { kind: "input", index: this.inputs.length },
    });
    this.inputs.push(canonical);
    this.ids.set(canonical, id);
    this.leaves.push(`${id}:${value.dtype}${value.shape.join("x")}`);
    return id;
  }

  ofState(state: StateBuffer, like: Value): number {
    const known = this.stateIds.get(state);
    if (known !== undefined) return known;
    const id = this.add({
      shape: like.shape,
      dtype: like.dtype,
      source: { kind: "state", index: this.states.length },
    });
    this.states.push(state);
    this.stateIds.set(state, id);
    this.leaves.push(`${id}=${like.dtype}${like.shape.join("x")}`);
    return id;
  }

  define(node: Node): void {
    for (const output of node.outputs) {
      this.ids.set(output, this.add({ shape: output.shape, dtype: output.dtype, source: { kind: "node" } }));
    }
  }

  key(): string {
    return this.leaves.join(",");
  }

  graph(
    nodes: readonly Node[],
    outputs: readonly number[],
    commits: readonly { from: number; to: number }[],
  ): Graph {
    const graphNodes: GraphNode[] = nodes.map((node) => ({
      op: node.op,
      attributes: node.attributes,
      inputs: node.inputs.map((v) => this.of(v)),
      outputs: node.outputs.map((v) => this.ids.get(v) as number),
      label: node.label,
    }));
    return {
      values: this.values,
      nodes: graphNodes,
      outputs,
      commits,
      inputCount: this.inputs.length,
      stateCount: this.states.length,
    };
  }

  private add(value: GraphValue): number {
    this.values.push(value);
    return this.values.length - 1;
  }
}

// The text by which equal ops and attributes are recognised.

const opNumbers = new Map<OpDefinition, number>();

/** A small number for each op. */
export function opNumber(op: OpDefinition): number {
  let number = opNumbers.get(op);
  if (number === undefined) {
    number = opNumbers.size;
    opNumbers.set(op, number);
  }
  return number;
}

/** Attributes as text; equal for equal contents. */
export function attributeKey(attributes: Attributes): string {
  if (attributes === NO_ATTRIBUTES) return "";
  let text = "{";
  for (const name in attributes) text += `${name}:${plainText(attributes[name])},`;
  return text;
}

/** Like JSON, but keeps NaN, the infinities and -0 apart. */
function plainText(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map(plainText).join(",")}]`;
  if (typeof value === "object" && value !== null) return attributeKey(value as Attributes);
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

// The form on which passes work: one straight, topologically ordered list of nodes over numbered values.

export type GraphSource =
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "state"; readonly index: number }
  | { readonly kind: "node" };

export interface GraphValue extends TensorSpec {
  readonly source: GraphSource;
}

export interface GraphNode {
  readonly op: OpDefinition;
  readonly attributes: Attributes;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly label: string;
}

/** Immutable: a pass returns a new graph. Value ids are positions in `values`; a pass may leave unused ones. */
export interface Graph {
  readonly values: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly number[];
  /** At the end of a run the value `from` is written over the state value `to`. */
  readonly commits: readonly { readonly from: number; readonly to: number }[];
  readonly inputCount: number;
  readonly stateCount: number;
}

/** A pass: one file, a pure function from graph to graph. */
export type Pass = (graph: Graph) => Graph;
