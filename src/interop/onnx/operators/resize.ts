/** Resizing, one dimension after another. */
import * as F from "../../../tensor/functions/index.ts";
import { fromTypedArray, type Tensor } from "../../../tensor/tensor.ts";
import { dimension, NodeFault, type NodeInputs, type NodeSettings, type OnnxOperator } from "../operator.ts";
import { selectedAlong } from "./selection.ts";

/** How a position of the result becomes one of the input. */
type Coordinates =
  | "half_pixel"
  | "half_pixel_symmetric"
  | "pytorch_half_pixel"
  | "align_corners"
  | "asymmetric"
  | "tf_half_pixel_for_nn";

type Rounding = "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";

interface ResizeSettings {
  readonly mode: "nearest" | "linear" | "cubic";
  readonly coordinates: Coordinates;
  readonly rounding: Rounding;
  /** The cubic kernel's coefficient. */
  readonly a: number;
  /** Whether the kernel is widened when the image shrinks. */
  readonly antialias: boolean;
  /** Whether what a kernel has outside of the image weighs nothing; else the border stands there. */
  readonly excludeOutside: boolean;
}

/** One dimension: its size afterwards, and the scale that positions are computed with. */
interface ResizedAxis {
  readonly size: number;
  readonly scale: number;
}

function position(coordinates: Coordinates, i: number, from: number, { size, scale }: ResizedAxis): number {
  switch (coordinates) {
    case "asymmetric":
      return i / scale;
    case "align_corners":
      return size === 1 ? 0 : (i * (from - 1)) / (size - 1);
    case "pytorch_half_pixel":
      return size > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case "tf_half_pixel_for_nn":
      return (i + 0.5) / scale;
    case "half_pixel_symmetric": {
      // The part of the exact size that the result has stays in the middle.
      const offset = (from / 2) * (1 - size / (scale * from));
      return offset + (i + 0.5) / scale - 0.5;
    }
    default:
      return (i + 0.5) / scale - 0.5;
  }
}

function rounded(x: number, how: Rounding): number {
  if (how === "floor") return Math.floor(x);
  if (how === "ceil") return Math.ceil(x);
  return how === "round_prefer_ceil" ? Math.floor(x + 0.5) : Math.ceil(x - 0.5);
}

/** Weights of the neighbours at -1, 0, 1 and 2 for a position `t` behind the one at 0. */
function cubicWeights(t: number, a: number): number[] {
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)];
}

/** The places that each element of the result is made of, and their weights: one list for each neighbour. */
function neighbours(settings: ResizeSettings, from: number, axis: ResizedAxis) {
  const { mode, coordinates, rounding, a } = settings;
  const taps = mode === "nearest" ? 1 : mode === "linear" ? 2 : 4;
  const places = Array.from({ length: taps }, () => new Float64Array(axis.size));
  const weights = Array.from({ length: taps }, () => new Float32Array(axis.size));
  const within = (at: number) => Math.min(Math.max(at, 0), from - 1);
  for (let i = 0; i < axis.size; i++) {
    const x = position(coordinates, i, from, axis);
    // A linear position outside of the image is its border; a cubic one has neighbours that are.
    const at = mode === "nearest" ? rounded(x, rounding) : Math.floor(mode === "linear" ? within(x) : x);
    const t = (mode === "linear" ? within(x) : x) - at;
    const shares = mode === "nearest" ? [1] : mode === "linear" ? [1 - t, t] : cubicWeights(t, a);
    for (let k = 0; k < taps; k++) {
      places[k][i] = within(at + k - (mode === "cubic" ? 1 : 0));
      weights[k][i] = shares[k];
    }
  }
  return { places, weights };
}

