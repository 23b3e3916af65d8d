/**
 * Has sums over ranks run beside the backward pass: each is begun as soon as the gradients of its bucket are known, and
 * waited for when nothing is left that does not depend on it.
 */
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { awaitAllReduceOp, startAllReduceOp } from "../../ops/collective.ts";

/** Orders the nodes; what is computed stays the same. */
export function overlapReductions(graph: Graph): Graph {
  const { nodes } = graph;
  const maker = new Map<number, number>();
  nodes.forEach(({ outputs }, position) => {
    for (const output of outputs) maker.set(output, position);
  });
  const placed = new Set<number>();
  const order: GraphNode[] = [];
  const place = (positions: Iterable<number>) => {
    for (const position of [...positions].sort((a, b) => a - b)) {
      placed.add(position);
      order.push(nodes[position]);
    }
  };
  nodes.forEach(({ op }, position) => {
    if (op === startAllReduceOp) place(missingFor(position, nodes, maker, placed));
  });
  const rest = nodes.map((_, position) => position).filter((position) => !placed.has(position));
  for (const group of byWait(rest, nodes, maker)) place(group);
  return { ...graph, nodes: order };
}

/** A node and all that it needs and is not placed yet. */
function missingFor(
  position: number,
  nodes: readonly GraphNode[],
  maker: ReadonlyMap<number, number>,
  placed: ReadonlySet<number>,
): Set<number> {
  const missing = new Set<number>();
  const stack = [position];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (placed.has(at) || missing.has(at)) continue;
    missing.add(at);
    for (const input of nodes[at].inputs) {
      const made = maker.get(input);
      if (made !== undefined) stack.push(made);
    }
  }
  return missing;
}

/** Nodes by the last wait that they depend on; those that depend on none come first. */
function byWait(
  rest: readonly number[],
  nodes: readonly GraphNode[],
  maker: ReadonlyMap<number, number>,
): readonly number[][] {
  const groups: number[][] = [[]];
  const groupOf = new Map<number, number>();
  for (const position of rest) {
    let group = 0;
    for (const input of nodes[position].inputs)
      group = Math.max(group, groupOf.get(maker.get(input) ?? -1) ?? 0);
    if (nodes[position].op === awaitAllReduceOp) group = groups.push([]) - 1;
    groupOf.set(position, group);
    groups[group].push(position);
  }
  return groups;
}
