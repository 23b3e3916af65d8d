/** Occlusion: what the score of a class loses when a part of the image is covered. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Module } from "../../nn/index.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { fromTypedArray, type Tensor } from "../../tensor/tensor.ts";
import { scoresOf } from "../class_score.ts";
import type { HeatMap } from "../heat_map.ts";
import { inEvaluation } from "../layer_calls.ts";
import { type Explained, explained, MOST_AT_ONCE } from "./input_gradient.ts";
import type { ClassOptions } from "./saliency.ts";

/** A length, or one down and one across, in pixels. */
type Sides = number | readonly [height: number, width: number];

/** What `occlusion` takes beside the network and the image. */
export interface OcclusionOptions extends ClassOptions {
  /** Height and width of what is covered, in pixels. Default: a seventh of the image's sides. */
  readonly size?: Sides;
  /** How far it moves, in pixels. Default: half its size. */
  readonly stride?: Sides;
  /** The number that every covered pixel has, as the network takes it. Default 0. */
  readonly baseline?: number;
  /** Called with how many places of the rectangle have been tried. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** What covering each pixel costs the score; below 0 if it gains. */
export interface Occlusion extends HeatMap {
  /** The class that is explained. */
  readonly classIndex: number;
}

/**
 * What the score of a class loses when a rectangle of the image is covered: of each pixel the mean over all places of the
 * rectangle that cover it.
 *
 * Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014.
 *
 * @param net - a network that gives a score for each class, [N, classes].
 * @param input - one image as the network takes it, [1, C, H, W] or [C, H, W].
 * @throws ShapeError for an input that the network does not take; ArgumentError for settings out of their range.
 * @example
 * ```ts
 * import { occlusion } from "convoyant/look";
 * const map = await occlusion(models.lenet(), rand(1, 1, 28, 28), { size: 14 });
 * map.width; // 28
 * ```
 */
export async function occlusion(
  net: Module,
  input: Tensor,
  { classIndex, size, stride, baseline = 0, onProgress }: OcclusionOptions = {},
): Promise<Occlusion> {
  const what = await explained("occlusion", net, input, classIndex);
  const [, height, width] = what.shape;
  const covered = sides("size", size ?? [part(height, 7), part(width, 7)]);
  const moved = sides("stride", stride ?? [part(covered[0], 2), part(covered[1], 2)]);
  const [rows, columns] = [places(height, covered[0], moved[0]), places(width, covered[1], moved[1])];
  const windows = rows.flatMap((top) => columns.map((left) => ({ top, left })));
  const [sum, count] = [new Float64Array(height * width), new Float64Array(height * width)];
  const whole = await scoreOf(what, [what.input]);
  for (let first = 0; first < windows.length; first += MOST_AT_ONCE) {
    const here = windows.slice(first, first + MOST_AT_ONCE);
    const images = here.map((window) => without(what, window, covered, baseline));
    const scores = await scoreOf(what, images);
    here.forEach((window, i) => {
      for (const pixel of pixelsIn(what, window, covered)) {
        sum[pixel] += whole[0] - scores[i];
        count[pixel]++;
      }
    });
    onProgress?.(Math.min(windows.length, first + MOST_AT_ONCE), windows.length);
  }
  const values = Float32Array.from(sum, (total, i) => (count[i] === 0 ? 0 : total / count[i]));
  return { width, height, values, classIndex: what.classIndex };
}

const part = (side: number, parts: number) => Math.max(1, Math.round(side / parts));

function sides(name: string, given: Sides): readonly [number, number] {
  const both = typeof given === "number" ? ([given, given] as const) : given;
  if (Array.isArray(both) && both.length === 2 && both.every((side) => Number.isInteger(side) && side >= 1))
    return both as [number, number];
  throw new ArgumentError(
    `occlusion: expected \`${name}\` to be an integer of at least 1, or two, got ${shownValue(given)}`,
  );
}

/** Where a window begins along a side: the last one may reach over the end. */
function places(side: number, size: number, stride: number): number[] {
  const count = Math.max(0, Math.ceil((side - size) / stride)) + 1;
  return Array.from({ length: count }, (_, i) => i * stride);
}

interface Window {
  readonly top: number;
  readonly left: number;
}

function* pixelsIn(
  { shape }: Explained,
  { top, left }: Window,
  covered: readonly [number, number],
): Generator<number> {
  const [, height, width] = shape;
  for (let y = top; y < Math.min(height, top + covered[0]); y++)
    for (let x = left; x < Math.min(width, left + covered[1]); x++) yield y * width + x;
}

function without(
  what: Explained,
  window: Window,
  covered: readonly [number, number],
  baseline: number,
): Float32Array {
  const image = what.input.slice();
  const plane = what.shape[1] * what.shape[2];
  for (const pixel of pixelsIn(what, window, covered))
    for (let c = 0; c < what.shape[0]; c++) image[c * plane + pixel] = baseline;
  return image;
}

/** The class's score for each of some images. */
async function scoreOf(
  { net, shape, classIndex }: Explained,
  images: readonly Float32Array[],
): Promise<number[]> {
  const batch = new Float32Array(images.length * images[0].length);
  images.forEach((image, i) => batch.set(image, i * image.length));
  const x = fromTypedArray(batch, [images.length, ...shape], "float32");
  const scores = noGrad(() => inEvaluation(net, () => scoresOf("occlusion", net, x)));
  const data = await scores.data();
  return images.map((_, i) => Number(data[i * scores.size(1) + classIndex]));
}
