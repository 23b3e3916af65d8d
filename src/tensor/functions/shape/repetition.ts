/** Functions that repeat elements or put them in reverse order. */

import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import {
  broadcastShapes,
  formatShape,
  normalizeDim,
  normalizeDims,
  numel,
  type Shape,
} from "../../../base/shape.ts";
import { constantValue, type Value } from "../../../graph/node.ts";
import { indexSelect } from "../../../ops/shape/indexing.ts";
import * as ops from "../../../ops/shape/shape_ops.ts";
import * as slicing from "../../../ops/shape/slicing.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { positionsOf } from "../../positions.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { expandStep } from "../../views/steps.ts";
import { viewOf } from "../../views/view.ts";
import type { UnaryParameters } from "../elementwise/unary.ts";
import type { ToShapeOfParameters, WithSizesParameters } from "./shape.ts";

export interface ExpandParameters extends InputParameter {
  /** The dimensions to broadcast to; -1 keeps one. */
  size?: readonly number[];
}

function expanded(of: string, input: unknown, sizes: Shape): Tensor {
  const value = valueOf(input, "input", of);
  const shift = sizes.length - value.shape.length;
  if (shift < 0) {
    throw new ShapeError(
      `${of}: expected at least ${value.shape.length} sizes for ${formatShape(value.shape)}, got ${formatShape(sizes)}`,
    );
  }
  const shape = sizes.map((size, d) => {
    const own = d < shift ? undefined : value.shape[d - shift];
    if (size === -1 && own !== undefined) return own;
    if (size < 0 || (own !== undefined && own !== 1 && own !== size)) {
      throw new ShapeError(
        `${of}: cannot expand ${formatShape(value.shape)} to ${formatShape(sizes)}: only dimensions of size 1 grow`,
      );
    }
    return size;
  });
  return viewOf(input as Tensor, expandStep(shape));
}

/**
 * Dimensions of size 1 repeated to the sizes given; -1 leaves one as it is, new ones come in front. A view, of which
 * several elements share one place: it can be filled, but not otherwise be changed in place.
 *
 * @throws ShapeError if a size other than 1 would have to change.
 * @example
 * ```ts
 * tensor([[1], [2]]).expand(2, 3).tolist(); // [[1, 1, 1], [2, 2, 2]]
 * ```
 */
export const expand = defineCall<ExpandParameters>("expand")(
  ["input", "*size:integers|null"],
  (input, size = []) => {
    return expanded("expand", input, size);
  },
);

/**
 * `input.expand(other.shape)`
 *
 * @example
 * ```ts
 * expandAs(tensor([1]), zeros(3)).tolist(); // [1, 1, 1]
 * ```
 */
export const expandAs = defineCall<ToShapeOfParameters>("expandAs")(["input", "other"], (input, other) => {
  return expanded("expandAs", input, valueOf(other, "other", "expandAs").shape);
});

/**
 * As `expand`.
 *
 * @example
 * ```ts
 * broadcastTo(tensor([1, 2]), [2, 2]).tolist(); // [[1, 2], [1, 2]]
 * ```
 */
export const broadcastTo = defineCall<ExpandParameters & Pick<WithSizesParameters, "shape">>("broadcastTo")(
  ["input", "*size:integers|null", "shape?:integers|null"],
  (input, size, shape) => {
    return expanded("broadcastTo", input, size ?? shape ?? []);
  },
);

export interface BroadcastTensorsParameters {
  /** The tensors. */
  tensors?: readonly Tensor[];
}

/**
 * All tensors expanded to the shape that they broadcast to.
 *
 * @example
 * ```ts
 * const [a, b] = broadcastTensors(zeros(3, 1), ones(2));
 * a.shape; // [3, 2]
 * ```
 */
export const broadcastTensors = defineCall<BroadcastTensorsParameters, Tensor[]>("broadcastTensors")(
  ["*tensors"],
  (tensors = []) => {
    const values = (tensors as unknown[]).map((one) => valueOf(one, "tensors", "broadcastTensors"));
    const shape = broadcastShapes(
      values.map((v) => v.shape),
      "broadcastTensors",
    );
    return (tensors as Tensor[]).map((one) => viewOf(one, expandStep(shape)));
  },
);

export interface RepeatParameters extends InputParameter {
  /** How often along each dimension. */
  repeats?: readonly number[];
}

