/** Leaves out results that a kernel can do without and that nothing reads: where the maxima of a pooling were. */
import type { Graph } from "../../graph/graph.ts";
import type { StepPlanner } from "../compile.ts";
import { consumers, escaping } from "./rewrite.ts";

export function unusedOutputs(graph: Graph, planner: StepPlanner): Graph {
  const readers = consumers(graph);
  const leaves = escaping(graph);
  const nodes = graph.nodes.map((node) => {
    const [first, ...rest] = node.outputs;
    if (node.op.sparesOutputs !== true || rest.some((id) => readers[id].length > 0 || leaves.has(id)))
      return node;
    const without = { ...node, outputs: [first] };
    return planner.hasKernel(graph.values, without) ? without : node;
  });
  return { ...graph, nodes };
}
