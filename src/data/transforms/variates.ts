/** Random variates from a stream of uniform numbers. */
import type { PhiloxStream } from "../../base/philox.ts";

/** Uniform from `low` to `high`. */
export function uniformBetween(stream: PhiloxStream, [low, high]: readonly [number, number]): number {
  return low + stream.uniform() * (high - low);
}

/** Standard normal. Source: G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", 1958. */
export function normal(stream: PhiloxStream): number {
  // 1 - u is above 0: its logarithm is finite.
  const radius = Math.sqrt(-2 * Math.log(1 - stream.uniform()));
  return radius * Math.cos(2 * Math.PI * stream.uniform());
}

/**
 * Gamma with scale 1.
 *
 * Source: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", 2000; for shapes below 1
 * with their note on u^(1 / shape).
 */
export function gamma(stream: PhiloxStream, shape: number): number {
  if (shape < 1) return gamma(stream, shape + 1) * (1 - stream.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(stream);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - stream.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Weights that add up to 1 (Dirichlet's distribution), all with the same concentration. */
export function dirichlet(stream: PhiloxStream, alpha: number, count: number): number[] {
  const parts = Array.from({ length: count }, () => gamma(stream, alpha));
  const sum = parts.reduce((total, part) => total + part, 0);
  // For a tiny alpha every part may be too small for a number: then one of them takes all.
  if (sum === 0) {
    const all = stream.integer(count);
    return parts.map((_, i) => (i === all ? 1 : 0));
  }
  return parts.map((part) => part / sum);
}

/** Beta with both parameters alike. */
export function beta(stream: PhiloxStream, alpha: number): number {
  return dirichlet(stream, alpha, 2)[0];
}
