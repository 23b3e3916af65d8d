/**
 * The graph that operations record: nodes, each one call of an op, and values, their results.
 *
 * Nodes are made when an operation is called and run later, many at once. The same nodes are autograd's
 * tape: a value that requires a gradient keeps its node, and the node its inputs, until `backward`.
 *
 * In this order: ops, nodes and values; where in the user's program an operation is recorded; the recording; the capture,
 * from pending values to a graph.
 */
import { type DType, isFloating, type TypedArray } from "../base/dtype.ts";
import { ConvoyantError, nameError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { Attributes, EngineBuffer, TensorSpec } from "../engines/contract/engine.ts";
import type { FusedBinary, FusedUnary } from "../engines/contract/fused_loop.ts";
import type { ImageOperands } from "../engines/contract/layouts.ts";
import type { Graph, GraphNode, GraphValue } from "./graph.ts";

/** How an op computes one element, for the fusion pass. */
export type Elementwise =
  | { readonly kind: "unary"; readonly op: FusedUnary }
  | { readonly kind: "binary"; readonly op: FusedBinary }
  | { readonly kind: "where" }
  | { readonly kind: "cast" };

export interface GradientCall {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /** Gradient of each output; null if nothing flows into it. At least one is not null. */
  readonly grads: readonly (Value | null)[];
  /** Which inputs want a gradient. Others may be returned as null. */
  readonly needs: readonly boolean[];
}

/** An op, defined once: its name, shape and dtype rule, gradient as further ops. */
export interface OpDefinition {
  readonly name: string;
  /**
   * Shape and dtype of each output. Throws a ShapeError or DTypeError whose text does not name the op: the
   * op and the layer's path are put in front of it.
   */
  infer(inputs: readonly TensorSpec[], attributes: Attributes): TensorSpec[];
  /** Gradients of the inputs, as further ops; absent if the op has none (comparisons, argmax). */
  gradient?(call: GradientCall): readonly (Value | null)[];
  /** The same result from other ops, for engines that have no kernel of their own. */
  decompose?(inputs: readonly Value[], attributes: Attributes): readonly Value[];
  readonly elementwise?: Elementwise;
  /** A reduction that the fusion pass can take in: over `attributes.dims`, keeping or dropping them. */
  readonly reduction?: "sum" | "amax" | "amin";
  /** Its kernel refuses some data (an index that is out of range), so a run with it can fail. */
  readonly checksData?: boolean;
  /** The output shares the bytes of input 0 (reshape). */
  readonly alias?: boolean;
  /** For ops that know the attribute `layout: "channelsLast"`: which of their operands are images. */
  readonly images?: ImageOperands;
  /** Whether a kernel can apply the activation that reads the result: the attribute `activation` names it. */
  readonly takesActivation?: boolean;
  /** Whether ops with `takesActivation` can apply this one. */
  readonly activation?: boolean;
  /** Whether a kernel may leave out all results but the first: it is then asked about with one output. */
  readonly sparesOutputs?: boolean;
  /** Multiplications that are added up, when the op is a matmul or a convolution. */
  multiplyAdds?(
    inputs: readonly TensorSpec[],
    outputs: readonly TensorSpec[],
    attributes: Attributes,
  ): number;
  /** Whether an element of the result depends on all examples of input `operand`, [N, ...]. */
  mixesExamples?(operand: TensorSpec, attributes: Attributes): boolean;
}

/** A state buffer and who holds it: weights, running statistics, an optimiser's memory. */
export interface StateBuffer {
  readonly buffer: EngineBuffer;
  /** Its bytes on their way to the caller, once the engine that has the buffer is being left. */
  readonly leaving?: Promise<ArrayBuffer> | null;
}

/** A run that failed. */
export interface RunFailure {
  readonly error: unknown;
  /** Whether some promise or call has reported it: once is enough for what is as it was before. */
  readonly reported: boolean;
}

let nextNodeId = 1;

export class Node {
  /** Ascending in the order of creation: inputs always have smaller ids. */
  readonly id: number = nextNodeId++;
  readonly op: OpDefinition;
  readonly attributes: Attributes;
  readonly label: string;
  /** Emptied once the outputs are computed and no gradient will be asked for. */
  inputs: readonly Value[];
  readonly outputs: Value[] = [];
  /** Whether `backward` has passed and freed what it needed. */
  backwardDone = false;
  /** The results that the user's own code was given; null while there are none. */
  received: WeakRef<Value>[] | null = null;
  /** The walk that came here last (see `partsOf`). */
  visit = 0;

  constructor(op: OpDefinition, inputs: readonly Value[], attributes: Attributes, label: string) {
    this.op = op;
    this.inputs = inputs;
    this.attributes = attributes;
    this.label = label;
  }
}

/** The id of the node that was made last: what is recorded later has a larger one. */
export function lastNodeId(): number {
  return nextNodeId - 1;
}

/** One result of a node, or (node null) data given by the caller. */
export class Value implements TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Let go of once the data is here and no gradient will be asked for. */
  node: Node | null;
  readonly index: number;
  requiresGrad = false;
  /** For a leaf that collects a gradient: the object (a tensor's cell) that collects it. */
  gradientOwner: object | null = null;
  /** The elements, once computed and read back, or given. */
  data: TypedArray | null = null;
  /** Set while the value is read back: the run that computes it is under way. */
  readback: Promise<void> | null = null;
  /** The state buffer that holds the value now. */
  state: StateBuffer | null = null;
  /** Why the value can no longer be computed, if it cannot. */
  lost: string | null = null;
  /**
   * The failed run that was to compute the value, if it is lost; else the failed run that was to replace it: then the
   * value is what its tensor had before.
   */
  failure: RunFailure | null = null;

  constructor(spec: TensorSpec, node: Node | null = null, index = 0) {
    this.shape = spec.shape;
    this.dtype = spec.dtype;
    this.node = node;
    this.index = index;
  }

  /** Whether the value needs no computing: it is here, being read back, or in a state buffer. */
  get isMaterialised(): boolean {
    return this.data !== null || this.readback !== null || this.state !== null;
  }
}

