/** The direction of a SURF key point. */
import type { HessianPoint } from "./fast_hessian.ts";
import type { IntegralImage } from "./integral_image.ts";

/** Samples lie within six scales of the point, under a Gaussian window of two and a half. */
const RADIUS = 6;
const WINDOW = 2.5;

/** Samples within this angle add up to one vector. */
const SECTOR = Math.PI / 3;

/** Finds directions; keeps its samples between calls. */
export class SurfOrientation {
  readonly #offsets: { readonly u: number; readonly v: number; readonly weight: number }[] = [];
  readonly #angles: Float64Array;
  readonly #dx: Float64Array;
  readonly #dy: Float64Array;

  constructor() {
    for (let v = -RADIUS; v <= RADIUS; v++)
      for (let u = -RADIUS; u <= RADIUS; u++) {
        if (u * u + v * v >= RADIUS * RADIUS) continue;
        this.#offsets.push({ u, v, weight: Math.exp(-(u * u + v * v) / (2 * WINDOW * WINDOW)) });
      }
    this.#angles = new Float64Array(this.#offsets.length);
    this.#dx = new Float64Array(this.#offsets.length);
    this.#dy = new Float64Array(this.#offsets.length);
  }

  /**
   * The angle in radians of the longest sum of Haar wavelet responses (side 4 scales) within a sliding sector of 60
   * degrees. Wavelets that reach beyond the image do not count.
   */
  find(image: IntegralImage, { x, y, scale }: HessianPoint): number {
    const side = 2 * Math.max(1, Math.floor(2 * scale + 0.25));
    let count = 0;
    for (const { u, v, weight } of this.#offsets) {
      // The corner that is nearest to the middle of the sample.
      const left = Math.round(x + u * scale + 0.5);
      const top = Math.round(y + v * scale + 0.5);
      if (!image.holds(left, top, side)) continue;
      this.#dx[count] = weight * image.haarX(left, top, side);
      this.#dy[count] = weight * image.haarY(left, top, side);
      this.#angles[count] = Math.atan2(this.#dy[count], this.#dx[count]);
      count++;
    }
    return this.#longest(count);
  }

  #longest(count: number): number {
    let [most, angle] = [-1, 0];
    for (let start = 0; start < count; start++) {
      let [sumX, sumY] = [0, 0];
      for (let i = 0; i < count; i++) {
        const away = this.#angles[i] - this.#angles[start];
        if ((away < 0 ? away + 2 * Math.PI : away) >= SECTOR) continue;
        sumX += this.#dx[i];
        sumY += this.#dy[i];
      }
      const length = sumX * sumX + sumY * sumY;
      if (length <= most) continue;
      most = length;
      angle = Math.atan2(sumY, sumX);
    }
    return angle;
  }
}
