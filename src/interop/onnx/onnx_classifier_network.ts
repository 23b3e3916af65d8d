/**
 * A network out of an ONNX file with a new head: all up to its last matmul, then a fully connected layer. Files of weights
 * say how it is made by the graph itself, without its weights.
 */
import { type Failure, failureOf } from "../../io/formats/format_failure.ts";
import { DATA_TYPES, type OnnxModel, type OnnxNode } from "../../io/formats/onnx/onnx_model.ts";
import { readOnnx } from "../../io/formats/onnx/read_onnx.ts";
import * as nn from "../../nn/index.ts";
import {
  keepArchitecture,
  type NetworkArchitecture,
  ONNX_ARCHITECTURE,
} from "../../records/network_architecture.ts";
import { flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { networkOf } from "./load.ts";
import type { OnnxNetwork } from "./onnx_network.ts";

/** The network of an ONNX file for other classes. */
export class OnnxClassifier extends nn.Module {
  /** Up to the last feature maps, if they are found: heat maps are made of what a layer gives. */
  readonly backbone: OnnxNetwork;
  /** From there to what the head is given. */
  readonly pool: OnnxNetwork | null = null;
  readonly fc: nn.Linear;

  constructor([backbone, pool]: readonly OnnxNetwork[], features: number, classes: number) {
    super();
    this.backbone = backbone;
    if (pool !== undefined) this.pool = pool;
    this.fc = nn.Linear(features, classes);
  }

  override forward(x: Tensor): Tensor {
    const maps = this.backbone(x) as Tensor;
    return this.fc(flatten(this.pool === null ? maps : (this.pool(maps) as Tensor), 1));
  }
}

/** How a network is described. */
interface Description {
  /** ONNX without weights, in base64. */
  readonly graph: string;
  /** What the head is given. */
  readonly features: number;
  readonly numClasses: number;
}

/** The largest head that a file may ask for. */
const MOST_FEATURES = 2 ** 20;

/**
 * The network that a file of weights describes by its graph. Its weights are zeros, which take no memory yet.
 *
 * @throws FileError for a description that is none.
 */
export function onnxClassifierOfGraph({ options }: NetworkArchitecture): OnnxClassifier {
  const fail = failureOf("ONNX graph", "the network");
  const { graph, features, numClasses } = options;
  if (typeof graph !== "string" || !isCount(features) || !isCount(numClasses))
    throw fail("expected { graph, features, numClasses }, the graph in base64 and two counts");
  return describedClassifier(readOnnx(bytesOf(graph, fail), fail), { graph, features, numClasses }, fail);
}

/** The network of a graph up to its head, which knows how it is described. */
export function describedClassifier(
  headless: OnnxModel,
  { graph, features, numClasses }: Description,
  fail: Failure,
): OnnxClassifier {
  const parts = partsOf(headless).map((part) => networkOf(part, true, fail));
  const net = new OnnxClassifier(parts, features, numClasses);
  return keepArchitecture(net, { name: ONNX_ARCHITECTURE, options: { graph, features, numClasses } });
}

function isCount(n: unknown): n is number {
  return Number.isInteger(n) && (n as number) > 0 && (n as number) <= MOST_FEATURES;
}

function bytesOf(text: string, fail: Failure): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    throw fail("its graph is not base64");
  }
}

const POOLS = ["GlobalAveragePool", "GlobalMaxPool", "AveragePool", "MaxPool", "ReduceMean"];

/** The graph cut before its last pooling, if all that follows depends on that alone; else the graph in one piece. */
function partsOf(model: OnnxModel): OnnxModel[] {
  const { graph } = model;
  const [output] = graph.outputs;
  const last = graph.nodes.findLast(({ opType }) => POOLS.includes(opType));
  const given = new Set(graph.initializers.map(({ name }) => name));
  const inputs = graph.inputs.filter(({ name }) => !given.has(name));
  const maps = last?.inputs[0];
  if (maps === undefined || inputs.some(({ name }) => name === maps)) return [model];
  const tail = nodesFor(graph.nodes, output.name, maps);
  const isCut = tail.every((node) => !node.inputs.some((name) => inputs.some((one) => one.name === name)));
  if (!isCut || !tail.includes(last as OnnxNode)) return [model];
  const [batch = ""] = inputs[0]?.shape ?? [];
  const joint = { name: maps, dataType: DATA_TYPES.FLOAT };
  const part = (changes: object): OnnxModel => ({ ...model, graph: { ...graph, ...changes } });
  return [
    part({ nodes: nodesFor(graph.nodes, maps), outputs: [{ ...joint, shape: undefined }] }),
    part({ nodes: tail, inputs: [{ ...joint, shape: [batch, "", "", ""] }] }),
  ];
}

/** The nodes that give a value, in order; what gives `boundary` is not among them. */
export function nodesFor(nodes: readonly OnnxNode[], output: string, boundary?: string): OnnxNode[] {
  const needed = new Set([output]);
  return nodes
    .toReversed()
    .filter(({ inputs, outputs }) => {
      if (!outputs.some((name) => name !== boundary && needed.has(name))) return false;
      for (const name of inputs) needed.add(name);
      return true;
    })
    .reverse();
}
