/** What the layers of a network give for one image. */
import { numbersOf } from "../../base/dtype.ts";
import type { Module } from "../../nn/index.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { HeatMap } from "../heat_map.ts";
import { callNamed, type LayerCall, layerCalls, oneImage } from "../layer_calls.ts";

/** What `activations` takes beside the network and the image. */
export interface ActivationsOptions {
  /** Paths of layers. Default: all that hold no other layers. */
  readonly layers?: readonly string[];
  /** Of each layer at most this many maps. Default 16. */
  readonly most?: number;
}

/** What one layer gave. */
export interface LayerActivations {
  readonly layer: string;
  /** `Conv2d`, `ReLU`, ... */
  readonly kind: string;
  /** Of its output, without the batch. */
  readonly shape: readonly number[];
  /** The first feature maps; of a vector one map of one row. */
  readonly maps: readonly HeatMap[];
}

/**
 * What each layer gives for an image, in the order in which they are called. The network is in evaluation mode meanwhile.
 *
 * @param net - any network of images.
 * @param input - one image as the network takes it, [1, C, H, W] or [C, H, W].
 * @throws ArgumentError for a layer that is not called (the message lists those that are); ShapeError for an input that the
 * network does not take.
 * @example
 * ```ts
 * import { activations } from "convoyant/look";
 * const [first] = await activations(models.lenet(), rand(1, 1, 28, 28));
 * first.kind; // "Conv2d"
 * first.shape; // [6, 28, 28]
 * ```
 */
export async function activations(
  net: Module,
  input: Tensor,
  { layers, most = 16 }: ActivationsOptions = {},
): Promise<LayerActivations[]> {
  const calls = layerCalls("activations", net, oneImage("activations", input).detach());
  const kind = { fits: ({ shape }: LayerCall) => shape.length >= 2, kind: "layer with an output" };
  const chosen =
    layers === undefined
      ? calls.filter((call) => call.module.children().length === 0 && kind.fits(call))
      : layers.map((layer) => callNamed("activations", calls, layer, kind));
  defaultSession().submit(chosen.map(({ value }) => value));
  const found: LayerActivations[] = [];
  for (const { path, module, shape, value } of chosen) {
    const data = numbersOf(value.dtype, await defaultSession().fetch(value));
    const [height, width] =
      shape.length >= 4 ? shape.slice(-2) : [1, shape.slice(1).reduce((a, b) => a * b, 1)];
    const size = height * width;
    const count = Math.min(most, Math.floor(data.length / (size || 1)));
    const maps = Array.from({ length: count }, (_, i) => ({
      width,
      height,
      values: Float32Array.from(data.subarray(i * size, (i + 1) * size) as ArrayLike<number>, Number),
    }));
    found.push({ layer: path, kind: module.constructor.name, shape: shape.slice(1), maps });
  }
  return found;
}
