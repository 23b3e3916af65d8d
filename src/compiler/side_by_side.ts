/**
 * Steps that do not depend on each other, as the branches of Inception: brought next to each other, so that threads need
 * not wait for all of one before they begin another. For programs that only predict: values live longer so.
 */
import type { Graph, GraphNode } from "../graph/graph.ts";
import type { FrozenPasses } from "./compile.ts";
import { producers } from "./passes/rewrite.ts";

/** For programs of frozen networks. */
export const FROZEN_PASSES: FrozenPasses = { arranged: sideBySide, joinedNodes };

/** The nodes, those with the longest way from the inputs last; otherwise in their order. */
function sideBySide(graph: Graph): Graph {
  const makers = producers(graph);
  const depths: number[] = [];
  for (const { op, inputs } of graph.nodes) {
    const before = inputs.map((id) => (makers[id] < 0 ? 0 : depths[makers[id]]));
    depths.push(Math.max(0, ...before) + (op.alias === true ? 0 : 1));
  }
  const order = graph.nodes.map((_, i) => i).sort((a, b) => depths[a] - depths[b] || a - b);
  return { ...graph, nodes: order.map((i) => graph.nodes[i]) };
}

/**
 * Whether each node may run at the same time as the next one that is a step, given places in memory that say no other.
 *
 * @param roots - of each value the one whose bytes it shares.
 * @param divides - whether a node may run beside others at all.
 */
function joinedNodes(
  graph: Graph,
  roots: readonly number[],
  divides: (node: GraphNode) => boolean,
): boolean[] {
  const joined = graph.nodes.map(() => false);
  let written = new Set<number>();
  let last = -1;
  graph.nodes.forEach((node, position) => {
    if (node.op.alias === true) return;
    const joins = last >= 0 && divides(node) && divides(graph.nodes[last]);
    if (joins && !node.inputs.some((id) => written.has(roots[id]))) joined[last] = true;
    else written = new Set();
    for (const id of node.outputs) written.add(roots[id]);
    last = position;
  });
  return joined;
}
