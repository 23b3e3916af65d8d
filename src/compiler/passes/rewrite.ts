/** What passes share: building the next graph, and looking up who makes and who reads a value. */
import type { TensorSpec } from "../../engines/contract/engine.ts";
import type { Graph, GraphNode, GraphValue } from "../../graph/graph.ts";

/** Values and nodes of a graph under construction; the ids of the old graph stay valid. */
export class GraphBuilder {
  readonly values: GraphValue[];
  readonly nodes: GraphNode[] = [];
  private readonly replaced = new Map<number, number>();
  private readonly from: Graph;

  constructor(from: Graph) {
    this.from = from;
    this.values = [...from.values];
  }

  /** A new value made by a node. */
  addValue(spec: TensorSpec): number {
    this.values.push({ shape: spec.shape, dtype: spec.dtype, source: { kind: "node" } });
    return this.values.length - 1;
  }

  /** Appends a node, its inputs as replaced so far. */
  addNode(node: GraphNode): void {
    this.nodes.push({ ...node, inputs: node.inputs.map((id) => this.current(id)) });
  }

  /** From here on `id` means `by`. */
  replace(id: number, by: number): void {
    this.replaced.set(id, by);
  }

  current(id: number): number {
    let now = id;
    for (let next = this.replaced.get(now); next !== undefined; next = this.replaced.get(now)) now = next;
    return now;
  }

  finish(): Graph {
    return {
      ...this.from,
      values: this.values,
      nodes: this.nodes,
      outputs: this.from.outputs.map((id) => this.current(id)),
      commits: this.from.commits.map(({ from, to }) => ({ from: this.current(from), to })),
    };
  }
}

/** Position of the node that makes each value; -1 for inputs and states. */
export function producers(graph: Graph): Int32Array {
  const out = new Int32Array(graph.values.length).fill(-1);
  graph.nodes.forEach((node, position) => {
    for (const id of node.outputs) out[id] = position;
  });
  return out;
}

/** Positions of the nodes that read each value. */
export function consumers(graph: Graph): number[][] {
  const out: number[][] = graph.values.map(() => []);
  graph.nodes.forEach((node, position) => {
    for (const id of new Set(node.inputs)) out[id].push(position);
  });
  return out;
}

/** Values that leave the program: read back or committed to state. */
export function escaping(graph: Graph): Set<number> {
  return new Set([...graph.outputs, ...graph.commits.map((c) => c.from)]);
}
