/** Trained networks as ONNX files. */
import { preprocessingOfDataset } from "../classifier/run_facts.ts";
import { datasetEntry } from "../data/dataset_registry.ts";
import { onnxFile } from "../interop/onnx/export_onnx.ts";
import { writeFileAtomic } from "../io/atomic_file.ts";
import { failureOf } from "../io/formats/format_failure.ts";
import type { OnnxValueInfo } from "../io/formats/onnx/onnx_model.ts";
import { dataTypeName } from "../io/formats/onnx/onnx_tensor.ts";
import { readOnnx } from "../io/formats/onnx/read_onnx.ts";
import type { ClassName } from "../records/class_names.ts";
import { preprocessingOf } from "../records/preprocessing.ts";
import { formatBytes } from "../report/number_text.ts";
import type { Reporter } from "../report/reporter.ts";
import { renderRows } from "../report/terminal/table.ts";
import type { GivenSettings } from "./training_config.ts";
import { loadNetwork, type NetworkSettings } from "./weights.ts";

/** What `exportOnnx` takes. */
export interface ExportOptions {
  /** Whether the file holds the network alone: numbers in, scores out. @default false */
  readonly bare?: boolean;
  /** A registered name, or a module that makes the network: when the source does not say. */
  readonly model?: string | null;
  /** Settings that are not the run's. */
  readonly settings?: GivenSettings;
}

/** An input or output of an exported file. */
export interface ExportedValue {
  readonly name: string;
  /** As ONNX calls it: UINT8, FLOAT. */
  readonly type: string;
  /** Sizes, and the names of those that are left open. */
  readonly shape: readonly (number | string)[];
}

/** What `exportOnnx` wrote. */
export interface ExportedFile {
  readonly path: string;
  readonly model: string;
  /** The file that the weights came from. */
  readonly weights: string;
  readonly classes: readonly ClassName[];
  readonly irVersion: number;
  readonly opset: number;
  readonly inputs: readonly ExportedValue[];
  readonly outputs: readonly ExportedValue[];
  readonly bytes: number;
}

/**
 * Writes a trained network as an ONNX file: what `convoyant export` does. The file takes images as they are decoded and
 * gives probabilities, unless it is to hold the network alone.
 *
 * @param source - a run's folder or a weights file.
 * @param path - the file that is written, whole or not at all.
 * @throws FileError if the source cannot be read or the file not be written; ArgumentError if ONNX cannot express the
 *   network.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { opset, inputs } = await experiments.exportOnnx("runs/first", "first.onnx");
 * ```
 */
export async function exportOnnx(
  source: string,
  path: string,
  { bare = false, model: named = null, settings: given = {} }: ExportOptions = {},
): Promise<ExportedFile> {
  const { net, model, weights, classes, settings, inputShape } = await loadNetwork(source, named, given);
  const known = preprocessingOf(net);
  const bytes = await onnxFile({
    net,
    input: [1, ...((known !== undefined && inputShape) || inputShapeOf(settings))],
    preprocessing: bare ? null : (known ?? preprocessingOfDataset(settings.data, settings.resize)),
    classNames: classes.length > 0 ? classes : null,
  });
  await writeFileAtomic(path, bytes);
  const { irVersion, opsetImports, graph } = readOnnx(bytes, failureOf("ONNX file", path));
  const [{ version: opset }] = opsetImports;
  const [inputs, outputs] = [graph.inputs.map(described), graph.outputs.map(described)];
  return { path, model, weights, classes, irVersion, opset, inputs, outputs, bytes: bytes.length };
}

/** Images as a network gets them. */
export function inputShapeOf({
  data,
  resize,
}: NetworkSettings): [channels: number, height: number, width: number] {
  const [channels, height, width] = datasetEntry(data).imageShape;
  return resize === null ? [channels, height, width] : [channels, resize, resize];
}

function described({ name, dataType, shape = [] }: OnnxValueInfo): ExportedValue {
  return { name, type: dataTypeName(dataType), shape };
}

/**
 * Reports what `exportOnnx` wrote: a table of inputs and outputs, or an `end` event.
 *
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * experiments.reportExport(await experiments.exportOnnx("runs/first", "first.onnx"), new CollectingReporter());
 * ```
 */
export function reportExport({ path, ...file }: ExportedFile, reporter: Reporter): void {
  const { model, weights, opset, irVersion, bytes, inputs, outputs } = file;
  const as = (what: string) => (value: ExportedValue) => ({ what, ...value });
  const table = renderRows(
    [
      ["", ({ what }) => what],
      ["name", ({ name }) => name, { flexible: true }],
      ["type", ({ type }) => type.toLowerCase()],
      ["shape", ({ shape }) => `[${shape.join(", ")}]`],
    ],
    [...inputs.map(as("input")), ...outputs.map(as("output"))],
    reporter.style,
  );
  reporter.lines(table);
  const classes = file.classes.length === 0 ? "" : `, ${file.classes.length} classes`;
  reporter.line(
    `${path}: ${model} with ${weights}, opset ${opset}, IR ${irVersion}${classes}, ${formatBytes(bytes)}`,
  );
  reporter.event({ event: "end", file: path, ...file });
}
