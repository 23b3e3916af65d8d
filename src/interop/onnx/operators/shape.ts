/** Operators that change shapes and leave the elements as they are. */
import * as F from "../../../tensor/functions/index.ts";
import type { OnnxValue } from "../known_array.ts";
import { KnownArray } from "../known_array.ts";
import { expanded, MOST_KNOWN, transposed } from "../known_math.ts";
import { dimension, NodeFault, type NodeInputs, type NodeSettings, type OnnxOperator } from "../operator.ts";

/** A value under another shape of as many elements. */
export function reshaped(value: OnnxValue, shape: readonly number[]): OnnxValue {
  return value instanceof KnownArray ? value.reshaped(shape) : F.reshape(value, shape);
}

/** What `compute` makes of an array that is known; undefined for a tensor, or an array that becomes too large. */
function ifKnown(
  value: OnnxValue,
  compute: (known: KnownArray) => KnownArray | undefined,
): KnownArray | undefined {
  return value instanceof KnownArray ? compute(value) : undefined;
}

const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const isSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;

/** 0 keeps a size (unless `allowZero`), one -1 takes what is left. */
function resolved(from: readonly number[], to: readonly number[], allowZero: boolean): number[] {
  const sizes = to.map((size, d) => {
    if (size !== 0 || allowZero) return size;
    if (d < from.length) return from[d];
    throw new NodeFault(`a 0 keeps size ${d} of [${from.join(", ")}], which has none`);
  });
  const open = sizes.indexOf(-1);
  const rest = elements(sizes.filter((_, d) => d !== open));
  if (open >= 0) sizes[open] = rest === 0 ? 0 : elements(from) / rest;
  if (sizes.every((size) => Number.isInteger(size) && size >= 0) && elements(sizes) === elements(from))
    return sizes;
  throw new NodeFault(
    `a tensor of shape [${from.join(", ")}] cannot take the shape [${to.join(", ")}]` +
      (to.length > 0 && to[0] > 0 && to[0] !== from[0]
        ? `; is the network exported for batches of ${to[0]}?`
        : ""),
  );
}

const reshape: OnnxOperator = {
  isView: true,
  onKnown: true,
  build(node) {
    const allowZero = node.flag("allowzero", false);
    const attribute = node.integers("shape");
    return (inputs) => {
      const value = inputs.value(0);
      const to = inputs.optionalNumbers(1, "shape") ?? attribute;
      if (to === undefined) throw new NodeFault("it has no shape");
      return reshaped(value, resolved(value.shape, to, allowZero));
    };
  },
};

const flatten: OnnxOperator = {
  isView: true,
  onKnown: true,
  build(node) {
    const axis = node.integer("axis", 1);
    return (inputs) => {
      const value = inputs.value(0);
      const { shape } = value;
      const at = axis < 0 ? axis + shape.length : axis;
      if (at < 0 || at > shape.length)
        throw new NodeFault(`axis ${axis} does not exist in [${shape.join(", ")}]`);
      return reshaped(value, [elements(shape.slice(0, at)), elements(shape.slice(at))]);
    };
  },
};

/** Axes: an attribute until opset 12, then an input. */
function axes(node: NodeSettings): (inputs: NodeInputs) => readonly number[] | undefined {
  if (node.opset >= 13) return (inputs) => inputs.optionalNumbers(1, "list of axes");
  const given = node.integers("axes");
  return () => given;
}

const squeeze: OnnxOperator = {
  isView: true,
  onKnown: true,
  build(node) {
    const listed = axes(node);
    return (inputs) => {
      const value = inputs.value(0);
      const { shape } = value;
      const dims = listed(inputs)?.map((axis) => dimension(axis, shape.length));
      const wrong = dims?.find((d) => shape[d] !== 1);
      if (wrong !== undefined)
        throw new NodeFault(`size ${wrong} of [${shape.join(", ")}] is ${shape[wrong]}, expected 1`);
      return reshaped(
        value,
        shape.filter((size, d) => (dims === undefined ? size !== 1 : !dims.includes(d))),
      );
    };
  },
};

