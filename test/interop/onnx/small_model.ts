/** Networks of a few nodes, written for a test. */
import {
  DATA_TYPES,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from "../../../src/io/formats/onnx/onnx_model.ts";
import { onnxTensor } from "../../../src/io/formats/onnx/onnx_tensor.ts";
import { writeOnnx } from "../../../src/io/formats/onnx/write_onnx.ts";

export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
  domain = "",
): OnnxNode {
  const name = `${opType.toLowerCase()} of ${outputs[0]}`;
  return { name, opType, domain, inputs, outputs, attributes: new Map(Object.entries(attributes)) };
}

export const floats = (name: string, shape: number[], numbers: readonly number[]): OnnxTensor =>
  onnxTensor(name, { data: Float32Array.from(numbers), shape, dtype: "float32" });

export const integers = (name: string, numbers: readonly number[]): OnnxTensor =>
  onnxTensor(name, { data: Float64Array.from(numbers), shape: [numbers.length], dtype: "int64" });

export interface SmallModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers?: readonly OnnxTensor[];
  /** By name; float32. */
  readonly inputs?: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs?: readonly string[];
  readonly opset?: number;
  readonly functions?: readonly OnnxFunction[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The bytes of a network; its input is `x` [batch, 2] and its output `y`, if nothing else is said. */
export function smallModel({
  nodes,
  initializers = [],
  inputs = { x: ["batch", 2] },
  outputs = ["y"],
  opset = 17,
  functions = [],
  metadata = {},
}: SmallModel): Uint8Array {
  const dataType = DATA_TYPES.FLOAT;
  const model: OnnxModel = {
    irVersion: 8,
    opsetImports: [{ domain: "", version: opset }],
    producerName: "test",
    producerVersion: "",
    domain: "",
    modelVersion: 0,
    docString: "",
    graph: {
      name: "graph",
      nodes,
      initializers,
      inputs: Object.entries(inputs).map(([name, shape]) => ({ name, dataType, shape })),
      outputs: outputs.map((name) => ({ name, dataType, shape: undefined })),
      valueInfos: [],
      docString: "",
    },
    metadata: new Map(Object.entries(metadata)),
    functions,
  };
  return writeOnnx(model);
}
