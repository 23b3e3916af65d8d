/**
 * Lets a convolution apply the factor and the addend of each channel that alone read its result, as batch normalisation
 * in evaluation does: they go into its weight and its bias. The images are then read and written once less.
 *
 * Where the weight has more elements than the result, nothing is won, and nothing is done.
 */
import { numel } from "../../base/shape.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { addOp, mulOp } from "../../ops/elementwise/elementwise.ts";
import { conv2dOp } from "../../ops/nn/convolution.ts";
import { reshapeOp } from "../../ops/shape/shape_ops.ts";
import type { StepPlanner } from "../compile.ts";
import { consumers, escaping, GraphBuilder } from "./rewrite.ts";

/** A convolution, the factors that its result is multiplied by and what is then added, both [1, O, 1, 1]. */
interface Scaled {
  readonly convolution: GraphNode;
  readonly factors: number;
  readonly addends: number;
}

export function foldChannelScales(graph: Graph, planner: StepPlanner): Graph {
  const found = scaledConvolutions(graph, planner);
  if (found.size === 0) return graph;
  const absorbed = new Set([...found.values()].flatMap(({ parts }) => parts));
  const builder = new GraphBuilder(graph);
  for (const node of graph.nodes) {
    const scaled = found.get(node);
    if (scaled !== undefined) addFolded(builder, node, scaled);
    else if (!absorbed.has(node)) builder.addNode(node);
  }
  return builder.finish();
}

/** By the addition that ends them. */
function scaledConvolutions(
  graph: Graph,
  planner: StepPlanner,
): Map<GraphNode, Scaled & { readonly parts: readonly GraphNode[] }> {
  const readers = consumers(graph);
  const leaves = escaping(graph);
  const found = new Map<GraphNode, Scaled & { readonly parts: readonly GraphNode[] }>();
  /** The node that alone reads a value, if it is of this op and its other operand has one number for each channel. */
  const readerOf = (id: number, op: GraphNode["op"], channels: number) => {
    if (readers[id].length !== 1 || leaves.has(id)) return undefined;
    const node = graph.nodes[readers[id][0]];
    if (node.op !== op) return undefined;
    const [other] = node.inputs[0] === id ? [node.inputs[1]] : [node.inputs[0]];
    const { shape, dtype } = graph.values[other];
    const perChannel = shape.length === 4 && shape[1] === channels && numel(shape) === channels;
    return perChannel && dtype === "float32" ? { node, other } : undefined;
  };
  for (const node of graph.nodes) {
    if (node.op !== conv2dOp || node.attributes.activation !== undefined) continue;
    const [weight, result] = [graph.values[node.inputs[1]], graph.values[node.outputs[0]]];
    if (result.dtype !== "float32" || numel(weight.shape) > numel(result.shape)) continue;
    const channels = result.shape[1];
    const product = readerOf(node.outputs[0], mulOp, channels);
    const sum = product && readerOf(product.node.outputs[0], addOp, channels);
    if (product === undefined || sum === undefined) continue;
    // An engine that joins nothing computes everything as it is defined.
    if (!planner.fuses(graph.values, product.node)) continue;
    const parts = [node, product.node];
    found.set(sum.node, { convolution: node, factors: product.other, addends: sum.other, parts });
  }
  return found;
}

/** The convolution with the scaled weight, in the place of the addition. */
function addFolded(
  builder: GraphBuilder,
  { outputs, label }: GraphNode,
  { convolution, factors, addends }: Scaled,
): void {
  const [x, weight, bias] = convolution.inputs;
  const { shape } = builder.values[weight];
  const [channels] = shape;
  const emit = (op: GraphNode["op"], inputs: number[], to: readonly number[], attributes = {}): number => {
    const output = builder.addValue({ shape: to, dtype: "float32" });
    builder.addNode({ op, attributes, inputs, outputs: [output], label });
    return output;
  };
  const reshaped = (id: number, to: readonly number[]) => emit(reshapeOp, [id], to, { shape: to });
  const scaledWeight = emit(mulOp, [weight, reshaped(factors, [channels, 1, 1, 1])], shape);
  let shift = reshaped(addends, [channels]);
  if (bias !== undefined) {
    const scaledBias = emit(mulOp, [bias, reshaped(factors, [channels])], [channels]);
    shift = emit(addOp, [scaledBias, shift], [channels]);
  }
  builder.addNode({ ...convolution, inputs: [x, scaledWeight, shift], outputs });
}
