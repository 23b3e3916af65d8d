/** Reads ONNX files. Field numbers are those of `onnx.proto`. */
import type { Failure } from "../format_failure.ts";
import { ProtobufReader } from "../protobuf/protobuf_reader.ts";
import type {
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxTensor,
} from "./onnx_model.ts";
import { type OnnxReading, plainDomain, readEntry, readingOf } from "./onnx_reading.ts";
import { readAttribute, readGraph, readNode } from "./read_graph.ts";
import { readTensor } from "./read_tensor.ts";

/**
 * Reads a network. The bytes of tensors are views of `bytes`.
 *
 * @throws FileError for anything that is not an ONNX file: no graph, messages that reach beyond their end, nested more
 *   than 64 deep, or more than a million of them.
 */
export function readOnnx(bytes: Uint8Array, fail: Failure): OnnxModel {
  const message = new ProtobufReader(bytes, fail);
  const reading = readingOf(fail);
  const opsetImports: OnnxOpset[] = [];
  const functions: OnnxFunction[] = [];
  const metadata = new Map<string, string>();
  let [irVersion, modelVersion] = [0, 0];
  let [producerName, producerVersion, domain, docString] = ["", "", "", ""];
  let graph: OnnxGraph | undefined;
  while (message.next()) {
    if (message.field === 1) irVersion = message.saturated();
    else if (message.field === 2) producerName = message.text();
    else if (message.field === 3) producerVersion = message.text();
    else if (message.field === 4) domain = message.text();
    else if (message.field === 5) modelVersion = message.saturated();
    else if (message.field === 6) docString = message.text();
    else if (message.field === 7) graph = readGraph(message.message(), reading);
    else if (message.field === 8) opsetImports.push(readOpset(message.message(), reading));
    else if (message.field === 14) readEntry(message.message(), reading, metadata);
    else if (message.field === 25) functions.push(readFunction(message.message(), reading));
    else message.skip();
  }
  if (graph === undefined) throw fail("it holds no graph");
  const versions = { irVersion, modelVersion, producerName, producerVersion };
  return { ...versions, opsetImports, domain, docString, graph, metadata, functions };
}

/**
 * Reads a tensor that stands in a file of its own (TensorProto), as ONNX' tests hold inputs and outputs.
 *
 * @throws FileError as {@link readOnnx}.
 */
export function readOnnxTensor(bytes: Uint8Array, fail: Failure): OnnxTensor {
  return readTensor(new ProtobufReader(bytes, fail), readingOf(fail));
}

function readOpset(message: ProtobufReader, reading: OnnxReading): OnnxOpset {
  reading.count();
  let [domain, version] = ["", 0];
  while (message.next()) {
    if (message.field === 1) domain = plainDomain(message.text());
    else if (message.field === 2) version = message.saturated();
    else message.skip();
  }
  return { domain, version };
}

function readFunction(message: ProtobufReader, reading: OnnxReading): OnnxFunction {
  reading.count();
  const [inputs, outputs, attributes]: string[][] = [[], [], []];
  const nodes: OnnxNode[] = [];
  const opsetImports: OnnxOpset[] = [];
  const defaults = new Map<string, OnnxAttribute>();
  let [name, domain] = ["", ""];
  while (message.next()) {
    if (message.field === 1) name = message.text();
    else if (message.field === 4) inputs.push(message.text());
    else if (message.field === 5) outputs.push(message.text());
    else if (message.field === 6) attributes.push(message.text());
    else if (message.field === 7) nodes.push(readNode(message.message(), reading));
    else if (message.field === 9) opsetImports.push(readOpset(message.message(), reading));
    else if (message.field === 10) domain = plainDomain(message.text());
    else if (message.field === 11) {
      const [key, value] = readAttribute(message.message(), reading);
      defaults.set(key, value);
    } else message.skip();
  }
  return { name, domain, inputs, outputs, attributes, defaults, nodes, opsetImports };
}
