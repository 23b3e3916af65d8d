/** The gradient of a channels-last convolution by its input, the batch in slices. */

import type { KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { Descriptor, DnnlScope, PrimitiveDescription } from "../library/dnnl.ts";
import type { ArgumentName } from "../library/dnnl_constants.ts";
import {
  elementOf,
  type OnednnStep,
  perSize,
  type SliceKernel,
  type Slices,
  type Variant,
} from "../onednn_step.ts";
import { StagingBuffers } from "../thread_scratch.ts";
import { type Algorithm, describeGradient, pixelRows } from "./candidate_algorithms.ts";
import { type Image, imageBytes, images } from "./convolution_layouts.ts";
import { planFastest } from "./convolution_plan.ts";
import { chooseWeights, packStage } from "./onednn_convolution.ts";

export function planInputGradient(scope: DnnlScope, step: OnednnStep): KernelPlan | null {
  return planFastest(scope, step, nativeVariant);
}

/** An algorithm of the library: its weight in the layout that it wants, and a kernel for each slice. */
function nativeVariant(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  algorithm: Algorithm,
): Variant | null {
  const made = kernelsOf(scope, step, g, slices, algorithm);
  if (made === null) return null;
  const { kernelOf, weights } = made;
  const { inputs, base } = step;
  const stored = elementOf(inputs[0].dtype);
  const sourceStep = imageBytes(g, "source", stored, slices.size);
  const resultStep = imageBytes(g, "result", stored, slices.size);
  const compute: KernelStage = {
    units: slices.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      const packed = base + (weights.packed ? scratch : from[1]);
      for (let i = begin; i < end; i++) {
        kernelOf(i, slices.count).run(base + from[0] + i * resultStep, packed, base + to[0] + i * sourceStep);
      }
    },
  };
  const stages = [...packStage(scope, weights, base), compute];
  return { kernel: kernelOf(0, 2), plan: { stages, scratchBytes: 0, threadScratchBytes: 0 } };
}

/** The kernels: one for a whole slice, one for the last. */
function kernelsOf(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  algorithm: Algorithm,
) {
  const describe = algorithm.form === "gemm" ? describeProduct : describeDirect;
  const weights = chooseWeights(
    scope,
    step,
    g,
    algorithm,
    (layout) => describe(scope, g, slices.size, algorithm, layout)?.description ?? null,
    false,
  );
  if (weights === null) return null;
  const kernelOf = perSize(slices, (n) => {
    const described = describe(scope, g, n, algorithm, weights.layout);
    if (described === null) throw new Error("onednn: a slice of a gradient has no implementation");
    return kernelFrom(scope, step, g, n, described, weights.layout);
  });
  return { kernelOf, weights };
}

/** A description, the names of its arguments, and the layouts that its images have in it. */
interface Described {
  readonly description: PrimitiveDescription;
  readonly dy: readonly [name: ArgumentName, layout: Descriptor];
  readonly dx: readonly [name: ArgumentName, layout: Descriptor];
}

function describeDirect(
  scope: DnnlScope,
  g: ConvGeometry,
  n: number,
  algorithm: Algorithm,
  weights: Descriptor,
): Described | null {
  const description = describeGradient(scope, g, n, algorithm, weights, (...given) =>
    scope.convolutionBackwardData(...given),
  );
  if (description === null) return null;
  return {
    description,
    dy: ["diffDestination", description.layout("diffDestination")],
    dx: ["diffSource", description.layout("diffSource")],
  };
}

/** dx = dy w, a row for each pixel. */
function describeProduct(
  scope: DnnlScope,
  g: ConvGeometry,
  n: number,
  { precision }: Algorithm,
  weights: Descriptor,
): Described | null {
  const source = pixelRows(scope, g, "result", n, precision);
  const destination = pixelRows(scope, g, "source", n, precision);
  const description = scope.matmul({ source, weights, destination });
  return description && { description, dy: ["source", source], dx: ["destination", destination] };
}

function kernelFrom(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  n: number,
  { description, dy, dx }: Described,
  weights: Descriptor,
): SliceKernel {
  const stored = elementOf(step.inputs[0].dtype);
  const product = dy[0] === "source";
  const primitive = scope.primitive(description, [dy, ["weights", weights], dx]);
  const staging = new StagingBuffers(scope, step.own);
  const lies = (which: Image) => (product ? pixelRows : images)(scope, g, which, n, stored);
  const from = staging.input(lies("result"), dy[1]);
  const to = staging.output(lies("source"), dx[1]);
  return {
    bytes: [imageBytes(g, "result", stored, n), scope.bytesOf(weights), imageBytes(g, "source", stored, n)],
    run(gradient, weight, result) {
      primitive.run(from.enter(gradient), weight, to.place(result));
      to.leave(result);
    },
  };
}
