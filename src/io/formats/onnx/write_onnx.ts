/** Writes ONNX files. Field numbers are those of `onnx.proto`. */
import { ProtobufWriter } from "../protobuf/protobuf_writer.ts";
import {
  ATTRIBUTE_TYPES,
  DATA_TYPES,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from "./onnx_model.ts";

/** A network as the bytes of a file. */
export function writeOnnx(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const message = new ProtobufWriter().integer(1, model.irVersion);
  writeText(message, 2, model.producerName);
  writeText(message, 3, model.producerVersion);
  writeText(message, 4, model.domain);
  if (model.modelVersion !== 0) message.integer(5, model.modelVersion);
  writeText(message, 6, model.docString);
  message.message(7, graphMessage(model.graph));
  writeOpsets(message, 8, model.opsetImports);
  for (const [key, value] of model.metadata) message.message(14, entryMessage(key, value));
  for (const one of model.functions) message.message(25, functionMessage(one));
  return message.end();
}

/** A tensor as the bytes of a file of its own, as ONNX' tests hold inputs and outputs. */
export function writeOnnxTensor(tensor: OnnxTensor): Uint8Array<ArrayBuffer> {
  return tensorMessage(tensor).end();
}

/** Texts that are empty are left out. */
function writeText(message: ProtobufWriter, field: number, text: string): void {
  if (text !== "") message.text(field, text);
}

function writeOpsets(message: ProtobufWriter, field: number, opsets: OnnxModel["opsetImports"]): void {
  for (const { domain, version } of opsets) {
    const opset = new ProtobufWriter();
    writeText(opset, 1, domain);
    message.message(field, opset.integer(2, version));
  }
}

function entryMessage(key: string, value: string): ProtobufWriter {
  return new ProtobufWriter().text(1, key).text(2, value);
}

function graphMessage(graph: OnnxGraph): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const node of graph.nodes) message.message(1, nodeMessage(node));
  writeText(message, 2, graph.name);
  for (const tensor of graph.initializers) message.message(5, tensorMessage(tensor));
  writeText(message, 10, graph.docString);
  for (const value of graph.inputs) message.message(11, valueInfoMessage(value));
  for (const value of graph.outputs) message.message(12, valueInfoMessage(value));
  for (const value of graph.valueInfos) message.message(13, valueInfoMessage(value));
  return message;
}

function nodeMessage({ name, opType, domain, inputs, outputs, attributes }: OnnxNode): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const input of inputs) message.text(1, input);
  for (const output of outputs) message.text(2, output);
  writeText(message, 3, name);
  message.text(4, opType);
  for (const [key, value] of attributes) message.message(5, attributeMessage(key, value));
  writeText(message, 7, domain);
  return message;
}

function functionMessage(one: OnnxFunction): ProtobufWriter {
  const message = new ProtobufWriter().text(1, one.name);
  for (const input of one.inputs) message.text(4, input);
  for (const output of one.outputs) message.text(5, output);
  for (const attribute of one.attributes) message.text(6, attribute);
  for (const node of one.nodes) message.message(7, nodeMessage(node));
  writeOpsets(message, 9, one.opsetImports);
  writeText(message, 10, one.domain);
  for (const [key, value] of one.defaults) message.message(11, attributeMessage(key, value));
  return message;
}

function attributeMessage(name: string, attribute: OnnxAttribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  const { type } = attribute;
  writeValue(message, attribute);
  if (type === "other") return message.integer(20, attribute.value);
  return type === "reference" ? message : message.integer(20, ATTRIBUTE_TYPES[type]);
}

function writeValue(message: ProtobufWriter, { type, value }: OnnxAttribute): void {
  switch (type) {
    case "float":
      message.float(2, value);
      break;
    case "int":
      message.integer(3, value);
      break;
    case "string":
      message.text(4, value);
      break;
    case "tensor":
      message.message(5, tensorMessage(value));
      break;
    case "graph":
      message.message(6, graphMessage(value));
      break;
    case "floats":
      for (const one of value) message.float(7, one);
      break;
    case "ints":
      for (const one of value) message.integer(8, one);
      break;
    case "strings":
      for (const one of value) message.text(9, one);
      break;
    case "tensors":
      for (const one of value) message.message(10, tensorMessage(one));
      break;
    case "graphs":
      for (const one of value) message.message(11, graphMessage(one));
      break;
    case "reference":
      message.text(21, value);
      break;
    case "other":
      break;
  }
}

function tensorMessage({ name, shape, dataType, content }: OnnxTensor): ProtobufWriter {
  const message = new ProtobufWriter();
  if (shape.length > 0) message.integers(1, shape);
  message.integer(2, dataType);
  switch (content.kind) {
    case "raw":
      message.bytes(9, content.bytes);
      break;
    case "floats":
      if (dataType === DATA_TYPES.DOUBLE) message.doubles(10, content.values);
      else message.floats(4, content.values);
      break;
    case "integers":
      message.integers(integersField(dataType), content.values);
      break;
    case "strings":
      for (const bytes of content.values) message.bytes(6, bytes);
      break;
    case "external":
      message.message(13, entryMessage("location", content.location));
      if (content.offset !== 0) message.message(13, entryMessage("offset", String(content.offset)));
      if (content.length !== undefined) message.message(13, entryMessage("length", String(content.length)));
      message.integer(14, 1);
  }
  writeText(message, 8, name);
  return message;
}

/** int64_data, uint64_data, and int32_data for all that is narrower. */
function integersField(dataType: number): number {
  if (dataType === DATA_TYPES.INT64) return 7;
  return dataType === DATA_TYPES.UINT32 || dataType === DATA_TYPES.UINT64 ? 11 : 5;
}

function valueInfoMessage({ name, dataType, shape }: OnnxValueInfo): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if (dataType === 0) return message;
  const tensor = new ProtobufWriter().integer(1, dataType);
  if (shape !== undefined) {
    const dimensions = new ProtobufWriter();
    for (const size of shape) {
      const dimension = new ProtobufWriter();
      if (typeof size === "number") dimension.integer(1, size);
      else writeText(dimension, 2, size);
      dimensions.message(1, dimension);
    }
    tensor.message(2, dimensions);
  }
  return message.message(2, new ProtobufWriter().message(1, tensor));
}