/** A value of given data. */
export function constantValue(data: TypedArray, shape: Shape, dtype: DType): Value {
  const value = new Value({ shape, dtype });
  value.data = data;
  return value;
}

// Where in the user's program an operation is recorded: inside which layer, and how deep inside calls of ours. Depth 0
// is the user's own code: only values made there can still be asked for after the weights they depend on have been
// overwritten, so only those are kept when that happens.

/** Paths of the layers being called, the outermost first. */
const labels: string[] = [];
let depth = 0;

/** Path of the layer being called, `net.features.3`; empty outside of any. */
export function currentLabel(): string {
  return labels.at(-1) ?? "";
}

/** Runs `body` as part of the layer at `label`. */
export function insideLayer<T>(label: string, body: () => T): T {
  labels.push(label);
  depth++;
  try {
    return body();
  } finally {
    depth--;
    labels.pop();
  }
}

/** Runs `body` as the inside of a function of ours. */
export function insideCall<T>(body: () => T): T {
  depth++;
  try {
    return body();
  } finally {
    depth--;
  }
}

/** Runs a function of the user's (a hook) that is called from inside ours: what it makes is its own. */
export function asUserCode<T>(body: () => T): T {
  const before = depth;
  depth = 0;
  try {
    return body();
  } finally {
    depth = before;
  }
}

/** Whether the code now running is the user's own. */
export function atTopLevel(): boolean {
  return depth === 0;
}

// The recording.

export const NO_ATTRIBUTES: Attributes = Object.freeze({});

let gradientMode = true;

export function isGradientModeOn(): boolean {
  return gradientMode;
}

/** Sets whether new nodes join the tape; returns what it was. */
export function setGradientMode(on: boolean): boolean {
  const before = gradientMode;
  gradientMode = on;
  return before;
}

/** Records one call of an op and returns its outputs. */
export function emitAll(
  op: OpDefinition,
  inputs: readonly Value[],
  attributes: Attributes = NO_ATTRIBUTES,
): Value[] {
  const label = currentLabel();
  const specs = inferWithContext(op, inputs, attributes, label);
  const node = new Node(op, inputs, attributes, label);
  const requiresGrad = gradientMode && op.gradient !== undefined && inputs.some((v) => v.requiresGrad);
  for (let i = 0; i < specs.length; i++) {
    const value = new Value(specs[i], node, i);
    value.requiresGrad = requiresGrad && isFloating(specs[i].dtype);
    node.outputs.push(value);
  }
  return node.outputs;
}

/** `emitAll` for an op with one output. */
export function emit(
  op: OpDefinition,
  inputs: readonly Value[],
  attributes: Attributes = NO_ATTRIBUTES,
): Value {
  return emitAll(op, inputs, attributes)[0];
}

/** Runs the op's rule, putting the op and the layer's path in front of what it complains about. */
function inferWithContext(
  op: OpDefinition,
  inputs: readonly Value[],
  attributes: Attributes,
  label: string,
): TensorSpec[] {
  try {
    return op.infer(inputs, attributes);
  } catch (error) {
    if (error instanceof ConvoyantError) nameError(error, op.name, label);
    throw error;
  }
}

// The capture, from pending values to a graph, with the key under which its program is cached.

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
    if (canonical.state !== null) {
      // The graph may be built when something else lies there.
      const state = this.ofState(canonical.state, canonical);
      this.ids.set(canonical, state);
      return state;
    }
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
