/** Windows of an image as columns of a matrix, and back. */
import { ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import type { Attributes, TensorSpec } from "../../engines/contract/engine.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { requireFloating } from "../core.ts";
import { convolvedSize } from "./convolution.ts";

export interface WindowGeometry {
  readonly kernelSize: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
}

/** Places of the window along height and width. */
function places(plane: Shape, { kernelSize, stride, padding, dilation }: WindowGeometry): number[] {
  return [0, 1].map((d) => convolvedSize(plane[d], kernelSize[d], stride[d], padding[d], dilation[d]));
}

/** [N, C, H, W] to [N, C kh kw, L]: column l is the window at place l. Attributes: a `WindowGeometry`. */
export const unfoldOp: OpDefinition = {
  name: "unfold",
  infer([x], attributes) {
    const geometry = attributes as unknown as WindowGeometry;
    const [rows, columns] = places(x.shape.slice(2), geometry);
    if (rows < 1 || columns < 1) {
      throw new ShapeError(
        `the input ${formatShape(x.shape)} is too small for a kernel of ${formatShape(geometry.kernelSize)}: ` +
          `the calculated shape of the array of sliding blocks is [${rows}, ${columns}]`,
      );
    }
    const [kh, kw] = geometry.kernelSize;
    return [{ shape: [x.shape[0], x.shape[1] * kh * kw, rows * columns], dtype: x.dtype }];
  },
  gradient: ({ grads, inputs: [x], attributes }) => [
    fold(grads[0] as Value, x.shape.slice(2), attributes as unknown as WindowGeometry),
  ],
};

/** The transpose of `unfold`: adds the windows up. Attributes also `outputSize`. */
export const foldOp: OpDefinition = {
  name: "fold",
  infer([x], attributes) {
    requireFloating(x);
    return [{ shape: foldedShape(x, attributes), dtype: x.dtype }];
  },
  gradient: ({ grads, attributes }) => [unfold(grads[0] as Value, attributes as unknown as WindowGeometry)],
};

export function unfold(x: Value, geometry: WindowGeometry): Value {
  return emit(unfoldOp, [x], plain(geometry));
}

export function fold(x: Value, outputSize: Shape, geometry: WindowGeometry): Value {
  return emit(foldOp, [x], { ...plain(geometry), outputSize: [...outputSize] });
}

function plain({ kernelSize, dilation, padding, stride }: WindowGeometry): Attributes {
  return { kernelSize, dilation, padding, stride };
}

function foldedShape(x: TensorSpec, attributes: Attributes): number[] {
  const geometry = attributes as unknown as WindowGeometry;
  const outputSize = attributes.outputSize as Shape;
  const [kh, kw] = geometry.kernelSize;
  const [rows, columns] = places(outputSize, geometry);
  if (x.shape[1] % (kh * kw) !== 0) {
    throw new ShapeError(
      `expected a size of dimension 1 that the window's ${kh} x ${kw} divides, got ${x.shape[1]} in ${formatShape(x.shape)}`,
    );
  }
  if (rows < 1 || columns < 1 || x.shape[2] !== rows * columns) {
    throw new ShapeError(
      `expected ${rows} x ${columns} = ${rows * columns} windows for the output size ${formatShape(outputSize)}, ` +
        `got ${x.shape[2]} in ${formatShape(x.shape)}`,
    );
  }
  return [x.shape[0], x.shape[1] / (kh * kw), ...outputSize];
}
