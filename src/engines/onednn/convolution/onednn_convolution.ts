/** conv2d with its channels last: act(x * w + b), the batch in slices. */

import type { KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { Descriptor, DnnlScope, PrimitiveDescription } from "../library/dnnl.ts";
import type { ActivationName } from "../library/dnnl_constants.ts";
import {
  elementOf,
  type OnednnStep,
  perSize,
  reorderStage,
  type SliceKernel,
  type Slices,
  type Variant,
} from "../onednn_step.ts";
import { StagingBuffers } from "../thread_scratch.ts";
import { type Algorithm, pixelRows, wantedImages } from "./candidate_algorithms.ts";
import { imageBytes, images, weightDims, windowOf } from "./convolution_layouts.ts";
import { planFastest } from "./convolution_plan.ts";

export function planConvolution(scope: DnnlScope, step: OnednnStep): KernelPlan | null {
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
  const hasBias = inputs.length > 2;
  const sourceStep = imageBytes(g, "source", stored, slices.size);
  const resultStep = imageBytes(g, "result", stored, slices.size);
  const compute: KernelStage = {
    units: slices.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      const packed = base + (weights.packed ? scratch : from[1]);
      for (let i = begin; i < end; i++) {
        const [x, y] = [base + from[0] + i * sourceStep, base + to[0] + i * resultStep];
        kernelOf(i, slices.count).run(x, packed, y, ...(hasBias ? [base + from[2]] : []));
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
  const make = algorithm.form === "gemm" ? describeProduct : describeDirect;
  const weights = chooseWeights(
    scope,
    step,
    g,
    algorithm,
    (layout) => make(scope, step, g, slices.size, algorithm, layout)?.description ?? null,
  );
  if (weights === null) return null;
  const kernelOf = perSize(slices, (n): SliceKernel => {
    const made = make(scope, step, g, n, algorithm, weights.layout);
    if (made === null) throw new Error("onednn: a slice of a convolution has no implementation");
    return kernelFrom(scope, step, g, n, made, weights.layout);
  });
  return { kernelOf, weights };
}

/** A description with the layouts that its images have in it and in the program. */
interface Described {
  readonly description: PrimitiveDescription;
  readonly source: { readonly stored: Descriptor; readonly wanted: Descriptor };
  readonly result: { readonly stored: Descriptor; readonly wanted: Descriptor };
  readonly bias: Descriptor | undefined;
}

function describeDirect(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  n: number,
  algorithm: Algorithm,
  weights: Descriptor,
): Described | null {
  const [x, , b] = step.inputs;
  const bias = b === undefined ? undefined : scope.descriptor([g.o * g.groups], elementOf(b.dtype));
  const activation = step.attributes.activation as ActivationName | undefined;
  const source = wantedImages(scope, g, "source", n, algorithm);
  const destination = wantedImages(scope, g, "result", n, algorithm);
  const description = scope.convolutionForward(
    { source, weights, bias, destination },
    windowOf(g),
    activation,
  );
  if (description === null) return null;
  const stored = elementOf(x.dtype);
  return {
    description,
    bias,
    source: { stored: images(scope, g, "source", n, stored), wanted: description.layout("source") },
    result: { stored: images(scope, g, "result", n, stored), wanted: description.layout("destination") },
  };
}

function describeProduct(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  n: number,
  { precision }: Algorithm,
  weights: Descriptor,
): Described | null {
  const b = step.inputs[2];
  const bias = b === undefined ? undefined : scope.descriptor([1, g.o], elementOf(b.dtype));
  const source = pixelRows(scope, g, "source", n, precision);
  const destination = pixelRows(scope, g, "result", n, precision);
  const activation = step.attributes.activation as ActivationName | undefined;
  const description = scope.matmul({ source, weights, bias, destination }, activation);
  if (description === null) return null;
  return {
    description,
    bias,
    source: { stored: source, wanted: source },
    result: { stored: destination, wanted: destination },
  };
}

function kernelFrom(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  n: number,
  { description, source, result, bias }: Described,
  weights: Descriptor,
): SliceKernel {
  const stored = elementOf(step.inputs[0].dtype);
  const primitive = scope.primitive(description, [
    ["source", source.wanted],
    ["weights", weights],
    ["destination", result.wanted],
    ...(bias === undefined ? [] : ([["bias", bias]] as const)),
  ]);
  const staging = new StagingBuffers(scope, step.own);
  const from = staging.input(source.stored, source.wanted);
  const to = staging.output(result.stored, result.wanted);
  const bytes = [
    imageBytes(g, "source", stored, n),
    scope.bytesOf(weights),
    imageBytes(g, "result", stored, n),
  ];
  return {
    bytes: bias === undefined ? bytes : [...bytes, scope.bytesOf(bias)],
    run(x, weight, y, ...rest) {
      primitive.run(from.enter(x), weight, to.place(y), ...rest);
      to.leave(y);
    },
  };
}

/** The weight as a kernel takes it. */
export interface WeightLayout {
  readonly layout: Descriptor;
  /** How the program holds it. */
  readonly plain: Descriptor;
  /** Whether it has to be brought into that layout first. */
  readonly packed: boolean;
}

/**
 * The layout of the weight, input 1, that the library prefers, if it fits the scratch space; else as it is.
 *
 * @param transposed For products: whether the weight [O, C] is to be seen as [C, O].
 */
export function chooseWeights(
  scope: DnnlScope,
  { scratchBytes, inputs }: OnednnStep,
  g: ConvGeometry,
  { precision, form }: Algorithm,
  describe: (weights: Descriptor) => { layout(name: "weights"): Descriptor } | null,
  transposed = true,
): WeightLayout | null {
  const stored = elementOf(inputs[1].dtype);
  const product = transposed ? [g.c, g.o] : [g.o, g.c];
  const dims = form === "gemm" ? product : weightDims(g);
  const plain = scope.descriptor(dims, stored, form === "gemm" && transposed ? [1, g.c] : undefined);
  const preferred = describe(scope.anyLayout(dims, precision))?.layout("weights");
  if (preferred !== undefined && scope.bytesOf(preferred) <= scratchBytes) {
    return { layout: preferred, plain, packed: !scope.equal(preferred, plain) };
  }
  if (stored !== precision || describe(plain) === null) return null;
  return { layout: plain, plain, packed: false };
}

/** Brings the weight, input 1, into its layout in the scratch space. */
export function packStage(
  scope: DnnlScope,
  { layout, plain, packed }: WeightLayout,
  base: number,
): KernelStage[] {
  if (!packed) return [];
  return [
    reorderStage(scope, plain, layout, (copy, { inputs, scratch }) => copy(base + inputs[1], base + scratch)),
  ];
}
