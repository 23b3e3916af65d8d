/** Extrema of the differences of Gaussians, refined to fractions of a pixel. */
import type { PlaneMemory } from "../plane_memory.ts";
import type { Octave } from "./scale_space.ts";
import { contrasts, type SiftOptions } from "./sift_settings.ts";

/** An extremum of an octave. The same object is given for each: copy what is kept. */
export interface Extremum {
  /** The pixel and the layer nearest to it. */
  column: number;
  row: number;
  layer: number;
  /** How far away it is from there, in pixels and layers. */
  dx: number;
  dy: number;
  dlayer: number;
  /** The interpolated difference there, in levels. */
  value: number;
}

/** Pixels at the edge of which nothing is told (OpenCV's SIFT_IMG_BORDER; the method needs one). */
const BORDER = { opencv: 5, ipol: 1 };

/** Steps of refinement, at most. */
const STEPS = 5;

/** How far from a pixel an extremum may be that belongs to it. */
const REACH = { opencv: 0.5, ipol: 0.6 };

/** Calls `use` with each extremum of an octave that stands out and is not on an edge. */
export function findExtrema(
  memory: PlaneMemory,
  octave: Octave,
  settings: SiftOptions,
  use: (extremum: Extremum) => void,
): void {
  const { size, differences, candidates: found } = octave;
  const { preset, octaveLayers } = settings;
  const border = BORDER[preset];
  const { candidate } = contrasts(settings);
  const refiner = new Refiner(memory.floats, octave, settings);
  for (let layer = 1; layer <= octaveLayers; layer++) {
    const planes = [differences[layer - 1], differences[layer], differences[layer + 1]] as const;
    for (let row = border; row < size.height - border; row++) {
      const columns = [border, size.width - border] as const;
      const limits = [candidate, preset === "ipol"] as const;
      const count = memory.extrema(planes, row, size, columns, limits, found);
      for (let i = 0; i < count; i++) {
        const { at } = refiner;
        at.column = memory.integers[found / 4 + i];
        at.row = row;
        at.layer = layer;
        if (refiner.refine() && refiner.isKept()) use(at);
      }
    }
  }
}

/**
 * Moves extrema to those of a quadratic function through their neighbours: the offset is -H^-1 g, with the gradient g
 * and the Hessian H of finite differences.
 *
 * Source: D. G. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004, section 4.
 */
class Refiner {
  readonly at: Extremum = { column: 0, row: 0, layer: 0, dx: 0, dy: 0, dlayer: 0, value: 0 };
  readonly #floats: Float32Array;
  readonly #octave: Octave;
  readonly #settings: SiftOptions;
  readonly #contrast: number;
  #xx = 0;
  #yy = 0;
  #xy = 0;
  /** Half of the product of gradient and offset: what the extremum has more than its pixel. */
  #rise = 0;

  constructor(floats: Float32Array, octave: Octave, settings: SiftOptions) {
    this.#floats = floats;
    this.#octave = octave;
    this.#settings = settings;
    this.#contrast = contrasts(settings).refined;
  }

  /** Moves to the extremum; false if there is none nearby. */
  refine(): boolean {
    const { at } = this;
    const { preset, octaveLayers } = this.#settings;
    const { width, height } = this.#octave.size;
    for (let step = 0; step < STEPS; step++) {
      this.#solve();
      if (this.#isNear()) return true;
      if (preset === "ipol") {
        if (step === STEPS - 1 || !this.#moveByOne()) return false;
        continue;
      }
      at.column += Math.round(at.dx);
      at.row += Math.round(at.dy);
      at.layer += Math.round(at.dlayer);
      const { column, row, layer } = at;
      const border = BORDER[preset];
      const inside = column >= border && column < width - border && row >= border && row < height - border;
      if (!inside || layer < 1 || layer > octaveLayers) return false;
    }
    return false;
  }

  #isNear(): boolean {
    const { dx, dy, dlayer } = this.at;
    const reach = REACH[this.#settings.preset];
    return Math.abs(dx) < reach && Math.abs(dy) < reach && Math.abs(dlayer) < reach;
  }

  /** One step along each axis whose offset is large, unless the edge is there; false if there is no step to take. */
  #moveByOne(): boolean {
    const { at } = this;
    const { width, height } = this.#octave.size;
    const column = stepped(at.column, at.dx, width);
    const row = stepped(at.row, at.dy, height);
    const layer = stepped(at.layer, at.dlayer, this.#settings.octaveLayers + 2);
    const moved = column !== at.column || row !== at.row || layer !== at.layer;
    at.column = column;
    at.row = row;
    at.layer = layer;
    return moved;
  }

  #solve(): void {
    const { at } = this;
    const f = this.#floats;
    const { stride } = this.#octave.size;
    const { differences } = this.#octave;
    const place = at.row * stride + at.column;
    const before = differences[at.layer - 1] / 4 + place;
    const here = differences[at.layer] / 4 + place;
    const after = differences[at.layer + 1] / 4 + place;
    const twice = 2 * f[here];
    const gx = 0.5 * (f[here + 1] - f[here - 1]);
    const gy = 0.5 * (f[here + stride] - f[here - stride]);
    const gs = 0.5 * (f[after] - f[before]);
    const xx = f[here + 1] + f[here - 1] - twice;
    const yy = f[here + stride] + f[here - stride] - twice;
    const ss = f[after] + f[before] - twice;
    const xy =
      0.25 * (f[here + stride + 1] - f[here + stride - 1] - f[here - stride + 1] + f[here - stride - 1]);
    const xs = 0.25 * (f[after + 1] - f[after - 1] - f[before + 1] + f[before - 1]);
    const ys = 0.25 * (f[after + stride] - f[after - stride] - f[before + stride] + f[before - stride]);
    const [a, b, c] = [yy * ss - ys * ys, xs * ys - xy * ss, xy * ys - xs * yy];
    const det = xx * a + xy * b + xs * c;
    at.dx = -(a * gx + b * gy + c * gs) / det;
    at.dy = -(b * gx + (xx * ss - xs * xs) * gy + (xy * xs - xx * ys) * gs) / det;
    at.dlayer = -(c * gx + (xy * xs - xx * ys) * gy + (xx * yy - xy * xy) * gs) / det;
    this.#xx = xx;
    this.#yy = yy;
    this.#xy = xy;
    this.#rise = 0.5 * (gx * at.dx + gy * at.dy + gs * at.dlayer);
    at.value = f[here] + this.#rise;
  }

  /** Whether the extremum stands out, and curves in both directions. */
  isKept(): boolean {
    const { preset, edgeThreshold } = this.#settings;
    if (Math.abs(this.at.value) < this.#contrast) return false;
    const trace = this.#xx + this.#yy;
    const det = this.#xx * this.#yy - this.#xy * this.#xy;
    const ratio = (trace * trace) / det;
    const limit = (edgeThreshold + 1) ** 2 / edgeThreshold;
    return preset === "ipol" ? Math.abs(ratio) <= limit : det > 0 && ratio < limit;
  }
}

function stepped(at: number, offset: number, size: number): number {
  if (offset > REACH.ipol && at + 1 < size - 1) return at + 1;
  if (offset < -REACH.ipol && at - 1 > 0) return at - 1;
  return at;
}
