/** Grad-CAM: where in an image a layer saw what speaks for a class. */
import { ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import * as nn from "../../nn/index.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { enableGrad, grad } from "../../tensor/autograd.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { classOf, scoreOfClass, scoresOf } from "../class_score.ts";
import { type HeatMap, resizeHeatMap } from "../heat_map.ts";
import { callNamed, inEvaluation, type LayerCall, layerCalls, oneImage } from "../layer_calls.ts";

/** What `gradCam` takes beside the network and the image. */
export interface GradCamOptions {
  /** Path of a layer with feature maps, such as `features.12`. Default: the last one before they are pooled away. */
  readonly layer?: string;
  /** The class that is explained. Default: the likeliest. */
  readonly classIndex?: number;
}

/** A Grad-CAM map, as large as the input. */
export interface GradCam extends HeatMap {
  /** The layer that it comes from. */
  readonly layer: string;
  /** The class that it explains. */
  readonly classIndex: number;
  /** The map as the layer has it: the rows and columns of its feature maps. */
  readonly coarse: HeatMap;
}

const FEATURE_MAPS = { fits: hasFeatureMaps, kind: "layer with feature maps, [1, K, rows, columns]" };

/**
 * Grad-CAM: relu(sum over k of a_k A_k), with A_k the feature maps of a layer and a_k the mean of the gradient of the
 * class's score by A_k; enlarged bilinearly to the size of the input. The network is in evaluation mode meanwhile, and no
 * parameter's `grad` is touched.
 *
 * Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", 2017.
 *
 * @param net - a network that gives a score for each class, [N, classes]; its parameters need not require gradients.
 * @param input - one image as the network takes it, [1, C, H, W] or [C, H, W].
 * @throws ArgumentError for a layer that does not exist or has no feature maps (the message lists those that do), or a
 * class that does not exist; ShapeError for an input that the network does not take.
 * @example
 * ```ts
 * import { gradCam } from "convoyant/look";
 * const map = await gradCam(models.lenet(), rand(1, 1, 28, 28), { classIndex: 3 });
 * map.layer; // "4"
 * [map.width, map.height]; // [28, 28]
 * [map.coarse.width, map.coarse.height]; // [10, 10]
 * ```
 */
export async function gradCam(
  net: nn.Module,
  input: Tensor,
  { layer, classIndex }: GradCamOptions = {},
): Promise<GradCam> {
  const x = oneImage("gradCam", input);
  const calls = layerCalls("gradCam", net, x);
  const chosen = layer === undefined ? lastWithMaps(calls) : callNamed("gradCam", calls, layer, FEATURE_MAPS);
  const { maps, scores } = passWithLeaf(net, x, chosen);
  // One run for both: what follows does not compute the layers below again.
  defaultSession().submit([scores.value, maps.value]);
  const index = await classOf("gradCam", scores, classIndex);
  const [gradient] = enableGrad(() => grad(scoreOfClass(scores, index), maps, { allowUnused: true }));
  const coarse = await weightedSum(maps.detach(), gradient);
  const [height, width] = x.shape.slice(2);
  return { ...resizeHeatMap(coarse, width, height), layer: chosen.path, classIndex: index, coarse };
}

/** The network's scores as a function of one layer's output, which is a leaf. */
function passWithLeaf(
  net: nn.Module,
  x: Tensor,
  { module, call }: LayerCall,
): { maps: Tensor; scores: Tensor } {
  let count = 0;
  let maps: Tensor | null = null;
  const handle = module.registerForwardHook((_module, _inputs, output: Tensor) => {
    if (count++ !== call) return undefined;
    maps = output.detach().requiresGrad_(true);
    // What comes next may write over what it is given.
    return maps.clone();
  });
  try {
    const scores = enableGrad(() => inEvaluation(net, () => scoresOf("gradCam", net, x.detach())));
    return { maps: maps as unknown as Tensor, scores };
  } finally {
    handle.remove();
  }
}

async function weightedSum(maps: Tensor, gradient: Tensor | null): Promise<HeatMap> {
  const [, , height, width] = maps.shape;
  // The score of a class need not depend on the layer.
  if (gradient === null) return { width, height, values: new Float32Array(width * height) };
  const weights = gradient.mean([2, 3], { keepdim: true });
  const sum = weights.mul(maps).sum(1).relu().to("float32");
  return { width, height, values: (await sum.data()) as Float32Array };
}

function hasFeatureMaps({ shape }: LayerCall): boolean {
  return shape.length === 4 && shape[2] * shape[3] > 1;
}

/** Layers that only thin out or pass on what they are given. */
const PASSING = [
  nn.MaxPool2d,
  nn.AvgPool2d,
  nn.AdaptiveAvgPool2d,
  nn.AdaptiveMaxPool2d,
  nn.Dropout,
  nn.Dropout2d,
  nn.Identity,
];

/** The last call that gave feature maps, pooling layers aside; of modules that give the same maps the outermost. */
function lastWithMaps(calls: readonly LayerCall[]): LayerCall {
  const passed = new Set(
    calls.filter(({ module }) => PASSING.some((kind) => module instanceof kind)).map(({ value }) => value),
  );
  const found = calls.findLast((call) => call.path !== "" && hasFeatureMaps(call) && !passed.has(call.value));
  if (found !== undefined) return found;
  const last = calls.at(-1);
  throw new ShapeError(
    "gradCam: the network has no layer with feature maps, [1, K, rows, columns]" +
      `${last === undefined ? "" : `; it gives ${formatShape(last.shape)}`}`,
  );
}
