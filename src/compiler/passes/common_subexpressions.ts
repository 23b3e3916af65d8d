/** Computes equal things once. Random ops take their key as an input, so they are as pure as the others. */
import type { Graph } from "../../graph/graph.ts";
import { attributeKey, opNumber } from "../../graph/structure_key.ts";
import { GraphBuilder } from "./rewrite.ts";

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
