/** Rotation, affine and perspective maps, as torchvision's kernels for tensors compute them (grid_sample in float32). */
import { allocateArray } from "../../../base/dtype.ts";
import { ShapeError } from "../../../base/errors.ts";
import type { Fill, WarpInterpolation } from "../transform_spec.ts";
import type { OneImage } from "./one_image.ts";
import { f32, fusedMultiplyAdd, roundHalfEven } from "./rounding.ts";

/** Where in the input each pixel of the output lies: x and y from -1 to 1, one pair after the other. */
export interface SamplingGrid {
  readonly height: number;
  readonly width: number;
  readonly places: Float32Array;
}

/** a * x + b * y + c, rounded after every operation, as PyTorch's small GEMMs are. */
function rowTimes(a: number, b: number, c: number, x: number, y: number): number {
  return f32(f32(f32(a * x) + f32(b * y)) + c);
}

/** The grid of an affine map from output to input: [a, b, c, d, e, f], about the middle of the images. */
export function affineGrid(
  matrix: readonly number[],
  input: { readonly height: number; readonly width: number },
  height: number,
  width: number,
): SamplingGrid {
  const scaled = matrix.map((value, i) => f32(f32(value) / f32(0.5 * (i < 3 ? input.width : input.height))));
  const places = new Float32Array(2 * height * width);
  for (let y = 0; y < height; y++) {
    const row = y - (height - 1) / 2;
    for (let x = 0; x < width; x++) {
      const column = x - (width - 1) / 2;
      for (let k = 0; k < 2; k++) {
        const [a, b, c] = [scaled[3 * k], scaled[3 * k + 1], scaled[3 * k + 2]];
        places[2 * (y * width + x) + k] = rowTimes(a, b, c, column, row);
      }
    }
  }
  return { height, width, places };
}

/** The grid of a perspective map from output to input: (ax + by + c, dx + ey + f) / (gx + hy + 1). */
export function perspectiveGrid(
  coefficients: readonly number[],
  height: number,
  width: number,
): SamplingGrid {
  const t = coefficients.map(f32);
  const scaled = t.slice(0, 6).map((value, i) => f32(value / f32(0.5 * (i < 3 ? width : height))));
  const places = new Float32Array(2 * height * width);
  for (let y = 0; y < height; y++) {
    const row = y + 0.5;
    for (let x = 0; x < width; x++) {
      const column = x + 0.5;
      const below = rowTimes(t[6], t[7], 1, column, row);
      for (let k = 0; k < 2; k++) {
        const [a, b, c] = [scaled[3 * k], scaled[3 * k + 1], scaled[3 * k + 2]];
        const above = rowTimes(a, b, c, column, row);
        places[2 * (y * width + x) + k] = f32(f32(above / below) - 1);
      }
    }
  }
  return { height, width, places };
}

/** Looks up every place of the grid in the image. */
export function sampleGrid(
  image: OneImage,
  grid: SamplingGrid,
  interpolation: WarpInterpolation,
  fill: Fill,
  transform: string,
): OneImage {
  const outside = fillOf(fill, image.channels, transform);
  const plane = grid.height * grid.width;
  const out: OneImage = {
    ...image,
    height: grid.height,
    width: grid.width,
    data: allocateArray(image.dtype, image.channels * plane),
  };
  const sample = interpolation === "nearest" ? sampleNearest : sampleBilinear;
  const [halfWidth, halfHeight] = [image.width / 2, image.height / 2];
  for (let i = 0; i < plane; i++) {
    const x = f32(f32(grid.places[2 * i] + 1) * halfWidth - 0.5);
    const y = f32(f32(grid.places[2 * i + 1] + 1) * halfHeight - 0.5);
    sample(image, x, y, outside, out.data, i, plane);
  }
  return out;
}

type Sample = (
  image: OneImage,
  x: number,
  y: number,
  outside: readonly number[] | null,
  target: OneImage["data"],
  at: number,
  plane: number,
) => void;

const sampleNearest: Sample = (image, x, y, outside, target, at, plane) => {
  const { data, channels, height, width, dtype } = image;
  const [column, row] = [roundHalfEven(x), roundHalfEven(y)];
  const inside = column >= 0 && column < width && row >= 0 && row < height;
  for (let c = 0; c < channels; c++) {
    const empty = outside === null ? 0 : outside[c];
    const value = inside ? data[(c * height + row) * width + column] : empty;
    target[c * plane + at] = dtype === "uint8" ? roundHalfEven(value) : value;
  }
};

const sampleBilinear: Sample = (image, x, y, outside, target, at, plane) => {
  const { data, channels, height, width, dtype } = image;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [east, south] = [f32(x - left), f32(y - top)];
  const [west, north] = [f32(1 - east), f32(1 - south)];
  const weights = [f32(west * north), f32(east * north), f32(west * south), f32(east * south)];
  for (let corner = 0; corner < 4; corner++) {
    const [column, row] = [left + (corner & 1), top + (corner >> 1)];
    if (!(column >= 0 && column < width && row >= 0 && row < height)) weights[corner] = 0;
  }
  const covered = f32(f32(f32(weights[0] + weights[1]) + weights[2]) + weights[3]);
  for (let c = 0; c < channels; c++) {
    let value = 0;
    for (let corner = 0; corner < 4; corner++) {
      if (weights[corner] === 0) continue;
      const i = (c * height + top + (corner >> 1)) * width + left + (corner & 1);
      value = fusedMultiplyAdd(data[i], weights[corner], value);
    }
    if (outside !== null) value = f32(f32(f32(value - outside[c]) * covered) + outside[c]);
    target[c * plane + at] = dtype === "uint8" ? roundHalfEven(value) : value;
  }
};

/** One value for each channel; null stays null. */
function fillOf(fill: Fill, channels: number, transform: string): readonly number[] | null {
  if (fill === null) return null;
  const list = typeof fill === "number" ? [fill] : fill;
  if (list.length === 1) return new Array(channels).fill(f32(list[0]));
  if (list.length === channels) return list.map(f32);
  throw new ShapeError(
    `${transform}: expected \`fill\` to be one value, or one for each of ${channels} channels, got ${list.length}`,
  );
}