const unsqueeze: OnnxOperator = {
  isView: true,
  onKnown: true,
  build(node) {
    const listed = axes(node);
    return (inputs) => {
      const value = inputs.value(0);
      const given = listed(inputs) ?? [];
      const rank = value.shape.length + given.length;
      const dims = given.map((axis) => dimension(axis, rank));
      if (new Set(dims).size < dims.length)
        throw new NodeFault(`an axis is added twice: [${given.join(", ")}]`);
      const rest = [...value.shape];
      const shape = Array.from({ length: rank }, (_, d) => (dims.includes(d) ? 1 : (rest.shift() as number)));
      return reshaped(value, shape);
    };
  },
};

const transpose: OnnxOperator = {
  isView: true,
  onKnown: true,
  build(node) {
    const given = node.integers("perm");
    return (inputs) => {
      const value = inputs.value(0);
      const dims = [...(given ?? value.shape.map((_, d) => value.shape.length - 1 - d))];
      if ([...dims].sort((a, b) => a - b).join() !== value.shape.map((_, d) => d).join())
        throw new NodeFault(`perm [${dims.join(", ")}] is not an order of ${value.shape.length} dimensions`);
      return ifKnown(value, (known) => transposed(known, dims)) ?? F.permute(inputs.tensor(0), dims);
    };
  },
};

const expand: OnnxOperator = {
  onKnown: true,
  build: () => (inputs) => {
    const value = inputs.value(0);
    const to = inputs.numbers(1, "shape");
    const rank = Math.max(to.length, value.shape.length);
    const from = [...new Array<number>(rank - value.shape.length).fill(1), ...value.shape];
    const wanted = [...new Array<number>(rank - to.length).fill(1), ...to];
    const shape = from.map((size, d) => (size === 1 ? wanted[d] : size));
    if (shape.some((size, d) => !isSize(size) || (wanted[d] !== 1 && wanted[d] !== size)))
      throw new NodeFault(`[${value.shape.join(", ")}] cannot be broadcast to [${to.join(", ")}]`);
    return ifKnown(value, (known) => expanded(known, shape)) ?? F.broadcastTo(inputs.tensor(0), shape);
  },
};

const tile: OnnxOperator = {
  onKnown: true,
  build: () => (inputs) => {
    const value = inputs.value(0);
    const repeats = inputs.numbers(1, "number of repetitions");
    if (repeats.length !== value.shape.length || !repeats.every(isSize))
      throw new NodeFault(`repetitions of [${repeats.join(", ")}] for ${value.shape.length} dimensions`);
    const count = elements(value.shape) * elements(repeats);
    if (value instanceof KnownArray && count <= MOST_KNOWN) {
      // A dimension of repetitions in front of each of its own.
      const split = value.reshaped(value.shape.flatMap((size) => [1, size]));
      const out = expanded(
        split,
        value.shape.flatMap((size, d) => [repeats[d], size]),
      );
      if (out !== undefined) return out.reshaped(value.shape.map((size, d) => size * repeats[d]));
    }
    return F.tile(inputs.tensor(0), repeats);
  },
};

/** [N, C, H, W] with blocks of channels laid out in space. */
const depthToSpace: OnnxOperator = {
  build(node) {
    const block = node.integer("blocksize", 1);
    const channelsFirst = node.word("mode", "DCR", ["DCR", "CRD"]) === "CRD";
    return (inputs) => {
      const x = inputs.tensor(0);
      const [n, c, h, w] = x.shape;
      const depth = c / (block * block);
      const split = channelsFirst
        ? F.permute(F.reshape(x, [n, depth, block, block, h, w]), [0, 1, 4, 2, 5, 3])
        : F.permute(F.reshape(x, [n, block, block, depth, h, w]), [0, 3, 4, 1, 5, 2]);
      return F.reshape(split, [n, depth, h * block, w * block]);
    };
  },
};

const spaceToDepth: OnnxOperator = {
  build(node) {
    const block = node.integer("blocksize", 1);
    return (inputs) => {
      const x = inputs.tensor(0);
      const [n, c, h, w] = x.shape;
      const split = F.reshape(x, [n, c, h / block, block, w / block, block]);
      return F.reshape(F.permute(split, [0, 3, 5, 1, 2, 4]), [n, c * block * block, h / block, w / block]);
    };
  },
};

export const SHAPES: Readonly<Record<string, OnnxOperator>> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
