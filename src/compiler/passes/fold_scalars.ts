/**
 * Gives every reader of a structural constant (`full`, and what only spreads it) a copy of its own, so that
 * the constant is folded into each loop instead of being written to memory for several.
 */
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { fullOp } from "../../ops/creation.ts";
import { expandOp, reshapeOp } from "../../ops/shape/shape_ops.ts";
import { GraphBuilder, producers } from "./rewrite.ts";

export function foldScalars(graph: Graph): Graph {
  const makers = producers(graph);
  const builder = new GraphBuilder(graph);
  const constants = new Map<number, GraphNode>();
  for (const node of graph.nodes) {
    if (node.op === fullOp) constants.set(node.outputs[0], node);
    else if (spreads(node) && constants.has(node.inputs[0])) {
      const source = constants.get(node.inputs[0]) as GraphNode;
      constants.set(node.outputs[0], { ...source, outputs: node.outputs });
    }
  }
  const written = new Set<number>();
  const keep = (id: number): void => {
    const node = constants.get(id);
    if (node === undefined || written.has(id)) return;
    written.add(id);
    builder.addNode(asFull(node, graph, id));
  };
  for (const node of graph.nodes) {
    if (constants.has(node.outputs[0])) continue;
    const elementwise = node.op.elementwise !== undefined;
    const inputs = node.inputs.map((id) => {
      const constant = constants.get(id);
      if (constant === undefined) return id;
      if (!elementwise) {
        keep(id);
        return id;
      }
      // Shaped like the reader's result, so that it joins the reader's loop.
      const own = builder.addValue({ ...graph.values[id], shape: graph.values[node.outputs[0]].shape });
      builder.addNode({
        ...asFull(constant, graph, id, graph.values[node.outputs[0]].shape),
        outputs: [own],
      });
      return own;
    });
    builder.addNode({ ...node, inputs });
  }
  for (const id of [...graph.outputs, ...graph.commits.map((c) => c.from)]) if (makers[id] >= 0) keep(id);
  return builder.finish();
}

function spreads(node: GraphNode): boolean {
  return node.op === expandOp || node.op === reshapeOp;
}

function asFull(node: GraphNode, graph: Graph, id: number, shape = graph.values[id].shape): GraphNode {
  return { ...node, inputs: [], outputs: [id], attributes: { ...node.attributes, shape } };
}
