/** Directions of key points: peaks of the histogram of gradients around them. */
import type { PlaneSize } from "../plane_memory.ts";
import { turnOf } from "../turns.ts";
import type { SiftOptions } from "./sift_settings.ts";

/** Bins of the histogram, of 10 degrees each. */
const BINS = 36;

/** The window's standard deviation as a multiple of the key point's scale. */
const WINDOW = 1.5;

/** Peaks of at least this share of the highest make key points of their own. */
const PEAK = 0.8;

/** A point of a layer, in its pixels. */
export interface LayerPoint {
  /** Where the layer begins, in floats. */
  readonly plane: number;
  readonly size: PlaneSize;
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** Finds directions; keeps its histogram between calls. */
export class OrientationFinder {
  readonly #preset: SiftOptions["preset"];
  readonly #histogram = new Float64Array(BINS);
  readonly #smoothed = new Float64Array(BINS);
  #weights = new Float64Array(64);

  constructor(preset: SiftOptions["preset"]) {
    this.#preset = preset;
  }

  /** The directions at a point, in turns from the x axis towards the y axis; written to `out`. */
  find(floats: Float32Array, point: LayerPoint, out: number[]): void {
    out.length = 0;
    this.#histogram.fill(0);
    if (this.#preset === "ipol") {
      this.#collectIpol(floats, point);
      for (let i = 0; i < 6; i++) this.#smooth([1 / 3, 1 / 3, 0]);
    } else {
      this.#collect(floats, point);
      this.#smooth([6 / 16, 4 / 16, 1 / 16]);
    }
    this.#peaks(out);
  }

  /** Weights of distances from 0 to `radius`, from the nearest pixel. */
  #weigh(radius: number, sigma: number): Float64Array {
    if (this.#weights.length <= radius) this.#weights = new Float64Array(2 * radius);
    for (let i = 0; i <= radius; i++) this.#weights[i] = Math.exp((-i * i) / (2 * sigma * sigma));
    return this.#weights;
  }

  /** Around the nearest pixel, without the pixels at the edge, as OpenCV. Bins count from the x axis upwards. */
  #collect(floats: Float32Array, { plane, size, x, y, scale }: LayerPoint): void {
    const { width, height, stride } = size;
    const radius = Math.round(3 * WINDOW * scale);
    const weights = this.#weigh(radius, WINDOW * scale);
    const histogram = this.#histogram;
    const [cx, cy] = [Math.round(x), Math.round(y)];
    for (let row = Math.max(1, cy - radius), end = Math.min(height - 2, cy + radius); row <= end; row++) {
      const across = weights[Math.abs(row - cy)];
      const from = plane + row * stride;
      for (
        let column = Math.max(1, cx - radius), last = Math.min(width - 2, cx + radius);
        column <= last;
        column++
      ) {
        const at = from + column;
        const dx = floats[at + 1] - floats[at - 1];
        const dy = floats[at - stride] - floats[at + stride];
        const bin = Math.round(turnOf(dy, dx) * BINS);
        histogram[bin === BINS ? 0 : bin] +=
          across * weights[Math.abs(column - cx)] * Math.sqrt(dx * dx + dy * dy);
      }
    }
  }

  /** Around the point itself, with one-sided differences at the edge. Bins count from the y axis to the x axis. */
  #collectIpol(floats: Float32Array, { plane, size, x, y, scale }: LayerPoint): void {
    const { width, height, stride } = size;
    const radius = 3 * WINDOW * scale;
    const spread = -1 / (2 * (WINDOW * scale) ** 2);
    const histogram = this.#histogram;
    const left = Math.floor(Math.max(0, x - radius + 0.5));
    const right = Math.floor(Math.min(width - 1, x + radius + 0.5));
    const bottom = Math.floor(Math.min(height - 1, y + radius + 0.5));
    for (let row = Math.floor(Math.max(0, y - radius + 0.5)); row <= bottom; row++) {
      const up = row > 0 ? stride : 0;
      const down = row < height - 1 ? stride : 0;
      const acrossY = up > 0 && down > 0 ? 0.5 : 1;
      for (let column = left; column <= right; column++) {
        const at = plane + row * stride + column;
        const before = column > 0 ? 1 : 0;
        const after = column < width - 1 ? 1 : 0;
        const dx = (floats[at + after] - floats[at - before]) * (before + after === 2 ? 0.5 : 1);
        const dy = (floats[at + down] - floats[at - up]) * acrossY;
        const bin = Math.floor(turnOf(dx, dy) * BINS + 0.5) % BINS;
        const away = (column - x) ** 2 + (row - y) ** 2;
        histogram[bin] += Math.exp(away * spread) * Math.sqrt(dx * dx + dy * dy);
      }
    }
  }

  /** Replaces each bin by a weighted sum of itself and the two on either side. */
  #smooth([middle, next, second]: readonly [number, number, number]): void {
    const from = this.#histogram;
    const to = this.#smoothed;
    for (let i = 0; i < BINS; i++) {
      to[i] =
        from[i] * middle +
        (from[(i + 1) % BINS] + from[(i + BINS - 1) % BINS]) * next +
        (from[(i + 2) % BINS] + from[(i + BINS - 2) % BINS]) * second;
    }
    from.set(to);
  }

  #peaks(out: number[]): void {
    const histogram = this.#histogram;
    let most = 0;
    for (let i = 0; i < BINS; i++) most = Math.max(most, histogram[i]);
    if (most === 0) return;
    for (let i = 0; i < BINS; i++) {
      const before = histogram[(i + BINS - 1) % BINS];
      const here = histogram[i];
      const after = histogram[(i + 1) % BINS];
      if (here < PEAK * most || here <= before || here <= after) continue;
      const bin = i + (0.5 * (before - after)) / (before - 2 * here + after);
      // The method of IPOL counts from the middle of bins that it fills around their edges: 5 degrees.
      const turn = this.#preset === "ipol" ? 0.25 - (bin + 0.5) / BINS : -bin / BINS;
      out.push(turn - Math.floor(turn));
    }
  }
}
