/** What rotations, affine and perspective maps do to an image, once their numbers are drawn. */
import { allocateArray } from "../../../base/dtype.ts";
import type { Fill, WarpInterpolation } from "../transform_spec.ts";
import type { OneImage } from "./one_image.ts";
import { affineGrid, perspectiveGrid, sampleGrid } from "./warp.ts";

/** The numbers of an affine map; angles in degrees, lengths in pixels. */
export interface AffineNumbers {
  readonly angle: number;
  readonly translate: readonly [number, number];
  readonly scale: number;
  readonly shear: readonly [number, number];
}

/** How pixels are looked up. */
export interface WarpOptions {
  readonly interpolation: WarpInterpolation;
  readonly fill: Fill;
  /** x and y in pixels from the upper left corner; null is the middle. */
  readonly center?: readonly [number, number] | null;
}

const radians = (degrees: number) => degrees * (Math.PI / 180);

/** Rotates clockwise, scales, shears and translates about the centre. */
export function affine(image: OneImage, numbers: AffineNumbers, options: WarpOptions): OneImage {
  const matrix = inverseAffine(centerOf(image, options), numbers);
  const grid = affineGrid(matrix, image, image.height, image.width);
  return sampleGrid(image, grid, options.interpolation, options.fill, "RandomAffine");
}

/** Rotates counter-clockwise; with `expand` the result holds the whole rotated image. */
export function rotate(
  image: OneImage,
  degrees: number,
  options: WarpOptions & { expand: boolean },
): OneImage {
  const angle = ((degrees % 360) + 360) % 360;
  const { expand, center = null } = options;
  if (center === null) {
    const quarters = angle / 90;
    const turns = quarters % 2 === 0 || (quarters % 1 === 0 && (expand || image.height === image.width));
    if (turns) return turnQuarters(image, quarters);
  }
  const numbers: AffineNumbers = { angle: -angle, translate: [0, 0], scale: 1, shear: [0, 0] };
  const matrix = inverseAffine(centerOf(image, options), numbers);
  const [height, width] = expand ? expandedSize(matrix, image) : [image.height, image.width];
  const grid = affineGrid(matrix, image, height, width);
  return sampleGrid(image, grid, options.interpolation, options.fill, "RandomRotation");
}

/** Four corners of an image: x and y of the upper left, upper right, lower right, lower left. */
export type Corners = readonly (readonly [number, number])[];

/** Moves the corners of the image to `corners`. */
export function perspective(image: OneImage, corners: Corners, options: WarpOptions): OneImage {
  const { height, width } = image;
  const own: Corners = [
    [0, 0],
    [width - 1, 0],
    [width - 1, height - 1],
    [0, height - 1],
  ];
  const grid = perspectiveGrid(perspectiveCoefficients(corners, own), height, width);
  return sampleGrid(image, grid, options.interpolation, options.fill, "RandomPerspective");
}

function centerOf({ height, width }: OneImage, { center = null }: WarpOptions): [number, number] {
  return center === null ? [0, 0] : [center[0] - width * 0.5, center[1] - height * 0.5];
}

/** The map from output to input, about the middle of the image: the inverse of translate, rotate, scale, shear. */
function inverseAffine([cx, cy]: readonly [number, number], numbers: AffineNumbers): number[] {
  const [rotation, sx, sy] = [numbers.angle, ...numbers.shear].map(radians);
  const { scale, translate } = numbers;
  const a = Math.cos(rotation - sy) / Math.cos(sy);
  const b = -(a * Math.tan(sx) + Math.sin(rotation));
  const c = Math.sin(rotation - sy) / Math.cos(sy);
  const d = Math.cos(rotation) - c * Math.tan(sx);
  const matrix = [d / scale, -b / scale, 0, -c / scale, a / scale, 0];
  const [x, y] = [cx + translate[0], cy + translate[1]];
  matrix[2] = cx - matrix[0] * x - matrix[1] * y;
  matrix[5] = cy - matrix[3] * x - matrix[4] * y;
  return matrix;
}

/** Height and width that hold the whole rotated image. */
function expandedSize(matrix: readonly number[], { height, width }: OneImage): [number, number] {
  const side = (row: number, half: number): number => {
    const ends = [-1, 1].flatMap((sx) =>
      [-1, 1].map((sy) => {
        const at =
          (matrix[row] * sx * width) / 2 + (matrix[row + 1] * sy * height) / 2 + matrix[row + 2] + half;
        // Cut to four decimals: what is a pixel too far by rounding alone is none.
        return Math.trunc(at * 1e4) / 1e4;
      }),
    );
    return Math.ceil(Math.max(...ends)) - Math.floor(Math.min(...ends));
  };
  return [side(3, height / 2), side(0, width / 2)];
}

/** Counter-clockwise by whole quarters, without interpolation. */
function turnQuarters(image: OneImage, quarters: number): OneImage {
  const { data, channels, height, width } = image;
  const [outHeight, outWidth] = quarters % 2 === 0 ? [height, width] : [width, height];
  const out = allocateArray(image.dtype, data.length);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const [row, column] = [
          [y, x],
          [x, width - 1 - y],
          [height - 1 - y, width - 1 - x],
          [height - 1 - x, y],
        ][quarters];
        out[(c * outHeight + y) * outWidth + x] = data[(c * height + row) * width + column];
      }
    }
  }
  return { ...image, data: out, height: outHeight, width: outWidth };
}

/**
 * The eight numbers of the perspective map that takes four points to four others, by Gaussian elimination.
 *
 * Source: P. Heckbert, "Fundamentals of texture mapping and image warping", 1989, section 2.2.3.
 */
function perspectiveCoefficients(from: Corners, to: Corners): number[] {
  const rows = from.flatMap(([x, y], i) => {
    const [u, v] = to[i];
    return [
      [x, y, 1, 0, 0, 0, -u * x, -u * y, u],
      [0, 0, 0, x, y, 1, -v * x, -v * y, v],
    ];
  });
  for (let column = 0; column < 8; column++) {
    let pivot = column;
    for (let r = column + 1; r < 8; r++)
      if (Math.abs(rows[r][column]) > Math.abs(rows[pivot][column])) pivot = r;
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let r = 0; r < 8; r++) {
      if (r === column) continue;
      const factor = rows[r][column] / rows[column][column];
      for (let k = column; k < 9; k++) rows[r][k] -= factor * rows[column][k];
    }
  }
  return rows.map((row, i) => row[8] / row[i]);
}
