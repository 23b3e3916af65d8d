/** A network out of an ONNX file with a new head: all up to its last matmul, then a fully connected layer. */
import { FileError } from "../../base/errors.ts";
import { networkOf } from "../../interop/onnx/load.ts";
import type { OnnxNetwork } from "../../interop/onnx/onnx_network.ts";
import { readAll } from "../../io/formats/byte_source.ts";
import { type Failure, failureOf } from "../../io/formats/format_failure.ts";
import { withExternalData } from "../../io/formats/onnx/external_data.ts";
import type { OnnxGraph, OnnxModel } from "../../io/formats/onnx/onnx_model.ts";
import { DATA_TYPES } from "../../io/formats/onnx/onnx_model.ts";
import { readOnnx } from "../../io/formats/onnx/read_onnx.ts";
import { withSource } from "../../io/opened_source.ts";
import * as nn from "../../nn/index.ts";
import { flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** The network of an ONNX file for other classes. */
export class OnnxClassifier extends nn.Module {
  readonly backbone: OnnxNetwork;
  readonly fc: nn.Linear;

  constructor(backbone: OnnxNetwork, features: number, classes: number) {
    super();
    this.backbone = backbone;
    this.fc = nn.Linear(features, classes);
  }

  override forward(x: Tensor): Tensor {
    return this.fc(flatten(this.backbone(x) as Tensor, 1));
  }
}

/** What was read: the network, and pixels of a side that it takes; null for any. */
export interface OnnxStart {
  readonly net: OnnxClassifier;
  readonly side: number | null;
}

/**
 * Reads a network and gives it a head for that many classes.
 *
 * @throws FileError for a file that is not one, and for a network whose head is not found or that takes something else than
 *   colour images in floats.
 */
export async function onnxClassifier(path: string, classes: number): Promise<OnnxStart> {
  return withSource(path, "train", async (opened) => {
    const fail = failureOf("ONNX file", opened.name);
    const model = await withExternalData(
      readOnnx(await readAll(opened.source), fail),
      async (location, body) => {
        if (opened.beside === undefined) throw fail(`its weights in ${location} are not there`);
        return opened.beside(location, body);
      },
      fail,
    );
    const side = inputSide(model.graph, path);
    const { backbone, features } = withoutHead(model, path);
    return { net: new OnnxClassifier(networkOf(backbone, true, fail as Failure), features, classes), side };
  });
}

function inputSide({ inputs, initializers }: OnnxGraph, path: string): number | null {
  const held = new Set(initializers.map(({ name }) => name));
  const [input, ...more] = inputs.filter(({ name }) => !held.has(name));
  const [, channels, height, width] = input?.shape ?? [];
  const isImages = input?.shape?.length === 4 && (typeof channels !== "number" || channels === 3);
  if (more.length > 0 || !isImages || input.dataType !== DATA_TYPES.FLOAT)
    throw new FileError(
      `${path}: expected a network whose one input is float32 [N, 3, H, W], pixels after the preprocessing; ` +
        "a file of `convoyant export` has the preprocessing inside: export it with --bare",
    );
  return typeof height === "number" && height === width ? height : null;
}

/** All nodes that the input of the last matmul needs, and how many numbers that has. */
function withoutHead(model: OnnxModel, path: string): { backbone: OnnxModel; features: number } {
  const { graph } = model;
  const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const head = graph.nodes.findLast(
    ({ opType, inputs }) => (opType === "Gemm" || opType === "MatMul") && tensors.has(inputs[1]),
  );
  if (head === undefined)
    throw new FileError(
      `${path}: no fully connected layer is found that could be its head (a Gemm or MatMul with a weight); train another network`,
    );
  const embedding = head.inputs[0];
  const [rows, columns] = tensors.get(head.inputs[1])?.shape ?? [];
  const turned = head.attributes.get("transB");
  const features = head.opType === "Gemm" && turned?.type === "int" && turned.value !== 0 ? columns : rows;
  const needed = new Set([embedding]);
  const nodes = graph.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => needed.has(name))) return false;
    for (const name of inputs) needed.add(name);
    return true;
  });
  const backbone = {
    ...graph,
    nodes: nodes.reverse(),
    initializers: graph.initializers.filter(({ name }) => needed.has(name)),
    inputs: graph.inputs.filter(({ name }) => needed.has(name)),
    outputs: [{ name: embedding, dataType: DATA_TYPES.FLOAT, shape: undefined }],
  };
  return { backbone: { ...model, graph: backbone }, features };
}
