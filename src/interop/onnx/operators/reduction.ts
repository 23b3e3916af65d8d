/** Operators that reduce dimensions. */
import { isFloating } from "../../../base/dtype.ts";
import * as F from "../../../tensor/functions/index.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { KnownArray, type OnnxValue } from "../known_array.ts";
import { reduced } from "../known_math.ts";
import { dimension, NodeFault, type NodeInputs, type NodeSettings, type OnnxOperator } from "../operator.ts";

type Reduce = (x: Tensor, dims: number[], keepdim: boolean) => Tensor;
type Known = readonly [start: number, step: (sum: number, element: number) => number];

/** Axes stand in an attribute, and from some opset on in an input. */
function axesOf(
  node: NodeSettings,
  inInputSince: number,
): (inputs: NodeInputs) => readonly number[] | undefined {
  if (node.opset < inInputSince) {
    const axes = node.integers("axes");
    return () => axes;
  }
  return (inputs) => inputs.optionalNumbers(1, "list of axes");
}

function reduction(body: Reduce, known?: Known, inInputSince = 18): OnnxOperator {
  return {
    onKnown: true,
    build(node) {
      const keepdims = node.flag("keepdims", true);
      const leave = node.flag("noop_with_empty_axes", false);
      const axes = axesOf(node, inInputSince);
      return (inputs) => {
        const value = inputs.value(0);
        const given = axes(inputs) ?? [];
        if (given.length === 0 && leave) return value;
        const rank = value.shape.length;
        const dims = (given.length === 0 ? value.shape.map((_, d) => d) : given).map((axis) =>
          dimension(axis, rank),
        );
        if (new Set(dims).size < dims.length)
          throw new NodeFault(`an axis is reduced twice: [${dims.join(", ")}]`);
        if (rank === 0) return value;
        if (value instanceof KnownArray && known !== undefined) {
          const out = reduced(value, dims, ...known);
          if (out !== undefined) return keepdims ? out : out.reshaped(without(out.shape, dims));
        }
        return body(inputs.tensor(0), dims, keepdims);
      };
    },
  };
}

function without(shape: readonly number[], dims: readonly number[]): number[] {
  return shape.filter((_, d) => !dims.includes(d));
}

/** Sums of 16-bit numbers and of integers keep their dtype. */
function total(x: Tensor, dims: number[], keepdim: boolean): Tensor {
  return F.sum(x, dims, keepdim).to(x.dtype) as Tensor;
}

/** PyTorch multiplies over one dimension at a time. */
function product(x: Tensor, dims: number[], keepdim: boolean): Tensor {
  const out = dims.reduce((value, dim) => F.prod(value, dim, true), x).to(x.dtype) as Tensor;
  return keepdim ? out : F.reshape(out, without(out.shape, dims));
}

const mean: Reduce = (x, dims, keepdim) => {
  if (isFloating(x.dtype)) return F.mean(x, dims, keepdim);
  const count = dims.reduce((size, d) => size * x.shape[d], 1);
  return F.div(total(x, dims, keepdim), count, { roundingMode: "trunc" });
};

function extremePlace(largest: boolean): OnnxOperator {
  return {
    build(node) {
      const [axis, keepdim] = [node.integer("axis", 0), node.flag("keepdims", true)];
      const last = node.flag("select_last_index", false);
      const find = largest ? F.argmax : F.argmin;
      return (inputs): OnnxValue => {
        const x = inputs.tensor(0);
        const dim = dimension(axis, x.ndim);
        if (!last) return find(x, { dim, keepdim });
        return F.rsub(find(F.flip(x, [dim]), { dim, keepdim }), x.shape[dim] - 1);
      };
    },
  };
}

const topK: OnnxOperator = {
  build(node) {
    const axis = node.integer("axis", -1);
    const [largest, sorted] = [node.flag("largest", true), node.flag("sorted", true)];
    const fixed = node.opset < 10 ? node.integer("k", 0) : undefined;
    return (inputs) => {
      const x = inputs.tensor(0);
      const k = fixed ?? inputs.number(1, "number of elements");
      const [values, indices] = F.topk(x, k, { dim: dimension(axis, x.ndim), largest, sorted });
      return [values, indices];
    };
  },
};

const square = (x: Tensor): Tensor => F.mul(x, x);

export const REDUCTIONS: Readonly<Record<string, OnnxOperator>> = {
  ReduceSum: reduction(total, [0, (a, b) => a + b], 13),
  ReduceMean: reduction(mean),
  ReduceMax: reduction(F.amax, [Number.NEGATIVE_INFINITY, Math.max]),
  ReduceMin: reduction(F.amin, [Number.POSITIVE_INFINITY, Math.min]),
  ReduceProd: reduction(product, [1, (a, b) => a * b]),
  ReduceL1: reduction((x, dims, keepdim) => total(F.abs(x), dims, keepdim)),
  ReduceL2: reduction((x, dims, keepdim) => F.sqrt(total(square(x), dims, keepdim))),
  ReduceSumSquare: reduction((x, dims, keepdim) => total(square(x), dims, keepdim)),
  ReduceLogSum: reduction((x, dims, keepdim) => F.log(total(x, dims, keepdim))),
  ReduceLogSumExp: reduction((x, dims, keepdim) => F.logsumexp(x, dims, keepdim)),
  ArgMax: extremePlace(true),
  ArgMin: extremePlace(false),
  TopK: topK,
};
