/**
 * The gradient of a channels-last convolution by its weight: each slice of the batch gives a partial sum in the
 * library's own layout; the partial sums are added in order and brought into the weight's layout.
 */

import type { KernelPlan, KernelStage } from "../wasm/kernel.ts";
import type { ConvGeometry } from "../wasm/kernels/conv_geometry.ts";
import { split } from "../wasm/kernels/memory_layout.ts";
import { convolutionKey, pictureBytes, pictures, weightDims, windowOf } from "./convolution_layouts.ts";
import { lastGeometry, roundUp, weightSlices } from "./convolution_shapes.ts";
import type { Descriptor, DnnlScope } from "./dnnl.ts";
import {
  elementOf,
  fastest,
  type NativeStep,
  type Precision,
  perSize,
  precisionsFor,
  reorderStage,
  type SliceKernel,
  type Slices,
} from "./native_step.ts";
import { Stands } from "./own_scratch.ts";

export function planWeightGradient(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  const g = lastGeometry("conv2dWeightGradient", attributes, inputs, outputs);
  if (g === null) return null;
  const slices = weightSlices(g);
  const stored = elementOf(inputs[0].dtype);
  const key = convolutionKey("conv2dWeightGradient", g, slices.size, stored);
  const chosen = fastest(step, key, precisionsFor(stored), (precision) =>
    variant(scope, step, g, slices, precision),
  );
  if (chosen === null) return null;
  const { kernelOf, layout, partialBytes } = chosen;
  const plain = scope.descriptor(weightDims(g), elementOf(outputs[0].dtype));
  const direct = slices.count === 1 && scope.equal(layout, plain);
  const sourceStep = pictureBytes(g, "source", stored, slices.size);
  const resultStep = pictureBytes(g, "result", stored, slices.size);
  const partials: KernelStage = {
    units: slices.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      for (let i = begin; i < end; i++) {
        const [x, dy] = [base + from[0] + i * sourceStep, base + from[1] + i * resultStep];
        kernelOf(i, slices.count).run(x, dy, base + (direct ? to[0] : scratch + i * partialBytes));
      }
    },
  };
  const stages = [partials];
  if (slices.count > 1) stages.push(sumStage(slices.count, partialBytes));
  if (!direct) {
    stages.push(
      reorderStage(scope, layout, plain, (copy, { outputs: to, scratch }) =>
        copy(base + scratch, base + to[0]),
      ),
    );
  }
  return { stages, scratchBytes: 0, threadScratchBytes: 0 };
}

function variant(scope: DnnlScope, step: NativeStep, g: ConvGeometry, slices: Slices, precision: Precision) {
  const window = windowOf(g);
  const dims = weightDims(g);
  const stored = elementOf(step.inputs[0].dtype);
  const describe = (n: number, weights: Descriptor) => {
    const source = pictures(scope, g, "source", n, precision);
    const destination = pictures(scope, g, "result", n, precision);
    const any = scope.anyLayout(dims, precision);
    const forward = scope.convolutionForward({ source, weights: any, destination }, window);
    return forward && scope.convolutionBackwardWeights({ source, weights, destination }, window, forward);
  };
  const layout = chooseLayout(scope, step, g, slices, (weights) => describe(slices.size, weights));
  if (layout === null) return null;
  const kernelOf = perSize(slices, (n): SliceKernel => {
    const description = describe(n, layout);
    if (description === null) throw new Error("onednn: a slice of a weight's gradient has no implementation");
    const [source, destination] = [
      pictures(scope, g, "source", n, precision),
      pictures(scope, g, "result", n, precision),
    ];
    const primitive = scope.primitive(description, [
      ["source", source],
      ["diffDestination", destination],
      ["diffWeights", layout],
    ]);
    const stands = new Stands(scope, step.own);
    const from = stands.input(pictures(scope, g, "source", n, stored), source);
    const result = stands.input(pictures(scope, g, "result", n, stored), destination);
    return {
      bytes: [
        pictureBytes(g, "source", stored, n),
        pictureBytes(g, "result", stored, n),
        scope.bytesOf(layout),
      ],
      run: (x, dy, dw) => primitive.run(from.enter(x), result.enter(dy), dw),
    };
  });
  return { kernel: kernelOf(0, 2), kernelOf, layout, partialBytes: roundUp(scope.bytesOf(layout)) };
}

/** The layout that the library prefers for the partial sums, where they fit the scratch space. */
function chooseLayout(
  scope: DnnlScope,
  { scratchBytes }: NativeStep,
  g: ConvGeometry,
  slices: Slices,
  describe: (weights: Descriptor) => { layout(name: "diffWeights"): Descriptor } | null,
): Descriptor | null {
  const dims = weightDims(g);
  const preferred = describe(scope.anyLayout(dims, "float32"))?.layout("diffWeights");
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
