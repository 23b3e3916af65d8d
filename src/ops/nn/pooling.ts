/** Pooling over two-dimensional windows, and over cells of a grid (adaptive). */
import { ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import type { Attributes, TensorSpec } from "../../engines/contract/engine.ts";
import { emit, emitAll, type OpDefinition, type Value } from "../../graph/node.ts";
import { requireFloating } from "../core.ts";

export interface MaxPoolGeometry {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
}

export interface AveragePoolGeometry {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
}

/**
 * Places of a window along one side. With `ceilMode` a last window may hang over the end, but must begin
 * inside the input or its left padding.
 */
export function pooledSize(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  ceilMode: boolean,
): number {
  const room = size + 2 * padding - dilation * (kernel - 1) - 1;
  const places = Math.floor((room + (ceilMode ? stride - 1 : 0)) / stride) + 1;
  return ceilMode && (places - 1) * stride >= size + padding ? places - 1 : places;
}

function inferPooled(
  x: TensorSpec,
  geometry: Omit<MaxPoolGeometry, "dilation">,
  dilation: readonly number[],
): number[] {
  const { kernelSize, stride, padding, ceilMode } = geometry;
  if (x.shape.length !== 4)
    throw new ShapeError(`expected an input [N, C, H, W], got ${formatShape(x.shape)}`);
  for (const d of [0, 1]) {
    if (padding[d] * 2 > dilation[d] * (kernelSize[d] - 1) + 1) {
      throw new ShapeError(
        `pad should be at most half of effective kernel size, but got padding ${formatShape(padding)}, ` +
          `kernel size ${formatShape(kernelSize)} and dilation ${formatShape(dilation)}`,
      );
    }
  }
  const out = [0, 1].map((d) =>
    pooledSize(x.shape[d + 2], kernelSize[d], stride[d], padding[d], dilation[d], ceilMode),
  );
  if (out[0] < 1 || out[1] < 1) {
    throw new ShapeError(
      `the input ${formatShape(x.shape)} is too small for a kernel of ${formatShape(kernelSize)}: ` +
        `the calculated output size is ${out[0]} x ${out[1]}`,
    );
  }
  return [x.shape[0], x.shape[1], ...out];
}

/**
 * The largest element of each window, and its position in the H * W plane. NaN wins. Attributes
 * `kernelSize`, `stride`, `padding`, `dilation` (pairs), `ceilMode`; outputs y and int32 indices.
 */
export const maxPool2dOp: OpDefinition = {
  name: "maxPool2d",
  images: { inputs: [0], outputs: true, rearranges: false },
  sparesOutputs: true,
  infer([x], attributes) {
    const geometry = attributes as unknown as MaxPoolGeometry;
    requireFloating(x);
    const shape = inferPooled(x, geometry, geometry.dilation);
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: "int32" },
    ];
  },
  gradient: ({ grads, inputs: [x], outputs: [, indices], attributes }) => [
    emit(maxPool2dGradientOp, [grads[0] as Value, indices], { ...attributes, inputShape: [...x.shape] }),
  ],
};

/** Inputs dy and the indices of `maxPool2d`; attributes those of `maxPool2d` and `inputShape`. */
export const maxPool2dGradientOp: OpDefinition = {
  name: "maxPool2dGradient",
  images: { inputs: [0, 1], outputs: true, rearranges: false },
  infer: ([dy], attributes) => [{ shape: attributes.inputShape as Shape, dtype: dy.dtype }],
  gradient: ({ grads, inputs: [, indices] }) => [gatherPlane(grads[0] as Value, indices), null],
};

/** The mean of each window; see `torch.nn.functional.avg_pool2d` for what is divided by. */
export const avgPool2dOp: OpDefinition = {
  name: "avgPool2d",
  images: { inputs: [0], outputs: true, rearranges: false },
  infer([x], attributes) {
    requireFloating(x);
    return [{ shape: inferPooled(x, attributes as unknown as AveragePoolGeometry, [1, 1]), dtype: x.dtype }];
  },
  gradient: ({ grads, inputs: [x], attributes }) => [
    emit(avgPool2dGradientOp, [grads[0] as Value], { ...attributes, inputShape: [...x.shape] }),
  ],
};

