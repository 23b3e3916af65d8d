/** Key points and descriptors of an image, computed. */
import type { Image } from "../../../records/image.ts";
import { planeOf } from "../../images/grey_plane.ts";
import type { ImageFeatures, ImageFunction } from "../extractor.ts";
import { strongest } from "../key_points.ts";
import { PlaneMemory } from "../plane_memory.ts";
import { SIFT_LENGTH } from "./descriptor_shape.ts";
import { Describer } from "./descriptors.ts";
import { findExtrema } from "./extrema.ts";
import { OrientationFinder } from "./orientations.ts";
import { type Octave, octavesOf } from "./scale_space.ts";
import { octaveCount, type SiftOptions } from "./sift_settings.ts";

/** A point with what its descriptor needs. */
interface FoundPoint {
  readonly layer: number;
  /** In pixels of the octave. */
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly turn: number;
  /** How strong it is, for an image from 0 to 1. */
  readonly response: number;
}

/** What is kept between images. */
interface Tools {
  readonly memory: PlaneMemory;
  readonly describer: Describer;
  readonly finder: OrientationFinder;
}

/** @internal The function of one image that workers call too. */
export function siftFunction(settings: SiftOptions, kernels: WebAssembly.Module): ImageFunction {
  const tools: Tools = {
    memory: new PlaneMemory(kernels),
    describer: new Describer(settings),
    finder: new OrientationFinder(settings.preset),
  };
  return (image) => siftOf(image, settings, tools);
}

function siftOf(image: Image, settings: SiftOptions, tools: Tools): ImageFeatures {
  const { memory, describer } = tools;
  const keypoints: number[] = [];
  const descriptors: Float32Array[] = [];
  const count = octaveCount(settings, image.width, image.height);
  if (count === 0) return { rows: 0, data: new Float32Array(), keypoints: new Float32Array() };
  let index = settings.doubled ? -1 : 0;
  // Pixel i of a doubled image lies at i / 2 - 1 / 4 of the image.
  const shift = settings.doubled ? 0.25 : 0;
  for (const octave of octavesOf(memory, planeOf(image), count, settings)) {
    const { size, distance, gaussians } = octave;
    const points = pointsOf(octave, settings, image, tools);
    const rows = new Float32Array(points.length * SIFT_LENGTH);
    for (const [i, { layer, x, y, scale, turn, response }] of points.entries()) {
      const point = { plane: gaussians[layer] / 4, size, x, y, scale };
      describer.describe(memory.floats, point, turn, rows, i * SIFT_LENGTH);
      const [left, top] = [x * distance - shift, y * distance - shift];
      keypoints.push(left, top, scale * distance, turn * 360, response, index);
    }
    descriptors.push(rows);
    index++;
  }
  return strongest({ keypoints, descriptors, length: SIFT_LENGTH }, settings.maxKeypoints);
}

/** The key points of an octave, each once for each of its directions. */
function pointsOf(
  octave: Octave,
  settings: SiftOptions,
  image: Image,
  { memory, finder }: Tools,
): FoundPoint[] {
  const { size, gaussians } = octave;
  const points: FoundPoint[] = [];
  // Neighbouring candidates may be refined to the same extremum.
  const seen = new Set<number>();
  const turns: number[] = [];
  findExtrema(memory, octave, settings, (extremum) => {
    const { layer, row, column, dx, dy, dlayer, value } = extremum;
    const key = (layer * size.height + row) * size.width + column;
    if (seen.has(key)) return;
    seen.add(key);
    const scale = settings.sigma * 2 ** ((layer + dlayer) / settings.octaveLayers);
    const [x, y] = [column + dx, row + dy];
    if (settings.preset === "ipol" && !isInside(x, y, scale, octave, image)) return;
    finder.find(memory.floats, { plane: gaussians[layer] / 4, size, x, y, scale }, turns);
    for (const turn of turns) points.push({ layer, x, y, scale, turn, response: Math.abs(value) / 255 });
  });
  return points;
}

/** Whether a point is further from the image's edges than its scale. */
function isInside(
  x: number,
  y: number,
  scale: number,
  { distance }: Octave,
  { width, height }: Image,
): boolean {
  return x > scale && y > scale && (x + scale) * distance < width && (y + scale) * distance < height;
}
