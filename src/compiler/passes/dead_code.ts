/** Drops nodes whose results are not read. */
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { escaping } from "./rewrite.ts";

export function deadCode(graph: Graph): Graph {
  const live = escaping(graph);
  const kept: GraphNode[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!node.outputs.some((id) => live.has(id))) continue;
    kept.push(node);
    for (const id of node.inputs) live.add(id);
  }
  return { ...graph, nodes: kept.reverse() };
}
