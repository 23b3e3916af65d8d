/**
 * A convolution with its channels last and its gradients, the batch in slices, planned in the fastest of the algorithms
 * that there are. In this order: act(x * w + b) and the gradient by the input, which read one of the convolution's two
 * images and write the other; the gradient by the weight.
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
  type Variant,
} from "../onednn_step.ts";
import { planBlocks } from "./block_plan.ts";
import {
  type Algorithm,
  batchSlices,
  candidateAlgorithms,
  convolutionKey,
  describeGradient,
  elementsOf,
  imageBytes,
  images,
  lastGeometry,
  pixelRows,
  preferredAlgorithm,
  takesWinograd,
  weightDims,
  weightSlices,
} from "./convolution_algorithms.ts";
import { cutsOf } from "./convolution_blocks.ts";
import {
  chooseWeights,
  describeSlice,
  directionOf,
  kernelFrom,
  type WeightLayout,
} from "./convolution_kernel.ts";
import { im2colVariant } from "./im2col_weight_gradient.ts";
import { winogradVariant } from "./winograd_convolution.ts";
import { winogradCut, winogradSlices } from "./winograd_shapes.ts";
import { winogradPartials } from "./winograd_weight_gradient.ts";

export function planConvolution(scope: DnnlScope, step: OnednnStep): KernelPlan | null {
  const { op, inputs, outputs } = step;
  const g = lastGeometry(step);
  if (g === null) return null;
  const slices = batchSlices(g);
  const work = convolutionKey(op, g, slices.size, elementsOf(inputs, outputs));
  const own = takesWinograd(g, inputs, outputs) ? winogradCut(op, g, slices) : null;
  const packed = step.packed && own !== null ? ", packed" : "";
  const joined = own !== null && own.slices.size !== slices.size ? `, Winograd ${own.slices.size}` : "";
  const winograd = () => own && winogradVariant(scope, step, g, slices, own);
  const cuts = op === "conv2d" ? cutsOf(g, step.threads) : null;
  if (cuts !== null) return planBlocks(scope, step, `${work}, cut${packed}${joined}`, g, cuts, winograd);
  const native = (algorithm: Algorithm) => nativeVariant(scope, step, g, slices, algorithm);
  return fastestForm(step, `${work}${packed}${joined}`, g, winograd, native)?.plan ?? null;
}

/** The fastest of the algorithms: Winograd's, which is our own, or one of the library. */
function fastestForm<T extends { readonly kernel: SliceKernel }>(
  step: OnednnStep,
  key: string,
  g: ConvGeometry,
  winograd: () => T | null,
  native: (algorithm: Algorithm) => T | null,
): T | null {
  const algorithms = candidateAlgorithms(step, g);
  const make = (algorithm: Algorithm) => (algorithm.form === "winograd" ? winograd() : native(algorithm));
  return fastest(step, key, algorithms, make, preferredAlgorithm(algorithms, g));
}

/** An algorithm of the library: its weight in the layout that it wants, and a kernel for each slice. */
function nativeVariant(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  algorithm: Algorithm,
): Variant | null {
  const describe = (n: number, layout: Descriptor) => describeSlice(scope, step, g, n, algorithm, layout);
  const weights = chooseWeights(
    scope,
    step,
    g,
    algorithm,
    (layout) => describe(slices.size, layout)?.description ?? null,
  );
  if (weights === null) return null;
  const kernelOf = perSize(slices, (n): SliceKernel => {
    const described = describe(n, weights.layout);
    if (described === null) throw new Error(`onednn: a slice of ${step.op} has no implementation`);
    return kernelFrom(scope, step, g, n, described, weights.layout);
  });
  const stages = [
    ...packStage(scope, weights, step.base),
    computeStage(step, g, slices, kernelOf, weights.packed),
  ];
  return { kernel: kernelOf(0, 2), plan: { stages, scratchBytes: 0, threadScratchBytes: 0 } };
}

/** @param packed - whether the weight is read from the scratch space. */
function computeStage(
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  kernelOf: (index: number, count: number) => SliceKernel,
  packed: boolean,
): KernelStage {
  const { inputs, base } = step;
  const stored = elementOf(inputs[0].dtype);
  const hasBias = inputs.length > 2;
  const [fromStep, toStep] = directionOf(step).map((which) => imageBytes(g, which, stored, slices.size));
  return {
    units: slices.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      const weight = base + (packed ? scratch : from[1]);
      for (let i = begin; i < end; i++) {
        const [x, y] = [base + from[0] + i * fromStep, base + to[0] + i * toStep];
        kernelOf(i, slices.count).run(x, weight, y, ...(hasBias ? [base + from[2]] : []));
      }
    },
  };
}

