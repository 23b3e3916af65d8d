/**
 * What an ONNX file holds, as plain data. Field by field it is `onnx.proto`'s; what neither networks nor their weights
 * need (training information, quantisation annotations, sparse tensors) is left out.
 *
 * Source: onnx.ai, "Open Neural Network Exchange Intermediate Representation (ONNX IR) Specification".
 */

/** A file: ModelProto. */
export interface OnnxModel {
  readonly irVersion: number;
  readonly opsetImports: readonly OnnxOpset[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: number;
  readonly docString: string;
  readonly graph: OnnxGraph;
  /** metadata_props. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Operators that the file itself defines. */
  readonly functions: readonly OnnxFunction[];
}

/** A set of operators; the domain of ONNX' own is "". */
export interface OnnxOpset {
  readonly domain: string;
  readonly version: number;
}

/** GraphProto. Nodes stand in the order in which they can be computed. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly valueInfos: readonly OnnxValueInfo[];
  readonly docString: string;
}

/** NodeProto. The name of an input or output that is left out is "". */
export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** AttributeProto. Integers beyond ±(2^53 - 1) are cut to that: files write 2^63 - 1 for "to the end". */
export type OnnxAttribute =
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "tensor"; readonly value: OnnxTensor }
  | { readonly type: "graph"; readonly value: OnnxGraph }
  | { readonly type: "floats"; readonly value: readonly number[] }
  | { readonly type: "ints"; readonly value: readonly number[] }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "tensors"; readonly value: readonly OnnxTensor[] }
  | { readonly type: "graphs"; readonly value: readonly OnnxGraph[] }
  /** Inside a function: the attribute of that name of the node that calls it. */
  | { readonly type: "reference"; readonly value: string }
  /** Sparse tensors and types. */
  | { readonly type: "other"; readonly value: number };

/** TensorProto. `tensorArray` reads the numbers, `onnxTensor` makes one. */
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** One of `DATA_TYPES`. */
  readonly dataType: number;
  readonly content: OnnxTensorContent;
}

/** Where the elements of a tensor are. */
export type OnnxTensorContent =
  /** raw_data: the elements in row-major order, little-endian. A view of the file. */
  | { readonly kind: "raw"; readonly bytes: Uint8Array }
  /** float_data or double_data. */
  | { readonly kind: "floats"; readonly values: readonly number[] }
  /** int32_data, int64_data or uint64_data: integers, or the bits of 16-bit floats. */
  | { readonly kind: "integers"; readonly values: readonly (number | bigint)[] }
  | { readonly kind: "strings"; readonly values: readonly Uint8Array[] }
  /** In another file, in the same folder or below. */
  | {
      readonly kind: "external";
      readonly location: string;
      readonly offset: number;
      /** Bytes; undefined for up to the end. */
      readonly length: number | undefined;
    };

/** ValueInfoProto, for a tensor; a value of another type (sequence, map) has the data type 0. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly dataType: number;
  /** dim_value as a number, dim_param as a text, "" for a size that is not given; undefined if not even the rank is. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** FunctionProto: an operator as a graph. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of attributes without a default. */
  readonly attributes: readonly string[];
  /** Those with one. */
  readonly defaults: ReadonlyMap<string, OnnxAttribute>;
  readonly nodes: readonly OnnxNode[];
  readonly opsetImports: readonly OnnxOpset[];
}

/** TensorProto.DataType. */
export const DATA_TYPES = {
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  STRING: 8,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  UINT32: 12,
  UINT64: 13,
  COMPLEX64: 14,
  COMPLEX128: 15,
  BFLOAT16: 16,
  FLOAT8E4M3FN: 17,
  FLOAT8E4M3FNUZ: 18,
  FLOAT8E5M2: 19,
  FLOAT8E5M2FNUZ: 20,
  UINT4: 21,
  INT4: 22,
  FLOAT4E2M1: 23,
} as const;

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPES = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
} as const;
