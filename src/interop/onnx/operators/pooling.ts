/** Pools over one to three spatial dimensions, and over all of an image. */
import { isFloating } from "../../../base/dtype.ts";
import * as F from "../../../tensor/functions/index.ts";
import { fromTypedArray, type Tensor } from "../../../tensor/tensor.ts";
import { NodeFault, type NodeSettings, type OnnxOperator } from "../operator.ts";
import { isSymmetric, requireSpatial, type WindowAxis, windowSettings, windowsOver } from "../windows.ts";

/** A pool of images by height and width. */
type PoolImages = (x: Tensor, axes: readonly WindowAxis[]) => Tensor;

/** Runs a pool over two dimensions at a time: largest elements, sums and counts are found one dimension after another. */
function overSpatial(x: Tensor, axes: readonly WindowAxis[], pool: PoolImages): Tensor {
  const [batch, channels, ...size] = x.shape;
  const alone: WindowAxis = { kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, count: 1 };
  if (axes.length === 2) return pool(x, axes);
  if (axes.length === 1) {
    const out = pool(F.reshape(x, [batch, channels, 1, size[0]]), [alone, axes[0]]);
    return F.reshape(out, [batch, channels, axes[0].count]);
  }
  const [depth, height, width] = axes;
  const planes = pool(F.reshape(x, [batch, channels * size[0], size[1], size[2]]), [height, width]);
  const columns = F.reshape(planes, [batch, channels, size[0], height.count * width.count]);
  const out = pool(columns, [depth, { ...alone, count: height.count * width.count }]);
  return F.reshape(out, [batch, channels, depth.count, height.count, width.count]);
}

/** With a number before, and behind as much as the windows reach over. */
function surrounded(x: Tensor, axes: readonly WindowAxis[], value: number): Tensor {
  const amounts = axes.map(({ kernel, stride, dilation, before, count }, d) => {
    const end = (count - 1) * stride + (kernel - 1) * dilation + 1;
    return [before, end - before - x.shape[d + 2]];
  });
  if (amounts.every(([before, after]) => before === 0 && after === 0)) return x;
  return F.pad(x, [...amounts].reverse().flat(), { value });
}

const list = (axes: readonly WindowAxis[], of: "kernel" | "stride" | "dilation" | "before"): number[] =>
  axes.map((axis) => axis[of]);

/** Whether the windows are those of PyTorch without ceilMode: the same padding on both sides, at most half a kernel. */
function isPlain(x: Tensor, axes: readonly WindowAxis[]): boolean {
  return (
    isSymmetric(axes) &&
    axes.every(({ kernel, stride, dilation, before, count }, d) => {
      const room = x.shape[d + 2] + 2 * before - (kernel - 1) * dilation - 1;
      return 2 * before <= kernel && count === Math.floor(room / stride) + 1;
    })
  );
}

function largest(x: Tensor, axes: readonly WindowAxis[]): Tensor {
  const [stride, dilation] = [list(axes, "stride"), list(axes, "dilation")];
  const plain = isPlain(x, axes);
  const lowest = isFloating(x.dtype) ? Number.NEGATIVE_INFINITY : x.dtype === "uint8" ? 0 : -(2 ** 31);
  const input = plain ? x : surrounded(x, axes, lowest);
  const padding = plain ? list(axes, "before") : 0;
  return F.maxPool2d(input, list(axes, "kernel"), { stride, padding, dilation }) as Tensor;
}

/** Sums over windows; what lies around is 0. Windows with gaps are convolutions with ones. */
function sums(x: Tensor, axes: readonly WindowAxis[]): Tensor {
  const input = surrounded(x, axes, 0);
  const [kernel, stride] = [list(axes, "kernel"), list(axes, "stride")];
  if (axes.every(({ dilation }) => dilation === 1))
    return F.avgPool2d(input, kernel, { stride, divisorOverride: 1 });
  const [batch, channels, height, width] = input.shape;
  const one = F.add(F.mul(F.reshape(F.select(F.reshape(input, [-1]), 0, 0), [1, 1, 1, 1]), 0), 1);
  const planes = F.reshape(input, [batch * channels, 1, height, width]);
  const out = F.conv2d(planes, F.expand(one, [1, 1, ...kernel]), null, {
    stride,
    dilation: list(axes, "dilation"),
  });
  return F.reshape(out, [batch, channels, ...out.shape.slice(2)]);
}