/** The kernel at a distance from its middle: a triangle, or the cubic one. */
function kernelAt(distance: number, { mode, a }: ResizeSettings): number {
  const d = Math.abs(distance);
  if (mode === "linear") return Math.max(0, 1 - d);
  if (d >= 2) return 0;
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

/** Weights [from, size] of a kernel that is widened by what the image shrinks, each column of sum 1. */
function widenedWeights(settings: ResizeSettings, from: number, axis: ResizedAxis): Float32Array {
  const shrink = settings.antialias ? Math.min(axis.scale, 1) : 1;
  const reach = (settings.mode === "cubic" ? 2 : 1) / shrink;
  const weights = new Float32Array(from * axis.size);
  for (let i = 0; i < axis.size; i++) {
    const x = position(settings.coordinates, i, from, axis);
    const taps: [place: number, weight: number][] = [];
    for (let at = Math.ceil(x - reach); at <= Math.floor(x + reach); at++) {
      const weight = kernelAt((at - x) * shrink, settings);
      const isOutside = at < 0 || at >= from;
      if (!(settings.excludeOutside && isOutside)) taps.push([Math.min(Math.max(at, 0), from - 1), weight]);
    }
    const sum = taps.reduce((total, [, weight]) => total + weight, 0);
    for (const [place, weight] of taps) weights[place * axis.size + i] += weight / sum;
  }
  return weights;
}

function resizedAlong(x: Tensor, dim: number, axis: ResizedAxis, settings: ResizeSettings): Tensor {
  const widens = settings.antialias && axis.scale < 1;
  if (settings.mode !== "nearest" && (widens || settings.excludeOutside)) {
    const from = x.shape[dim];
    const weights = fromTypedArray(widenedWeights(settings, from, axis), [from, axis.size], "float32");
    return F.movedim(F.matmul(F.movedim(x, dim, -1), weights.to(x.dtype) as Tensor), -1, dim);
  }
  const { places, weights } = neighbours(settings, x.shape[dim], axis);
  if (places.length === 1) return selectedAlong(x, dim, places[0]);
  const shape = [axis.size, ...new Array<number>(x.ndim - 1 - dim).fill(1)];
  return places
    .map((at, k) => {
      const weight = fromTypedArray(weights[k], shape, "float32").to(x.dtype) as Tensor;
      return F.mul(selectedAlong(x, dim, at), weight);
    })
    .reduce((sum, part) => F.add(sum, part));
}

/** The function of PyTorch that computes the same, if there is one: it is one op. */
function inOneOp(x: Tensor, axes: readonly ResizedAxis[], settings: ResizeSettings): Tensor | undefined {
  if (x.ndim !== 4 || axes[0].scale !== 1 || axes[1].scale !== 1) return undefined;
  const [rows, columns] = [axes[2], axes[3]];
  const size = [rows.size, columns.size];
  const exact = [rows, columns].every((axis, d) => axis.size === x.shape[d + 2] * axis.scale);
  const { mode, coordinates, rounding } = settings;
  if (!exact) return undefined;
  if (mode === "linear" && coordinates === "align_corners")
    return F.interpolate(x, { size, mode: "bilinear", alignCorners: true });
  const half =
    coordinates === "half_pixel" || (coordinates === "pytorch_half_pixel" && Math.min(...size) > 1);
  if (mode === "linear" && half) return F.interpolate(x, { size, mode: "bilinear", alignCorners: false });
  // Whole factors: rounding makes no difference.
  const whole = [rows, columns].every(({ scale }) => Number.isInteger(scale));
  if (mode !== "nearest" || !whole) return undefined;
  const floors = coordinates === "asymmetric" && rounding === "floor";
  return floors || (half && rounding.startsWith("round"))
    ? F.interpolate(x, { size, mode: "nearest" })
    : undefined;
}

function resized(x: Tensor, axes: readonly ResizedAxis[], settings: ResizeSettings): Tensor {
  const special = settings.excludeOutside || (settings.antialias && axes.some(({ scale }) => scale < 1));
  const known = special ? undefined : inOneOp(x, axes, settings);
  if (known !== undefined) return known;
  return axes.reduce(
    (part, axis, d) =>
      axis.scale === 1 && axis.size === x.shape[d] ? part : resizedAlong(part, d, axis, settings),
    x,
  );
}

function byScales(x: Tensor, scales: readonly number[]): ResizedAxis[] {
  if (scales.length !== x.ndim) throw new NodeFault(`${scales.length} scales for ${x.ndim} dimensions`);
  return x.shape.map((from, d) => ({ size: Math.floor(from * scales[d]), scale: scales[d] }));
}

/** Scales or sizes for some dimensions, spread over all. */
function spread(
  x: Tensor,
  axes: readonly number[] | undefined,
  given: readonly number[],
  otherwise: readonly number[],
) {
  if (axes === undefined) return given;
  const out = [...otherwise];
  axes.forEach((axis, i) => {
    out[dimension(axis, x.ndim)] = given[i];
  });
  return out;
}

function targetOf(node: NodeSettings): (x: Tensor, inputs: NodeInputs) => ResizedAxis[] {
  const axes = node.integers("axes");
  const policy = node.word("keep_aspect_ratio_policy", "stretch", ["stretch", "not_larger", "not_smaller"]);
  return (x, inputs) => {
    const scales = inputs.optionalNumbers(2, "scales");
    if (scales !== undefined && scales.length > 0)
      return byScales(
        x,
        spread(
          x,
          axes,
          scales,
          x.shape.map(() => 1),
        ),
      );
    const given = spread(x, axes, inputs.numbers(3, "size"), x.shape);
    if (given.length !== x.ndim) throw new NodeFault(`${given.length} sizes for ${x.ndim} dimensions`);
    const ratios = x.shape.map((from, d) => given[d] / from);
    if (policy === "stretch") return x.shape.map((_, d) => ({ size: given[d], scale: ratios[d] }));
    const chosen = (axes ?? x.shape.map((_, d) => d)).map((axis) => dimension(axis, x.ndim));
    const of = chosen.map((d) => ratios[d]);
    const scale = policy === "not_larger" ? Math.min(...of) : Math.max(...of);
    return x.shape.map((from, d) =>
      chosen.includes(d) ? { size: Math.round(from * scale), scale } : { size: from, scale: 1 },
    );
  };
}

const resize: OnnxOperator = {
  limits: "no regions of interest",
  build(node) {
    const old = node.opset < 11;
    const mode = node.word("mode", "nearest", ["nearest", "linear", "cubic"]);
    const settings: ResizeSettings = {
      mode,
      coordinates: node.word<Coordinates>(
        "coordinate_transformation_mode",
        old ? "asymmetric" : "half_pixel",
        [
          "half_pixel",
          "half_pixel_symmetric",
          "pytorch_half_pixel",
          "align_corners",
          "asymmetric",
          "tf_half_pixel_for_nn",
        ],
      ),
      rounding: node.word<Rounding>("nearest_mode", old ? "floor" : "round_prefer_floor", [
        "round_prefer_floor",
        "round_prefer_ceil",
        "floor",
        "ceil",
      ]),
      a: node.float("cubic_coeff_a", -0.75),
      antialias: node.flag("antialias", false),
      excludeOutside: node.flag("exclude_outside", false),
    };
    const target = targetOf(node);
    return (inputs) => {
      const x = inputs.tensor(0);
      return resized(x, old ? byScales(x, inputs.numbers(1, "scales")) : target(x, inputs), settings);
    };
  },
};

/** Upsample of opset 7 has its scales in an attribute, that of 9 in an input. */
const upsample: OnnxOperator = {
  build(node) {
    const mode = node.word("mode", "nearest", ["nearest", "linear"]);
    const settings: ResizeSettings = {
      mode,
      coordinates: "asymmetric",
      rounding: "floor",
      a: -0.75,
      antialias: false,
      excludeOutside: false,
    };
    const attribute = node.attribute("scales", "floats");
    return (inputs) => {
      const x = inputs.tensor(0);
      return resized(x, byScales(x, attribute ?? inputs.numbers(1, "scales")), settings);
    };
  },
};

export const RESIZING: Readonly<Record<string, OnnxOperator>> = { Resize: resize, Upsample: upsample };
