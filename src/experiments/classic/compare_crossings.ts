/** Where learned features overtake hand-made ones, and the drawing of it. */
import type { Curve } from "../../report/curves.ts";
import { formatCount } from "../../report/number_text.ts";
import { renderCurvesSvg } from "../../report/svg/curves_svg.ts";
import type { ComparePoint } from "./compare_entries.ts";

/** Where a network overtakes the best pipeline for good. */
export interface Crossing {
  readonly network: string;
  readonly pipeline: string;
  /**
   * Training images from which on the network is at least as good, interpolated between two sizes on a logarithmic scale;
   * the smallest size if it is ahead from there on; null if it is behind at the largest.
   */
  readonly size: number | null;
  /** Whether it is ahead at every size: there is no crossing. */
  readonly isAlwaysAhead: boolean;
}

/** For each network the crossing with the best pipeline at each size. */
export function crossings(points: readonly ComparePoint[]): Crossing[] {
  const byHand = points.filter(({ learned }) => !learned);
  const networks = [...new Set(points.filter(({ learned }) => learned).map(({ name }) => name))];
  const best = (size: number) =>
    byHand
      .filter((point) => point.size === size)
      .reduce<ComparePoint | null>(
        (top, point) => (top === null || point.testAccuracy > top.testAccuracy ? point : top),
        null,
      );
  return networks.flatMap((network) => {
    const own = points.filter(({ name }) => name === network).sort((a, b) => a.size - b.size);
    const gaps = own.flatMap((point) => {
      const other = best(point.size);
      return other === null
        ? []
        : [{ size: point.size, gap: point.testAccuracy - other.testAccuracy, pipeline: other.name }];
    });
    if (gaps.length === 0) return [];
    return [crossingOf(network, gaps)];
  });
}

function crossingOf(
  network: string,
  gaps: readonly { readonly size: number; readonly gap: number; readonly pipeline: string }[],
): Crossing {
  const { length } = gaps;
  // The last size at which it is behind: what it was ahead at before does not count.
  const last = gaps.findLastIndex(({ gap }) => gap < 0);
  if (last === length - 1)
    return { network, pipeline: gaps[last].pipeline, size: null, isAlwaysAhead: false };
  const after = gaps[last + 1];
  if (last < 0) return { network, pipeline: after.pipeline, size: after.size, isAlwaysAhead: true };
  const before = gaps[last];
  const share = -before.gap / (after.gap - before.gap);
  const size = Math.exp(Math.log(before.size) + share * Math.log(after.size / before.size));
  return { network, pipeline: after.pipeline, size: Math.round(size), isAlwaysAhead: false };
}

/** A crossing as a sentence. */
export function crossingSentence({ network, pipeline, size, isAlwaysAhead }: Crossing): string {
  if (size === null) return `${network} does not overtake ${pipeline} within these sizes.`;
  if (isAlwaysAhead) return `${network} is ahead of ${pipeline} at every size.`;
  return (
    `${network} overtakes ${pipeline} at about ${formatCount(size)} training images ` +
    "(interpolated between two sizes, on a logarithmic scale)."
  );
}

/** Accuracy over the size of the training set, on a logarithmic axis. */
export function compareSvg(points: readonly ComparePoint[], title: string): string {
  const curves: Curve[] = [...new Set(points.map(({ name }) => name))].map((name) => ({
    name,
    points: points
      .filter((point) => point.name === name)
      .sort((a, b) => a.size - b.size)
      .map(({ size, testAccuracy }) => ({ x: Math.log10(size), y: testAccuracy })),
  }));
  const marks: Curve[] = crossings(points).flatMap(({ network, size, isAlwaysAhead }) =>
    size === null || isAlwaysAhead
      ? []
      : [
          {
            name: `${network} overtakes at ${formatCount(size)}`,
            points: [
              { x: Math.log10(size), y: Math.min(...points.map(({ testAccuracy }) => testAccuracy)) },
              { x: Math.log10(size), y: Math.max(...points.map(({ testAccuracy }) => testAccuracy)) },
            ],
          },
        ],
  );
  return renderCurvesSvg([...curves, ...marks], {
    title,
    width: 900,
    height: 480,
    xLabel: "training images, as a power of ten",
    yLabel: "test accuracy",
  });
}
