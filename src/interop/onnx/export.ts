/** The call that writes ONNX files. */
import { onnxFile } from "#onnx_files";
import { writeFileAtomic } from "#write_file";
import type { Module } from "../../nn/index.ts";
import type { ClassName } from "../../records/class_names.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";
import { defineCall, type Tensor } from "../../tensor/tensor.ts";

/** What `onnx.export` takes. */
export interface OnnxExportParameters {
  /** The network; it is exported in evaluation mode. */
  net: Module;
  /** A batch that it takes, or its shape [N, C, H, W]; how many examples does not matter: files leave that open. */
  input: Tensor | readonly number[];
  /** The file that is written, whole or not at all; null for none. Node.js only. @default null */
  path?: string | null;
  /**
   * What is done to images before the network, which becomes part of the file: its input is then uint8 [N, H, W, C].
   * null for none; by default that of the network's weights, if they have one.
   */
  preprocessing?: Preprocessing | null;
  /** Whether the output goes through softmax, over dimension 1; by default if there is a preprocessing. */
  probabilities?: boolean | null;
  /**
   * Names of the classes, in order; they become `class_names` of the file's metadata. null for none; by default those of
   * the network's weights, if they have any.
   */
  classNames?: readonly ClassName[] | null;
  /** Further texts for the file's metadata. @default {} */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * A network as an ONNX file, which ONNX Runtime and many others run: opset 17 (18 with a preprocessing), the size of the
 * batch left open, batch normalisation by its running statistics, tensors named by the keys of `net.stateDict()`.
 *
 * With a preprocessing the file takes images as they are decoded, of any height and width, and gives probabilities.
 *
 * @param input - an example, as in `torch.onnx.export`, or its shape.
 * @returns the file's bytes.
 * @throws ArgumentError that names the operations which ONNX cannot express, their layers and what to do; FileError if the
 *   file cannot be written.
 * @example
 * ```ts
 * import { onnx } from "convoyant";
 * const bytes = await onnx.export(models.lenet(), [1, 1, 28, 28]);
 * bytes.length > 100_000; // true
 * ```
 */
export const exportOnnx = defineCall<OnnxExportParameters, Promise<Uint8Array<ArrayBuffer>>>("onnx.export")(
  ["net", "input", "path?", "preprocessing?", "probabilities?:boolean|null", "classNames?", "metadata?"],
  async (net, input, path = null, preprocessing, probabilities = null, classNames, metadata = {}) => {
    const given = { net, input, preprocessing, probabilities, classNames, metadata };
    const bytes = await onnxFile(given);
    if (path !== null) await writeFileAtomic(path, bytes);
    return bytes;
  },
);
