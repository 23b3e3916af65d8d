import type { MetricsPoint } from "../records/run_record.ts";
import type { ColourName } from "./terminal/colour.ts";

/** One point of a curve. `low` and `high` bound a band around it, for example over seeds. */
export interface CurvePoint {
  x: number;
  /** NaN breaks the line. */
  y: number;
  low?: number;
  high?: number;
}

/** How a line is broken, so that curves can be distinguished without colour. */
export type Dash = "solid" | "dashed" | "dashdot" | "dotted";

/** A named line of a plot. Colour and dash follow from its place among the curves if they are not given. */
export interface Curve {
  name: string;
  points: readonly CurvePoint[];
  colour?: ColourName;
  dash?: Dash;
}

const colours: readonly ColourName[] = ["blue", "magenta", "green", "red", "amber", "cyan", "violet", "grey"];
const dashes: readonly Dash[] = ["solid", "dashed", "dashdot", "dotted"];

/**
 * Colour and dash of the curve at `index`: the book's Animator formats ("-", "m--", "g-.", "r:") first, then
 * further colours with the dashes shifted by one, so that no pair repeats within 32 curves.
 *
 * @example
 * ```ts
 * import { curveStyle } from "convoyant/report";
 * curveStyle({ name: "train loss", points: [] }, 0).dash; // "solid"
 * ```
 */
export function curveStyle(curve: Curve, index: number): { colour: ColourName; dash: Dash } {
  const round = Math.floor(index / colours.length);
  return {
    colour: curve.colour ?? colours[index % colours.length],
    dash: curve.dash ?? dashes[(index + round) % dashes.length],
  };
}

/**
 * The book's three curves from the points of a run, under the names of the book's legend: training loss, training
 * accuracy, test accuracy, the last one only at the points that have it. `testLoss: true` adds the fourth.
 *
 * @example
 * ```ts
 * import { trainingCurves } from "convoyant/report";
 * const points = [
 *   { epoch: 1, trainLoss: 0.9, trainAccuracy: 0.7, testAccuracy: 0.72 },
 *   { epoch: 2, trainLoss: 0.6, trainAccuracy: 0.8, testAccuracy: 0.79 },
 * ];
 * trainingCurves(points).length; // 3
 * ```
 */
export function trainingCurves(
  points: readonly MetricsPoint[],
  options: { testLoss?: boolean; heldOut?: "test" | "validation" } = {},
): Curve[] {
  const pick = (key: "trainLoss" | "trainAccuracy" | "testAccuracy" | "testLoss"): CurvePoint[] =>
    points.flatMap((point) => {
      const y = point[key];
      return y === undefined ? [] : [{ x: point.epoch, y }];
    });
  const heldOut = options.heldOut === "validation" ? "val" : "test";
  const curves: Curve[] = [
    { name: "train loss", points: pick("trainLoss") },
    { name: "train acc", points: pick("trainAccuracy") },
    { name: `${heldOut} acc`, points: pick("testAccuracy") },
  ];
  if (options.testLoss) curves.push({ name: `${heldOut} loss`, points: pick("testLoss") });
  return curves;
}

/**
 * One curve out of several runs of the same thing: the median of their values at each x, the band from the 10th to
 * the 90th percentile (the whole range for fewer than ten runs would mislead no less, so the rule is always the same).
 * Only x that every run has are kept; runs with a value that is not finite do not count at that x.
 *
 * @example
 * ```ts
 * import { medianCurve } from "convoyant/report";
 * const runs = [0.5, 0.6, 0.9].map((y) => [{ x: 1, y }]);
 * medianCurve("loss", runs).points[0].y; // 0.6
 * ```
 */
export function medianCurve(name: string, runs: readonly (readonly CurvePoint[])[]): Curve {
  if (runs.length === 0) return { name, points: [] };
  const byX = runs.map((run) => new Map(run.map((point) => [point.x, point.y])));
  const points: CurvePoint[] = [];
  for (const { x } of runs[0]) {
    if (!byX.every((run) => run.has(x))) continue;
    const values = byX.map((run) => run.get(x) as number).filter(Number.isFinite);
    if (values.length === 0) points.push({ x, y: Number.NaN });
    else
      points.push({ x, y: quantile(values, 0.5), low: quantile(values, 0.1), high: quantile(values, 0.9) });
  }
  return { name, points };
}

/**
 * The `q` quantile with linear interpolation, as `torch.quantile` and NumPy have it.
 *
 * @example
 * ```ts
 * import { quantile } from "convoyant/report";
 * quantile([1, 2, 3, 4], 0.5); // 2.5
 * ```
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}
