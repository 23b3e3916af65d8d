/** Indexing that reads like Python's: `x.at(1, ":", "2:5", null, -1)` for `x[1, :, 2:5, None, -1]`. */

import type { TypedArray } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError, IndexError, ShapeError } from "../../../base/errors.ts";
import {
  broadcastShapes,
  contiguousStrides,
  formatShape,
  MOST_DIMENSIONS,
  numel,
  type Shape,
} from "../../../base/shape.ts";
import { constantValue, emit, type Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import { add, cast, mul } from "../../../ops/elementwise/elementwise.ts";
import { indexSelect, wrapIndexOp } from "../../../ops/shape/indexing.ts";
import { expand, permute, reshape } from "../../../ops/shape/shape_ops.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { valueFromData } from "../../list_data.ts";
import { positionsOf as givenPositions, type Positions } from "../../positions.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { selectStep, sliceStep } from "../../views/steps.ts";
import { reshapedView, viewOf } from "../../views/view.ts";
import { positionIn, sliceBounds } from "./slicing.ts";

/**
 * One index: a position, `"start:end:step"` (any part may be missing), `null` for a new dimension, `"..."`
 * for all dimensions not named, a tensor (or lists) of positions, or a mask of bools.
 */
export type Index = string | null | Positions | MaskList;

/** Nested lists of booleans. */
export type MaskList = readonly (boolean | MaskList)[];

/** The positions along one of a mask's dimensions, of the size given. */
class MaskDimension {
  readonly positions: Value;
  readonly size: number;

  constructor(positions: Value, size: number) {
    this.positions = positions;
    this.size = size;
  }
}

/** An index once masks are written out as positions. */
type PlainIndex = Exclude<Index, MaskList> | MaskDimension;

export interface AtParameters extends InputParameter {
  /** One index for each dimension; `":"`, the default, for those that are not named. */
  indices?: readonly Index[];
}

/**
 * Part of a tensor, by Python's and NumPy's rules for `x[...]`: a view with numbers, slices and `null`, whose in-place
 * changes change the tensor (`x.at(0).zero_()`); a copy with lists, tensors and masks, for which `setAt_` writes.
 *
 * Tensors of positions broadcast against each other; what they pick stands in their place if they are next to
 * each other, else in front. A mask of bools stands for the positions at which it is true, and for as many
 * dimensions as it has; it must have been given as data, since the result's size depends on it. If a mask is
 * computed, use `where` or `maskedFill`, or await `maskedSelect` or `nonzero`.
 *
 * @example
 * ```ts
 * x.at(0); // x[0]
 * x.at("...", -1); // x[..., -1]
 * x.at(":", "::2", null); // x[:, ::2, None]
 * tensor([5, 6, 7]).at([true, false, true]).tolist(); // [5, 7]
 * ```
 */
export const at = defineCall<AtParameters>("at")(
  // A single list is a list of positions, not all the indices.
  ["input", "**indices"],
  (input: Tensor, indices: readonly Index[] = []): Tensor =>
    indexed(input, spread(valueOf(input, "input", "at"), indices.flatMap(withoutMask))),
);

function withoutMask(index: Index): PlainIndex[] {
  if (Array.isArray(index) && typeof firstLeaf(index) === "boolean") {
    const mask = valueFromData("at", index, null);
    if (mask.dtype === "bool") return positionsOfMask(mask.data as TypedArray, mask.shape);
  }
  if (!(index instanceof Tensor) || (index.dtype !== "bool" && index.dtype !== "uint8"))
    return [index as PlainIndex];
  const { data, shape } = index.value;
  if (data === null || shape.length === 0) {
    throw new DTypeError(
      "at: expected a mask whose elements are known already, since the result's size depends on them, got one that is " +
        `${data === null ? "not computed yet" : "a single number"}; use where, maskedFill or await maskedSelect`,
    );
  }
  return positionsOfMask(data, shape);
}

/** The first thing in nested lists that is not a list. */
function firstLeaf(list: unknown): unknown {
  let at = list;
  for (let level = 0; level <= MOST_DIMENSIONS && Array.isArray(at); level++) at = at[0];
  return at;
}

function positionsOfMask(mask: TypedArray, shape: Shape): MaskDimension[] {
  const found: number[] = [];
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) found.push(i);
  return contiguousStrides(shape).map((stride, d) => {
    const along = Float64Array.from(found, (i) => Math.floor(i / stride) % shape[d]);
    return new MaskDimension(constantValue(along, [found.length], "int64"), shape[d]);
  });
}

