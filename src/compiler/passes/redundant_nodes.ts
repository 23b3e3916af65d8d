/** Removes what need not be computed: results that nothing reads, and results that there are already. */
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { attributeKey, opNumber } from "../../graph/node.ts";
import { escaping, GraphBuilder } from "./rewrite.ts";

/** Drops nodes whose results are not read. */
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

/** Computes equal things once. Random ops take their key as an input, so they are as pure as the others. */
export function commonSubexpressions(graph: Graph): Graph {
  const builder = new GraphBuilder(graph);
  const seen = new Map<string, readonly number[]>();
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => builder.current(id));
    const key = `${opNumber(node.op)}${attributeKey(node.attributes)}(${inputs.join(",")})`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, node.outputs);
      builder.addNode(node);
    } else {
      node.outputs.forEach((id, i) => builder.replace(id, first[i]));
    }
  }
  return builder.finish();
}
