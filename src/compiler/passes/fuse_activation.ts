/** Lets a convolution or matmul apply the activation that alone reads its result. */
import type { Graph } from "../../graph/graph.ts";
import type { StepPlanner } from "../compile.ts";
import { consumers, escaping, GraphBuilder } from "./rewrite.ts";

export function fuseActivation(graph: Graph, planner: StepPlanner): Graph {
  const readers = consumers(graph);
  const leaves = escaping(graph);
  const builder = new GraphBuilder(graph);
  const absorbed = new Set<number>();
  graph.nodes.forEach((node, position) => {
    if (absorbed.has(position)) return;
    const [output] = node.outputs;
    const reader = readers[output].length === 1 ? graph.nodes[readers[output][0]] : undefined;
    const fits =
      reader !== undefined &&
      node.op.takesActivation === true &&
      reader.op.activation === true &&
      node.attributes.activation === undefined &&
      graph.values[output].dtype === "float32" &&
      !leaves.has(output);
    const fused = fits && {
      ...node,
      attributes: { ...node.attributes, activation: reader.op.name },
      outputs: reader.outputs,
    };
    if (fused === false || !planner.fuses(graph.values, fused)) {
      builder.addNode(node);
      return;
    }
    absorbed.add(readers[output][0]);
    builder.addNode(fused);
  });
  return builder.finish();
}