/** Brings the weight, input 1, into its layout in the scratch space. */
function packStage(scope: DnnlScope, { layout, plain, packed }: WeightLayout, base: number): KernelStage[] {
  if (!packed) return [];
  const stage = reorderStage(scope, plain, layout, (copy, { inputs, scratch }) =>
    copy(base + inputs[1], base + scratch),
  );
  return [{ ...stage, packs: true }];
}

// The gradient by the weight: each slice of the batch gives a partial sum in the library's own layout; the partial sums
// are added in order and brought into the weight's layout.

/** An algorithm for the partial sums, in this layout. */
export interface PartialSums {
  /** Of one slice, to be benchmarked. */
  readonly kernel: SliceKernel;
  readonly layout: Descriptor;
  /** Of the weight as this layout has it. */
  readonly dims: readonly number[];
  readonly bytes: number;
  /** How many there are. */
  readonly count: number;
  /** Into the scratch space one behind the other, or, of one slice, to the output. */
  stage(toOutput: boolean): KernelStage;
}

export function planWeightGradient(scope: DnnlScope, step: OnednnStep): KernelPlan | null {
  const { inputs, outputs, base } = step;
  const g = lastGeometry(step);
  if (g === null) return null;
  const slices = weightSlices(g);
  const key = convolutionKey("conv2dWeightGradient", g, slices.size, elementsOf(inputs, outputs));
  const large = takesWinograd(g, inputs, outputs) ? winogradSlices(g, slices) : slices;
  const joined = large.size === slices.size ? "" : `, Winograd ${large.size}`;
  const sums = fastestForm(
    step,
    `${key}${joined}`,
    g,
    () => winogradPartials(scope, step, g, slices, large),
    (algorithm) => nativePartials(scope, step, g, slices, algorithm),
  );
  if (sums === null) return null;
  const plain = scope.descriptor(sums.dims, elementOf(outputs[0].dtype));
  const toOutput = sums.count === 1 && scope.equal(sums.layout, plain);
  const stages = [sums.stage(toOutput)];
  if (sums.count > 1) stages.push(sumPartials(sums.count, sums.bytes));
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
  const made = (algorithm.form === "im2col" ? im2colVariant : partialsVariant)(
    scope,
    step,
    g,
    slices,
    algorithm,
  );
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
  return { ...made, bytes, count: slices.count, stage };
}

function partialsVariant(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  slices: Slices,
  algorithm: Algorithm,
) {
  const describe = algorithm.form === "gemm" ? describeWeightProduct : describeWeightGradient;
  const dims = algorithm.form === "gemm" ? [g.o, g.c] : weightDims(g);
  const layout = choosePartialsLayout(scope, step, dims, slices, (weights) =>
    describe(scope, g, slices.size, algorithm, weights),
  );
  if (layout === null) return null;
  const kernelOf = perSize(slices, (n) => {
    const described = describe(scope, g, n, algorithm, layout);
    if (described === null) throw new Error("onednn: a slice of a weight's gradient has no implementation");
    return partialsKernel(scope, step, g, n, described, layout);
  });
  return { kernel: kernelOf(0, 2), kernelOf, layout, dims, partialBytes: aligned(scope.bytesOf(layout)) };
}

type Argument = readonly [name: ArgumentName, layout: Descriptor];

/** A description and its arguments. */
interface DescribedGradient {
  readonly description: PrimitiveDescription;
  readonly x: Argument;
  readonly dy: Argument;
  readonly dw: ArgumentName & QueryName;
}

function describeWeightGradient(
  scope: DnnlScope,
  g: ConvGeometry,
  n: number,
  algorithm: Algorithm,
  weights: Descriptor,
): DescribedGradient | null {
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
function describeWeightProduct(
  scope: DnnlScope,
  g: ConvGeometry,
  n: number,
  { precision }: Algorithm,
  destination: Descriptor,
): DescribedGradient | null {
  const source = pixelRows(scope, g, "result", n, precision, true);
  const weights = pixelRows(scope, g, "source", n, precision);
  const description = scope.matmul({ source, weights, destination });
  return description && { description, x: ["weights", weights], dy: ["source", source], dw: "destination" };
}

function partialsKernel(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  n: number,
  { description, x, dy, dw }: DescribedGradient,
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
function choosePartialsLayout(
  scope: DnnlScope,
  { scratchBytes }: OnednnStep,
  dims: readonly number[],
  slices: Slices,
  describe: (weights: Descriptor) => DescribedGradient | null,
): Descriptor | null {
  const described = describe(scope.anyLayout(dims, "float32"));
  const preferred = described?.description.layout(described.dw);
  if (preferred !== undefined && aligned(scope.bytesOf(preferred)) * slices.count <= scratchBytes)
    return preferred;
  const plain = scope.descriptor(dims, "float32");
  return describe(plain) === null ? null : plain;
}

/** Adds the partial sums, in order, into the first. */
function sumPartials(count: number, partialBytes: number): KernelStage {
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
