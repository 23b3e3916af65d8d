/** Tensors whose bytes stand in other files: networks of more than 2 GB, and some exporters' choice. */
import type { ByteSource, OpenBeside } from "../byte_source.ts";
import { elementsOf } from "../element_layout.ts";
import type { Failure } from "../format_failure.ts";
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from "./onnx_model.ts";
import { dataTypeName, rawElementBytes } from "./onnx_tensor.ts";

/**
 * The network with all data in memory. Each file is opened once, and only what tensors hold is read.
 *
 * @throws FileError for a location outside the network's folder, what reaches beyond the end of its file, and as `open`.
 */
export async function withExternalData(
  model: OnnxModel,
  open: OpenBeside,
  fail: Failure,
): Promise<OnnxModel> {
  const byFile = new Map<string, OnnxTensor[]>();
  mapTensors(model, (tensor) => {
    if (tensor.content.kind !== "external") return tensor;
    const { location } = tensor.content;
    byFile.set(location, [...(byFile.get(location) ?? []), tensor]);
    return tensor;
  });
  if (byFile.size === 0) return model;
  const read = new Map<OnnxTensor, OnnxTensor>();
  for (const [location, tensors] of byFile) {
    requireInside(location, fail);
    await open(location, async (source) => {
      for (const tensor of tensors) {
        const bytes = await readTensorBytes(tensor, source, fail);
        read.set(tensor, { ...tensor, content: { kind: "raw", bytes } });
      }
    });
  }
  return mapTensors(model, (tensor) => read.get(tensor) ?? tensor);
}

/** A file may not choose what is read of the disk. */
function requireInside(location: string, fail: Failure): void {
  const parts = location.split(/[/\\]/);
  if (parts[0] === "" || parts.includes("..") || /[:\0]/.test(location))
    throw fail(
      `its data are in ${JSON.stringify(location.slice(0, 200))}, outside its folder`,
      "put that file beside it, and save the network again with that location",
    );
}

async function readTensorBytes(tensor: OnnxTensor, source: ByteSource, fail: Failure): Promise<Uint8Array> {
  const { name, shape, dataType, content } = tensor;
  if (content.kind !== "external") throw new TypeError("read already");
  const { location, offset } = content;
  const size = rawElementBytes(dataType);
  const label = `tensor ${JSON.stringify(name.slice(0, 200))}`;
  if (size === undefined)
    throw fail(`${label} is of type ${dataTypeName(dataType)}, which cannot be held`, "export it in FLOAT");
  const bytes = elementsOf(shape) * size;
  const length = content.length ?? bytes;
  if (length !== bytes)
    throw fail(
      `${label} of shape [${shape.join(", ")}] has ${length} bytes in ${location}, expected ${bytes}`,
    );
  if (offset + length > source.size)
    throw fail(
      `${label} is at the bytes ${offset} to ${offset + length} of ${location}, which has ${source.size}`,
      "that file is cut short or belongs to another network: fetch both again",
    );
  return source.read(offset, offset + length);
}

type Replace = (tensor: OnnxTensor) => OnnxTensor;

/** The network with each of its tensors replaced. */
function mapTensors(model: OnnxModel, replace: Replace): OnnxModel {
  return {
    ...model,
    graph: mapGraph(model.graph, replace),
    functions: model.functions.map((one) => ({
      ...one,
      nodes: one.nodes.map((node) => mapNode(node, replace)),
    })),
  };
}

function mapGraph(graph: OnnxGraph, replace: Replace): OnnxGraph {
  return {
    ...graph,
    initializers: graph.initializers.map(replace),
    nodes: graph.nodes.map((node) => mapNode(node, replace)),
  };
}

function mapNode(node: OnnxNode, replace: Replace): OnnxNode {
  const attributes = new Map<string, OnnxAttribute>();
  for (const [key, attribute] of node.attributes) attributes.set(key, mapAttribute(attribute, replace));
  return { ...node, attributes };
}

function mapAttribute(attribute: OnnxAttribute, replace: Replace): OnnxAttribute {
  switch (attribute.type) {
    case "tensor":
      return { ...attribute, value: replace(attribute.value) };
    case "tensors":
      return { ...attribute, value: attribute.value.map(replace) };
    case "graph":
      return { ...attribute, value: mapGraph(attribute.value, replace) };
    case "graphs":
      return { ...attribute, value: attribute.value.map((graph) => mapGraph(graph, replace)) };
    default:
      return attribute;
  }
}
