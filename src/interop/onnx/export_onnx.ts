/** Networks as ONNX files. */
import { allocateArray, type DType, isFloating } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { formatShape, numel } from "../../base/shape.ts";
import { shownValue } from "../../base/shown_value.ts";
import { VERSION } from "../../base/version.ts";
import { insideCall, type Value } from "../../graph/node.ts";
import { writeOnnx } from "../../io/formats/onnx/write_onnx.ts";
import { Module } from "../../nn/index.ts";
import { keepModes } from "../../nn/module/modes.ts";
import { eachState } from "../../nn/module/state_dict.ts";
import { int } from "../../ops/onnx/conversion.ts";
import { type ClassName, isClassName } from "../../records/class_names.ts";
import { classNamesOf } from "../../records/network_classes.ts";
import { type Preprocessing, preprocessingOf } from "../../records/preprocessing.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { fromTypedArray, Tensor } from "../../tensor/tensor.ts";
import { outputOf } from "../../train/loop/network_output.ts";
import { convertGraph } from "./converted_graph.ts";
import type { OnnxExportParameters } from "./export.ts";
import { GraphWriter } from "./graph_writer.ts";
import { preprocessingGraph } from "./preprocessing_graph.ts";
import { BATCHES, type RecordedValue, recordedGraph } from "./recorded_graph.ts";

/** Of the network alone, and with the preprocessing before it. */
const OPSET = { bare: 17, preprocessed: 18 } as const;
const IR_VERSION = 8;

/** What `onnx.export` was given, but for the path. */
export type OnnxExport = Omit<OnnxExportParameters, "path">;

/** The bytes of a file; see `onnx.export`. */
export async function onnxFile({
  net,
  input,
  preprocessing,
  probabilities = null,
  classNames,
  metadata = {},
}: OnnxExport): Promise<Uint8Array<ArrayBuffer>> {
  if (!(net instanceof Module))
    throw new ArgumentError(
      `onnx.export: expected \`net\` to be a network (a Module), got ${shownValue(net)}`,
    );
  const before = preprocessing === undefined ? (preprocessingOf(net) ?? null) : preprocessing;
  const names = classNames === undefined ? (classNamesOf(net) ?? null) : classNames;
  const texts = new Map([...metadataOf(before, names), ...Object.entries(metadata)]);
  for (const [key, text] of texts)
    if (typeof text !== "string")
      throw new ArgumentError(
        `onnx.export: expected the metadata ${shownValue(key)} to be a text, got ${shownValue(text)}`,
      );
  return fileOf(net, exampleOf(input), { before, probabilities: probabilities ?? before !== null }, texts);
}

