/** An ONNX file as plain data, for programs that read neither ONNX nor our modules. */
import { numbersOf } from "../../base/dtype.ts";
import { failureOf } from "../../io/formats/format_failure.ts";
import { tensorArray } from "../../io/formats/onnx/onnx_tensor.ts";
import { readOnnx } from "../../io/formats/onnx/read_onnx.ts";

/** Numbers of a file, 4 bytes each from `offset` on. */
interface PlainTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: "float32" | "int32";
  readonly offset: number;
  readonly length: number;
}

/** A network: its operators in order, with names of values. */
export interface PlainGraph {
  readonly input: string;
  readonly output: string;
  readonly nodes: readonly {
    readonly op: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly tensors: readonly PlainTensor[];
}

/**
 * @param path - of the file, for messages.
 * @throws FileError if it is damaged.
 */
export function plainGraph(
  file: Uint8Array,
  path: string,
): { readonly graph: PlainGraph; readonly numbers: Uint8Array } {
  const fail = failureOf("ONNX file", path);
  const { graph } = readOnnx(file, fail);
  const tensors: PlainTensor[] = [];
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of graph.initializers) {
    const { data, shape, dtype } = tensorArray(tensor, fail);
    const kind = dtype.startsWith("float") ? "float32" : "int32";
    const values = numbersOf(dtype, data);
    const plain = kind === "float32" ? Float32Array.from(values) : Int32Array.from(values);
    tensors.push({ name: tensor.name, shape, kind, offset, length: plain.length });
    parts.push(new Uint8Array(plain.buffer));
    offset += plain.byteLength;
  }
  const nodes = graph.nodes.map(({ opType, inputs, outputs, attributes }) => ({
    op: opType,
    inputs,
    outputs,
    attributes: Object.fromEntries([...attributes].map(([name, { value }]) => [name, value])),
  }));
  const [{ name: input }] = graph.inputs;
  const [{ name: output }] = graph.outputs;
  return { graph: { input, output, nodes, tensors }, numbers: Buffer.concat(parts) };
}