/** Each dimension repeated a number of times: through a dimension of its own, expanded and merged. */
function tiled(of: string, value: Value, repeats: readonly number[]): Value {
  const shift = repeats.length - value.shape.length;
  if (shift < 0) {
    throw new ShapeError(
      `${of}: expected at least ${value.shape.length} repeats for ${formatShape(value.shape)}, got ${formatShape(repeats)}`,
    );
  }
  if (repeats.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new ArgumentError(`${of}: expected repeats of 0 or more, got ${formatShape(repeats)}`);
  }
  const own = repeats.map((_, d) => (d < shift ? 1 : value.shape[d - shift]));
  const apart = ops.reshape(
    value,
    own.flatMap((size) => [1, size]),
  );
  const grown = ops.expand(
    apart,
    own.flatMap((size, d) => [repeats[d], size]),
  );
  return ops.reshape(
    grown,
    own.map((size, d) => size * repeats[d]),
  );
}

/**
 * The tensor laid end to end `repeats[d]` times along each dimension; new dimensions come in front.
 *
 * @example
 * ```ts
 * repeat(tensor([1, 2]), 2, 2).tolist(); // [[1, 2, 1, 2], [1, 2, 1, 2]]
 * ```
 */
export const repeat = defineCall<RepeatParameters>("repeat")(["input", "*repeats"], (input, repeats = []) => {
  return new Tensor(tiled("repeat", valueOf(input, "input", "repeat"), repeats));
});

export interface TileParameters extends InputParameter {
  /** The dimensions. */
  dims?: readonly number[];
}

/**
 * As `repeat`, but with fewer numbers than dimensions the first ones are not repeated.
 *
 * @example
 * ```ts
 * tile(tensor([[1], [2]]), 2).tolist(); // [[1, 1], [2, 2]]
 * ```
 */
export const tile = defineCall<TileParameters>("tile")(
  ["input", "*dims:integers|null"],
  (input, dims = []) => {
    const value = valueOf(input, "input", "tile");
    const missing = Math.max(0, value.shape.length - dims.length);
    return new Tensor(tiled("tile", value, [...new Array<number>(missing).fill(1), ...dims]));
  },
);

export interface RepeatInterleaveParameters extends InputParameter {
  /** How often each element is repeated: one number, or one for each. */
  repeats: number | Tensor | readonly number[];
  /** The dimension. @default null */
  dim?: number | null;
  /** Length of the result, if it is known. @default null */
  outputSize?: number | null;
}

/**
 * Each element `repeats` times in a row, along a dimension or (without) of the flattened tensor. A tensor of
 * repeats, one per element, must have been given as data: the result's size depends on it.
 *
 * @example
 * ```ts
 * repeatInterleave(tensor([1, 2]), 2).tolist(); // [1, 1, 2, 2]
 * ```
 */
export const repeatInterleave = defineCall<RepeatInterleaveParameters>("repeatInterleave")(
  ["input", "repeats", "dim?", "outputSize?:integer|null"],
  (input, repeats, dim = null, outputSize = null) => {
    const given = valueOf(input, "input", "repeatInterleave");
    const value = dim === null ? ops.reshape(given, [numel(given.shape)]) : given;
    const at = normalizeDim(dim ?? 0, value.shape.length, "repeatInterleave");
    const times = repeatsOf(repeats, value.shape[at]);
    const total = times.reduce((sum, n) => sum + n, 0);
    if (outputSize !== null && outputSize !== total) {
      throw new ArgumentError(
        `repeatInterleave: expected an \`outputSize\` of ${total}, the sum of the repeats, got ${outputSize}`,
      );
    }
    const positions = times.flatMap((n, i) => new Array<number>(n).fill(i));
    const list = constantValue(Float64Array.from(positions), [positions.length], "int64");
    return new Tensor(indexSelect(value, at, list));
  },
);

function repeatsOf(repeats: unknown, size: number): number[] {
  const data =
    repeats instanceof Tensor
      ? positionsOf("repeatInterleave", "repeats", repeats).data
      : typeof repeats === "number"
        ? [repeats]
        : repeats;
  if (data === null) {
    throw new ArgumentError(
      "repeatInterleave: expected `repeats` to be known; read it first (await repeats.data())",
    );
  }
  const list = Array.from(data as ArrayLike<number>);
  if (list.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new ArgumentError("repeatInterleave: expected `repeats` of integers, 0 or more");
  }
  if (list.length === 1) return new Array<number>(size).fill(list[0]);
  if (list.length === size) return list;
  throw new ShapeError(`repeatInterleave: expected 1 or ${size} repeats, got ${list.length}`);
}

export interface FlipParameters extends InputParameter {
  /** The dimensions. */
  dims?: readonly number[];
}

/**
 * Elements in reverse order along the dimensions given.
 *
 * @example
 * ```ts
 * flip(tensor([[1, 2], [3, 4]]), [0, 1]).tolist(); // [[4, 3], [2, 1]]
 * ```
 */
