import { ArgumentError, ShapeError } from "./errors.ts";
import { shownText, shownValue } from "./shown_value.ts";

/** Sizes of a tensor's dimensions, outermost first. */
export type Shape = readonly number[];

/** Number of elements. */
export function numel(shape: Shape): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** PyTorch's limit on dimensions. */
export const MOST_DIMENSIONS = 64;

/** `[2, 3, 4]` as it appears in messages. */
export function formatShape(shape: Shape): string {
  return shape.length <= MOST_DIMENSIONS && shape.every((size) => typeof size === "number")
    ? `[${shape.join(", ")}]`
    : shownValue(shape);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** Row-major strides in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/** The shape to which all of `shapes` broadcast, aligned at the last dimension. */
export function broadcastShapes(shapes: readonly Shape[], of?: string): number[] {
  const rank = shapes.reduce((most, { length }) => Math.max(most, length), 0);
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const shift = rank - shape.length;
    for (let i = 0; i < shape.length; i++) {
      const size = shape[i];
      const seen = out[i + shift];
      if (size === seen || size === 1) continue;
      if (seen !== 1) {
        throw new ShapeError(
          `${of === undefined ? "" : `${of}: `}shapes ${shapes.map(formatShape).join(" and ")} do not broadcast: ` +
            `dimension ${i + shift} has sizes ${seen} and ${size}, which must be equal or 1`,
        );
      }
      out[i + shift] = size;
    }
  }
  return out;
}

/** Strides (in elements) that walk a contiguous tensor of `shape` through a broadcast to `to`. */
export function broadcastStrides(shape: Shape, to: Shape): number[] {
  const own = contiguousStrides(shape);
  const shift = to.length - shape.length;
  return to.map((_, i) => (i < shift || shape[i - shift] === 1 ? 0 : own[i - shift]));
}

/** A dimension counted from either end, as 0..rank-1; a 0-dimensional tensor takes 0 and -1. */
export function normalizeDim(dim: number, rank: number, op: string): number {
  const span = Math.max(rank, 1);
  if (!Number.isInteger(dim) || dim < -span || dim >= span) {
    throw new ShapeError(
      `${op}: dimension ${shownText(dim)} is out of range: expected ${-span} to ${span - 1} for a tensor of rank ${rank}`,
    );
  }
  return dim < 0 ? dim + span : dim;
}

/** Several dimensions, each once, ascending; `undefined` or an empty list means all of them. */
export function normalizeDims(
  dims: number | readonly number[] | null | undefined,
  rank: number,
  op: string,
): number[] {
  if (dims === null || dims === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof dims === "number" ? [dims] : dims;
  if (!Array.isArray(list)) {
    throw new ArgumentError(
      `${op}: expected a dimension or a list of them, got ${typeof dims === "string" ? `"${dims}"` : typeof dims}`,
    );
  }
  if (rank > 64) throw new ShapeError(`${op}: expected a tensor of at most 64 dimensions, got ${rank}`);
  if (list.length === 0) return Array.from({ length: rank }, (_, i) => i);
  const out = list.map((d) => normalizeDim(d, rank, op));
  if (new Set(out).size !== out.length) {
    throw new ShapeError(`${op}: a dimension appears twice in [${list.join(", ")}]`);
  }
  if (rank === 0) return [];
  return out.sort((a, b) => a - b);
}
