/**
 * From a fused loop to a loop nest and a partition of its work: decisions made from shapes alone, so that the
 * order of every sum is the same with any number of threads.
 *
 * Adjacent dimensions are collapsed first. What is left has one innermost dimension, which is vectorised, and
 * outer dimensions, each kept or reduced. There are three nests:
 *
 * - `map`: no reduction. Rows of the innermost dimension, in chunks.
 * - `rows`: the innermost dimension is reduced. For each kept element, over rows; accumulators run along a row.
 * - `columns`: the innermost dimension is kept. For each block of columns, over rows; accumulators stand still.
 */
import { bytesOf } from "../../../base/dtype.ts";
import type { FusedLoop, FusedOutput } from "../../contract/fused_loop.ts";
import { canVectorise, loopWeight } from "./fused_body.ts";

/** One array that the loop touches: an input or a stored output. Strides in elements. */
export interface Access {
  readonly bytes: number;
  /** Stride along the innermost dimension. */
  readonly inner: number;
}

export interface Dimension {
  readonly size: number;
  /** One stride per access. */
  readonly strides: readonly number[];
}

export interface LoopNest {
  readonly kind: "map" | "rows" | "columns";
  readonly vector: boolean;
  /** Inputs of the loop, then its stored outputs in order. */
  readonly accesses: readonly Access[];
  /** Kept dimensions outside the innermost (and outside its chunks, in a `columns` nest). */
  readonly kept: readonly Dimension[];
  /** Reduced dimensions outside the innermost; in a `rows` nest the chunks of the innermost come last. */
  readonly reduced: readonly Dimension[];
  readonly length: number;
  /** The innermost dimension is cut into `chunks` pieces of `chunk` elements; the last may be shorter. */
  readonly chunk: number;
  readonly chunks: number;
  /** Reduced rows are cut into `splits` parts of `rowsPerSplit`. */
  readonly splits: number;
  readonly rowsPerSplit: number;
  /** Elements of one reduced output. */
  readonly keptCount: number;
  /** Items (rows of a map; kept elements or column chunks, times splits) in all, and in one unit. */
  readonly items: number;
  readonly itemsPerUnit: number;
  readonly units: number;
  /** Vectors per turn of the innermost loop. */
  readonly unroll: number;
}

/** Elements of a column chunk; a multiple of the widest unrolled step. */
const COLUMN_CHUNK = 64;
/** Enough units that several threads share them evenly. */
const WANTED_UNITS = 64;

export function planNest(loop: FusedLoop): LoopNest {
  const vector = canVectorise(loop);
  const weight = loopWeight(loop) * (vector ? 1 : 4);
  const unitElements = Math.max(2048, Math.floor(131072 / (weight + 4)) & ~15);
  const unroll = !vector ? 1 : weight <= 8 ? 4 : weight <= 24 ? 2 : 1;
  const { dimensions, accesses } = collapse(loop);
  const outer = dimensions.slice(0, -1);
  const inner = dimensions[dimensions.length - 1];
  const reducing = loop.outputs.some((output) => output.kind === "reduce");
  const keptCount = dimensions.reduce((count, d) => (d.reduced ? count : count * d.size), 1);
  const common = {
    vector,
    accesses: accesses.map((access, a) => ({ bytes: access, inner: inner.strides[a] })),
    length: inner.size,
    keptCount,
    unroll,
  };
  const kept = outer.filter((d) => !d.reduced);
  const reduced = outer.filter((d) => d.reduced);

  if (!reducing || inner.reduced) {
    const chunk = Math.min(inner.size, reducing ? Math.min(1024, unitElements) : unitElements);
    const chunks = Math.ceil(inner.size / chunk);
    const pieces = chunks === 1 ? [] : [{ size: chunks, strides: inner.strides.map((s) => s * chunk) }];
    if (!reducing) {
      const rows = [...kept, ...pieces];
      const partition = group(count(rows), chunk, unitElements);
      return {
        ...common,
        ...partition,
        kind: "map",
        kept: rows,
        reduced: [],
        chunk,
        chunks,
        splits: 1,
        rowsPerSplit: 1,
      };
    }
    const rows = [...reduced, ...pieces];
    const split = splitRows(count(kept), count(rows), chunk, unitElements);
    const partition = group(count(kept) * split.splits, split.rowsPerSplit * chunk, unitElements);
    return { ...common, ...split, ...partition, kind: "rows", kept, reduced: rows, chunk, chunks };
  }
  const chunk = Math.min(inner.size, COLUMN_CHUNK);
  const chunks = Math.ceil(inner.size / chunk);
  const split = splitRows(count(kept) * chunks, count(reduced), chunk, unitElements);
  const partition = group(count(kept) * chunks * split.splits, split.rowsPerSplit * chunk, unitElements);
  return { ...common, ...split, ...partition, kind: "columns", kept, reduced, chunk, chunks };
}

/** The reductions of a loop, in the order of its outputs. */
export function reductionsOf(loop: FusedLoop): (FusedOutput & { kind: "reduce" })[] {
  return loop.outputs.filter((output) => output.kind === "reduce");
}

interface Collapsed {
  readonly dimensions: { size: number; strides: number[]; reduced: boolean }[];
  readonly accesses: number[];
}

function collapse(loop: FusedLoop): Collapsed {
  const rank = loop.shape.length;
  const axes = new Set(reductionsOf(loop)[0]?.axes ?? []);
  const storeStrides = new Array<number>(rank);
  for (let d = rank - 1, stride = 1; d >= 0; stride *= loop.shape[d--]) storeStrides[d] = stride;
  const stores = loop.outputs.filter((output) => output.kind === "store");
  const accesses = [...loop.inputs, ...stores].map((access) => bytesOf(access.dtype));
  const stridesOf = [...loop.inputs.map((input) => input.strides), ...stores.map(() => storeStrides)];
  const dimensions: Collapsed["dimensions"] = [];
  for (let d = 0; d < rank; d++) {
    if (loop.shape[d] === 1) continue;
    const next = { size: loop.shape[d], strides: stridesOf.map((s) => s[d]), reduced: axes.has(d) };
    const last = dimensions.at(-1);
    const joins =
      last !== undefined &&
      last.reduced === next.reduced &&
      last.strides.every((stride, a) => stride === next.strides[a] * next.size);
    if (joins) dimensions[dimensions.length - 1] = { ...next, size: last.size * next.size };
    else dimensions.push(next);
  }
  if (dimensions.length === 0) {
    const strides = stridesOf.map((_, a) => (a < loop.inputs.length ? 0 : 1));
    dimensions.push({ size: 1, strides, reduced: reductionsOf(loop).length > 0 });
  }
  return { dimensions, accesses };
}

function count(dimensions: readonly Dimension[]): number {
  return dimensions.reduce((product, d) => product * d.size, 1);
}

/** Cuts reduced rows if there would be too few units without. */
function splitRows(base: number, rows: number, length: number, unitElements: number) {
  const wanted = Math.ceil(WANTED_UNITS / base);
  const useful = Math.floor((rows * length) / unitElements);
  const most = Math.max(1, Math.min(wanted, rows, useful));
  const rowsPerSplit = Math.ceil(rows / most);
  return { rowsPerSplit, splits: Math.ceil(rows / rowsPerSplit) };
}

function group(items: number, itemElements: number, unitElements: number) {
  const itemsPerUnit = Math.min(items, Math.max(1, Math.floor(unitElements / itemElements)));
  return { items, itemsPerUnit, units: Math.ceil(items / itemsPerUnit) };
}
