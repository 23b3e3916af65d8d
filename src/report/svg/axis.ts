import type { Curve } from "../curves.ts";
import { significant } from "../number_text.ts";

/** One axis of a plot: its ends and where the ticks stand, with their texts. */
export interface Axis {
  low: number;
  high: number;
  ticks: { value: number; text: string }[];
}

export interface AxisOptions {
  /** At most this many ticks, at least two. */
  maxTicks: number;
  /** Ends are kept exactly instead of being widened to the next tick. */
  exact?: boolean;
  /** No tick between two integers. */
  whole?: boolean;
}

/** An axis that holds `low` and `high`, with ticks at 1, 2 or 5 times a power of ten. */
export function niceAxis(low: number, high: number, options: AxisOptions): Axis {
  let [from, to] = orderedEnds(low, high);
  const maxTicks = Math.max(2, Math.floor(options.maxTicks));
  const step = tickStep(to - from, maxTicks, options);
  if (!options.exact) {
    from = Math.floor(from / step + 1e-9) * step;
    to = Math.ceil(to / step - 1e-9) * step;
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks: Axis["ticks"] = [];
  const first = Math.ceil(from / step - 1e-9);
  for (let i = first; i * step <= to + step * 1e-6 && ticks.length <= maxTicks + 2; i++) {
    const value = i * step;
    ticks.push({ value, text: tickText(value, decimals, step) });
  }
  return { low: from, high: to, ticks };
}

/** The least and greatest finite values of the curves, bands included, or undefined if there is none. */
export function valueRange(
  curves: readonly Curve[],
): { x: [number, number]; y: [number, number] } | undefined {
  const x: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const y: [number, number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const widen = (ends: [number, number], value: number | undefined) => {
    if (value === undefined || !Number.isFinite(value)) return;
    ends[0] = Math.min(ends[0], value);
    ends[1] = Math.max(ends[1], value);
  };
  for (const point of curves.flatMap((curve) => curve.points)) {
    if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) continue;
    widen(x, point.x);
    for (const value of [point.y, point.low, point.high]) widen(y, value);
  }
  return x[0] <= x[1] ? { x, y } : undefined;
}

/** The two axes of a plot of these curves; `xRange` and `yRange` fix their ends. */
export function plotAxes(
  curves: readonly Curve[],
  options: {
    xTicks: number;
    yTicks: number;
    xRange?: readonly [number, number];
    yRange?: readonly [number, number];
  },
): { x: Axis; y: Axis } {
  const range = valueRange(curves);
  const [xLow, xHigh] = options.xRange ?? range?.x ?? [0, 1];
  let [yLow, yHigh] = options.yRange ?? range?.y ?? [0, 1];
  // Losses and accuracies are read against zero; a curve far above it is not squeezed flat for its sake.
  if (!options.yRange && yLow > 0 && yLow < 0.6 * yHigh) yLow = 0;
  if (!options.yRange && Number.isFinite(yHigh - yLow)) {
    const margin = (yHigh - yLow) * 0.03;
    yHigh += margin;
    if (yLow !== 0) yLow -= margin;
  }
  const whole = Number.isInteger(xHigh) && xHigh - xLow >= 2;
  return {
    x: niceAxis(xLow, xHigh, { maxTicks: options.xTicks, exact: true, whole }),
    y: niceAxis(yLow, yHigh, { maxTicks: options.yTicks, exact: true }),
  };
}

function orderedEnds(low: number, high: number): [number, number] {
  // Below this the arithmetic of ticks would run out of exponents.
  const tiny = (value: number) => (Math.abs(value) < 1e-290 ? 0 : value);
  let from = Number.isFinite(low) ? tiny(low) : 0;
  let to = Number.isFinite(high) ? tiny(high) : from + 1;
  if (from > to) [from, to] = [to, from];
  // A constant gets room on both sides; as much as numbers of its size can tell apart.
  if (to - from <= Math.max(Math.abs(from), Math.abs(to)) * 1e-9) {
    const room = from === 0 ? 1 : Math.abs(from) * 0.1;
    return [from - (from === 0 ? 0 : room), to + room];
  }
  return [from, to];
}

function tickStep(span: number, maxTicks: number, options: AxisOptions): number {
  // Halves keep two numbers near the ends of the float range from overflowing to infinity.
  const raw = Number.isFinite(span) ? span / (maxTicks - 1) : Number.MAX_VALUE / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  let step = 10 * power;
  for (const factor of [1, 2, 5]) {
    const ticks = Math.floor(span / (factor * power) + 1e-9) + 1;
    if (ticks <= maxTicks) {
      step = factor * power;
      break;
    }
  }
  return options.whole ? Math.max(1, Math.round(step)) : step;
}

function tickText(value: number, decimals: number, step: number): string {
  if (Math.abs(value) < step * 1e-6) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || decimals > 5) return significant(value, 3);
  return value.toFixed(decimals);
}
