/** Operators that take parts of tensors, and put tensors together. */
import * as F from "../../../tensor/functions/index.ts";
import { fromTypedArray, type Tensor } from "../../../tensor/tensor.ts";
import { asTensor, isKnown, KnownArray, type OnnxValue } from "../known_array.ts";
import { concatenated, MOST_KNOWN, taken } from "../known_math.ts";
import { dimension, NodeFault, type NodeInputs, type NodeSettings, type OnnxOperator } from "../operator.ts";
import { reshaped } from "./shape.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The elements at these places along a dimension. */
export function selectedAlong(x: Tensor, dim: number, places: ArrayLike<number>): Tensor {
  const index = fromTypedArray(Float64Array.from(places), [places.length], "int64");
  return F.indexSelect(x, dim, index);
}

const concat: OnnxOperator = {
  onKnown: true,
  build(node) {
    const axis = node.integer("axis", 1);
    return (inputs) => {
      const values = inputs.values();
      if (values.length === 0) throw new NodeFault("expected at least one input");
      const dim = dimension(axis, values[0].shape.length);
      const known = values.filter(isKnown);
      const [{ shape }] = values;
      const wrong = values.find(
        (one) => one.shape.length !== shape.length || one.shape.some((n, d) => d !== dim && n !== shape[d]),
      );
      if (wrong !== undefined)
        throw new NodeFault(
          `[${shape.join(", ")}] and [${wrong.shape.join(", ")}] do not fit along axis ${dim}`,
        );
      const out = known.length === values.length ? concatenated(known, dim) : undefined;
      return out ?? F.cat(values.map(asTensor), dim);
    };
  },
};

/** Sizes stand in an attribute until opset 12, then in an input; without them the parts are equal. */
const split: OnnxOperator = {
  onKnown: true,
  build(node) {
    const [axis, attribute] = [node.integer("axis", 0), node.integers("split")];
    const parts = node.outputs.length;
    return (inputs) => {
      const value = inputs.value(0);
      const dim = dimension(axis, value.shape.length);
      const size = value.shape[dim];
      const given = (node.opset < 13 ? attribute : inputs.optionalNumbers(1, "list of sizes")) ?? undefined;
      const equal = Math.ceil(size / parts);
      const sizes = given ?? upTo(parts).map((i) => Math.max(0, Math.min(equal, size - i * equal)));
      if (sizes.reduce((a, b) => a + b, 0) !== size)
        throw new NodeFault(`parts of [${sizes.join(", ")}] do not make up the size ${size}`);
      let start = 0;
      return sizes.map((length) => {
        const from = start;
        start += length;
        return sliced(value, [{ dim, start: from, count: length, step: 1 }]);
      });
    };
  },
};

