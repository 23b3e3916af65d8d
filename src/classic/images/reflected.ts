/** Places beyond the edge of an image. */

/** The place that stands for `at` in a row of `size`: mirrored at the first and the last pixel, which are not repeated. */
export function reflected(at: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((at % period) + period) % period;
  return within < size ? within : period - within;
}
