/** DAISY descriptors, computed. */
import type { Image } from "../../records/image.ts";
import { planeOf } from "../images/grey_plane.ts";
import { type ImageFeatures, type ImageFunction, POINT_VALUES } from "./extractor.ts";
import { PlaneMemory, type PlaneSize, planeSize } from "./plane_memory.ts";

/** Options of `daisy`. */
export interface DaisyOptions {
  /** Pixels from one descriptor to the next. Default 4. */
  step: number;
  /** Pixels from the centre to the outermost ring. Default 15. */
  radius: number;
  /** Number of rings. Default 3. */
  rings: number;
  /** Histograms on a ring. Default 8. */
  histograms: number;
  /** Directions of a histogram. Default 8. */
  orientations: number;
  /** Whether a descriptor sums to 1 ("l1", default), has length 1 ("l2"), or each histogram has ("daisy"). */
  normalization: "l1" | "l2" | "daisy" | "off";
}

/** Values of a descriptor. */
export function daisyLength({ rings, histograms, orientations }: DaisyOptions): number {
  return (rings * histograms + 1) * orientations;
}

/** Keeps flat neighbourhoods from being divided by zero. */
const EPSILON = 1e-10;

/** @internal The function of one image that workers call too. */
export function daisyFunction(settings: DaisyOptions, kernels: WebAssembly.Module): ImageFunction {
  const memory = new PlaneMemory(kernels);
  return (image) => daisyOf(image, settings, memory);
}

function daisyOf(image: Image, settings: DaisyOptions, memory: PlaneMemory): ImageFeatures {
  const { step, radius } = settings;
  const places = (size: number) => Math.max(0, Math.ceil((size - 2 * radius) / step));
  const [across, down] = [places(image.width), places(image.height)];
  const rows = across * down;
  const length = daisyLength(settings);
  const sums = new Float64Array(rows * length);
  if (rows > 0) gather(image, settings, memory, { across, down, sums });
  const data = new Float32Array(rows * length);
  const keypoints = new Float32Array(rows * POINT_VALUES);
  for (let row = 0; row < rows; row++) {
    normalise(sums.subarray(row * length, (row + 1) * length), settings, data, row * length);
    const [x, y] = [radius + (row % across) * step, radius + Math.floor(row / across) * step];
    keypoints.set([x, y, radius / 2, 0, 1, 0], row * POINT_VALUES);
  }
  return { rows, data, keypoints };
}

interface Grid {
  readonly across: number;
  readonly down: number;
  /** The descriptors' values. */
  readonly sums: Float64Array;
}

/** Blurs the gradients of each direction as each ring asks for, and picks the values of all descriptors. */
function gather(image: Image, settings: DaisyOptions, memory: PlaneMemory, grid: Grid): void {
  const { radius, rings, orientations } = settings;
  const size = planeSize(image.width, image.height);
  memory.clear();
  const blurs = Array.from({ length: rings }, (_, ring) => {
    const sigma = (radius * (ring + 1)) / (2 * rings);
    const reach = Math.floor(4 * sigma + 0.5);
    return [memory.taps(sigma, reach), reach] as const;
  });
  const scratch = memory.scratch(size, Math.max(...blurs.map(([, reach]) => reach)));
  const [source, target] = [memory.take(size.stride * size.height), memory.take(size.stride * size.height)];
  const gradients = gradientsOf(image);
  const places = samplePlaces(settings);
  for (let orientation = 0; orientation < orientations; orientation++) {
    writeDirection(memory.floats, source / 4, size, gradients, orientation, orientations);
    for (const [ring, blur] of blurs.entries()) {
      memory.blur(size, [source, target, 0], blur, "repeated", scratch);
      for (const place of places)
        if (Math.max(place.ring, 0) === ring)
          pick(memory.floats, target / 4, size, place, settings, grid, orientation);
    }
  }
}

/** A histogram of a descriptor: its ring (-1 for the centre's), and where it lies from the centre. */
interface SamplePlace {
  readonly ring: number;
  readonly index: number;
  readonly dx: number;
  readonly dy: number;
}

function samplePlaces({ radius, rings, histograms }: DaisyOptions): SamplePlace[] {
  const places: SamplePlace[] = [{ ring: -1, index: 0, dx: 0, dy: 0 }];
  for (let ring = 0; ring < rings; ring++)
    for (let i = 0; i < histograms; i++) {
      const angle = (2 * Math.PI * i) / histograms;
      const away = (radius * (ring + 1)) / rings;
      const [dx, dy] = [roundHalfEven(away * Math.cos(angle)), roundHalfEven(away * Math.sin(angle))];
      places.push({ ring, index: places.length, dx, dy });
    }
  return places;
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function pick(
  floats: Float32Array,
  plane: number,
  { stride }: PlaneSize,
  { index, dx, dy }: SamplePlace,
  settings: DaisyOptions,
  { across, down, sums }: Grid,
  orientation: number,
): void {
  const { radius, step, orientations } = settings;
  const length = daisyLength(settings);
  for (let j = 0, to = index * orientations + orientation; j < down; j++) {
    const row = plane + (radius + j * step + dy) * stride + radius + dx;
    for (let i = 0; i < across; i++, to += length) sums[to] = floats[row + i * step];
  }
}

/** Differences to the next pixel, zero in the last column and row; of an image from 0 to 1. */
function gradientsOf(image: Image): { dx: Float64Array; dy: Float64Array; magnitude: Float64Array } {
  const { width, height, data } = planeOf(image);
  const [dx, dy] = [new Float64Array(data.length), new Float64Array(data.length)];
  const magnitude = new Float64Array(data.length);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++) {
      if (x < width - 1) dx[at] = (data[at + 1] - data[at]) / 255;
      if (y < height - 1) dy[at] = (data[at + width] - data[at]) / 255;
      magnitude[at] = Math.sqrt(dx[at] * dx[at] + dy[at] * dy[at]);
    }
  return { dx, dy, magnitude };
}

/** How much each gradient goes in a direction: its magnitude times exp(n / pi cos(angle between them)). */
function writeDirection(
  floats: Float32Array,
  plane: number,
  { width, height, stride }: PlaneSize,
  { dx, dy, magnitude }: ReturnType<typeof gradientsOf>,
  orientation: number,
  orientations: number,
): void {
  const angle = (2 * Math.PI * orientation) / orientations - Math.PI;
  const kappa = orientations / Math.PI;
  const [cos, sin] = [kappa * Math.cos(angle), kappa * Math.sin(angle)];
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++) {
      const m = magnitude[at];
      floats[plane + y * stride + x] = m === 0 ? 0 : m * Math.exp((dx[at] * cos + dy[at] * sin) / m);
    }
}

function normalise(values: Float64Array, settings: DaisyOptions, out: Float32Array, at: number): void {
  const { normalization, orientations } = settings;
  if (normalization === "off") {
    out.set(values, at);
    return;
  }
  const run = normalization === "daisy" ? orientations : values.length;
  for (let from = 0; from < values.length; from += run) {
    let size = 0;
    for (let i = from; i < from + run; i++) {
      const value = values[i] + EPSILON;
      size += normalization === "l1" ? value : value * value;
    }
    const scale = 1 / (normalization === "l1" ? size : Math.sqrt(size));
    for (let i = from; i < from + run; i++) out[at + i] = (values[i] + EPSILON) * scale;
  }
}