interface Cut {
  readonly dim: number;
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

function sliced(value: OnnxValue, cuts: readonly Cut[]): OnnxValue {
  if (
    value instanceof KnownArray &&
    cuts.every(({ count }) => count <= MOST_KNOWN) &&
    value.size <= MOST_KNOWN
  ) {
    const indices = value.shape.map((size, d) => {
      const cut = cuts.find(({ dim }) => dim === d);
      return cut === undefined ? upTo(size) : upTo(cut.count).map((i) => cut.start + i * cut.step);
    });
    const out = taken(value, indices);
    if (out !== undefined) return out;
  }
  let x = asTensor(value);
  for (const { dim, start, count, step } of cuts) {
    if (start === 0 && step === 1 && count === x.shape[dim]) continue;
    if (step < 0)
      x = selectedAlong(
        x,
        dim,
        upTo(count).map((i) => start + i * step),
      );
    else x = F.slice(x, dim, start, start + (count - 1) * step + 1, step);
  }
  return x;
}

/** Bounds as NumPy takes them: from the end if negative, cut to what is there. */
function cutOf(size: number, dim: number, start: number, end: number, step: number): Cut {
  const bound = (at: number, least: number, most: number) =>
    Math.min(Math.max(at < 0 ? at + size : at, least), most);
  const [from, to] =
    step > 0
      ? [bound(start, 0, size), bound(end, 0, size)]
      : [bound(start, 0, size - 1), bound(end, -1, size - 1)];
  return { dim, start: from, count: Math.max(0, Math.ceil((to - from) / step)), step };
}

interface Bounds {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[] | undefined;
  readonly steps: readonly number[] | undefined;
}

/** Attributes until opset 9, then inputs. */
function boundsOf(node: NodeSettings): (inputs: NodeInputs) => Bounds {
  if (node.opset < 10) {
    const [starts, ends] = [node.integers("starts") ?? [], node.integers("ends") ?? []];
    const axes = node.integers("axes");
    return () => ({ starts, ends, axes, steps: undefined });
  }
  return (inputs) => ({
    starts: inputs.numbers(1, "start"),
    ends: inputs.numbers(2, "end"),
    axes: inputs.optionalNumbers(3, "list of axes"),
    steps: inputs.optionalNumbers(4, "step"),
  });
}

const slice: OnnxOperator = {
  onKnown: true,
  build(node) {
    const bounds = boundsOf(node);
    return (inputs) => {
      const value = inputs.value(0);
      const { starts, ends, axes, steps } = bounds(inputs);
      const cuts = starts.map((start, i) => {
        const dim = dimension(axes?.[i] ?? i, value.shape.length);
        const step = steps?.[i] ?? 1;
        if (step === 0) throw new NodeFault("a step is 0");
        return cutOf(value.shape[dim], dim, start, ends[i], step);
      });
      return cuts.some(({ count }) => count === 0) ? emptied(value, cuts) : sliced(value, cuts);
    };
  },
};

function emptied(value: OnnxValue, cuts: readonly Cut[]): KnownArray {
  const shape = value.shape.map((size, d) => cuts.find(({ dim }) => dim === d)?.count ?? size);
  return KnownArray.of(value.dtype, shape, []);
}

const gather: OnnxOperator = {
  weights: [0],
  onKnown: true,
  build(node) {
    const axis = node.integer("axis", 0);
    return (inputs) => {
      const [value, index] = [inputs.value(0), inputs.value(1)];
      const { shape } = value;
      const dim = dimension(axis, shape.length);
      const out = [...shape.slice(0, dim), ...index.shape, ...shape.slice(dim + 1)];
      if (!isKnown(index)) {
        const flat = F.reshape(fromStart(index, shape[dim]), [-1]);
        return F.reshape(F.indexSelect(asTensor(value), dim, flat), out);
      }
      const places = Array.from(index.data, (i) => (i < 0 ? i + shape[dim] : i));
      if (places.some((i) => !(Number.isInteger(i) && i >= 0 && i < shape[dim])))
        throw new NodeFault(`an index is outside of the size ${shape[dim]} of dimension ${dim}`);
      if (isKnown(value) && value.size <= MOST_KNOWN) {
        const known = taken(
          value,
          shape.map((size, d) => (d === dim ? places : upTo(size))),
        );
        if (known !== undefined) return known.reshaped(out);
      }
      if (index.shape.length === 0) return F.select(asTensor(value), dim, places[0]);
      return reshaped(selectedAlong(asTensor(value), dim, places), out);
    };
  },
};

/** Indices that count from the end as those from the start. */
function fromStart(index: Tensor, size: number): Tensor {
  const whole = index.to("int64") as Tensor;
  return F.where(F.lt(whole, 0), F.add(whole, size), whole);
}

const gatherElements: OnnxOperator = {
  build(node) {
    const axis = node.integer("axis", 0);
    return (inputs) => {
      const x = inputs.tensor(0);
      const dim = dimension(axis, x.ndim);
      return F.gather(x, dim, fromStart(inputs.tensor(1), x.shape[dim]));
    };
  },
};

/** Adds to what is there, or puts in its place. */
const scatterElements: OnnxOperator = {
  build(node) {
    const axis = node.integer("axis", 0);
    const kind = node.word("reduction", "none", ["none", "add", "mul", "max", "min"]);
    const reduce = { none: undefined, add: "sum", mul: "prod", max: "amax", min: "amin" } as const;
    return (inputs) => {
      const x = inputs.tensor(0);
      const dim = dimension(axis, x.ndim);
      const [index, source] = [fromStart(inputs.tensor(1), x.shape[dim]), inputs.tensor(2)];
      const how = reduce[kind];
      return how === undefined
        ? F.scatter(x, dim, index, source)
        : F.scatterReduce(x, dim, index, source, how, { includeSelf: true });
    };
  },
};

/** values[1] at the index of each element, values[0] elsewhere; indices from the end count too. */
const oneHot: OnnxOperator = {
  build(node) {
    const axis = node.integer("axis", -1);
    return (inputs) => {
      const [index, values] = [inputs.tensor(0), inputs.tensor(2)];
      const classes = inputs.number(1, "number of classes");
      if (!(Number.isInteger(classes) && classes > 0 && classes <= MOST_KNOWN))
        throw new NodeFault(`its number of classes is ${classes}`);
      const dim = dimension(axis, index.ndim + 1);
      const shape = new Array<number>(index.ndim + 1).fill(1);
      shape[dim] = classes;
      const all = fromTypedArray(Float64Array.from(upTo(classes)), shape, "int64");
      const hits = F.eq(F.unsqueeze(fromStart(index, classes), dim), all);
      return F.where(hits, F.select(values, 0, 1), F.select(values, 0, 0));
    };
  },
};

type PadKind = "constant" | "reflect" | "edge" | "wrap";

/** Where the elements of a padded dimension come from. */
function paddedPlaces(size: number, before: number, after: number, kind: PadKind): number[] {
  const cycle = 2 * (size - 1);
  return Array.from({ length: before + size + after }, (_, i) => {
    const at = i - before;
    if (kind === "edge") return Math.min(Math.max(at, 0), size - 1);
    if (kind === "wrap") return ((at % size) + size) % size;
    if (cycle === 0) return 0;
    const within = ((at % cycle) + cycle) % cycle;
    return within < size ? within : cycle - within;
  });
}

/** Amounts stand in attributes until opset 10, then in inputs; all first ones, then all last ones. */
const pad: OnnxOperator = {
  build(node) {
    const kind = node.word<PadKind>("mode", "constant", ["constant", "reflect", "edge", "wrap"]);
    const [attribute, number] = [node.integers("pads") ?? node.integers("paddings"), node.float("value", 0)];
    return (inputs) => {
      const x = inputs.tensor(0);
      const given = node.opset < 11 ? (attribute ?? []) : inputs.numbers(1, "padding");
      const axes = node.opset < 11 ? undefined : inputs.optionalNumbers(3, "list of axes");
      const dims = axes?.map((axis) => dimension(axis, x.ndim)) ?? upTo(x.ndim);
      if (given.length !== 2 * dims.length)
        throw new NodeFault(`${given.length} amounts of padding for ${dims.length} dimensions`);
      const amounts = upTo(x.ndim).map((d) => {
        const i = dims.indexOf(d);
        return i < 0 ? [0, 0] : [given[i], given[i + dims.length]];
      });
      if (kind === "constant") {
        const value = node.opset < 11 ? number : (inputs.optionalNumbers(2, "value")?.[0] ?? 0);
        return F.pad(x, [...amounts].reverse().flat(), { value });
      }
      return amounts.reduce(
        (part, [before, after], d) =>
          before === 0 && after === 0
            ? part
            : selectedAlong(part, d, paddedPlaces(x.shape[d], before, after, kind)),
        x,
      );
    };
  },
};

const cumSum: OnnxOperator = {
  build(node) {
    const [exclusive, reverse] = [node.flag("exclusive", false), node.flag("reverse", false)];
    return (inputs) => {
      const x = inputs.tensor(0);
      const dim = dimension(inputs.number(1, "axis"), x.ndim);
      const turned = reverse ? F.flip(x, [dim]) : x;
      const sums = F.cumsum(turned, dim).to(x.dtype) as Tensor;
      const out = exclusive ? F.sub(sums, turned) : sums;
      return reverse ? F.flip(out, [dim]) : out;
    };
  },
};

const trilu: OnnxOperator = {
  build(node) {
    const upper = node.flag("upper", true);
    return (inputs) => {
      const k = inputs.optionalNumbers(1, "diagonal")?.[0] ?? 0;
      return upper ? F.triu(inputs.tensor(0), k) : F.tril(inputs.tensor(0), k);
    };
  },
};

export const SELECTIONS: Readonly<Record<string, OnnxOperator>> = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherElements: gatherElements,
  ScatterElements: scatterElements,
  OneHot: oneHot,
  Pad: pad,
  CumSum: cumSum,
  Trilu: trilu,
};
