/** Sums of rectangles of an image in four additions. */
import type { GreyPlane } from "../images/grey_plane.ts";

/**
 * The sums of all pixels above and to the left of each place.
 *
 * Source: P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001.
 */
export class IntegralImage {
  readonly width: number;
  readonly height: number;
  readonly #sums: Float64Array;

  constructor({ width, height, data }: GreyPlane) {
    this.width = width;
    this.height = height;
    this.#sums = new Float64Array((width + 1) * (height + 1));
    const pitch = width + 1;
    for (let y = 0; y < height; y++)
      for (let x = 0, row = 0; x < width; x++) {
        row += data[y * width + x];
        this.#sums[(y + 1) * pitch + x + 1] = this.#sums[y * pitch + x + 1] + row;
      }
  }

  /** The sum of a rectangle that lies inside of the image. */
  sum(left: number, top: number, width: number, height: number): number {
    const sums = this.#sums;
    const above = top * (this.width + 1) + left;
    const below = above + height * (this.width + 1);
    return sums[below + width] - sums[below] - sums[above + width] + sums[above];
  }

  /** Whether a square of `side` around the corner between four pixels lies inside. */
  holds(x: number, y: number, side: number): boolean {
    const half = side / 2;
    return x >= half && y >= half && x + half <= this.width && y + half <= this.height;
  }

  /** Haar wavelet along x: the right half of a square less its left half. (x, y) is the corner in its middle. */
  haarX(x: number, y: number, side: number): number {
    const half = side / 2;
    return this.sum(x, y - half, half, side) - this.sum(x - half, y - half, half, side);
  }

  /** Haar wavelet along y: the lower half less the upper half. */
  haarY(x: number, y: number, side: number): number {
    const half = side / 2;
    return this.sum(x - half, y, side, half) - this.sum(x - half, y - half, side, half);
  }
}
