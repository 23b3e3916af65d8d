/** Where the elements of a tensor lie in the memory that it shares with others: what `stride()` tells. */
import { contiguousStrides, numel, type Shape } from "../../base/shape.ts";

/** Element [i, j, ...] lies at `offset + i * strides[0] + j * strides[1] + ...`. */
export interface Layout {
  readonly offset: number;
  readonly sizes: Shape;
  readonly strides: readonly number[];
}

export function contiguousLayout(sizes: Shape): Layout {
  return { offset: 0, sizes, strides: contiguousStrides(sizes.map((size) => Math.max(size, 1))) };
}

/** Whether the elements lie one behind the other in row-major order. */
export function isContiguous({ sizes, strides }: Layout): boolean {
  if (sizes.includes(0)) return true;
  let expected = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    if (sizes[d] === 1) continue;
    if (strides[d] !== expected) return false;
    expected *= sizes[d];
  }
  return true;
}

/**
 * The layout under another shape, if the memory allows it without a copy; else null. PyTorch's rule: dimensions can be
 * merged only if they follow each other in memory without gaps.
 */
export function reshapedLayout(layout: Layout, shape: Shape): Layout | null {
  const { offset, sizes, strides } = layout;
  if (numel(shape) === 0) return { ...contiguousLayout(shape), offset };
  const next = new Array<number>(shape.length);
  let to = shape.length - 1;
  // Blocks of dimensions that are contiguous in memory, from the last to the first.
  let blockStride = strides[strides.length - 1] ?? 1;
  let inBlock = 1;
  let taken = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    inBlock *= sizes[d];
    const endsBlock = d === 0 || (sizes[d - 1] !== 1 && strides[d - 1] !== inBlock * blockStride);
    if (!endsBlock) continue;
    while (to >= 0 && (taken < inBlock || shape[to] === 1)) {
      next[to] = taken * blockStride;
      taken *= shape[to];
      to--;
    }
    if (taken !== inBlock) return null;
    if (d > 0) {
      blockStride = strides[d - 1];
      inBlock = 1;
      taken = 1;
    }
  }
  for (; to >= 0; to--) next[to] = 1;
  return { offset, sizes: shape, strides: next };
}

/** Whether several elements share one place in memory (after `expand`, or windows that overlap). */
export function overlaps(layout: Layout): boolean {
  const { sizes, strides } = layout;
  if (sizes.includes(0)) return false;
  const dims = sizes.map((_, d) => d).filter((d) => sizes[d] > 1);
  dims.sort((a, b) => Math.abs(strides[a]) - Math.abs(strides[b]));
  // If each dimension steps over everything that the smaller ones reach, nothing can.
  let reach = 0;
  for (const d of dims) {
    if (strides[d] === 0) return true;
    if (Math.abs(strides[d]) <= reach) return sharesPlaces(layout);
    reach += Math.abs(strides[d]) * (sizes[d] - 1);
  }
  return false;
}

/** The same by looking at every element. */
function sharesPlaces({ sizes, strides }: Layout): boolean {
  const own = contiguousStrides(sizes);
  const seen = new Set<number>();
  const count = numel(sizes);
  for (let i = 0; i < count; i++) {
    let place = 0;
    for (let d = 0; d < sizes.length; d++) place += (Math.floor(i / own[d]) % sizes[d]) * strides[d];
    seen.add(place);
  }
  return seen.size < count;
}
