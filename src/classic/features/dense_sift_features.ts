/** SIFT descriptors on a grid, computed. */
import type { Image } from "../../records/image.ts";
import { type GreyPlane, planeOf } from "../images/grey_plane.ts";
import { type ImageFeatures, type ImageFunction, POINT_VALUES } from "./extractor.ts";
import { BINS, SIDE, SIFT_LENGTH } from "./sift/descriptor_shape.ts";
import { finishDescriptor } from "./sift/descriptor_values.ts";
import { turnOf } from "./turns.ts";

/** Options of `denseSift`. */
export interface DenseSiftOptions {
  /** Pixels from one descriptor to the next. Default 4. */
  step: number;
  /** Pixels from one histogram of a descriptor to the next, for each size of descriptors. Default [4]. */
  binSizes: readonly number[];
  /** Whether descriptors are RootSIFT: divided by their sum, then square roots. Default false. */
  root: boolean;
}

/** Each pixel's vote: a bin, and the shares of its magnitude for that bin and the next. */
interface Votes {
  readonly bins: Uint8Array;
  readonly lower: Float32Array;
  readonly upper: Float32Array;
}

/** Which histograms the pixels around a descriptor vote for. */
interface Shares {
  /** From the descriptor's first histogram to the first pixel, and the number of pixels along a side. */
  readonly first: number;
  readonly side: number;
  /** For each pixel four offsets into a descriptor, and the weights of its votes. */
  readonly cells: Int32Array;
  readonly weights: Float32Array;
}

/** The function of one image that workers call too. */
export function denseSiftFunction(settings: DenseSiftOptions): ImageFunction {
  const shares = settings.binSizes.map(sharesOf);
  const values = new Float64Array(SIFT_LENGTH);
  return (image) => denseSiftOf(image, settings, shares, values);
}

function denseSiftOf(
  image: Image,
  { step, binSizes, root }: DenseSiftOptions,
  shares: readonly Shares[],
  values: Float64Array,
): ImageFeatures {
  const { width, height } = image;
  const votes = votesOf(planeOf(image));
  const grids = binSizes.map((size) => [gridOf(width, size, step), gridOf(height, size, step)] as const);
  const rows = grids.reduce((sum, [across, down]) => sum + across.count * down.count, 0);
  const keypoints = new Float32Array(rows * POINT_VALUES);
  const data = new Float32Array(rows * SIFT_LENGTH);
  let row = 0;
  for (const [index, [across, down]] of grids.entries()) {
    const middle = ((SIDE - 1) / 2) * binSizes[index];
    for (let j = 0; j < down.count; j++)
      for (let i = 0; i < across.count; i++, row++) {
        const [x, y] = [across.first + i * step, down.first + j * step];
        collect(votes, shares[index], [x, y], [width, height], values);
        const contrast = finishDescriptor(values, data, row * SIFT_LENGTH, { rounding: 0.5, root });
        keypoints.set(
          [x + middle, y + middle, binSizes[index] / 3, 0, contrast / 255, 0],
          row * POINT_VALUES,
        );
      }
  }
  return { rows, data, keypoints };
}

/** Where descriptors begin along a side: as many as fit, in the middle. */
function gridOf(size: number, binSize: number, step: number): { first: number; count: number } {
  const room = size - 1 - (SIDE - 1) * binSize;
  if (room < 0) return { first: 0, count: 0 };
  return { first: Math.floor((room % step) / 2), count: Math.floor(room / step) + 1 };
}

/** Differences of neighbours, the image going on with its last pixel. */
function votesOf({ width, height, data }: GreyPlane): Votes {
  const bins = new Uint8Array(data.length);
  const lower = new Float32Array(data.length);
  const upper = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    const up = y > 0 ? width : 0;
    const down = y < height - 1 ? width : 0;
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const dx = data[x < width - 1 ? at + 1 : at] - data[x > 0 ? at - 1 : at];
      const dy = data[at - up] - data[at + down];
      if (dx === 0 && dy === 0) continue;
      const place = turnOf(dy, dx) * BINS;
      const bin = Math.floor(place);
      const magnitude = Math.sqrt(dx * dx + dy * dy);
      bins[at] = bin;
      upper[at] = magnitude * (place - bin);
      lower[at] = magnitude - upper[at];
    }
  }
  return { bins, lower, upper };
}

function sharesOf(binSize: number): Shares {
  const first = 1 - binSize;
  const side = (SIDE + 1) * binSize - 1;
  const cells = new Int32Array(side * side * 4);
  const weights = new Float32Array(side * side * 4);
  const middle = (SIDE - 1) / 2;
  for (let y = 0, at = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const [v, u] = [(y + first) / binSize, (x + first) / binSize];
      const window = Math.exp(-((u - middle) ** 2 + (v - middle) ** 2) / (2 * (SIDE / 2) ** 2));
      for (const row of [Math.floor(v), Math.floor(v) + 1])
        for (const column of [Math.floor(u), Math.floor(u) + 1]) {
          const inside = row >= 0 && column >= 0 && row < SIDE && column < SIDE;
          cells[at] = inside ? (row * SIDE + column) * BINS : 0;
          weights[at++] = inside ? window * (1 - Math.abs(v - row)) * (1 - Math.abs(u - column)) : 0;
        }
    }
  return { first, side, cells, weights };
}

/** Sums up the votes around a descriptor that begins at (left, top). */
function collect(
  { bins, lower, upper }: Votes,
  { first, side, cells, weights }: Shares,
  [left, top]: readonly [number, number],
  [width, height]: readonly [number, number],
  values: Float64Array,
): void {
  values.fill(0);
  const [x0, y0] = [left + first, top + first];
  const [fromX, toX] = [Math.max(0, -x0), Math.min(side, width - x0)];
  for (let y = Math.max(0, -y0), end = Math.min(side, height - y0); y < end; y++) {
    const row = (y0 + y) * width + x0;
    for (let x = fromX; x < toX; x++) {
      const low = lower[row + x];
      const high = upper[row + x];
      if (low === 0 && high === 0) continue;
      const bin = bins[row + x];
      const next = bin + 1 === BINS ? 0 : bin + 1;
      const share = (y * side + x) * 4;
      for (let i = share; i < share + 4; i++) {
        const cell = cells[i];
        const weight = weights[i];
        values[cell + bin] += weight * low;
        values[cell + next] += weight * high;
      }
    }
  }
}
