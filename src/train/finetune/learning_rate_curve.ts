/** What a learning-rate range test found: the curve, the rate that it suggests, a chart for the terminal. */
import { renderPlot } from "../../report/terminal/terminal_plot.ts";

/** The losses at rising learning rates. */
export interface LearningRateCurve {
  /** Rate of each step. */
  readonly lrs: readonly number[];
  /** Loss of each step. */
  readonly losses: readonly number[];
  /** The losses, smoothed. */
  readonly smoothed: readonly number[];
  /** The rate at which the smoothed loss falls fastest; null if it never falls. */
  readonly suggestion: number | null;
  /** Why the sweep ended: at its last rate, because the loss exploded, or because it was interrupted. */
  readonly outcome: "finished" | "diverged" | "interrupted";
  /**
   * The smoothed loss over the rate's logarithm to base 10, as lines of text.
   *
   * @param options - columns and lines of the chart, 80 and 20 by default; without `unicode` in ASCII.
   */
  plot(options?: { width?: number; height?: number; unicode?: boolean }): string[];
}

/**
 * Running means that weigh a loss `smoothing` times as much as the one after it, corrected for the short beginning:
 * a_i = s a_(i-1) + (1 - s) loss_i, divided by 1 - s^(i+1).
 */
export function smooth(losses: readonly number[], smoothing: number): number[] {
  let average = 0;
  return losses.map((loss, i) => {
    average = smoothing * average + (1 - smoothing) * loss;
    return average / (1 - smoothing ** (i + 1));
  });
}

/**
 * The rate at which the loss falls fastest by the logarithm of the rate: the place of the smallest slope before the
 * smallest loss. Slopes are central differences, at the ends differences to the only neighbour.
 */
export function steepest(lrs: readonly number[], losses: readonly number[]): number | null {
  const last = lrs.length - 1;
  const lowest = losses.reduce((best, loss, i) => (loss < losses[best] ? i : best), 0);
  let found: number | null = null;
  let smallest = 0;
  for (let i = 0; i <= lowest && last > 0; i++) {
    const [from, to] = [Math.max(0, i - 1), Math.min(last, i + 1)];
    const slope = (losses[to] - losses[from]) / Math.log(lrs[to] / lrs[from]);
    if (!(slope < smallest)) continue;
    smallest = slope;
    found = lrs[i];
  }
  return found;
}

/** The curve from the losses of a sweep. */
export function curveOf(
  lrs: readonly number[],
  losses: readonly number[],
  smoothing: number,
  outcome: LearningRateCurve["outcome"],
): LearningRateCurve {
  const smoothed = smooth(losses, smoothing);
  // A loss that exploded says nothing of where it falls, and would flatten the chart.
  const finite = smoothed.findIndex((loss) => !Number.isFinite(loss));
  const count = finite === -1 ? smoothed.length : finite;
  const suggestion = steepest(lrs.slice(0, count), smoothed.slice(0, count));
  return {
    lrs,
    losses,
    smoothed,
    suggestion,
    outcome,
    plot: ({ width = 80, height = 20, unicode = true } = {}) => {
      const points = smoothed.slice(0, count).map((y, i) => ({ x: Math.log10(lrs[i]), y }));
      const mark = {
        name: `steepest at ${suggestion?.toPrecision(2)}`,
        points: markAt(points, lrs, suggestion),
      };
      const curves = [{ name: "loss", points }, ...(suggestion === null ? [] : [mark])];
      return renderPlot(curves, { width, height, unicode, xLabel: "log10 of the learning rate" });
    },
  };
}

function markAt(
  points: readonly { x: number; y: number }[],
  lrs: readonly number[],
  suggestion: number | null,
): { x: number; y: number }[] {
  const at = suggestion === null ? -1 : lrs.indexOf(suggestion);
  return at === -1 ? [] : [points[at]];
}
