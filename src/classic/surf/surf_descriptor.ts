/** Descriptors of SURF. */
import type { HessianPoint } from "./fast_hessian.ts";
import type { IntegralImage } from "./integral_image.ts";

/** Regions along a side, samples of each along a side, Gaussian window in scales. */
const SIDE = 4;
const SAMPLES = 5;
const WINDOW = 3.3;

const HALF = (SIDE * SAMPLES - 1) / 2;

/**
 * Writes a descriptor: for each of 4 by 4 regions of 5 by 5 samples the sums of the wavelet responses along the key
 * point's direction and across, and of their magnitudes; with 128 values the sums of dx and |dx| for dy < 0 and for
 * dy >= 0, and those of dy for dx. Its length is 1, or 0 in a flat place.
 */
export function describe(
  image: IntegralImage,
  { x, y, scale }: HessianPoint,
  angle: number,
  out: Float32Array,
  at: number,
  length: 64 | 128,
): void {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const side = 2 * Math.max(1, Math.round(scale));
  const values = length / (SIDE * SIDE);
  for (let row = 0; row < SIDE * SAMPLES; row++)
    for (let column = 0; column < SIDE * SAMPLES; column++) {
      const [u, v] = [column - HALF, row - HALF];
      const left = Math.round(x + scale * (cos * u - sin * v) + 0.5);
      const top = Math.round(y + scale * (sin * u + cos * v) + 0.5);
      if (!image.holds(left, top, side)) continue;
      const weight = Math.exp(-(u * u + v * v) / (2 * WINDOW * WINDOW));
      const [hx, hy] = [weight * image.haarX(left, top, side), weight * image.haarY(left, top, side)];
      const [dx, dy] = [cos * hx + sin * hy, cos * hy - sin * hx];
      const region = Math.floor(row / SAMPLES) * SIDE + Math.floor(column / SAMPLES);
      add(out, at + region * values, dx, dy, length);
    }
  normalise(out, at, length);
}

function add(out: Float32Array, to: number, dx: number, dy: number, length: 64 | 128): void {
  if (length === 64) {
    out[to] += dx;
    out[to + 1] += dy;
    out[to + 2] += Math.abs(dx);
    out[to + 3] += Math.abs(dy);
    return;
  }
  const ofX = dy < 0 ? 0 : 2;
  const ofY = dx < 0 ? 4 : 6;
  out[to + ofX] += dx;
  out[to + ofX + 1] += Math.abs(dx);
  out[to + ofY] += dy;
  out[to + ofY + 1] += Math.abs(dy);
}

function normalise(out: Float32Array, at: number, length: number): void {
  let squares = 0;
  for (let i = at; i < at + length; i++) squares += out[i] * out[i];
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (let i = at; i < at + length; i++) out[i] *= scale;
}
