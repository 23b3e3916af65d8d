/** Numbers over an image. */
import { ArgumentError } from "../base/errors.ts";

/** Numbers over an image, as plain data: a map of what mattered, a feature map. */
export interface HeatMap {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** `width * height` numbers, row by row from the top. */
  readonly values: Float32Array;
}

/**
 * A heat map in another size, interpolated bilinearly as PyTorch's `interpolate(mode="bilinear", align_corners=False)`
 * does.
 *
 * @throws ArgumentError for sizes that are not integers above 0.
 * @example
 * ```ts
 * import { resizeHeatMap } from "convoyant/look";
 * const small = { width: 2, height: 1, values: Float32Array.of(0, 1) };
 * [...resizeHeatMap(small, 4, 1).values]; // [0, 0.25, 0.75, 1]
 * ```
 */
export function resizeHeatMap(map: HeatMap, width: number, height: number): HeatMap {
  for (const size of [width, height]) {
    if (!Number.isInteger(size) || size < 1)
      throw new ArgumentError(`resizeHeatMap: expected sizes that are integers above 0, got ${String(size)}`);
  }
  if (width === map.width && height === map.height) return map;
  const columns = neighbours(map.width, width);
  const rows = neighbours(map.height, height);
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const { low: top, high: bottom, share: down } = rows[y];
    for (let x = 0; x < width; x++) {
      const { low: left, high: right, share: across } = columns[x];
      const at = (row: number, column: number) => map.values[row * map.width + column];
      const above = at(top, left) * (1 - across) + at(top, right) * across;
      const below = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      values[y * width + x] = above * (1 - down) + below * down;
    }
  }
  return { width, height, values };
}

/** For each place along a side, the two places of the old side between which its centre lies. */
function neighbours(from: number, to: number): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const low = Math.min(from - 1, Math.floor(place));
    return { low, high: Math.min(from - 1, low + 1), share: place - low };
  });
}

/** The smallest and the largest finite value; 0 and 0 if there is none. */
export function finiteRange(values: ArrayLike<number>): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}
