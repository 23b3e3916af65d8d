/**
 * Lets ops on 16-bit floats run on 32-bit floats where the engine has no kernel for the narrow ones: their inputs are
 * widened and their results rounded. Element-wise ops stay as they are: generated loops load and store 16 bits
 * themselves. So do ops that only move elements and have a kernel for it.
 */
import { isHalf } from "../../base/dtype.ts";
import type { EngineCapabilities, TensorSpec } from "../../engines/engine.ts";
import type { Graph, GraphNode } from "../graph.ts";
import type { OpDefinition } from "../node.ts";
import { GraphBuilder } from "./rewrite.ts";

/** Parts of a generated loop, or none at all. */
const LOOP_PARTS = new Set(["full", "expand"]);

const castNode: OpDefinition = {
  name: "cast",
  elementwise: { kind: "cast" },
  infer: ([x], { dtype }) => [{ shape: x.shape, dtype: dtype as TensorSpec["dtype"] }],
};

export function widenHalf(graph: Graph, capabilities: EngineCapabilities): Graph {
  if (!graph.values.some(({ dtype }) => isHalf(dtype))) return graph;
  const builder = new GraphBuilder(graph);
  for (const node of graph.nodes) {
    if (staysNarrow(graph, node, capabilities)) builder.addNode(node);
    else widen(builder, node);
  }
  return builder.finish();
}

function staysNarrow(graph: Graph, node: GraphNode, capabilities: EngineCapabilities): boolean {
  const specs = (ids: readonly number[]) => ids.map((id) => graph.values[id]);
  const [inputs, outputs] = [specs(node.inputs), specs(node.outputs)];
  if (![...inputs, ...outputs].some(({ dtype }) => isHalf(dtype))) return true;
  const { op, attributes } = node;
  if (op.alias === true || capabilities.hasKernel(op.name, attributes, inputs, outputs)) return true;
  return capabilities.fusion && (op.elementwise !== undefined || LOOP_PARTS.has(op.name));
}

function widen(builder: GraphBuilder, node: GraphNode): void {
  const { label } = node;
  const cast = (id: number, to: number, dtype: TensorSpec["dtype"]) =>
    builder.addNode({ op: castNode, attributes: { dtype }, inputs: [id], outputs: [to], label });
  const wide = (id: number): number => {
    const { shape, dtype } = builder.values[id];
    return isHalf(dtype) ? builder.addValue({ shape, dtype: "float32" }) : id;
  };
  const inputs = node.inputs.map((id) => {
    const to = wide(id);
    if (to !== id) cast(id, to, "float32");
    return to;
  });
  const outputs = node.outputs.map(wide);
  // What the op was told to make, it makes in 32 bits.
  const { dtype, ...rest } = node.attributes;
  const attributes =
    typeof dtype === "string" && isHalf(dtype as TensorSpec["dtype"])
      ? { ...rest, dtype: "float32" }
      : node.attributes;
  builder.addNode({ ...node, attributes, inputs, outputs });
  node.outputs.forEach((id, i) => {
    if (outputs[i] !== id) cast(outputs[i], id, builder.values[id].dtype);
  });
}
