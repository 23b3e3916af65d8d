/**
 * The gradient of a channels-last convolution by its weight: each slice of the batch gives a partial sum in the
 * library's own layout; the partial sums are added in order and brought into the weight's layout.
 */

import type { KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { split } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { Descriptor, DnnlScope, PrimitiveDescription } from "../library/dnnl.ts";
import type { ArgumentName, QueryName } from "../library/dnnl_constants.ts";
import {
  elementOf,
  fastest,
  type NativeStep,
  perSize,
  reorderStage,
  type SliceKernel,
  type Slices,
} from "../native_step.ts";
import { Stands } from "../own_scratch.ts";
import { convolutionKey, elementsOf, pictureBytes, pictures, weightDims } from "./convolution_layouts.ts";
import { lastGeometry, roundUp, weightSlices } from "./convolution_shapes.ts";
import { convolutionWays, describeGradient, pixelRows, preferredWay, type Way } from "./convolution_ways.ts";
import { unfoldedVariant } from "./unfolded_weight_gradient.ts";
import { winogradPartials } from "./winograd_weight_gradient.ts";

/** A way to compute the partial sums, in this layout. */
export interface PartialSums {
  /** Of one slice, to be tried. */
  readonly kernel: SliceKernel;
  readonly layout: Descriptor;
  /** Of the weight as this layout has it. */
  readonly dims: readonly number[];
  readonly bytes: number;
  /** A unit for each slice: into the scratch space one behind the other, or, of one slice, to the output. */
  stage(toOutput: boolean): KernelStage;
}

export function planWeightGradient(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { inputs, outputs, base } = step;
  const g = lastGeometry(step);
  if (g === null) return null;
  const slices = weightSlices(g);
  const key = convolutionKey("conv2dWeightGradient", g, slices.size, elementsOf(inputs, outputs));
  const ways = convolutionWays(step, g);
  const make = (way: Way) =>
    way.form === "winograd"
      ? winogradPartials(scope, step, g, slices)
      : nativePartials(scope, step, g, slices, way);
  const sums = fastest(step, key, ways, make, preferredWay(ways, g));
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
  step: NativeStep,
  g: ConvGeometry,
  slices: Slices,
  way: Way,
): PartialSums | null {
  const made = (way.form === "unfolded" ? unfoldedVariant : variant)(scope, step, g, slices, way);
  if (made === null) return null;
  const { kernelOf, partialBytes: bytes } = made;
  const { inputs, base } = step;
  const stored = elementOf(inputs[0].dtype);
  const sourceStep = pictureBytes(g, "source", stored, slices.size);
  const resultStep = pictureBytes(g, "result", stored, slices.size);
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

function variant(scope: DnnlScope, step: NativeStep, g: ConvGeometry, slices: Slices, way: Way) {
  const describe = way.form === "product" ? describeProduct : describeDirect;
  const dims = way.form === "product" ? [g.o, g.c] : weightDims(g);
  const layout = chooseLayout(scope, step, dims, slices, (weights) =>
    describe(scope, g, slices.size, way, weights),
  );
  if (layout === null) return null;
  const kernelOf = perSize(slices, (n) => {
    const described = describe(scope, g, n, way, layout);
    if (described === null) throw new Error("onednn: a slice of a weight's gradient has no implementation");
    return kernelFrom(scope, step, g, n, described, layout);
  });
  return { kernel: kernelOf(0, 2), kernelOf, layout, dims, partialBytes: roundUp(scope.bytesOf(layout)) };
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
  way: Way,
  weights: Descriptor,
): Described | null {
  const description = describeGradient(scope, g, n, way, weights, (...given) =>
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
  { precision }: Way,
  destination: Descriptor,
): Described | null {
  const source = pixelRows(scope, g, "result", n, precision, true);
  const weights = pixelRows(scope, g, "source", n, precision);
  const description = scope.matmul({ source, weights, destination });
  return description && { description, x: ["weights", weights], dy: ["source", source], dw: "destination" };
}

function kernelFrom(
  scope: DnnlScope,
  step: NativeStep,
  g: ConvGeometry,
  n: number,
  { description, x, dy, dw }: Described,
  layout: Descriptor,
): SliceKernel {
  const stored = elementOf(step.inputs[0].dtype);
  const primitive = scope.primitive(description, [x, dy, [dw, layout]]);
  const stands = new Stands(scope, step.own);
  const product = dw === "destination";
  const [from, gradient] = product
    ? [stands.input(x[1], x[1]), stands.input(dy[1], dy[1])]
    : [
        stands.input(pictures(scope, g, "source", n, stored), x[1]),
        stands.input(pictures(scope, g, "result", n, stored), dy[1]),
      ];
  return {
    bytes: [
      pictureBytes(g, "source", stored, n),
      pictureBytes(g, "result", stored, n),
      scope.bytesOf(layout),
    ],
    run: (source, result, sums) => primitive.run(from.enter(source), gradient.enter(result), sums),
  };
}

/** The layout that the library prefers for the partial sums, where they fit the scratch space. */
function chooseLayout(
  scope: DnnlScope,
  { scratchBytes }: NativeStep,
  dims: readonly number[],
  slices: Slices,
  describe: (weights: Descriptor) => Described | null,
): Descriptor | null {
  const described = describe(scope.anyLayout(dims, "float32"));
  const preferred = described?.description.layout(described.dw);
  if (preferred !== undefined && roundUp(scope.bytesOf(preferred)) * slices.count <= scratchBytes)
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
