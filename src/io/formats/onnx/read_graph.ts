/** Graphs of ONNX files: nodes, their attributes (which may hold graphs again), inputs and outputs. */
import { clamped, type ProtobufReader } from "../protobuf/protobuf_reader.ts";
import {
  ATTRIBUTE_TYPES,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from "./onnx_model.ts";
import { type OnnxReading, plainDomain } from "./onnx_reading.ts";
import { readTensor } from "./read_tensor.ts";

export function readGraph(message: ProtobufReader, reading: OnnxReading): OnnxGraph {
  reading.count();
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const [inputs, outputs, valueInfos]: OnnxValueInfo[][] = [[], [], []];
  let [name, docString] = ["", ""];
  while (message.next()) {
    if (message.field === 1) nodes.push(readNode(message.message(), reading));
    else if (message.field === 2) name = message.text();
    else if (message.field === 5) initializers.push(readTensor(message.message(), reading));
    else if (message.field === 10) docString = message.text();
    else if (message.field === 11) inputs.push(readValueInfo(message.message(), reading));
    else if (message.field === 12) outputs.push(readValueInfo(message.message(), reading));
    else if (message.field === 13) valueInfos.push(readValueInfo(message.message(), reading));
    else if (message.field === 15)
      throw reading.fail("it has sparse weights, which are not read", "export the network with dense ones");
    else message.skip();
  }
  return { name, nodes, initializers, inputs, outputs, valueInfos, docString };
}

export function readNode(message: ProtobufReader, reading: OnnxReading): OnnxNode {
  reading.count();
  const [inputs, outputs]: string[][] = [[], []];
  const attributes = new Map<string, OnnxAttribute>();
  let [name, opType, domain] = ["", "", ""];
  while (message.next()) {
    if (message.field === 1) inputs.push(message.text());
    else if (message.field === 2) outputs.push(message.text());
    else if (message.field === 3) name = message.text();
    else if (message.field === 4) opType = message.text();
    else if (message.field === 5) {
      const [key, value] = readAttribute(message.message(), reading);
      attributes.set(key, value);
    } else if (message.field === 7) domain = plainDomain(message.text());
    else message.skip();
  }
  return { name, opType, domain, inputs, outputs, attributes };
}

function readValueInfo(message: ProtobufReader, reading: OnnxReading): OnnxValueInfo {
  reading.count();
  let name = "";
  let type: Omit<OnnxValueInfo, "name"> = { dataType: 0, shape: undefined };
  while (message.next()) {
    if (message.field === 1) name = message.text();
    else if (message.field === 2) type = readType(message.message());
    else message.skip();
  }
  return { name, ...type };
}

/** TypeProto; only tensors are of interest. */
function readType(message: ProtobufReader): Omit<OnnxValueInfo, "name"> {
  let dataType = 0;
  let shape: (number | string)[] | undefined;
  while (message.next()) {
    if (message.field !== 1) {
      message.skip();
      continue;
    }
    const tensor = message.message();
    while (tensor.next()) {
      if (tensor.field === 1) dataType = tensor.saturated();
      else if (tensor.field === 2) shape = readShape(tensor.message());
      else tensor.skip();
    }
  }
  return { dataType, shape };
}

/** TensorShapeProto. */
function readShape(message: ProtobufReader): (number | string)[] {
  const shape: (number | string)[] = [];
  while (message.next()) {
    if (message.field !== 1) {
      message.skip();
      continue;
    }
    const dimension = message.message();
    let size: number | string = "";
    while (dimension.next()) {
      if (dimension.field === 1) size = dimension.saturated();
      else if (dimension.field === 2) size = dimension.text();
      else dimension.skip();
    }
    shape.push(size);
  }
  return shape;
}

/** AttributeProto: the name and the value. */
export function readAttribute(
  message: ProtobufReader,
  reading: OnnxReading,
): readonly [string, OnnxAttribute] {
  reading.count();
  const floats: number[] = [];
  const ints: (number | bigint)[] = [];
  const strings: string[] = [];
  const tensors: OnnxTensor[] = [];
  const graphs: OnnxGraph[] = [];
  let single: OnnxAttribute | undefined;
  let [name, type, reference] = ["", 0, ""];
  while (message.next()) {
    if (message.field === 1) name = message.text();
    else if (message.field === 2) single = { type: "float", value: message.float() };
    else if (message.field === 3) single = { type: "int", value: message.saturated() };
    else if (message.field === 4) single = { type: "string", value: looseText(message.bytes()) };
    else if (message.field === 5) single = { type: "tensor", value: readTensor(message.message(), reading) };
    else if (message.field === 6) single = { type: "graph", value: readGraph(message.message(), reading) };
    else if (message.field === 7) message.floatsInto(floats);
    else if (message.field === 8) message.integersInto(ints);
    else if (message.field === 9) strings.push(looseText(message.bytes()));
    else if (message.field === 10) tensors.push(readTensor(message.message(), reading));
    else if (message.field === 11) graphs.push(readGraph(message.message(), reading));
    else if (message.field === 20) type = message.saturated();
    else if (message.field === 21) reference = message.text();
    else message.skip();
  }
  if (reference !== "") return [name, { type: "reference", value: reference }];
  const lists: readonly OnnxAttribute[] = [
    { type: "floats", value: floats },
    { type: "ints", value: ints.map(clamped) },
    { type: "strings", value: strings },
    { type: "tensors", value: tensors },
    { type: "graphs", value: graphs },
  ];
  return [name, chosen(type, single, lists)];
}

/** The first versions of the format did not name the type. A value of zero may be left out of a file. */
function chosen(
  type: number,
  single: OnnxAttribute | undefined,
  lists: readonly OnnxAttribute[],
): OnnxAttribute {
  if (type === 0)
    return (
      single ??
      lists.find(({ value }) => Array.isArray(value) && value.length > 0) ?? { type: "other", value: 0 }
    );
  const list = lists.find((one) => codeOf(one) === type);
  if (list !== undefined) return list;
  if (single !== undefined && codeOf(single) === type) return single;
  if (type === ATTRIBUTE_TYPES.float) return { type: "float", value: 0 };
  if (type === ATTRIBUTE_TYPES.int) return { type: "int", value: 0 };
  if (type === ATTRIBUTE_TYPES.string) return { type: "string", value: "" };
  return { type: "other", value: type };
}

function codeOf({ type }: OnnxAttribute): number {
  return type === "reference" || type === "other" ? -1 : ATTRIBUTE_TYPES[type];
}

/** Strings are bytes; what is not UTF-8 cannot be a name that matters. */
function looseText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
