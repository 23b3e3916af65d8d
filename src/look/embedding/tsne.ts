/** t-SNE: points in the plane whose neighbours are those of many features. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { neighbourhoods, type SparseRows } from "./neighbourhoods.ts";
import type { Points } from "./points.ts";
import { principalComponents } from "./principal_components.ts";
import { repulsion } from "./quadtree.ts";

/** What `tsne` takes beside the points. */
export interface TsneOptions {
  /** How many neighbours each point counts with, roughly. Default 30, at most a third of the points. */
  readonly perplexity?: number;
  /** Steps of gradient descent. Default 1000. */
  readonly steps?: number;
  /** Default: a forty-eighth of the number of points, at least 50. */
  readonly learningRate?: number;
  /** Called after every 50 steps with how many are done. */
  readonly onStep?: (step: number) => void;
}

/** Points in the plane. */
export interface TsneResult extends Points {
  /** Kullback-Leibler divergence of the neighbourhoods in the plane from those of the features. */
  readonly divergence: number;
}

/** Of the first steps, in which clusters form. */
const EARLY_STEPS = 250;
const EXAGGERATION = 12;
/** How wide a cell of the tree may be, seen from a point, to count as one point. */
const ANGLE = 0.5;

/**
 * t-SNE with Barnes and Hut's approximation, as scikit-learn's `TSNE` computes it: neighbourhoods of `perplexity` points
 * by binary search, from the first two principal components, 250 steps with exaggerated attraction and momentum 0.5, then
 * momentum 0.8. It draws no random numbers: equal points give equal places.
 *
 * Source: van der Maaten, "Accelerating t-SNE using Tree-Based Algorithms", 2014.
 *
 * @param points - a row of features for each point.
 * @throws ArgumentError for fewer than four points, or settings out of their range.
 * @example
 * ```ts
 * import { tsne } from "convoyant/look";
 * const data = Float64Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 9) + Math.sin(i));
 * const found = await tsne({ rows: 20, columns: 2, data }, { perplexity: 5, steps: 300 });
 * found.columns; // 2
 * ```
 */
export async function tsne(points: Points, options: TsneOptions = {}): Promise<TsneResult> {
  const { rows } = points;
  if (rows < 4) throw new ArgumentError(`tsne: expected at least 4 points, got ${rows}`);
  const { perplexity = Math.min(30, Math.max(1, Math.floor((rows - 1) / 3))), steps = 1000 } = options;
  if (!(perplexity >= 1 && perplexity < rows))
    throw new ArgumentError(
      `tsne: expected \`perplexity\` to be a number from 1 to below the number of points, ${rows}, got ${shownValue(perplexity)}`,
    );
  if (!Number.isInteger(steps) || steps < 1)
    throw new ArgumentError(
      `tsne: expected \`steps\` to be an integer of at least 1, got ${shownValue(steps)}`,
    );
  const { learningRate = Math.max(rows / EXAGGERATION / 4, 50) } = options;
  const wanted = neighbourhoods(points, perplexity);
  const places = firstPlaces(points);
  const descent = new Descent(places, learningRate);
  let divergence = Number.NaN;
  for (let step = 0; step < steps; step++) {
    const early = step < EARLY_STEPS;
    const { gradient, ...found } = gradientAt(places, wanted, early ? EXAGGERATION : 1, step === steps - 1);
    divergence = found.divergence;
    descent.step(gradient, early ? 0.5 : 0.8);
    if ((step + 1) % 50 !== 0) continue;
    options.onStep?.(step + 1);
    // Others get their turn: a thousand steps take seconds.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { rows, columns: 2, data: places, divergence };
}

/** The first two principal components, so small that the distances do not count yet. */
function firstPlaces(points: Points): Float64Array {
  const wide = Math.min(2, points.columns);
  const { data } = principalComponents(points, wide);
  const places = new Float64Array(2 * points.rows);
  for (let i = 0; i < points.rows; i++) for (let k = 0; k < wide; k++) places[2 * i + k] = data[wide * i + k];
  let square = 0;
  for (let i = 0; i < points.rows; i++) square += places[2 * i] ** 2;
  const spread = Math.sqrt(square / points.rows) || 1;
  return places.map((place) => (place / spread) * 1e-4);
}

/** Gradient descent with momentum and a gain for each coordinate, in place. */
class Descent {
  private readonly places: Float64Array;
  private readonly rate: number;
  private readonly moved: Float64Array;
  private readonly gains: Float64Array;

  constructor(places: Float64Array, rate: number) {
    this.places = places;
    this.rate = rate;
    this.moved = new Float64Array(places.length);
    this.gains = new Float64Array(places.length).fill(1);
  }

  step(gradient: Float64Array, momentum: number): void {
    const { places, moved, gains } = this;
    for (let i = 0; i < places.length; i++) {
      gains[i] = Math.max(0.01, moved[i] * gradient[i] < 0 ? gains[i] + 0.2 : gains[i] * 0.8);
      moved[i] = momentum * moved[i] - this.rate * gains[i] * gradient[i];
      places[i] += moved[i];
    }
  }
}

/** The gradient of the divergence: neighbours attract, all points repel each other. */
function gradientAt(
  places: Float64Array,
  { starts, neighbours, shares }: SparseRows,
  exaggeration: number,
  withDivergence: boolean,
): { gradient: Float64Array; divergence: number } {
  const rows = starts.length - 1;
  const { forces, total } = repulsion(places, ANGLE);
  const gradient = new Float64Array(places.length);
  let divergence = 0;
  for (let i = 0; i < rows; i++) {
    let across = 0;
    let down = 0;
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      const j = neighbours[at];
      const dx = places[2 * i] - places[2 * j];
      const dy = places[2 * i + 1] - places[2 * j + 1];
      const near = 1 / (1 + dx * dx + dy * dy);
      const share = shares[at] * exaggeration;
      across += share * near * dx;
      down += share * near * dy;
      if (withDivergence)
        divergence += share * Math.log(Math.max(share, TINY) / Math.max(near / total, TINY));
    }
    gradient[2 * i] = 4 * (across - forces[2 * i] / total);
    gradient[2 * i + 1] = 4 * (down - forces[2 * i + 1] / total);
  }
  return { gradient, divergence };
}

const TINY = 1e-300;
