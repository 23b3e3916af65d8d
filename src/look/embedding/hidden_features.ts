/** What the last hidden layer of a network gives for many images. */
import { isHalf, numbersOf } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import type { Module } from "../../nn/index.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { headsOf } from "../../train/finetune/heads.ts";
import { inEvaluation, takenBy } from "../layer_calls.ts";
import type { Points } from "./points.ts";

/** What `hiddenFeatures` takes beside the network and the images. */
export interface HiddenFeaturesOptions {
  /** Path of the layer whose input is taken. Default: the last fully connected layer or 1x1 convolution. */
  readonly head?: string;
}

/** Features of images. */
export interface HiddenFeatures extends Points {
  /** Path of the layer that was given the features. */
  readonly head: string;
}

/**
 * What the last layer of a network is given for each image, batch by batch, in evaluation mode; feature maps become their
 * means.
 *
 * @param batches - images [N, C, H, W].
 * @throws ArgumentError if the network has no such layer, or there are no images; ShapeError for images that it does not
 * take.
 * @example
 * ```ts
 * import { hiddenFeatures } from "convoyant/look";
 * const features = await hiddenFeatures(models.lenet(), [rand(4, 1, 28, 28), rand(2, 1, 28, 28)]);
 * [features.rows, features.columns]; // [6, 84]
 * ```
 */
export async function hiddenFeatures(
  net: Module,
  batches: Iterable<Tensor> | AsyncIterable<Tensor>,
  { head }: HiddenFeaturesOptions = {},
): Promise<HiddenFeatures> {
  const [{ path, layer }] = headsOf("hiddenFeatures", net, head);
  const parts: ArrayLike<number>[] = [];
  let [rows, columns] = [0, 0];
  for await (const batch of batches) {
    const given = inputOf(net, layer, batch.detach(), path);
    parts.push(numbersOf(given.dtype, await defaultSession().fetch(given.value)) as ArrayLike<number>);
    rows += given.size(0);
    columns = given.size(1);
  }
  if (rows === 0) throw new ArgumentError("hiddenFeatures: expected batches of images, got none");
  const data = new Float32Array(rows * columns);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { rows, columns, data, head: path };
}

/** What a layer was given, [N, features]. */
function inputOf(net: Module, layer: Module, batch: Tensor, path: string): Tensor {
  let found: Tensor | null = null;
  const handle = layer.registerForwardPreHook((_module, [input]) => {
    found = input;
  });
  try {
    return noGrad(() => {
      takenBy("hiddenFeatures", batch, () => inEvaluation(net, () => void net(batch)));
      const input = found as Tensor | null;
      if (input === null) throw new ArgumentError(`hiddenFeatures: the layer \`${path}\` was not called`);
      const flat = input.ndim > 2 ? input.flatten(2).mean(2) : input;
      return isHalf(flat.dtype) ? flat.to("float32") : flat;
    });
  } finally {
    handle.remove();
  }
}
