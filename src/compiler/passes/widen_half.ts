/**
 * Lets ops on 16-bit floats run on 32-bit floats if the engine has no kernel for the narrow ones: their inputs are
 * widened and their results rounded. Element-wise ops stay as they are: generated loops load and store 16 bits
 * themselves. So do ops that only move elements and have a kernel for it.
 */
import { isHalf } from "../../base/dtype.ts";
import type { TensorSpec } from "../../engines/contract/engine.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import type { OpDefinition } from "../../graph/node.ts";
import { fullOp } from "../../ops/creation.ts";
import { castOp } from "../../ops/elementwise/elementwise.ts";
import { expandOp } from "../../ops/shape/shape_ops.ts";
import type { StepPlanner } from "../compile.ts";
import { GraphBuilder } from "./rewrite.ts";

/** Besides element-wise ops: parts of a generated loop. */
const LOOP_PARTS: ReadonlySet<OpDefinition> = new Set([fullOp, expandOp]);

/** Before other passes: ops that may yet be given channels-last operands are left for `widenRest`. */
export function widenHalf(graph: Graph, planner: StepPlanner): Graph {
  return widenIf(graph, planner, (node) => planner.planOf(graph.values, node)?.layout !== "channelsLast");
}

/** After the layouts have been chosen: what still has no kernel. */
export function widenRest(graph: Graph, planner: StepPlanner): Graph {
  return widenIf(graph, planner, () => true);
}

type Candidate = (node: GraphNode) => boolean;

function widenIf(graph: Graph, planner: StepPlanner, candidate: Candidate): Graph {
  const builder = new GraphBuilder(graph);
  for (const node of graph.nodes) {
    if (staysNarrow(graph, node, planner, candidate)) builder.addNode(node);
    else widen(builder, node);
  }
  return builder.finish();
}

function staysNarrow(graph: Graph, node: GraphNode, planner: StepPlanner, candidate: Candidate): boolean {
  if (![...node.inputs, ...node.outputs].some((id) => isHalf(graph.values[id].dtype))) return true;
  const { op } = node;
  if (op.alias === true || planner.hasKernel(graph.values, node)) return true;
  if ((op.elementwise !== undefined || LOOP_PARTS.has(op)) && planner.fuses(graph.values, node)) return true;
  if (!candidate(node)) return true;
  // What runs on the reference kernels either way is widened there.
  return op.decompose === undefined && !planner.hasKernel(graph.values, node, widened);
}

function widened(value: TensorSpec): TensorSpec {
  return isHalf(value.dtype) ? { shape: value.shape, dtype: "float32" } : value;
}

function widen(builder: GraphBuilder, node: GraphNode): void {
  const { label } = node;
  const cast = (id: number, to: number, dtype: TensorSpec["dtype"]) =>
    builder.addNode({ op: castOp, attributes: { dtype }, inputs: [id], outputs: [to], label });
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
  // The dtype that the op was asked for, it makes in 32 bits.
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