export const flip = defineCall<FlipParameters>("flip")(
  ["input", "*dims:integers|null"],
  (input, dims = []) => {
    const value = valueOf(input, "input", "flip");
    if (dims.length === 0) return new Tensor(value);
    return new Tensor(slicing.flip(value, normalizeDims(dims, value.shape.length, "flip")));
  },
);

/**
 * Left and right exchanged: along dimension 1.
 *
 * @example
 * ```ts
 * fliplr(tensor([[1, 2]])).tolist(); // [[2, 1]]
 * ```
 */
export const fliplr = defineCall<UnaryParameters>("fliplr")(
  ["input"],
  (input: Tensor): Tensor => flip(input, 1),
);
/**
 * Up and down exchanged: along dimension 0.
 *
 * @example
 * ```ts
 * flipud(tensor([[1], [2]])).tolist(); // [[2], [1]]
 * ```
 */
export const flipud = defineCall<UnaryParameters>("flipud")(["input"], (input: Tensor): Tensor => {
  if (valueOf(input, "input", "flipud").shape.length > 0) return flip(input, 0);
  throw new ShapeError("flipud: expected at least one dimension, got a 0-dimensional tensor");
});

export interface Rot90Parameters extends InputParameter {
  /** How many quarter turns. @default 1 */
  k?: number;
  /** The dimensions. @default [0, 1] */
  dims?: readonly number[];
}

/**
 * Turned by 90 degrees `k` times in the plane of two dimensions, from the first towards the second.
 *
 * @example
 * ```ts
 * rot90(tensor([[1, 2], [3, 4]])).tolist(); // [[2, 4], [1, 3]]
 * ```
 */
export const rot90 = defineCall<Rot90Parameters>("rot90")(
  ["input", "k?:integer", "dims?:list"],
  (input, k = 1, dims = [0, 1]) => {
    const value = valueOf(input, "input", "rot90");
    const rank = value.shape.length;
    if (dims.length !== 2 || rank < 2) {
      throw new ShapeError(
        `rot90: expected two \`dims\` of a tensor of at least 2 dimensions, got [${dims.join(", ")}] of ${formatShape(value.shape)}`,
      );
    }
    const [from, to] = [normalizeDim(dims[0], rank, "rot90"), normalizeDim(dims[1], rank, "rot90")];
    if (from === to) throw new ShapeError(`rot90: expected two different dimensions, got ${from} twice`);
    const turns = ((k % 4) + 4) % 4;
    if (turns === 0) return new Tensor(value);
    if (turns === 2) return new Tensor(slicing.flip(value, [from, to]));
    const order = value.shape.map((_, d) => (d === from ? to : d === to ? from : d));
    return new Tensor(ops.permute(slicing.flip(value, [turns === 1 ? to : from]), order));
  },
);

export interface RollParameters extends InputParameter {
  /** How far along each dimension. */
  shifts: number | readonly number[];
  /** The dimensions. @default null */
  dims?: number | readonly number[] | null;
}

function rolled(value: Value, shift: number, dim: number): Value {
  const size = value.shape[dim];
  if (size === 0) return value;
  const start = ((-shift % size) + size) % size;
  if (start === 0) return value;
  return slicing.cat(
    [slicing.sliceDim(value, dim, start, size - start), slicing.sliceDim(value, dim, 0, start)],
    dim,
  );
}

/**
 * Elements moved on by `shifts` along dimensions, those that fall out coming in again at the other end.
 *
 * @example
 * ```ts
 * roll(tensor([1, 2, 3]), 1).tolist(); // [3, 1, 2]
 * ```
 */
export const roll = defineCall<RollParameters>("roll")(
  ["input", "shifts:integers", "dims?:integers|null"],
  (input, shifts, dims = null) => {
    const value = valueOf(input, "input", "roll");
    const amounts = [shifts].flat() as number[];
    if (dims === null || (Array.isArray(dims) && dims.length === 0)) {
      if (amounts.length !== 1)
        throw new ArgumentError(`roll: ${amounts.length} shifts need as many \`dims\``);
      const flat = ops.reshape(value, [numel(value.shape)]);
      return new Tensor(ops.reshape(rolled(flat, amounts[0], 0), value.shape));
    }
    const list = [dims].flat() as number[];
    if (list.length !== amounts.length)
      throw new ArgumentError(
        `roll: expected as many shifts as dims, got ${amounts.length} and ${list.length}`,
      );
    if (value.shape.length === 0) {
      throw new ShapeError(`roll: a 0-dimensional tensor has no dimension ${list[0]}`);
    }
    let out = value;
    list.forEach((d, i) => {
      out = rolled(out, amounts[i], normalizeDim(d, value.shape.length, "roll"));
    });
    return new Tensor(out);
  },
);
