/** Images that make a unit of a network as active as possible. */
import { ArgumentError } from "../../base/errors.ts";
import { PhiloxStream } from "../../base/philox.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Module } from "../../nn/index.ts";
import { enableGrad, grad } from "../../tensor/autograd.ts";
import { fromTypedArray, type Tensor } from "../../tensor/tensor.ts";
import { scoresOf } from "../class_score.ts";
import { callNamed, inEvaluation, type LayerCall, layerCalls } from "../layer_calls.ts";
import { blurred, rolled, variationGradient } from "./smooth_planes.ts";

/** What `maximise` takes beside the network. */
export interface MaximiseOptions {
  /** Of the image, [C, H, W]. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Path of the unit's layer. Default: the network's output, whose units are the classes. */
  readonly layer?: string;
  /** The unit: a channel of feature maps, or a class. Default 0. */
  readonly unit?: number;
  /** Steps of gradient ascent. Default 128. */
  readonly steps?: number;
  /** Length of a step: how far the numbers of the image move in the mean (root mean square). Default 0.1. */
  readonly lr?: number;
  /** The share of every number that is taken off at each step. Default 0.01. */
  readonly l2?: number;
  /** Weight of the total variation, which keeps neighbouring pixels alike. Default 0.1. */
  readonly totalVariation?: number;
  /** Standard deviation, in pixels, of a Gaussian blur after every fourth step. Default 0.5; 0 for none. */
  readonly blur?: number;
  /** How many pixels, at most, the image is shifted before each step, around its edges. Default: a sixteenth of its side. */
  readonly jitter?: number;
  /** Seed of the first image and of the shifts: the same seed gives the same image. Default 0. */
  readonly seed?: number;
  /** Called after each step, with how many there have been. */
  readonly onStep?: (step: number) => void;
}

/** An image that makes a unit active. */
export interface Maximised {
  readonly layer: string;
  readonly unit: number;
  /** As the network takes it, [C, H, W]. */
  readonly input: Float32Array;
  readonly shape: readonly [channels: number, height: number, width: number];
  /** How active the unit was for each step's image: the mean over its feature map. */
  readonly values: readonly number[];
}

/** Steps between two blurs. */
const BLUR_EVERY = 4;

/**
 * An image that makes a unit as active as possible, by gradient ascent from faint noise. Each step goes along the gradient,
 * divided by its root mean square; weight decay, total variation, blur and random shifts keep the image from being noise.
 *
 * Source: Yosinski et al., "Understanding Neural Networks Through Deep Visualization", 2015; the shifts are those of
 * Mordvintsev, Olah and Tyka, "Inceptionism", 2015.
 *
 * @throws ArgumentError for a layer or unit that does not exist, or settings out of their range; ShapeError for a shape that
 * the network does not take.
 * @example
 * ```ts
 * import { maximise } from "convoyant/look";
 * const found = await maximise(models.lenet(), { shape: [1, 28, 28], unit: 3, steps: 8 });
 * found.values.length; // 8
 * ```
 */
export async function maximise(net: Module, options: MaximiseOptions): Promise<Maximised> {
  const { shape, layer, unit = 0, seed = 0 } = options;
  const settings = checkedSettings(options);
  const random = new PhiloxStream(seed, 0);
  let image = Float32Array.from({ length: size(shape) }, () => 0.1 * (2 * random.uniform() - 1));
  const values: number[] = [];
  const unitOf = unitIn(net, asTensor(image, shape), layer, unit);
  for (let step = 0; step < settings.steps; step++) {
    const shift = [0, 0].map(() => Math.round((2 * random.uniform() - 1) * settings.jitter));
    const shifted = rolled(image, shape, shift[0], shift[1]);
    const x = asTensor(shifted, shape).requiresGrad_(true);
    const [value, gradient] = enableGrad(() => {
      const value = inEvaluation(net, () => unitOf(x));
      return [value, grad(value, x, { retainGraph: true, allowUnused: true })[0]] as const;
    });
    if (gradient === null)
      throw new ArgumentError(
        `maximise: unit ${unit} of \`${layer ?? "the output"}\` does not depend on the image`,
      );
    const slope = (await gradient.data()) as Float32Array;
    values.push(await value.detach().item());
    image = rolled(stepped(shifted, slope, shape, settings), shape, -shift[0], -shift[1]);
    if (settings.blur > 0 && (step + 1) % BLUR_EVERY === 0) image = blurred(image, shape, settings.blur);
    options.onStep?.(step + 1);
  }
  return { layer: layer ?? "", unit, input: image, shape, values };
}