interface Example {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

function exampleOf(input: Tensor | readonly number[]): Example {
  if (input instanceof Tensor && input.ndim > 0) return { shape: input.shape, dtype: input.dtype };
  const isShape =
    Array.isArray(input) && input.length > 0 && input.every((size) => Number.isSafeInteger(size) && size > 0);
  if (isShape) return { shape: input, dtype: "float32" };
  throw new ArgumentError(
    `onnx.export: expected \`input\` to be a batch, or its shape such as [1, 3, 224, 224], got ${shownValue(input)}`,
  );
}

interface Settings {
  readonly before: Preprocessing | null;
  readonly probabilities: boolean;
}

async function fileOf(
  net: Module,
  example: Example,
  { before, probabilities }: Settings,
  metadata: ReadonlyMap<string, string>,
): Promise<Uint8Array<ArrayBuffer>> {
  const recorded = await record(net, example);
  const opset = before === null ? OPSET.bare : OPSET.preprocessed;
  const to = new GraphWriter(opset);
  const input = before === null ? inputOf(to, example) : preprocessingGraph(to, before, planesOf(example));
  const inside: [string, string][] =
    before === null
      ? []
      : [
          ["network_input", input],
          ["network_input_shape", JSON.stringify(planesOf(example))],
        ];
  const { output, constants } = convertGraph(recorded.output, input, to, recorded.keys);
  for (const { name, value, shape } of constants) {
    const data = await defaultSession().fetch(value);
    to.tensor(name, { data, shape: [...shape], dtype: value.dtype });
  }
  const { shape, dtype } = recorded.output;
  if (probabilities) requireScores(recorded.output);
  const result = probabilities ? to.node("Softmax", [output], { axis: int(1) }) : output;
  const title = net.constructor.name;
  return writeOnnx({
    irVersion: IR_VERSION,
    opsetImports: [{ domain: "", version: opset }],
    producerName: "convoyant",
    producerVersion: VERSION,
    domain: "",
    modelVersion: 0,
    docString: "",
    graph: to.graph(title, result, probabilities ? "probabilities" : "output", dtype, shape),
    metadata: new Map([...metadata, ...inside]),
    functions: [],
  });
}

function inputOf(to: GraphWriter, { shape, dtype }: Example): string {
  return to.input("input", dtype, [{ times: 1 }, ...shape.slice(1)]);
}

function planesOf({ shape, dtype }: Example): readonly [number, number, number] {
  const [, channels, height, width] = shape;
  if (shape.length === 4 && dtype === "float32") return [channels, height, width];
  throw new ArgumentError(
    `onnx.export: a preprocessing gives images, float32 [N, C, H, W], and the network's input is ${dtype} ${formatShape(shape)}; ` +
      "set `preprocessing: null`",
  );
}

function requireScores({ shape, dtype }: RecordedValue): void {
  if (shape.length === 2 && isFloating(dtype)) return;
  throw new ArgumentError(
    `onnx.export: probabilities are those of classes, and the network gives ${dtype} of ${shape.length} dimensions, expected ` +
      "[N, classes]; set `probabilities: false`",
  );
}

/** What the network does in evaluation mode, and the names of its weights and statistics. */
async function record(
  net: Module,
  { shape, dtype }: Example,
): Promise<{ output: RecordedValue; keys: Map<Value, string> }> {
  const [small, large] = BATCHES.map((batch) => {
    const full = [batch, ...shape.slice(1)];
    return fromTypedArray(allocateArray(dtype, numel(full)), full, dtype);
  });
  const restoreModes = keepModes(net);
  net.eval();
  try {
    const forward = (x: Tensor) => insideCall(() => noGrad(() => outputOf(net, x)));
    // Lazy layers get their weights, and weights that are only recorded so far are computed.
    if (net.modules().some((module) => module.isLazy)) forward(small);
    const state = new Map<string, Tensor>();
    eachState(net, "", (key, tensor) => state.set(key, tensor));
    for (const tensor of state.values()) await tensor.realize();
    const keys = new Map([...state].map(([key, tensor]) => [tensor.value, key]));
    const outputs = [forward(small), forward(large)] as const;
    for (const output of outputs) requireTensor(output);
    const pairOf = ([a, b]: readonly [Tensor, Tensor]) => [a.value, b.value] as const;
    return { output: recordedGraph(pairOf([small, large]), pairOf(outputs)), keys };
  } finally {
    restoreModes();
  }
}

function requireTensor(output: unknown): void {
  if (output instanceof Tensor) return;
  throw new ArgumentError(
    `onnx.export: expected the network to give a tensor in evaluation mode, got ${shownValue(output)}; wrap it in a module ` +
      "that returns the one that is wanted",
  );
}

function metadataOf(
  preprocessing: Preprocessing | null,
  classNames: readonly ClassName[] | null,
): Map<string, string> {
  const texts = new Map<string, string>();
  if (preprocessing !== null) texts.set("preprocessing", JSON.stringify(preprocessing));
  if (classNames === null) return texts;
  if (!Array.isArray(classNames) || !classNames.every(isClassName))
    throw new ArgumentError(
      `onnx.export: expected \`classNames\` to be a list of names, got ${shownValue(classNames)}`,
    );
  const names = classNames as readonly ClassName[];
  texts.set("class_names", JSON.stringify(names.map((name) => (typeof name === "string" ? name : name.en))));
  const translated = names.map((name) => (typeof name === "string" ? name : (name.zh ?? name.en)));
  if (names.some((name) => typeof name !== "string" && name.zh !== undefined))
    texts.set("class_names_zh", JSON.stringify(translated));
  return texts;
}
