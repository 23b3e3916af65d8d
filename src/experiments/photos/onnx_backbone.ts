/** A network that is trained further from an ONNX file. */
import { FileError } from "../../base/errors.ts";
import { preprocessingIn, withoutPreprocessing } from "../../classifier/onnx_classifier.ts";
import { readOnnxModel } from "../../interop/onnx/load.ts";
import { onnxClassifierOf } from "../../interop/onnx/new_onnx_classifier.ts";
import type { OnnxClassifier } from "../../interop/onnx/onnx_classifier_network.ts";
import type { OnnxGraph } from "../../io/formats/onnx/onnx_model.ts";
import { DATA_TYPES } from "../../io/formats/onnx/onnx_model.ts";
import { withSource } from "../../io/opened_source.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";

/** What was read. */
export interface OnnxStart {
  readonly net: OnnxClassifier;
  /** Pixels of a side that it takes; null for any. */
  readonly side: number | null;
  /** What the file says is done to an image before; undefined if it says nothing. */
  readonly preprocessing: Preprocessing | undefined;
}

/**
 * Reads a network and gives it a head for that many classes.
 *
 * @throws FileError for a file that is not one, and for a network whose head is not found or that takes something else than
 *   colour images in floats.
 */
export async function onnxClassifier(path: string, classes: number): Promise<OnnxStart> {
  return withSource(path, "train", async (opened) => {
    const { model: whole, fail } = await readOnnxModel(opened);
    const failure = (message: string) => new FileError(`${path}: ${message}`);
    const model = withoutPreprocessing(whole, failure);
    const side = inputSide(model.graph, path);
    const preprocessing = preprocessingIn(model.metadata, failure);
    return { net: onnxClassifierOf(model, classes, fail), side, preprocessing };
  });
}

function inputSide({ inputs, initializers }: OnnxGraph, path: string): number | null {
  const held = new Set(initializers.map(({ name }) => name));
  const [input, ...more] = inputs.filter(({ name }) => !held.has(name));
  const [, channels, height, width] = input?.shape ?? [];
  const isImages = input?.shape?.length === 4 && (typeof channels !== "number" || channels === 3);
  if (more.length > 0 || !isImages || input.dataType !== DATA_TYPES.FLOAT)
    throw new FileError(
      `${path}: expected a network whose one input is float32 [N, 3, H, W], pixels after the preprocessing, or one of ` +
        "`convoyant export`, which has it inside",
    );
  return typeof height === "number" && height === width ? height : null;
}
