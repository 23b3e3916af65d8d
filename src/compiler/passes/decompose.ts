/** Replaces ops that the engine has no kernel for by the ops they are made of. */
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { collectNodes, type Node, setGradientMode, Value } from "../../graph/node.ts";
import type { StepPlanner } from "../compile.ts";
import { GraphBuilder } from "./rewrite.ts";

export function decompose(graph: Graph, planner: StepPlanner): Graph {
  const builder = new GraphBuilder(graph);
  const before = setGradientMode(false);
  try {
    for (const node of graph.nodes) expandNode(node, builder, planner);
  } finally {
    setGradientMode(before);
  }
  return builder.finish();
}

function expandNode(node: GraphNode, builder: GraphBuilder, planner: StepPlanner): void {
  const current = () => ({ ...node, inputs: node.inputs.map((id) => builder.current(id)) });
  if (node.op.decompose === undefined || planner.hasKernel(builder.values, current())) {
    builder.addNode(node);
    return;
  }
  // The op's own builders run on stand-ins for its inputs; what they record is spliced in here.
  const ids = new Map<Value, number>();
  const standIns = node.inputs.map((id) => {
    const now = builder.current(id);
    const value = new Value(builder.values[now]);
    value.state = STAND_IN;
    ids.set(value, now);
    return value;
  });
  const results = (node.op.decompose as NonNullable<typeof node.op.decompose>)(standIns, node.attributes);
  for (const part of collectNodes(results, neverLost)) splice(part, node.label, ids, builder, planner);
  results.forEach((result, i) => {
    const id = ids.get(result);
    if (id !== undefined) builder.replace(node.outputs[i], id);
  });
}

const STAND_IN = Object.freeze({ buffer: { id: -1, bytes: 0 } });

function splice(
  part: Node,
  label: string,
  ids: Map<Value, number>,
  builder: GraphBuilder,
  planner: StepPlanner,
): void {
  const inputs = part.inputs.map((value) => {
    const id = ids.get(value);
    if (id === undefined)
      throw new Error(`decomposition at ${label} uses data of its own in ${part.op.name}; use constant()`);
    return id;
  });
  const outputs = part.outputs.map((value) => {
    const id = builder.addValue(value);
    ids.set(value, id);
    return id;
  });
  expandNode({ op: part.op, attributes: part.attributes, inputs, outputs, label }, builder, planner);
}

function neverLost(): never {
  throw new Error("a decomposition refers to a value that is gone");
}
