/** The convolution and its gradient by the input, the batch in slices: planned in the fastest of the algorithms that there are. */
import type { KernelPlan } from "../../cpu/kernel.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { DnnlScope } from "../library/dnnl.ts";
import { fastest, type OnednnStep, type Slices, type Variant } from "../onednn_step.ts";
import { type Algorithm, candidateAlgorithms, preferredAlgorithm } from "./candidate_algorithms.ts";
import { convolutionKey, elementsOf } from "./convolution_layouts.ts";
import { batchSlices, lastGeometry } from "./convolution_shapes.ts";
import { winogradVariant } from "./winograd_convolution.ts";

/** An algorithm of the library: its weight in the layout that it wants, and a kernel for each slice. */
export type NativeVariant = (
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  algorithm: Algorithm,
) => Variant | null;

export function planFastest(
  scope: DnnlScope,
  step: OnednnStep,
  nativeVariant: NativeVariant,
): KernelPlan | null {
  const { op, inputs, outputs } = step;
  const g = lastGeometry(step);
  if (g === null) return null;
  const slices = batchSlices(g);
  const key = convolutionKey(op, g, slices.size, elementsOf(inputs, outputs));
  const algorithms = candidateAlgorithms(step, g);
  const make = (algorithm: Algorithm) =>
    algorithm.form === "winograd"
      ? winogradVariant(scope, step, g, slices)
      : nativeVariant(scope, step, g, slices, algorithm);
  const chosen = fastest(step, key, algorithms, make, preferredAlgorithm(algorithms, g));
  return chosen?.plan ?? null;
}
