/** The gradient of a convolution by its weight as a GEMM with the im2col patches of a slice. */
import { aligned } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { BoundPrimitive, DnnlScope } from "../library/dnnl.ts";
import { elementOf, type OnednnStep, perSize, type SliceKernel, type Slices } from "../onednn_step.ts";
import { type Algorithm, imageBytes, pixelRows, weightDims } from "./convolution_algorithms.ts";
import { Im2colPatches, imagesAtOnce, weightLikeWindows, windowRows, windowSize } from "./im2col_patches.ts";

/** The algorithm with its kernels and the layout of its partial sums; null if they have no room or no implementation. */
export function im2colVariant(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  algorithm: Algorithm,
) {
  const layout = weightLikeWindows(scope, g);
  const partialBytes = aligned(scope.bytesOf(layout));
  if (partialBytes * slices.count > step.scratchBytes) return null;
  const kernelOf = perSize(slices, (n) => sliceKernel(scope, step, g, n, algorithm, partialBytes));
  const [full, last] = [kernelOf(0, 2), kernelOf(0, 1)];
  if (full === null || last === null) return null;
  const either = (index: number, count: number) => (index === count - 1 ? last : full);
  return { kernel: full, kernelOf: either, layout, dims: weightDims(g), partialBytes };
}

/** `n` images, a few at a time: dw = dy^T x for the first of them, dw += dy^T x for the others. */
function sliceKernel(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  n: number,
  algorithm: Algorithm,
  partialBytes: number,
): SliceKernel | null {
  const count = imagesAtOnce(g, n, algorithm.precision);
  const first = product(scope, g, count, algorithm, false);
  const further = product(scope, g, count, algorithm, true);
  if (first === null || further === null) return null;
  const stored = elementOf(step.inputs[0].dtype);
  const windows = new Im2colPatches(scope, step.own, g, count, stored, algorithm.precision);
  const xBytes = imageBytes(g, "source", stored, count);
  const dyBytes = imageBytes(g, "result", stored, count);
  const times = n / count;
  return {
    bytes: [xBytes * times, dyBytes * times, partialBytes],
    run(x, dy, dw) {
      for (let i = 0; i < times; i++) {
        (i === 0 ? first : further).run(dy + i * dyBytes, windows.enter(x + i * xBytes), dw);
      }
    },
  };
}

/** dw = dy^T x over all pixels of `count` images; with `added`, dw += dy^T x. */
function product(
  scope: DnnlScope,
  g: ConvGeometry,
  count: number,
  { precision }: Algorithm,
  added: boolean,
): BoundPrimitive | null {
  const source = pixelRows(scope, g, "result", count, precision, true);
  const weights = windowRows(scope, g, count, precision);
  const destination = scope.descriptor([g.o, windowSize(g)], "float32");
  const description = scope.matmul({ source, weights, destination }, undefined, added);
  return (
    description &&
    scope.primitive(description, [
      ["source", source],
      ["weights", weights],
      ["destination", destination],
    ])
  );
}
