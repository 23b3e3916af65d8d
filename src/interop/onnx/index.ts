/** Networks in ONNX. */
import { loadOnnx } from "#onnx_files";
import type { WeightsSource } from "../../io/state_dict_bytes.ts";
import type { OnnxLoadOptions } from "./load.ts";
import type { OnnxNetwork } from "./onnx_network.ts";

export { exportOnnx as export, type OnnxExportParameters } from "./export.ts";
export type { OnnxLoadOptions } from "./load.ts";
export type { OnnxInput, OnnxNetwork } from "./onnx_network.ts";

/**
 * Reads a network in ONNX (opset 7 to 22) as a module that computes, trains and is saved like any other. The operators are
 * those of image classifiers; docs/formats.md lists them.
 *
 * Weights become parameters under the names that they have in the file: PyTorch's, if PyTorch wrote it. Running statistics
 * of batch norm are buffers. The module comes in evaluation mode; call `train()` before training it.
 *
 * @param source - in Node.js the path of a file; in a page an address, seen from the page. On both: an absolute URL,
 * bytes (ArrayBuffer, Uint8Array, Node's Buffer), a Blob or File, or the Response of a `fetch`.
 * @throws FileError if it cannot be read, is not ONNX, is of another opset, misses a file of its weights, or has operators
 *   that are not supported (the message names all of them); ArgumentError for any other source.
 * @example
 * ```ts no-run
 * const net = await onnx.load("squeezenet.onnx");
 * const probabilities = net(randn(1, 3, 224, 224));
 * net.train();
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.001 });
 * ```
 */
export async function load(source: WeightsSource, options: OnnxLoadOptions = {}): Promise<OnnxNetwork> {
  return loadOnnx(source, options);
}