/** How many elements each window of a dimension has, the padding among them or not. */
function counts(
  { kernel, stride, dilation, before, after, count }: WindowAxis,
  size: number,
  padding: boolean,
) {
  return Array.from({ length: count }, (_, i) => {
    let inside = 0;
    for (let k = 0; k < kernel; k++) {
      const at = i * stride + k * dilation - before;
      if (padding ? at < size + after : at >= 0 && at < size) inside++;
    }
    return inside;
  });
}

/** One number for each window: the product of its counts. */
function windowCounts(x: Tensor, axes: readonly WindowAxis[], padding: boolean): Tensor {
  const lists = axes.map((axis, d) => counts(axis, x.shape[d + 2], padding));
  const all = lists.reduce<number[]>((sofar, next) => sofar.flatMap((a) => next.map((b) => a * b)), [1]);
  const shape = lists.map(({ length }) => length);
  return fromTypedArray(Float32Array.from(all), shape, "float32").to(x.dtype) as Tensor;
}

function average(x: Tensor, axes: readonly WindowAxis[], countPadding: boolean): Tensor {
  const noGaps = axes.every(({ dilation }) => dilation === 1);
  if (axes.length === 2 && noGaps && isPlain(x, axes)) {
    const [stride, padding] = [list(axes, "stride"), list(axes, "before")];
    return F.avgPool2d(x, list(axes, "kernel"), { stride, padding, countIncludePad: countPadding });
  }
  return F.div(overSpatial(x, axes, sums), windowCounts(x, axes, countPadding));
}

/** The kernel and the axes of a node's pool. */
function poolOf(node: NodeSettings): (x: Tensor) => WindowAxis[] {
  const settings = windowSettings(node);
  const kernel = requireSpatial(node.integers("kernel_shape"));
  return (x) => {
    if (x.ndim !== kernel.length + 2)
      throw new NodeFault(`an input of shape [${x.shape.join(", ")}] for a kernel [${kernel.join(", ")}]`);
    return windowsOver(x.shape.slice(2), kernel, settings);
  };
}

const maxPool: OnnxOperator = {
  limits: "one to three spatial dimensions; without indices",
  build(node) {
    node.firstOutputOnly();
    const axes = poolOf(node);
    return (inputs) => {
      const x = inputs.tensor(0);
      return overSpatial(x, axes(x), largest);
    };
  },
};

const averagePool: OnnxOperator = {
  limits: "one to three spatial dimensions",
  build(node) {
    const axes = poolOf(node);
    const countPadding = node.flag("count_include_pad", false);
    return (inputs) => {
      const x = inputs.tensor(0);
      return average(x, axes(x), countPadding);
    };
  },
};

/** (sum of |x|^p)^(1/p). */
function rooted(p: number, sum: (powers: Tensor) => Tensor): (x: Tensor) => Tensor {
  if (p === 1) return (x) => sum(F.abs(x));
  if (p === 2) return (x) => F.sqrt(sum(F.square(x)));
  return (x) => F.pow(sum(F.pow(F.abs(x), p)), 1 / p);
}

const lpPool: OnnxOperator = {
  limits: "one to three spatial dimensions",
  build(node) {
    const axes = poolOf(node);
    const p = node.integer("p", 2);
    return (inputs) => {
      const x = inputs.tensor(0);
      return rooted(p, (powers) => overSpatial(powers, axes(x), sums))(x);
    };
  },
};

const spatialOf = (x: Tensor): number[] => x.shape.slice(2).map((_, d) => d + 2);

const globalAverage: OnnxOperator = {
  build: () => (inputs) => {
    const x = inputs.tensor(0);
    return x.ndim === 4 ? F.adaptiveAvgPool2d(x, 1) : F.mean(x, spatialOf(x), true);
  },
};

const globalMax: OnnxOperator = {
  build: () => (inputs) => {
    const x = inputs.tensor(0);
    return F.amax(x, spatialOf(x), true);
  },
};

const globalLp: OnnxOperator = {
  build(node) {
    const p = node.integer("p", 2);
    return (inputs) => {
      const x = inputs.tensor(0);
      return rooted(p, (powers) => F.sum(powers, spatialOf(x), true))(x);
    };
  },
};

export const POOLS: Readonly<Record<string, OnnxOperator>> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  GlobalAveragePool: globalAverage,
  GlobalMaxPool: globalMax,
  GlobalLpPool: globalLp,
};
