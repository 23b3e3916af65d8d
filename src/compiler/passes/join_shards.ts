/**
 * Has the shards of a batch meet. They are recorded one after the other, each as if it were alone, and each with a
 * `shardSum` at every meeting. This pass brings the nodes into an order in which all shards come to a meeting before any of
 * them goes on, and puts the sum over the shards, and over the ranks, in the place of theirs. Meetings keep the order in
 * which a shard comes to them, so that all ranks have the same one, however many shards they have.
 */
import { DistributedError } from "../../base/errors.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { NO_ATTRIBUTES } from "../../graph/node.ts";
import { allReduceOp } from "../../ops/collective.ts";
import { fullOp } from "../../ops/creation.ts";
import { addOp } from "../../ops/elementwise/elementwise.ts";
import { shardSumOp } from "../../ops/nn/synchronized_norm.ts";
import { GraphBuilder, producers } from "./rewrite.ts";

export function joinShards(graph: Graph): Graph {
  const builder = new GraphBuilder(graph);
  const order = new OrderOfNodes(graph, builder);
  for (const members of meetingsIn(graph)) {
    const nodes = members.map((position) => graph.nodes[position]);
    order.addWhatMakes(nodes.map(({ inputs: [input] }) => input));
    const sum = meet(nodes, builder);
    for (const node of nodes) builder.replace(node.outputs[0], sum);
    order.pass(members);
  }
  order.addRest();
  return builder.finish();
}

/** Positions of the shards' nodes for each meeting. */
function meetingsIn(graph: Graph): Iterable<readonly number[]> {
  const found = new Map<unknown, number[]>();
  graph.nodes.forEach(({ op, attributes: { meeting } }, position) => {
    if (op !== shardSumOp) return;
    const known = found.get(meeting);
    if (known === undefined) found.set(meeting, [position]);
    else known.push(position);
  });
  return found.values();
}

/** The sum over all shards of all ranks. */
function meet(nodes: readonly GraphNode[], builder: GraphBuilder): number {
  const [{ attributes, label }] = nodes;
  const make = (op: GraphNode["op"], inputs: number[], of: GraphNode["attributes"]): number => {
    const output = builder.addValue(builder.values[nodes[0].inputs[0]]);
    builder.addNode({ op, inputs, outputs: [output], attributes: of, label });
    return output;
  };
  const add = (a: number, b: number) => make(addOp, [a, b], NO_ATTRIBUTES);
  // Slices of a shard follow each other.
  const shards: number[] = [];
  for (const { attributes: own, inputs } of nodes)
    shards.push(own.isFirst ? inputs[0] : add(shards.pop() as number, inputs[0]));
  // The first shards of a small batch are empty.
  const { shape, dtype } = builder.values[nodes[0].inputs[0]];
  while (shards.length < (attributes.shards as number))
    shards.unshift(make(fullOp, [], { shape: [...shape], value: 0, dtype }));
  const { summation, meeting } = attributes;
  return make(allReduceOp, [treeSum(shards, add)], { summation, meeting });
}

/** Neighbours first; of a power of two of values. */
function treeSum(values: readonly number[], add: (a: number, b: number) => number): number {
  if (values.length === 1) return values[0];
  const half = values.length / 2;
  return add(treeSum(values.slice(0, half), add), treeSum(values.slice(half), add));
}

/** Adds nodes as they are needed. */
class OrderOfNodes {
  readonly #graph: Graph;
  readonly #builder: GraphBuilder;
  readonly #madeBy: Int32Array;
  readonly #added: Uint8Array;

  constructor(graph: Graph, builder: GraphBuilder) {
    this.#graph = graph;
    this.#builder = builder;
    this.#madeBy = producers(graph);
    this.#added = new Uint8Array(graph.nodes.length);
  }

  addWhatMakes(values: readonly number[]): void {
    const needed: number[] = [];
    const stack = [...values];
    for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
      const position = this.#madeBy[value];
      if (position < 0 || this.#added[position] === 1) continue;
      const node = this.#graph.nodes[position];
      if (node.op === shardSumOp)
        throw new DistributedError(
          `SyncBatchNorm: the shards of a batch come to their layers in different orders (at ${node.label}); every ` +
            "example must pass the same layers",
        );
      this.#added[position] = 1;
      needed.push(position);
      stack.push(...node.inputs);
    }
    this.#add(needed.sort((a, b) => a - b));
  }

  /** Marks nodes as done for. */
  pass(positions: readonly number[]): void {
    for (const position of positions) this.#added[position] = 1;
  }

  addRest(): void {
    this.#add(this.#graph.nodes.map((_, position) => position).filter((i) => this.#added[i] === 0));
  }

  #add(positions: readonly number[]): void {
    for (const position of positions) this.#builder.addNode(this.#graph.nodes[position]);
  }
}