type Settings = Required<Pick<MaximiseOptions, "steps" | "lr" | "l2" | "totalVariation" | "blur" | "jitter">>;

function checkedSettings({ shape, ...given }: MaximiseOptions): Settings {
  if (
    !Array.isArray(shape) ||
    shape.length !== 3 ||
    !shape.every((side) => Number.isInteger(side) && side >= 1)
  )
    throw new ArgumentError(`maximise: expected \`shape\` to be [C, H, W], got ${shownValue(shape)}`);
  const jitter = Math.round(Math.min(shape[1], shape[2]) / 16);
  const defaults = { steps: 128, lr: 0.1, l2: 0.01, totalVariation: 0.1, blur: 0.5, jitter };
  const settings = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, given[name as keyof Settings] ?? value]),
  ) as unknown as Settings;
  for (const [name, value] of Object.entries(settings))
    if (!Number.isFinite(value) || value < 0)
      throw new ArgumentError(
        `maximise: expected \`${name}\` to be a number of at least 0, got ${shownValue(value)}`,
      );
  if (!Number.isInteger(settings.steps) || settings.steps < 1)
    throw new ArgumentError(
      `maximise: expected \`steps\` to be an integer of at least 1, got ${settings.steps}`,
    );
  return settings;
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

function asTensor(image: Float32Array, shape: readonly number[]): Tensor {
  return fromTypedArray(image.slice(), [1, ...shape], "float32");
}

function stepped(
  image: Float32Array,
  slope: Float32Array,
  shape: readonly [number, number, number],
  { lr, l2, totalVariation }: Settings,
): Float32Array<ArrayBuffer> {
  const length = Math.sqrt(slope.reduce((sum, value) => sum + value * value, 0) / slope.length) || 1;
  const variation = totalVariation === 0 ? null : variationGradient(image, shape);
  return Float32Array.from(
    image,
    (value, i) => (value + lr * (slope[i] / length - totalVariation * (variation?.[i] ?? 0))) * (1 - l2),
  );
}

/** How active a unit is, as a function of the image. */
function unitIn(net: Module, image: Tensor, layer: string | undefined, unit: number): (x: Tensor) => Tensor {
  const calls = layerCalls("maximise", net, image);
  const call =
    layer === undefined
      ? null
      : callNamed("maximise", calls, layer, {
          fits: ({ shape }) => shape.length >= 2,
          kind: "layer with units",
        });
  const units = call === null ? (calls.at(-1)?.shape[1] ?? 0) : call.shape[1];
  if (!Number.isInteger(unit) || unit < 0 || unit >= units)
    throw new ArgumentError(
      `maximise: expected \`unit\` to be an integer from 0 to ${units - 1}, got ${shownValue(unit)}`,
    );
  const mask = new Float32Array(units);
  mask[unit] = 1;
  return (x) => {
    const output = call === null ? scoresOf("maximise", net, x) : outputOf(net, x, call);
    const ones = fromTypedArray(mask, [1, units, ...output.shape.slice(2).map(() => 1)], "float32");
    // Which unit is an input of the program: another one compiles nothing new.
    return output
      .mul(ones)
      .sum()
      .div(output.numel() / units);
  };
}

/** What a layer gave, before others wrote over it. */
function outputOf(net: Module, x: Tensor, { module, call }: LayerCall): Tensor {
  let count = 0;
  let found: Tensor | null = null;
  const handle = module.registerForwardHook((_module, _inputs, output: Tensor) => {
    if (count++ !== call) return undefined;
    found = output;
    return output.clone();
  });
  try {
    net(x);
    return found as unknown as Tensor;
  } finally {
    handle.remove();
  }
}
