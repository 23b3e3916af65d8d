/** Functions that repeat elements or put them in reverse order. */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import {
  broadcastShapes,
  formatShape,
  normalizeDim,
  normalizeDims,
  numel,
  type Shape,
} from "../../base/shape.ts";
import type { Value } from "../../graph/node.ts";
import * as ops from "../../ops/shape_ops.ts";
import * as slicing from "../../ops/slicing.ts";
import { defineFunction } from "../define.ts";
import { Tensor, valueOf } from "../tensor.ts";
import type { Sizes, ToShapeOf, WithSizes } from "./shape.ts";

export interface Expand {
  (input: Tensor, ...sizes: Sizes): Tensor;
  (input: Tensor, options: { size: readonly number[] }): Tensor;
}

function expanded(of: string, value: Value, sizes: Shape): Value {
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
  return ops.expand(value, shape);
}

/** Dimensions of size 1 repeated to the sizes given; -1 leaves one as it is, new ones come in front. */
export const expand: Expand = defineFunction("expand", ["input", "*size"], ({ input, size = [] }) => {
  return new Tensor(expanded("expand", valueOf(input, "input", "expand"), size));
});

/** `input.expand(other.shape)` */
export const expandAs: ToShapeOf = defineFunction("expandAs", ["input", "other"], ({ input, other }) => {
  return new Tensor(expanded("expandAs", valueOf(input, "input", "expandAs"), other.shape));
});

/** As `expand`. */
export const broadcastTo: WithSizes = defineFunction(
  "broadcastTo",
  ["input", "*shape"],
  ({ input, shape = [] }) => {
    return new Tensor(expanded("broadcastTo", valueOf(input, "input", "broadcastTo"), shape));
  },
);

export type BroadcastTensors = (...tensors: Tensor[] | [readonly Tensor[]]) => Tensor[];

/** All tensors expanded to the shape that they broadcast to. */
export const broadcastTensors: BroadcastTensors = defineFunction(
  "broadcastTensors",
  ["*tensors"],
  ({ tensors }) => {
    const values = (tensors as unknown[]).map((one) => valueOf(one, "tensors", "broadcastTensors"));
    const shape = broadcastShapes(
      values.map((v) => v.shape),
      "broadcastTensors",
    );
    return values.map((v) => new Tensor(ops.expand(v, shape)));
  },
);

export interface Repeat {
  (input: Tensor, ...repeats: Sizes): Tensor;
  (input: Tensor, options: { repeats: readonly number[] }): Tensor;
}

/** Each dimension laid end to end so many times: through a dimension of its own, expanded and merged. */
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

/** The tensor laid end to end `repeats[d]` times along each dimension; new dimensions come in front. */
export const repeat: Repeat = defineFunction("repeat", ["input", "*repeats"], ({ input, repeats = [] }) => {
  return new Tensor(tiled("repeat", valueOf(input, "input", "repeat"), repeats));
});

export interface Tile {
  (input: Tensor, ...dims: Sizes): Tensor;
  (input: Tensor, options: { dims: readonly number[] }): Tensor;
}

/** As `repeat`, but with fewer numbers than dimensions the first ones are not repeated. */
export const tile: Tile = defineFunction("tile", ["input", "*dims"], ({ input, dims = [] }) => {
  const value = valueOf(input, "input", "tile");
  const missing = Math.max(0, value.shape.length - dims.length);
  return new Tensor(tiled("tile", value, [...new Array<number>(missing).fill(1), ...dims]));
});

export interface RepeatInterleave {
  (input: Tensor, repeats: number, dim?: number | null): Tensor;
  (input: Tensor, repeats: number, options: { dim?: number | null }): Tensor;
}

/** Each element `repeats` times in a row, along a dimension or (without) of the flattened tensor. */
export const repeatInterleave: RepeatInterleave = defineFunction(
  "repeatInterleave",
  ["input", "repeats", "dim?"],
  ({ input, repeats, dim = null }) => {
    if (!Number.isInteger(repeats) || repeats < 0) {
      throw new ArgumentError("repeatInterleave: expected `repeats` to be a whole number of 0 or more");
    }
    const given = valueOf(input, "input", "repeatInterleave");
    const value = dim === null ? ops.reshape(given, [numel(given.shape)]) : given;
    const at = normalizeDim(dim ?? 0, value.shape.length, "repeatInterleave");
    const [before, after] = [value.shape.slice(0, at + 1), value.shape.slice(at + 1)];
    const grown = ops.expand(ops.reshape(value, [...before, 1, ...after]), [...before, repeats, ...after]);
    return new Tensor(
      ops.reshape(
        grown,
        value.shape.map((size, d) => (d === at ? size * repeats : size)),
      ),
    );
  },
);

export interface Flip {
  (input: Tensor, ...dims: Sizes): Tensor;
  (input: Tensor, options: { dims: readonly number[] }): Tensor;
}

/** Elements in reverse order along the dimensions given. */
export const flip: Flip = defineFunction("flip", ["input", "*dims"], ({ input, dims = [] }) => {
  const value = valueOf(input, "input", "flip");
  if (dims.length === 0) return new Tensor(value);
  return new Tensor(slicing.flip(value, normalizeDims(dims, value.shape.length, "flip")));
});

/** Left and right exchanged: along dimension 1. */
export const fliplr: (input: Tensor) => Tensor = defineFunction("fliplr", ["input"], ({ input }) =>
  flip(input, 1),
);
/** Up and down exchanged: along dimension 0. */
export const flipud: (input: Tensor) => Tensor = defineFunction("flipud", ["input"], ({ input }) =>
  flip(input, 0),
);

export interface Roll {
  (input: Tensor, shifts: number | readonly number[], dims?: number | readonly number[] | null): Tensor;
  (
    input: Tensor,
    shifts: number | readonly number[],
    options: { dims?: number | readonly number[] | null },
  ): Tensor;
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

/** Elements moved on by `shifts` along dimensions, those that fall out coming in again at the other end. */
export const roll: Roll = defineFunction(
  "roll",
  ["input", "shifts", "dims?"],
  ({ input, shifts, dims = null }) => {
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
    let out = value;
    list.forEach((d, i) => {
      const at = normalizeDim(d, value.shape.length, "roll");
      if (value.shape.length > 0) out = rolled(out, amounts[i], at);
    });
    return new Tensor(out);
  },
);