/** The indices with `"..."` written out. */
function spread(value: Value, indices: readonly PlainIndex[]): PlainIndex[] {
  const named = indices.filter((i) => i !== null && i !== "...").length;
  const rank = value.shape.length;
  if (named > rank)
    throw new IndexError(
      `at: ${named} indices are too many for a tensor of shape ${formatShape(value.shape)}`,
    );
  const rest = new Array<PlainIndex>(rank - named).fill(":");
  const dots = indices.indexOf("...");
  if (dots < 0) return [...indices, ...rest];
  if (indices.indexOf("...", dots + 1) >= 0) throw new ArgumentError('at: expected "..." at most once');
  return [...indices.slice(0, dots), ...rest, ...indices.slice(dots + 1)];
}

/** Positions of one dimension of the result so far. */
interface Picked {
  readonly dim: number;
  readonly positions: Value;
}

function indexed(start: Tensor, indices: readonly PlainIndex[]): Tensor {
  let part = start;
  let dim = 0;
  const picked: Picked[] = [];
  // A plain number beside tensors of positions broadcasts with them.
  const advanced = indices.some((i) => i instanceof Tensor || i instanceof MaskDimension || Array.isArray(i));
  for (const index of indices) {
    if (index === null) {
      const { shape } = part.value;
      part = reshapedView(part, [...shape.slice(0, dim), 1, ...shape.slice(dim)]);
      dim++;
    } else if (typeof index === "string") {
      const size = part.value.shape[dim];
      const [from, count, step] = parseSlice(index, size);
      if (from !== 0 || count !== size) part = viewOf(part, sliceStep(dim, from, count, step));
      dim++;
    } else if (typeof index === "number" && !advanced) {
      part = viewOf(part, selectStep(dim, positionIn("at", part.value.shape, dim, index)));
    } else {
      picked.push({ dim, positions: positionsOf(index, part.value.shape[dim]) });
      dim++;
    }
  }
  if (picked.length > 0) return new Tensor(pick(part.value, picked));
  return part === start ? reshapedView(start, start.value.shape) : part;
}

function parseSlice(text: string, size: number): [from: number, count: number, step: number] {
  const parts = text.split(":").map((part) => part.trim());
  const wrong = parts.some((part) => part !== "" && !/^-?\d+$/.test(part));
  if (parts.length < 2 || parts.length > 3 || wrong) {
    throw new ArgumentError(`at: expected "start:end:step", "..." or a number, got "${text}"`);
  }
  const [start, end, step] = parts.map((part) => (part === "" ? null : Number(part)));
  const by = step ?? 1;
  return [...sliceBounds("at", size, start, end, by), by];
}

function positionsOf(index: Exclude<PlainIndex, string | null>, size: number): Value {
  if (index instanceof MaskDimension) {
    if (index.size !== size)
      throw new IndexError(`at: a mask of size ${index.size} does not fit a dimension of size ${size}`);
    return index.positions;
  }
  if (typeof index === "number") {
    if (!Number.isInteger(index) || index < -size || index >= size) {
      throw new IndexError(`at: index ${index} is out of range: expected ${-size} to ${size - 1}`);
    }
    return constant(index < 0 ? index + size : index, "int64");
  }
  const value = givenPositions("at", "index", index);
  return emit(wrapIndexOp, [value], { size });
}

/** Takes elements at combined positions of several dimensions, through one list of positions. */
function pick(value: Value, picked: readonly Picked[]): Value {
  const dims = picked.map((p) => p.dim);
  const rest = value.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const shape = broadcast(picked.map((p) => p.positions.shape));
  let flat: Value | null = null;
  for (const { dim, positions } of picked) {
    const here = cast(expand(positions, shape), "int64");
    flat = flat === null ? here : add(mul(flat, constant(value.shape[dim], "int64")), here);
  }
  const list = reshape(flat as Value, [numel(shape)]);
  const front = permute(value, [...dims, ...rest]);
  const restShape = rest.map((d) => value.shape[d]);
  const rows = reshape(front, [numel(dims.map((d) => value.shape[d])), ...restShape]);
  const taken = reshape(indexSelect(rows, 0, list), [...shape, ...restShape]);
  const together = dims[dims.length - 1] - dims[0] === dims.length - 1;
  if (!together || dims[0] === 0) return taken;
  const before = dims[0];
  const order = [
    ...Array.from({ length: before }, (_, i) => shape.length + i),
    ...shape.map((_, i) => i),
    ...Array.from({ length: restShape.length - before }, (_, i) => shape.length + before + i),
  ];
  return permute(taken, order);
}

function broadcast(shapes: readonly Shape[]): number[] {
  try {
    return broadcastShapes(shapes, "at");
  } catch (error) {
    if (error instanceof ShapeError) throw new IndexError(error.message);
    throw error;
  }
}
