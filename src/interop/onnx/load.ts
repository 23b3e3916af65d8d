/** Reads ONNX files as modules. */
import { isArrayBuffer, isMap, isPlainObject } from "../../base/builtin_kinds.ts";
import { ArgumentError, didYouMean, FileError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { type OpenBeside, readAll, sourceOfBytes } from "../../io/formats/byte_source.ts";
import { type Failure, failureOf } from "../../io/formats/format_failure.ts";
import { withExternalData } from "../../io/formats/onnx/external_data.ts";
import type { OnnxModel, OnnxValueInfo } from "../../io/formats/onnx/onnx_model.ts";
import { readOnnx } from "../../io/formats/onnx/read_onnx.ts";
import { type OpenedSource, withSource } from "../../io/opened_source.ts";
import type { WeightsSource } from "../../io/state_dict_bytes.ts";
import { OnnxNetwork } from "./onnx_network.ts";
import { planNetwork } from "./plan_network.ts";

/** Settings of `onnx.load`. */
export interface OnnxLoadOptions {
  /**
   * Files that hold weights beside the network (external data), by the names that the network calls them. In Node.js those
   * in the folder of a network that is given by its path are found by themselves. None by default.
   */
  readonly externalData?:
    | Readonly<Record<string, Uint8Array | ArrayBuffer>>
    | ReadonlyMap<string, Uint8Array | ArrayBuffer>;
  /**
   * Whether a network that was exported for one batch size takes others: the first size of its inputs is free, and
   * Reshape nodes that begin with it follow the batch. @default false
   */
  readonly freeBatch?: boolean;
}

const OPTIONS = ["externalData", "freeBatch"];

/** See `onnx.load`. */
export async function loadOnnx(source: WeightsSource, options: OnnxLoadOptions = {}): Promise<OnnxNetwork> {
  const { externalData, freeBatch } = checkedOptions(options);
  return withSource(source, "onnx.load", async (opened) => {
    const { model, fail } = await readOnnxModel(opened, externalData);
    return networkOf(model, freeBatch, fail);
  });
}

/** A file's network with all its weights, as plain data, and what makes the errors of the file. */
export async function readOnnxModel(
  opened: OpenedSource,
  externalData: ReadonlyMap<string, Uint8Array | ArrayBuffer> = new Map(),
): Promise<{ readonly model: OnnxModel; readonly fail: Failure }> {
  const fail = failureOf("ONNX file", opened.name);
  const model = readOnnx(await readAll(opened.source), fail);
  return { model: await withExternalData(model, openBeside(opened, externalData, fail), fail), fail };
}

function checkedOptions(options: unknown) {
  if (!isPlainObject(options))
    throw new ArgumentError(`onnx.load: expected an object of options, got ${shownValue(options)}`);
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name))
      throw new ArgumentError(`onnx.load: unknown option ${shownValue(name)}${didYouMean(name, OPTIONS)}`);
  const { externalData = {}, freeBatch = false } = options;
  if (typeof freeBatch !== "boolean")
    throw new ArgumentError(`onnx.load: expected freeBatch to be a boolean, got ${shownValue(freeBatch)}`);
  if (!isMap(externalData) && !isPlainObject(externalData))
    throw new ArgumentError(
      `onnx.load: expected externalData to be an object of bytes by name, got ${shownValue(externalData)}`,
    );
  const given = isMap(externalData) ? externalData : new Map(Object.entries(externalData));
  return { externalData: given as ReadonlyMap<string, Uint8Array | ArrayBuffer>, freeBatch };
}

/** What is given comes first, then the files of the folder. */
function openBeside(
  opened: OpenedSource,
  given: ReadonlyMap<string, Uint8Array | ArrayBuffer>,
  fail: Failure,
): OpenBeside {
  return async (location, body) => {
    const bytes = given.get(location);
    if (bytes !== undefined) return body(sourceOfBytes(isArrayBuffer(bytes) ? new Uint8Array(bytes) : bytes));
    if (opened.beside === undefined)
      throw fail(
        `its weights are in the file ${JSON.stringify(location.slice(0, 200))}, which is not given`,
        'give it: onnx.load(source, { externalData: { "name": bytes } })',
      );
    let isOpen = false;
    try {
      return await opened.beside(location, (source) => {
        isOpen = true;
        return body(source);
      });
    } catch (error) {
      if (isOpen || !(error instanceof FileError)) throw error;
      throw fail(
        `its weights are in the file ${JSON.stringify(location.slice(0, 200))}, and that could not be opened (${error.message})`,
        "put that file beside it",
      );
    }
  };
}

/** The module of a network. */
export function networkOf(model: OnnxModel, freeBatch: boolean, fail: Failure): OnnxNetwork {
  const { graph, metadata, producerName } = model;
  if (graph.outputs.length === 0) throw fail("its graph has no outputs");
  const held = new Set(graph.initializers.map(({ name }) => name));
  const declared = graph.inputs.filter(({ name }) => !held.has(name));
  const batch = freeBatch ? declared[0]?.shape?.[0] : undefined;
  const inputs = declared.map((info) => (batch === undefined ? info : withFreeBatch(info, batch)));
  const plan = planNetwork(model, fail, batch);
  const given = new Set([
    ...inputs.map(({ name }) => name),
    ...plan.constants.keys(),
    ...plan.weights.keys(),
    ...plan.statistics.keys(),
    ...plan.steps.flatMap(({ outputs }) => outputs),
  ]);
  for (const { name } of graph.outputs)
    if (!given.has(name)) throw fail(`its output ${JSON.stringify(name.slice(0, 200))} is given by no node`);
  return new OnnxNetwork(plan, {
    inputs,
    outputs: graph.outputs.map(({ name }) => name),
    metadata: Object.fromEntries(metadata),
    producer: producerName,
  });
}

/** The input with a name in place of its batch size. */
function withFreeBatch(info: OnnxValueInfo, batch: number | string): OnnxValueInfo {
  const { shape } = info;
  return shape?.[0] === batch ? { ...info, shape: ["batch", ...shape.slice(1)] } : info;
}
