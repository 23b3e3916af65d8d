/** Gradients of a class's score by the input. */
import type { Module } from "../../nn/index.ts";
import { enableGrad, grad } from "../../tensor/autograd.ts";
import { fromTypedArray, type Tensor } from "../../tensor/tensor.ts";
import { classOf, scoreOfClass, scoresOf } from "../class_score.ts";
import type { HeatMap } from "../heat_map.ts";
import { inEvaluation, oneImage } from "../layer_calls.ts";

/** What mattered in each channel of each pixel. As a heat map: of each pixel the greatest size among its channels. */
export interface Attribution extends HeatMap {
  /** The class that is explained. */
  readonly classIndex: number;
  /** Of the input, [C, H, W]. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** A number, of either sign, for each number of the input, [C, H, W]. */
  readonly signed: Float32Array;
}

/** One image, and the class that is to be explained. */
export interface Explained {
  readonly net: Module;
  readonly input: Float32Array;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly classIndex: number;
}

/**
 * Reads the image and settles the class.
 *
 * @throws ShapeError for an input that the network does not take; ArgumentError for a class that does not exist.
 */
export async function explained(
  of: string,
  net: Module,
  input: Tensor,
  classIndex: number | undefined,
): Promise<Explained> {
  const x = oneImage(of, input).detach();
  const scores = inEvaluation(net, () => scoresOf(of, net, x));
  const index = await classOf(of, scores.detach(), classIndex);
  const [, channels, height, width] = x.shape;
  const data = Float32Array.from(await x.data(), Number);
  return { net, input: data, shape: [channels, height, width], classIndex: index };
}

/** At most this many images at once. */
export const MOST_AT_ONCE = 8;

/** The gradients of the class's score by images, which are given one after the other. */
export async function* gradientsAt(
  of: string,
  { net, shape, classIndex }: Explained,
  count: number,
  image: (index: number) => Float32Array,
): AsyncGenerator<Float32Array> {
  const size = shape[0] * shape[1] * shape[2];
  for (let first = 0; first < count; first += MOST_AT_ONCE) {
    const here = Math.min(MOST_AT_ONCE, count - first);
    const batch = new Float32Array(here * size);
    for (let i = 0; i < here; i++) batch.set(image(first + i), i * size);
    const x = fromTypedArray(batch, [here, ...shape], "float32").requiresGrad_(true);
    const [gradient] = enableGrad(() =>
      inEvaluation(net, () => grad(scoreOfClass(scoresOf(of, net, x), classIndex), x, { allowUnused: true })),
    );
    const data = gradient === null ? new Float32Array(batch.length) : await gradient.data();
    for (let i = 0; i < here; i++)
      yield Float32Array.from(data.subarray(i * size, (i + 1) * size) as ArrayLike<number>);
  }
}

/** The sum of gradients, each times its weight. */
export async function weightedGradients(
  of: string,
  what: Explained,
  weights: readonly number[],
  image: (index: number) => Float32Array,
): Promise<Float64Array> {
  const sum = new Float64Array(what.input.length);
  let index = 0;
  for await (const gradient of gradientsAt(of, what, weights.length, image)) {
    const weight = weights[index++];
    for (let i = 0; i < sum.length; i++) sum[i] += weight * gradient[i];
  }
  return sum;
}

/** Signed numbers as an attribution. */
export function attribution({ shape, classIndex }: Explained, numbers: ArrayLike<number>): Attribution {
  const [channels, height, width] = shape;
  const plane = height * width;
  const signed = Float32Array.from(numbers);
  const values = new Float32Array(plane);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < channels; c++) values[i] = Math.max(values[i], Math.abs(signed[c * plane + i]));
  return { width, height, values, classIndex, shape, signed };
}
