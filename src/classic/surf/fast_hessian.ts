/** Key points of SURF: maxima of the determinant of a Hessian of box filters. */
import type { IntegralImage } from "./integral_image.ts";
import type { SurfOptions } from "./surf_settings.ts";

/** A maximum, in pixels of the image. */
export interface HessianPoint {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly response: number;
  readonly octave: number;
}

/** Determinants of one filter size on the octave's grid; zero where the filter does not fit. */
interface Layer {
  readonly across: number;
  readonly down: number;
  /** Rows and columns from the edge without values. */
  readonly border: number;
  readonly values: Float64Array;
}

/** The side of a lobe, a third of the filter: 3, 5, 7, 9 in the first octave; 5, 9, 13, 17 in the second. */
const lobeOf = (octave: number, scale: number): number => 2 ** (octave + 1) * (scale + 1) + 1;

/** Scale of a filter: that of 9 pixels stands for a blur of 1.2. */
const scaleOf = (lobe: number): number => (1.2 / 9) * 3 * lobe;

/** All key points of an image, octave by octave, by scale and row. */
export function hessianPoints(image: IntegralImage, settings: SurfOptions): HessianPoint[] {
  const points: HessianPoint[] = [];
  for (let octave = 0; octave < settings.octaves; octave++) {
    const layers = Array.from({ length: settings.scales }, (_, scale) =>
      layerOf(image, octave, lobeOf(octave, scale), settings.mixedWeight),
    );
    for (let scale = 1; scale < layers.length - 1; scale++)
      findMaxima(layers.slice(scale - 1, scale + 2), octave, scale, settings.threshold, points);
  }
  return points;
}

function layerOf(image: IntegralImage, octave: number, lobe: number, mixedWeight: number): Layer {
  const step = 2 ** octave;
  const [across, down] = [Math.ceil(image.width / step), Math.ceil(image.height / step)];
  const border = Math.ceil((3 * lobe - 1) / 2 / step);
  const values = new Float64Array(across * down);
  const square = mixedWeight * mixedWeight;
  const area = 1 / (9 * lobe * lobe) ** 2;
  const [half, long] = [(lobe - 1) / 2, (3 * lobe - 1) / 2];
  const wide = 2 * lobe - 1;
  const lastRow = Math.min(down - 1, Math.floor((image.height - 1 - long) / step));
  const lastColumn = Math.min(across - 1, Math.floor((image.width - 1 - long) / step));
  for (let row = border; row <= lastRow; row++) {
    const y = row * step;
    for (let column = border; column <= lastColumn; column++) {
      const x = column * step;
      const dxx =
        image.sum(x - long, y - lobe + 1, 3 * lobe, wide) - 3 * image.sum(x - half, y - lobe + 1, lobe, wide);
      const dyy =
        image.sum(x - lobe + 1, y - long, wide, 3 * lobe) - 3 * image.sum(x - lobe + 1, y - half, wide, lobe);
      const dxy =
        image.sum(x + 1, y - lobe, lobe, lobe) +
        image.sum(x - lobe, y + 1, lobe, lobe) -
        image.sum(x - lobe, y - lobe, lobe, lobe) -
        image.sum(x + 1, y + 1, lobe, lobe);
      values[row * across + column] = Math.max(0, (dxx * dyy - square * dxy * dxy) * area);
    }
  }
  return { across, down, border, values };
}

/** Adds the places of the middle layer that are greater than their 26 neighbours. */
function findMaxima(
  [below, layer, above]: readonly Layer[],
  octave: number,
  scale: number,
  threshold: number,
  points: HessianPoint[],
): void {
  const { across, down, values } = layer;
  const { border } = above;
  for (let row = border + 1; row < down - border - 1; row++)
    for (let column = border + 1; column < across - border - 1; column++) {
      const at = row * across + column;
      const value = values[at];
      if (value <= threshold || !isMaximum(value, at, across, below.values, values, above.values)) continue;
      const point = refined([below.values, values, above.values], at, across);
      if (point === null) continue;
      const step = 2 ** octave;
      points.push({
        x: (column + point.dx) * step,
        y: (row + point.dy) * step,
        scale: scaleOf(2 ** (octave + 1) * (scale + point.dscale + 1) + 1),
        response: value,
        octave,
      });
    }
}

/** Of equal neighbours the first one counts. */
function isMaximum(
  value: number,
  at: number,
  across: number,
  below: Float64Array,
  layer: Float64Array,
  above: Float64Array,
): boolean {
  for (let row = -across; row <= across; row += across)
    for (let i = at + row - 1; i <= at + row + 1; i++) {
      if (below[i] >= value || above[i] > value) return false;
      if (i < at ? layer[i] >= value : layer[i] > value) return false;
    }
  return true;
}

/** The offset -H^-1 g of the maximum of a quadratic function; null if it is nearer to another place. */
function refined(
  [below, layer, above]: readonly Float64Array[],
  at: number,
  across: number,
): { dx: number; dy: number; dscale: number } | null {
  const twice = 2 * layer[at];
  const gx = (layer[at + 1] - layer[at - 1]) / 2;
  const gy = (layer[at + across] - layer[at - across]) / 2;
  const gs = (above[at] - below[at]) / 2;
  const xx = layer[at + 1] + layer[at - 1] - twice;
  const yy = layer[at + across] + layer[at - across] - twice;
  const ss = above[at] + below[at] - twice;
  const xy =
    (layer[at + across + 1] - layer[at + across - 1] - layer[at - across + 1] + layer[at - across - 1]) / 4;
  const xs = (above[at + 1] - above[at - 1] - below[at + 1] + below[at - 1]) / 4;
  const ys = (above[at + across] - above[at - across] - below[at + across] + below[at - across]) / 4;
  const [a, b, c] = [yy * ss - ys * ys, xs * ys - xy * ss, xy * ys - xs * yy];
  const det = xx * a + xy * b + xs * c;
  const dx = -(a * gx + b * gy + c * gs) / det;
  const dy = -(b * gx + (xx * ss - xs * xs) * gy + (xy * xs - xx * ys) * gs) / det;
  const dscale = -(c * gx + (xy * xs - xx * ys) * gy + (xx * yy - xy * xy) * gs) / det;
  return Math.max(Math.abs(dx), Math.abs(dy), Math.abs(dscale)) < 0.5 ? { dx, dy, dscale } : null;
}
