/** VP8's loop filter, which smooths the edges of blocks. Source: RFC 6386, section 15. */
import type { Vp8Filter } from "./vp8_header.ts";

/** A plane of samples, a row every `stride`. */
export interface Vp8Plane {
  readonly data: Uint8ClampedArray;
  readonly stride: number;
}

/** The filter of a macroblock, and whether the edges inside it are filtered too. */
export interface MacroblockFilter {
  readonly filter: Vp8Filter;
  readonly inside: boolean;
}

/** Filters all macroblocks, row by row: luma alone if `simple`, luma and both chroma planes otherwise. */
export function filterFrame(
  planes: readonly Vp8Plane[],
  blocksWide: number,
  filters: readonly MacroblockFilter[],
  simple: boolean,
): void {
  filters.forEach(({ filter, inside }, i) => {
    if (filter.level === 0) return;
    const column = i % blocksWide;
    const row = (i - column) / blocksWide;
    for (const [p, plane] of planes.entries()) {
      if (simple && p > 0) break;
      const size = p === 0 ? 16 : 8;
      filterBlock(plane, size, column, row, filter, inside, simple);
    }
  });
}

function filterBlock(
  { data, stride }: Vp8Plane,
  size: number,
  column: number,
  row: number,
  filter: Vp8Filter,
  inside: boolean,
  simple: boolean,
): void {
  const at = (row * stride + column) * size;
  // First edges between columns, then between rows; the outer before the inner ones.
  for (const [across, along, isOuter] of [
    [1, stride, column > 0],
    [stride, 1, row > 0],
  ] as const) {
    for (let i = isOuter ? 0 : 4; i < size; i += 4) {
      if (i > 0 && !inside) break;
      const level = filter.level + (i === 0 ? 4 : 0);
      if (simple) filterSimple(data, at + i * across, across, along, level);
      else filterNormal(data, at + i * across, across, along, size, level, filter, i === 0);
    }
  }
}

const clamp = (value: number, least: number, most: number) =>
  value < least ? least : value > most ? most : value;

function filterSimple(
  data: Uint8ClampedArray,
  from: number,
  across: number,
  along: number,
  level: number,
): void {
  for (let n = 0, at = from; n < 16; n++, at += along) {
    if (differs(data, at, across, level)) continue;
    smoothTwo(data, at, across);
  }
}

/** Whether an edge is too strong to be an artefact. */
function differs(data: Uint8ClampedArray, at: number, across: number, level: number): boolean {
  const p0 = data[at - across];
  const p1 = data[at - 2 * across];
  return 2 * Math.abs(p0 - data[at]) + (Math.abs(p1 - data[at + across]) >> 1) > level;
}

function smoothTwo(data: Uint8ClampedArray, at: number, across: number): void {
  const p1 = data[at - 2 * across];
  const p0 = data[at - across];
  const q0 = data[at];
  const a = 3 * (q0 - p0) + clamp(p1 - data[at + across], -128, 127);
  data[at - across] = p0 + clamp((a + 3) >> 3, -16, 15);
  data[at] = q0 - clamp((a + 4) >> 3, -16, 15);
}

function filterNormal(
  data: Uint8ClampedArray,
  from: number,
  across: number,
  along: number,
  size: number,
  level: number,
  { inner, variance }: Vp8Filter,
  isOuter: boolean,
): void {
  for (let n = 0, at = from; n < size; n++, at += along) {
    if (differs(data, at, across, level)) continue;
    const p3 = data[at - 4 * across];
    const p2 = data[at - 3 * across];
    const p1 = data[at - 2 * across];
    const p0 = data[at - across];
    const q0 = data[at];
    const q1 = data[at + across];
    const q2 = data[at + 2 * across];
    const q3 = data[at + 3 * across];
    if (Math.abs(p3 - p2) > inner || Math.abs(p2 - p1) > inner || Math.abs(p1 - p0) > inner) continue;
    if (Math.abs(q1 - q0) > inner || Math.abs(q2 - q1) > inner || Math.abs(q3 - q2) > inner) continue;
    if (Math.abs(p1 - p0) > variance || Math.abs(q1 - q0) > variance) smoothTwo(data, at, across);
    else if (isOuter) {
      const a = clamp(3 * (q0 - p0) + clamp(p1 - q1, -128, 127), -128, 127);
      const [near, middle, far] = [(27 * a + 63) >> 7, (18 * a + 63) >> 7, (9 * a + 63) >> 7];
      data[at - 3 * across] = p2 + far;
      data[at - 2 * across] = p1 + middle;
      data[at - across] = p0 + near;
      data[at] = q0 - near;
      data[at + across] = q1 - middle;
      data[at + 2 * across] = q2 - far;
    } else {
      const a = 3 * (q0 - p0);
      const near = clamp((a + 4) >> 3, -16, 15);
      const far = (near + 1) >> 1;
      data[at - 2 * across] = p1 + far;
      data[at - across] = p0 + clamp((a + 3) >> 3, -16, 15);
      data[at] = q0 - near;
      data[at + across] = q1 - far;
    }
  }
}
