/**
 * The gradient of a channels-last convolution by its weight: each slice of the batch gives a partial sum in the
 * library's own layout; the partial sums are added in order and brought into the weight's layout.
 */

import type { KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { aligned, split } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { Descriptor, DnnlScope, PrimitiveDescription } from "../library/dnnl.ts";
import type { ArgumentName, QueryName } from "../library/dnnl_constants.ts";
import {
  elementOf,
  fastest,
  type OnednnStep,
  perSize,
  reorderStage,
  type SliceKernel,
  type Slices,
  StagingBuffers,
} from "../onednn_step.ts";
import {
  type Algorithm,
  candidateAlgorithms,
  describeGradient,
  pixelRows,
  preferredAlgorithm,
} from "./candidate_algorithms.ts";
import {
  convolutionKey,
  elementsOf,
  imageBytes,
  images,
  lastGeometry,
  weightDims,
  weightSlices,
} from "./convolution_shapes.ts";
import { im2colVariant } from "./im2col_weight_gradient.ts";
import { winogradPartials } from "./winograd_weight_gradient.ts";

/** An algorithm for the partial sums, in this layout. */
export interface PartialSums {
  /** Of one slice, to be benchmarked. */
  readonly kernel: SliceKernel;
  readonly layout: Descriptor;
  /** Of the weight as this layout has it. */
  readonly dims: readonly number[];
  readonly bytes: number;
  /** A unit for each slice: into the scratch space one behind the other, or, of one slice, to the output. */
  stage(toOutput: boolean): KernelStage;
}

export function planWeightGradient(scope: DnnlScope, step: OnednnStep): KernelPlan | null {
  const { inputs, outputs, base } = step;
  const g = lastGeometry(step);
  if (g === null) return null;
  const slices = weightSlices(g);
  const key = convolutionKey("conv2dWeightGradient", g, slices.size, elementsOf(inputs, outputs));
  const algorithms = candidateAlgorithms(step, g);
  const make = (algorithm: Algorithm) =>
    algorithm.form === "winograd"
      ? winogradPartials(scope, step, g, slices)
      : nativePartials(scope, step, g, slices, algorithm);
  const sums = fastest(step, key, algorithms, make, preferredAlgorithm(algorithms, g));
  if (sums === null) return null;
  const plain = scope.descriptor(sums.dims, elementOf(outputs[0].dtype));
  const toOutput = slices.count === 1 && scope.equal(sums.layout, plain);
  const stages = [sums.stage(toOutput)];
  if (slices.count > 1) stages.push(sumStage(slices.count, sums.bytes));
  if (!toOutput) {
    stages.push(
      reorderStage(scope, sums.layout, plain, (copy, { outputs: to, scratch }) =>
        copy(base + scratch, base + to[0]),
      ),
    );
  }
  return { stages, scratchBytes: 0, threadScratchBytes: 0 };
}

/** By kernels that take and give addresses. */
function nativePartials(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  algorithm: Algorithm,
): PartialSums | null {
  const made = (algorithm.form === "im2col" ? im2colVariant : variant)(scope, step, g, slices, algorithm);
  if (made === null) return null;
  const { kernelOf, partialBytes: bytes } = made;
  const { inputs, base } = step;
  const stored = elementOf(inputs[0].dtype);
  const sourceStep = imageBytes(g, "source", stored, slices.size);
  const resultStep = imageBytes(g, "result", stored, slices.size);
  const stage = (toOutput: boolean): KernelStage => ({
    units: slices.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      for (let i = begin; i < end; i++) {
        const [x, dy] = [base + from[0] + i * sourceStep, base + from[1] + i * resultStep];
        kernelOf(i, slices.count).run(x, dy, base + (toOutput ? to[0] : scratch + i * bytes));
      }
    },
  });
  return { ...made, bytes, stage };
}

