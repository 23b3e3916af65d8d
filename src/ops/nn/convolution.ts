/** The two-dimensional convolution and its two gradients, each of which is the gradient of the others. */
import type { DType } from "../../base/dtype.ts";
import { ShapeError } from "../../base/errors.ts";
import { formatShape, numel, type Shape } from "../../base/shape.ts";
import type { Attributes, TensorSpec } from "../../engines/contract/engine.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { requireDtypesOfLayer, requireFloating, requireSameDtype } from "../core.ts";
import { cast } from "../elementwise/elementwise.ts";
import { sum } from "../reduction/reduction.ts";

/** How a window moves over an image; pairs are (height, width). */
export interface ConvolutionGeometry {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  /** Zeros below and to the right of the image beyond `padding`; negative ones are fewer. None if left out. */
  readonly extra?: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** Positions of a kernel of size `kernel` along a padded side; below 1 if it does not fit. */
export function convolvedSize(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
): number {
  return Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

/**
 * y[n, o, i, j] = b[o] + sum over c, u, v of w[o, c, u, v] x[n, g C/G + c, i s - p + u d, j s - p + v d]
 *
 * Inputs x [N, C, H, W], weight [O, C/groups, kh, kw] and optionally a bias [O]; attributes `stride`,
 * `padding`, `dilation` (pairs), `groups`, `extra` if more zeros lie behind the image than before it, and, from the
 * fusion pass, `activation`.
 */
export const conv2dOp: OpDefinition = {
  name: "conv2d",
  images: { inputs: [0], outputs: true, rearranges: true },
  takesActivation: true,
  multiplyAdds: ([, weight], [out]) => numel(out.shape) * numel(weight.shape.slice(1)),
  infer(inputs, attributes) {
    const [x, weight, bias] = inputs;
    requireFloating(x);
    requireDtypesOfLayer(inputs);
    const shape = inferConvolved(x.shape, weight.shape, geometryOf(attributes));
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== weight.shape[0])) {
      throw new ShapeError(
        `expected a bias of shape [${weight.shape[0]}], one number per output channel, got ${formatShape(bias.shape)}; ` +
          `weight is ${formatShape(weight.shape)}`,
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  gradient({ grads, inputs: [x, weight, bias], attributes, needs }) {
    const g = grads[0] as Value;
    const geometry = geometryOf(attributes);
    const gx = needs[0] ? conv2dInputGradient(g, weight, x.shape, geometry) : null;
    const gw = needs[1] ? conv2dWeightGradient(x, g, weight, geometry) : null;
    return bias === undefined ? [gx, gw] : [gx, gw, needs[2] ? sum(cast(g, bias.dtype), [0, 2, 3]) : null];
  },
};

/**
 * The gradient of `conv2d` by its input, which is also the transposed convolution. Inputs dy [N, O, h, w] and
 * weight; attributes those of `conv2d` and `inputShape`.
 */
export const conv2dInputGradientOp: OpDefinition = {
  name: "conv2dInputGradient",
  images: { inputs: [0], outputs: true, rearranges: true },
  multiplyAdds: ([dy, weight]) => numel(dy.shape) * numel(weight.shape.slice(1)),
  infer([dy, weight], attributes) {
    requireFloating(dy);
    requireDtypesOfLayer([dy, weight]);
    const shape = attributes.inputShape as Shape;
    requireOutput(dy, shape, weight.shape, geometryOf(attributes));
    return [{ shape, dtype: dy.dtype }];
  },
  gradient({ grads, inputs: [dy, weight], attributes, needs }) {
    const g = grads[0] as Value;
    const geometry = geometryOf(attributes);
    return [
      needs[0] ? conv2d(g, weight, geometry) : null,
      needs[1] ? conv2dWeightGradient(g, dy, weight, geometry) : null,
    ];
  },
};

/**
 * The gradient of `conv2d` by its weight. Inputs x and dy; attributes those of `conv2d`, `weightShape` and, if it
 * is not that of the inputs, the weight's `dtype`.
 */
export const conv2dWeightGradientOp: OpDefinition = {
  name: "conv2dWeightGradient",
  images: { inputs: [0, 1], outputs: false, rearranges: true },
  multiplyAdds: ([, dy], _outputs, { weightShape }) =>
    numel(dy.shape) * numel((weightShape as Shape).slice(1)),
  infer([x, dy], attributes) {
    requireFloating(x);
    requireSameDtype([x, dy]);
    const shape = attributes.weightShape as Shape;
    requireOutput(dy, x.shape, shape, geometryOf(attributes));
    return [{ shape, dtype: (attributes.dtype as DType | undefined) ?? x.dtype }];
  },
  gradient({ grads, inputs: [x, dy], attributes, needs }) {
    const g = grads[0] as Value;
    const geometry = geometryOf(attributes);
    return [
      needs[0] ? conv2dInputGradient(dy, g, x.shape, geometry) : null,
      needs[1] ? conv2d(x, g, geometry) : null,
    ];
  },
};

export function conv2d(x: Value, weight: Value, geometry: ConvolutionGeometry, bias?: Value): Value {
  return emit(conv2dOp, bias ? [x, weight, bias] : [x, weight], plain(geometry));
}

export function conv2dInputGradient(
  dy: Value,
  weight: Value,
  inputShape: Shape,
  geometry: ConvolutionGeometry,
): Value {
  return emit(conv2dInputGradientOp, [dy, weight], { ...plain(geometry), inputShape: [...inputShape] });
}

export function conv2dWeightGradient(
  x: Value,
  dy: Value,
  weight: TensorSpec,
  geometry: ConvolutionGeometry,
): Value {
  const dtype = weight.dtype === x.dtype ? {} : { dtype: weight.dtype };
  return emit(conv2dWeightGradientOp, [x, dy], {
    ...plain(geometry),
    weightShape: [...weight.shape],
    ...dtype,
  });
}

function geometryOf(attributes: Attributes): ConvolutionGeometry {
  return attributes as unknown as ConvolutionGeometry;
}

/** Always the same names, so that equal convolutions have equal keys. */
function plain({ stride, padding, extra = [], dilation, groups }: ConvolutionGeometry): Attributes {
  const uneven = extra.some((zeros) => zeros !== 0) ? { extra: [...extra] } : {};
  return { stride: [...stride], padding: [...padding], ...uneven, dilation: [...dilation], groups };
}

function inferConvolved(x: Shape, weight: Shape, geometry: ConvolutionGeometry): number[] {
  const { groups, stride, padding, extra = [0, 0], dilation } = geometry;
  const shapes = `in ${formatShape(x)}; weight is ${formatShape(weight)}`;
  if (x.length !== 4 || weight.length !== 4) {
    throw new ShapeError(
      `expected an input [N, C, H, W] and a weight [O, C/groups, kh, kw], got ${formatShape(x)} and ${formatShape(weight)}`,
    );
  }
  if (x[1] !== weight[1] * groups) {
    const grouped = groups === 1 ? "" : ` (${groups} groups of ${weight[1]})`;
    throw new ShapeError(`expected ${weight[1] * groups} input channels${grouped}, got ${x[1]} ${shapes}`);
  }
  if (weight[0] % groups !== 0) {
    throw new ShapeError(
      `expected a number of output channels that ${groups} groups divide, got ${weight[0]} ${shapes}`,
    );
  }
  const out = [0, 1].map((d) =>
    convolvedSize(x[d + 2] + extra[d], weight[d + 2], stride[d], padding[d], dilation[d]),
  );
  if (out[0] < 1 || out[1] < 1) {
    const padded = [0, 1].map((d) => x[d + 2] + 2 * padding[d] + extra[d]).join(" x ");
    const kernel = [0, 1].map((d) => dilation[d] * (weight[d + 2] - 1) + 1).join(" x ");
    throw new ShapeError(
      `Calculated padded input size per channel: (${padded}). Kernel size: (${kernel}). ` +
        `Kernel size can't be greater than actual input size: the input is ${formatShape(x)}, weight is ${formatShape(weight)}`,
    );
  }
  return [x[0], weight[0], ...out];
}

function requireOutput(dy: TensorSpec, x: Shape, weight: Shape, geometry: ConvolutionGeometry): void {
  const expected = inferConvolved(x, weight, geometry);
  if (formatShape(dy.shape) !== formatShape(expected)) {
    throw new ShapeError(
      `expected a gradient of shape ${formatShape(expected)}, got ${formatShape(dy.shape)}`,
    );
  }
}
