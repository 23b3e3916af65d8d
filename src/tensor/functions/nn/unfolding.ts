/** Windows of images as columns, and images from columns. */
import { ShapeError } from "../../../base/errors.ts";
import { formatShape } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import * as ops from "../../../ops/nn/unfolding.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { floatingInput, named, type Size, sizes, withBatch } from "./arguments.ts";

export interface UnfoldParameters {
  /** [N, C, H, W] or [C, H, W]. */
  input: Tensor;
  /** Size of the window in pixels: one number or (height, width). */
  kernelSize: Size;
  /** Distance between the window's pixels. @default 1 */
  dilation?: Size;
  /** Border of zeros on each side in pixels. @default 0 */
  padding?: Size;
  /** Step of the window in pixels. @default 1 */
  stride?: Size;
}

export interface FoldParameters extends Omit<UnfoldParameters, "input"> {
  /** [N, C kh kw, L] or [C kh kw, L]. */
  input: Tensor;
  /** Size of the image in pixels: one number or (height, width). */
  outputSize: Size;
}

function geometryOf(
  of: string,
  kernelSize: Size,
  dilation: Size,
  padding: Size,
  stride: Size,
): ops.WindowGeometry {
  return {
    kernelSize: sizes(of, "kernelSize", kernelSize, 2, 1),
    dilation: sizes(of, "dilation", dilation, 2, 1),
    padding: sizes(of, "padding", padding, 2, 0),
    stride: sizes(of, "stride", stride, 2, 1),
  };
}

/**
 * The windows of an image as columns: [N, C, H, W] (or without N) to [N, C kh kw, L] for L places of the
 * window, row by row.
 *
 * @example
 * ```ts
 * nn.functional.unfold(randn(8, 3, 6, 6), 2, { stride: 2 }).shape; // [8, 12, 9]
 * ```
 */
export const unfold = defineCall<UnfoldParameters>("unfold")(
  ["input", "kernelSize", "dilation?", "padding?", "stride?"],
  (input, kernelSize, dilation = 1, padding = 0, stride = 1) => {
    const geometry = geometryOf("unfold", kernelSize, dilation, padding, stride);
    const [y] = withBatch("unfold", valueOf(input, "input", named("unfold")), 2, (x) => [
      ops.unfold(x, geometry),
    ]);
    return new Tensor(y);
  },
);

/**
 * Adds windows up to an image: [N, C kh kw, L] (or without N) to [N, C, ...outputSize]; the transpose of
 * `unfold`.
 *
 * @example
 * ```ts
 * nn.functional.fold(randn(8, 12, 9), [6, 6], 2, { stride: 2 }).shape; // [8, 3, 6, 6]
 * ```
 */
export const fold = defineCall<FoldParameters>("fold")(
  ["input", "outputSize", "kernelSize", "dilation?", "padding?", "stride?"],
  (input, outputSize, kernelSize, dilation = 1, padding = 0, stride = 1) => {
    const geometry = geometryOf("fold", kernelSize, dilation, padding, stride);
    const size = sizes("fold", "outputSize", outputSize, 2, 1);
    const x = floatingInput("fold", input);
    const run = (batched: Value): Value => ops.fold(batched, size, geometry);
    if (x.shape.length === 3) return new Tensor(run(x));
    if (x.shape.length === 2) {
      const y = run(reshape(x, [1, ...x.shape]));
      return new Tensor(reshape(y, y.shape.slice(1)));
    }
    throw new ShapeError(
      `${named("fold")}: expected an input [N, C kh kw, L] or [C kh kw, L], got ${formatShape(x.shape)}`,
    );
  },
);