/** The gradient of a pooling that is linear, whose own gradient is that pooling. Attributes its, and `inputShape`. */
function gradientOf(pooling: () => OpDefinition, name: string): OpDefinition {
  return {
    name,
    images: { inputs: [0], outputs: true, rearranges: false },
    infer: ([dy], attributes) => [{ shape: attributes.inputShape as Shape, dtype: dy.dtype }],
    gradient({ grads, attributes }) {
      const { inputShape: _dropped, ...own } = attributes;
      return [emit(pooling(), [grads[0] as Value], own)];
    },
  };
}

/** Input dy; attributes those of `avgPool2d` and `inputShape`. */
export const avgPool2dGradientOp: OpDefinition = gradientOf(() => avgPool2dOp, "avgPool2dGradient");

/**
 * The mean over each cell of an `attributes.outputSize` grid laid over the image: cell i goes from
 * floor(i H / h) to ceil((i + 1) H / h).
 */
export const adaptiveAvgPool2dOp: OpDefinition = {
  name: "adaptiveAvgPool2d",
  images: { inputs: [0], outputs: true, rearranges: false },
  infer([x], attributes) {
    requireFloating(x);
    return [{ shape: gridShape(x, attributes), dtype: x.dtype }];
  },
  gradient: ({ grads, inputs: [x], attributes }) => [
    emit(adaptiveAvgPool2dGradientOp, [grads[0] as Value], { ...attributes, inputShape: [...x.shape] }),
  ],
};

export const adaptiveAvgPool2dGradientOp: OpDefinition = gradientOf(
  () => adaptiveAvgPool2dOp,
  "adaptiveAvgPool2dGradient",
);

/** The largest element of each cell of a grid (see `adaptiveAvgPool2d`) and its position in the plane. */
export const adaptiveMaxPool2dOp: OpDefinition = {
  name: "adaptiveMaxPool2d",
  infer([x], attributes) {
    requireFloating(x);
    const shape = gridShape(x, attributes);
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: "int32" },
    ];
  },
  gradient: ({ grads, inputs: [x], outputs: [, indices] }) => [
    scatterPlane(grads[0] as Value, indices, [x.shape[2], x.shape[3]]),
  ],
};

/** y[n, c, i, j] = x[n, c] at position indices[n, c, i, j] of the plane. Inputs x and int32 indices. */
export const gatherPlaneOp: OpDefinition = {
  name: "gatherPlane",
  infer: ([x, indices]) => [{ shape: indices.shape, dtype: x.dtype }],
  gradient: ({ grads, inputs: [x, indices] }) => [
    scatterPlane(grads[0] as Value, indices, [x.shape[2], x.shape[3]]),
    null,
  ],
};

/** Zeros with x's elements added at positions `indices` of each plane of `attributes.size`. */
export const scatterPlaneOp: OpDefinition = {
  name: "scatterPlane",
  checksData: true,
  infer: ([x], attributes) => [
    { shape: [x.shape[0], x.shape[1], ...(attributes.size as Shape)], dtype: x.dtype },
  ],
  gradient: ({ grads, inputs: [, indices] }) => [gatherPlane(grads[0] as Value, indices), null],
};

/** y and int32 indices. */
export function maxPool2d(x: Value, geometry: MaxPoolGeometry): Value[] {
  const { kernelSize, stride, padding, dilation, ceilMode } = geometry;
  return emitAll(maxPool2dOp, [x], { kernelSize, stride, padding, dilation, ceilMode });
}

export function avgPool2d(x: Value, geometry: AveragePoolGeometry): Value {
  const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = geometry;
  return emit(avgPool2dOp, [x], { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride });
}

export function gatherPlane(x: Value, indices: Value): Value {
  return emit(gatherPlaneOp, [x, indices]);
}

export function scatterPlane(x: Value, indices: Value, size: Shape): Value {
  return emit(scatterPlaneOp, [x, indices], { size: [...size] });
}

function gridShape(x: TensorSpec, attributes: Attributes): number[] {
  if (x.shape.length !== 4 || x.shape[2] === 0 || x.shape[3] === 0) {
    throw new ShapeError(`expected an input [N, C, H, W] with pixels in it, got ${formatShape(x.shape)}`);
  }
  return [x.shape[0], x.shape[1], ...(attributes.outputSize as Shape)];
}
