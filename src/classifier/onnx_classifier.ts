/** Classifiers in ONNX files. */
import { FileError } from "../base/errors.ts";
import { parseJson } from "../base/json_text.ts";
import { networkOf, readOnnxModel } from "../interop/onnx/load.ts";
import type { OnnxModel, OnnxNode } from "../io/formats/onnx/onnx_model.ts";
import { DATA_TYPES } from "../io/formats/onnx/onnx_model.ts";
import type { OpenedSource } from "../io/opened_source.ts";
import type { ClassName } from "../records/class_names.ts";
import { type FactFailure, requireClasses, requirePreprocessing } from "../records/classifier_facts.ts";
import type { Preprocessing } from "../records/preprocessing.ts";
import type { GivenFacts } from "./classifier_options.ts";
import type { ClassifierParts } from "./load_classifier.ts";

/** Reads an ONNX file whose metadata, or whose caller, says the rest. @throws FileError that names what is missing. */
export async function onnxParts(opened: OpenedSource, given: GivenFacts): Promise<ClassifierParts> {
  const { model, fail: failure } = await readOnnxModel(opened);
  const fail: FactFailure = (message) => new FileError(`ONNX file ${opened.name ?? ""}: ${message}`);
  const classes = given.classes ?? classesIn(model.metadata, fail);
  const preprocessing = given.preprocessing ?? preprocessingIn(model.metadata, fail);
  if (classes === undefined || preprocessing === undefined) {
    const missing = [
      ...(classes === undefined ? ["what its outputs stand for (`classes`, a list of names)"] : []),
      ...(preprocessing === undefined
        ? ["what is done to an image before (`preprocessing`, { resize, crop, mean, std })"]
        : []),
    ];
    throw new FileError(`ONNX file ${opened.name ?? ""}: it does not say ${missing.join(", nor ")}`, {
      cure: "; give it as an option, or export the network with `onnx.export`, which writes both into the file",
      reason: "no classifier",
      facts: { path: opened.name ?? "FILE.onnx" },
    });
  }
  const bare = withoutSoftmax(withoutPreprocessing(model, fail));
  const first = bare.graph.inputs[0]?.shape?.[0];
  const batch = typeof first === "number" && first > 0 ? first : null;
  // A network for one image is asked for one at a time; of others the batch is made free.
  const isFree = batch !== null && batch > 1;
  const net = networkOf(bare, isFree, failure);
  return { net, architecture: null, classes, preprocessing, batch: isFree ? null : batch };
}

type Metadata = OnnxModel["metadata"];

function jsonIn(metadata: Metadata, name: string, fail: FactFailure): unknown {
  const text = metadata.get(name);
  if (text === undefined) return undefined;
  try {
    return parseJson(text, { depth: 16 });
  } catch (error) {
    throw fail(`its metadata \`${name}\` is not JSON (${(error as Error).message})`);
  }
}

function classesIn(metadata: Metadata, fail: FactFailure): readonly ClassName[] | undefined {
  const names = jsonIn(metadata, "class_names", fail);
  if (names === undefined) return undefined;
  const english = requireClasses(names, fail);
  const chinese = jsonIn(metadata, "class_names_zh", fail);
  if (!Array.isArray(chinese) || chinese.length !== english.length) return english;
  return requireClasses(
    english.map((en, i) => (chinese[i] === en ? en : { en, zh: chinese[i] })),
    fail,
  );
}

/** What the file says is done to an image before. */
export function preprocessingIn(metadata: Metadata, fail: FactFailure): Preprocessing | undefined {
  const found = jsonIn(metadata, "preprocessing", fail);
  return found === undefined ? undefined : requirePreprocessing(found, fail);
}

/**
 * A network without the preprocessing that `onnx.export` put before it: batches of images of several sizes go through it
 * together, and what it sees can be shown.
 */
export function withoutPreprocessing(model: OnnxModel, fail: FactFailure): OnnxModel {
  const { graph, metadata } = model;
  const [input] = graph.inputs;
  if (input?.dataType !== DATA_TYPES.UINT8) return model;
  const boundary = metadata.get("network_input");
  const shape = jsonIn(metadata, "network_input_shape", fail);
  const isShape =
    Array.isArray(shape) && shape.length === 3 && shape.every((n) => Number.isSafeInteger(n) && n > 0);
  if (boundary === undefined || !isShape)
    throw fail(
      "it takes uint8 images and does not say which part of it prepares them; export it again with `onnx.export`",
    );
  const needed = neededFor(
    graph.nodes,
    graph.outputs.map(({ name }) => name),
    boundary,
  );
  const networkInput = { name: boundary, dataType: DATA_TYPES.FLOAT, shape: ["N", ...(shape as number[])] };
  return { ...model, graph: { ...graph, nodes: needed, inputs: [networkInput] } };
}

/** The nodes behind the outputs, up to the value at which they begin. */
function neededFor(nodes: readonly OnnxNode[], outputs: readonly string[], boundary: string): OnnxNode[] {
  const wanted = new Set(outputs);
  wanted.delete(boundary);
  const kept: OnnxNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    kept.push(node);
    for (const name of inputsOf(node)) if (name !== boundary) wanted.add(name);
  }
  return kept.reverse();
}

/** Also what its branches see of the graph around them. */
function inputsOf({ inputs, attributes }: OnnxNode): string[] {
  const inside = [...attributes.values()].flatMap((attribute) =>
    attribute.type === "graph" ? attribute.value.nodes.flatMap(inputsOf) : [],
  );
  return [...inputs, ...inside];
}

/** A network that ends before its softmax: probabilities are made of the scores here. */
function withoutSoftmax(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const [output] = graph.outputs;
  const last = graph.nodes.find(({ outputs }) => outputs.includes(output?.name));
  if (graph.outputs.length !== 1 || last?.opType !== "Softmax" || last.domain !== "") return model;
  const scores = { ...output, name: last.inputs[0] };
  return {
    ...model,
    graph: { ...graph, nodes: graph.nodes.filter((node) => node !== last), outputs: [scores] },
  };
}
