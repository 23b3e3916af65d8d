/** Descriptors of key points: 4 by 4 histograms of 8 directions. */
import { turnOf } from "../turns.ts";
import { BINS, SIDE, SIFT_LENGTH } from "./descriptor_shape.ts";
import { finishDescriptor } from "./descriptor_values.ts";
import type { LayerPoint } from "./orientations.ts";
import type { SiftOptions } from "./sift_settings.ts";

/** Width of a histogram as a multiple of the key point's scale. */
const WIDTH = 3;

/** The window is a Gaussian of half a descriptor's width: exp(SPREAD r^2), r in widths of a histogram. */
const SPREAD = -1 / (2 * (SIDE / 2) ** 2);

/** Floats from one histogram to the next, with a bin more for votes beyond the last; and from one row to the next. */
const CELL = BINS + 1;
const ROW = (SIDE + 2) * CELL;

/** Describes points; keeps its histograms between calls. */
export class Describer {
  readonly #settings: SiftOptions;
  readonly #histograms = new Float64Array((SIDE + 2) * ROW);
  readonly #values = new Float64Array(SIFT_LENGTH);
  #weights = new Float64Array(64);

  constructor(settings: SiftOptions) {
    this.#settings = settings;
  }

  /** Writes the descriptor of a point that looks in a direction (in turns, towards the y axis). */
  describe(floats: Float32Array, point: LayerPoint, turn: number, out: Float32Array, at: number): void {
    this.#histograms.fill(0);
    if (this.#settings.preset === "ipol") this.#collect(floats, point, turn, point.x, point.y);
    else this.#collect(floats, point, turn, Math.round(point.x), Math.round(point.y));
    this.#gather();
    const { preset, root } = this.#settings;
    finishDescriptor(this.#values, out, at, { rounding: preset === "ipol" ? 0 : 0.5, root });
  }

  /** Every pixel of the rotated square votes for its nearest histograms and bins, trilinearly. */
  #collect(floats: Float32Array, point: LayerPoint, turn: number, cx: number, cy: number): void {
    const { plane, size, scale } = point;
    const { width, height, stride } = size;
    const cell = WIDTH * scale;
    const cos = Math.cos(2 * Math.PI * turn) / cell;
    const sin = Math.sin(2 * Math.PI * turn) / cell;
    const half = ((SIDE + 1) / 2) * cell * (Math.abs(cos) + Math.abs(sin)) * cell;
    const top = Math.max(1, Math.ceil(cy - half));
    const bottom = Math.min(height - 2, Math.floor(cy + half));
    const weights = this.#weigh(Math.ceil(2 * half) + 2, cx - half, cx, cell);
    const histograms = this.#histograms;
    const leftmost = Math.ceil(cx - half);
    for (let row = top; row <= bottom; row++) {
      const i = row - cy;
      // Columns within |cos j + sin i| < 2.5 and |cos i - sin j| < 2.5.
      const first = Math.max(lowest(cos, sin * i), lowest(-sin, cos * i), 1 - cx);
      const last = Math.min(highest(cos, sin * i), highest(-sin, cos * i), width - 2 - cx);
      const from = plane + row * stride;
      const across = Math.exp((i * i * SPREAD) / (cell * cell));
      for (let column = Math.ceil(first + cx), end = Math.floor(last + cx); column <= end; column++) {
        const j = column - cx;
        const u = cos * j + sin * i;
        const v = cos * i - sin * j;
        const place = from + column;
        const dx = floats[place + 1] - floats[place - 1];
        const dy = floats[place - stride] - floats[place + stride];
        let bin = (turnOf(dy, dx) + turn) * BINS;
        if (bin >= BINS) bin -= BINS;
        const b = Math.floor(bin);
        const fb = bin - b;
        const magnitude = Math.sqrt(dx * dx + dy * dy) * across * weights[column - leftmost];
        const column0 = Math.floor(u + 1.5);
        const row0 = Math.floor(v + 1.5);
        const fu = u + 1.5 - column0;
        const fv = v + 1.5 - row0;
        const low = (row0 + 1) * ROW + (column0 + 1) * CELL + b;
        const lower = magnitude * fv;
        const upper = magnitude - lower;
        const upperRight = upper * fu;
        const upperLeft = upper - upperRight;
        const lowerRight = lower * fu;
        const lowerLeft = lower - lowerRight;
        histograms[low] += upperLeft * (1 - fb);
        histograms[low + 1] += upperLeft * fb;
        histograms[low + CELL] += upperRight * (1 - fb);
        histograms[low + CELL + 1] += upperRight * fb;
        histograms[low + ROW] += lowerLeft * (1 - fb);
        histograms[low + ROW + 1] += lowerLeft * fb;
        histograms[low + ROW + CELL] += lowerRight * (1 - fb);
        histograms[low + ROW + CELL + 1] += lowerRight * fb;
      }
    }
  }

  /** The window's weights of columns from `left` on, `cx` being the middle. */
  #weigh(count: number, left: number, cx: number, cell: number): Float64Array {
    if (this.#weights.length < count) this.#weights = new Float64Array(2 * count);
    const first = Math.ceil(left) - cx;
    for (let i = 0; i < count; i++) {
      const j = first + i;
      this.#weights[i] = Math.exp((j * j * SPREAD) / (cell * cell));
    }
    return this.#weights;
  }

  /** The inner histograms in the preset's order. */
  #gather(): void {
    const ipol = this.#settings.preset === "ipol";
    for (let row = 0, to = 0; row < SIDE; row++)
      for (let column = 0; column < SIDE; column++) {
        // Rows of IPOL's descriptor lie along the key point's direction, from behind it; its columns run upwards.
        const from = ipol ? (SIDE - column) * ROW + (row + 1) * CELL : (row + 1) * ROW + (column + 1) * CELL;
        for (let bin = 0; bin < BINS; bin++, to++)
          this.#values[to] = this.#histograms[from + bin] + (bin === 0 ? this.#histograms[from + BINS] : 0);
      }
  }
}

/** The least and the most j with |a j + b| <= 2.5 (slightly less, so that no vote falls outside of the histograms). */
const REACH = (SIDE + 1) / 2 - 1e-9;

function lowest(a: number, b: number): number {
  if (Math.abs(a) < 1e-12) return Math.abs(b) < REACH ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return a > 0 ? (-REACH - b) / a : (REACH - b) / a;
}

function highest(a: number, b: number): number {
  if (Math.abs(a) < 1e-12) return Math.abs(b) < REACH ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return a > 0 ? (REACH - b) / a : (-REACH - b) / a;
}
