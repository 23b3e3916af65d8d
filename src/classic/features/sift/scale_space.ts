/** The Gaussian scale space of an image, one octave at a time. */
import type { GreyPlane } from "../../images/grey_plane.ts";
import { type PlaneMemory, type PlaneSize, planeSize } from "../plane_memory.ts";
import { kernelRadius, layerSigmas, type SiftOptions } from "./sift_settings.ts";

/** The layers of an octave, each the address of a plane. */
export interface Octave {
  /** Size of its planes. */
  readonly size: PlaneSize;
  /** Distance of its pixels in pixels of the image: 0.5, 1, 2, ... */
  readonly distance: number;
  /** Blurred images. */
  readonly gaussians: readonly number[];
  /** Differences of one blurred image and the one before it. */
  readonly differences: readonly number[];
  /** Address of room for a row of integers. */
  readonly candidates: number;
}

/** The octaves of an image. Each is written over the one before it. */
export function* octavesOf(
  memory: PlaneMemory,
  image: GreyPlane,
  count: number,
  settings: SiftOptions,
): Generator<Octave> {
  const factor = settings.doubled ? 2 : 1;
  let size = planeSize(image.width * factor, image.height * factor);
  const edge = settings.preset === "ipol" ? "repeated" : "mirrored";
  memory.clear();
  const kernels = layerSigmas(settings).map((sigma) => {
    const radius = kernelRadius(settings, sigma);
    return [memory.taps(sigma, radius), radius] as const;
  });
  const scratch = memory.scratch(size, Math.max(...kernels.map(([, radius]) => radius)));
  const plane = () => memory.take(size.stride * size.height);
  const candidates = memory.take(size.stride);
  const gaussians = Array.from({ length: settings.octaveLayers + 3 }, plane);
  const differences = Array.from({ length: settings.octaveLayers + 2 }, plane);
  if (settings.doubled) writeDoubled(memory.floats, gaussians[1] / 4, size, image);
  else writePlane(memory.floats, gaussians[1] / 4, size, image);
  memory.blur(size, [gaussians[1], gaussians[0], 0], kernels[0], edge, scratch);
  for (let octave = 0, distance = 1 / factor; octave < count; octave++, distance *= 2) {
    for (let layer = 1; layer < gaussians.length; layer++) {
      const planes = [gaussians[layer - 1], gaussians[layer], differences[layer - 1]] as const;
      memory.blur(size, planes, kernels[layer], edge, scratch);
    }
    yield { size, distance, gaussians, differences, candidates };
    const half = halfSize(size, settings.preset);
    halve(memory.floats, gaussians[settings.octaveLayers] / 4, size, gaussians[0] / 4, half);
    size = half;
  }
}

function halfSize({ width, height }: PlaneSize, preset: SiftOptions["preset"]): PlaneSize {
  const round = preset === "ipol" ? Math.ceil : Math.floor;
  return planeSize(round(width / 2), round(height / 2));
}

function writePlane(floats: Float32Array, to: number, { stride }: PlaneSize, image: GreyPlane): void {
  const { width, height, data } = image;
  for (let y = 0; y < height; y++) floats.set(data.subarray(y * width, (y + 1) * width), to + y * stride);
}

/** Twice as large, linearly interpolated: pixel i lies at i / 2 - 1 / 4 of the image. */
function writeDoubled(floats: Float32Array, to: number, size: PlaneSize, image: GreyPlane): void {
  const { width, height, data } = image;
  const { stride } = size;
  for (let y = 0; y < size.height; y++) {
    const near = (y >> 1) * width;
    const far = Math.min(Math.max((y >> 1) + (y % 2 === 0 ? -1 : 1), 0), height - 1) * width;
    const row = to + y * stride;
    for (let x = 0; x < width; x++) {
      const left = Math.max(x - 1, 0);
      const right = Math.min(x + 1, width - 1);
      const middle = 0.75 * data[near + x] + 0.25 * data[far + x];
      floats[row + 2 * x] = 0.75 * middle + 0.25 * (0.75 * data[near + left] + 0.25 * data[far + left]);
      floats[row + 2 * x + 1] = 0.75 * middle + 0.25 * (0.75 * data[near + right] + 0.25 * data[far + right]);
    }
  }
}

/** Every second pixel of every second row. */
function halve(floats: Float32Array, from: number, size: PlaneSize, to: number, half: PlaneSize): void {
  for (let y = 0; y < half.height; y++) {
    const source = from + 2 * y * size.stride;
    const target = to + y * half.stride;
    for (let x = 0; x < half.width; x++) floats[target + x] = floats[source + 2 * x];
  }
}
