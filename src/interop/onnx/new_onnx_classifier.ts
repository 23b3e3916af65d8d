/** Networks out of ONNX files, with new heads, that describe themselves by their graphs. */
import type { Failure } from "../../io/formats/format_failure.ts";
import {
  DATA_TYPES,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from "../../io/formats/onnx/onnx_model.ts";
import { rawElementBytes } from "../../io/formats/onnx/onnx_tensor.ts";
import { writeOnnx } from "../../io/formats/onnx/write_onnx.ts";
import { base64 } from "../../report/html/base64.ts";
import { describedClassifier, nodesFor, type OnnxClassifier } from "./onnx_classifier_network.ts";
import { planNetwork } from "./plan_network.ts";

/**
 * The network of an ONNX file with a head for that many classes.
 *
 * @throws FileError if its head is not found.
 */
export function onnxClassifierOf(model: OnnxModel, classes: number, fail: Failure): OnnxClassifier {
  const { backbone, features } = withoutHead(model, fail);
  const graph = base64(writeOnnx(withoutWeights(backbone, fail)));
  return describedClassifier(backbone, { graph, features, numClasses: classes }, fail);
}

/** All nodes that the input of the last matmul needs, and how many numbers that has. */
function withoutHead(model: OnnxModel, fail: Failure): { backbone: OnnxModel; features: number } {
  const { graph } = model;
  const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const head = graph.nodes.findLast(
    ({ opType, inputs }) => (opType === "Gemm" || opType === "MatMul") && tensors.has(inputs[1]),
  );
  if (head === undefined) {
    // What is unknown in it may be the head.
    planNetwork(model, fail, undefined);
    throw fail(
      "no fully connected layer is found that could be its head (a Gemm or MatMul with a weight)",
      "train another network",
    );
  }
  const embedding = head.inputs[0];
  const [rows, columns] = tensors.get(head.inputs[1])?.shape ?? [];
  const turned = head.attributes.get("transB");
  const features = head.opType === "Gemm" && turned?.type === "int" && turned.value !== 0 ? columns : rows;
  const nodes = nodesFor(graph.nodes, embedding);
  const needed = new Set(nodes.flatMap(({ inputs }) => inputs).concat(embedding));
  const backbone = {
    ...graph,
    nodes,
    initializers: graph.initializers.filter(({ name }) => needed.has(name)),
    inputs: graph.inputs.filter(({ name }) => needed.has(name)),
    outputs: [{ name: embedding, dataType: DATA_TYPES.FLOAT, shape: undefined }],
  };
  return { backbone: { ...model, graph: backbone }, features };
}

/** The same graph, in which zeros stand for what is trained: a state dict holds that. */
function withoutWeights(model: OnnxModel, fail: Failure): OnnxModel {
  const { graph } = model;
  const { weights, statistics } = planNetwork(model, fail, undefined);
  const isTrained = (name: string) => weights.has(name) || statistics.has(name);
  const names = new Set(graph.initializers.map(({ name }) => name));
  const zeros: Pick<OnnxGraph, "nodes" | "initializers">[] = [];
  for (const tensor of graph.initializers)
    if (isTrained(tensor.name)) zeros.push(zerosOf(tensor, freeName(`${tensor.name} shape`, names)));
  const inputs = graph.inputs.filter(({ name }) => !isTrained(name));
  const initializers = graph.initializers.filter(({ name }) => !isTrained(name));
  return {
    ...model,
    docString: "",
    metadata: new Map(),
    graph: {
      ...graph,
      docString: "",
      valueInfos: [],
      inputs,
      nodes: [...zeros.flatMap(({ nodes }) => nodes), ...graph.nodes],
      initializers: [...zeros.flatMap((one) => one.initializers), ...initializers],
    },
  };
}

function freeName(name: string, taken: Set<string>): string {
  let free = name;
  while (taken.has(free)) free += "'";
  taken.add(free);
  return free;
}

/** A node that gives zeros of a tensor's shape and dtype. */
function zerosOf({ name, shape, dataType }: OnnxTensor, shapeName: string) {
  const value: OnnxTensor = {
    name: "",
    shape: [1],
    dataType,
    content: { kind: "raw", bytes: new Uint8Array(rawElementBytes(dataType) ?? 4) },
  };
  const node: OnnxNode = {
    name: "",
    opType: "ConstantOfShape",
    domain: "",
    inputs: [shapeName],
    outputs: [name],
    attributes: new Map([["value", { type: "tensor", value }]]),
  };
  const sizes: OnnxTensor = {
    name: shapeName,
    shape: [shape.length],
    dataType: DATA_TYPES.INT64,
    content: { kind: "integers", values: shape },
  };
  return { nodes: [node], initializers: [sizes] };
}