function variant(scope: DnnlScope, step: OnednnStep, g: ConvGeometry, slices: Slices, algorithm: Algorithm) {
  const describe = algorithm.form === "gemm" ? describeProduct : describeDirect;
  const dims = algorithm.form === "gemm" ? [g.o, g.c] : weightDims(g);
  const layout = chooseLayout(scope, step, dims, slices, (weights) =>
    describe(scope, g, slices.size, algorithm, weights),
  );
  if (layout === null) return null;
  const kernelOf = perSize(slices, (n) => {
    const described = describe(scope, g, n, algorithm, layout);
    if (described === null) throw new Error("onednn: a slice of a weight's gradient has no implementation");
    return kernelFrom(scope, step, g, n, described, layout);
  });
  return { kernel: kernelOf(0, 2), kernelOf, layout, dims, partialBytes: aligned(scope.bytesOf(layout)) };
}

type Argument = readonly [name: ArgumentName, layout: Descriptor];

/** A description and its arguments. */
interface Described {
  readonly description: PrimitiveDescription;
  readonly x: Argument;
  readonly dy: Argument;
  readonly dw: ArgumentName & QueryName;
}

function describeDirect(
  scope: DnnlScope,
  g: ConvGeometry,
  n: number,
  algorithm: Algorithm,
  weights: Descriptor,
): Described | null {
  const description = describeGradient(scope, g, n, algorithm, weights, (...given) =>
    scope.convolutionBackwardWeights(...given),
  );
  if (description === null) return null;
  return {
    description,
    x: ["source", description.layout("source")],
    dy: ["diffDestination", description.layout("diffDestination")],
    dw: "diffWeights",
  };
}

/** dw = dy^T x, summed over all pixels. */
function describeProduct(
  scope: DnnlScope,
  g: ConvGeometry,
  n: number,
  { precision }: Algorithm,
  destination: Descriptor,
): Described | null {
  const source = pixelRows(scope, g, "result", n, precision, true);
  const weights = pixelRows(scope, g, "source", n, precision);
  const description = scope.matmul({ source, weights, destination });
  return description && { description, x: ["weights", weights], dy: ["source", source], dw: "destination" };
}

function kernelFrom(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  n: number,
  { description, x, dy, dw }: Described,
  layout: Descriptor,
): SliceKernel {
  const stored = elementOf(step.inputs[0].dtype);
  const primitive = scope.primitive(description, [x, dy, [dw, layout]]);
  const staging = new StagingBuffers(scope, step.own);
  const product = dw === "destination";
  const [from, gradient] = product
    ? [staging.input(x[1], x[1]), staging.input(dy[1], dy[1])]
    : [
        staging.input(images(scope, g, "source", n, stored), x[1]),
        staging.input(images(scope, g, "result", n, stored), dy[1]),
      ];
  return {
    bytes: [imageBytes(g, "source", stored, n), imageBytes(g, "result", stored, n), scope.bytesOf(layout)],
    run: (source, result, sums) => primitive.run(from.enter(source), gradient.enter(result), sums),
  };
}

/** The layout that the library prefers for the partial sums, if they fit the scratch space. */
function chooseLayout(
  scope: DnnlScope,
  { scratchBytes }: OnednnStep,
  dims: readonly number[],
  slices: Slices,
  describe: (weights: Descriptor) => Described | null,
): Descriptor | null {
  const described = describe(scope.anyLayout(dims, "float32"));
  const preferred = described?.description.layout(described.dw);
  if (preferred !== undefined && aligned(scope.bytesOf(preferred)) * slices.count <= scratchBytes)
    return preferred;
  const plain = scope.descriptor(dims, "float32");
  return describe(plain) === null ? null : plain;
}

/** Adds the partial sums, in order, into the first. */
function sumStage(count: number, partialBytes: number): KernelStage {
  const blocks = split(partialBytes, 32, 64);
  return {
    units: blocks.units,
    run(exports, { scratch }, begin, end) {
      const first = begin * blocks.size;
      const bytes = Math.min(partialBytes, end * blocks.size) - first;
      exports.sumSlices(scratch + first, partialBytes, count, bytes / 4);
    },
  };
}
