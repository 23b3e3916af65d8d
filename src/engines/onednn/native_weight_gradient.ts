/**
 * The gradient of a channels-last convolution by its weight: each slice of the batch gives a partial sum in the
 * library's own layout; the partial sums are added in order and brought into the weight's layout.
 */
import type { KernelPlan, KernelStage } from "../wasm/kernel.ts";
import { split } from "../wasm/kernels/memory_layout.ts";
import { pictureBytes, resultPictures, sourcePictures, weightDims, windowOf } from "./convolution_layouts.ts";
import { lastGeometry, roundUp, weightSlices } from "./convolution_shapes.ts";
import type { Descriptor, DnnlScope } from "./dnnl.ts";
import { type NativeStep, perSize, reorderStage } from "./native_step.ts";

export function planWeightGradient(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  const g = lastGeometry("conv2dWeightGradient", attributes, inputs, outputs);
  if (g === null) return null;
  const slices = weightSlices(g);
  const dims = weightDims(g);
  const plain = scope.descriptor(dims, "float32");
  const any = scope.anyLayout(dims, "float32");
  const window = windowOf(g);
  const describe = (n: number, weights: Descriptor) => {
    const [source, destination] = [sourcePictures(scope, g, n), resultPictures(scope, g, n)];
    const forward = scope.convolutionForward({ source, weights: any, destination }, window);
    return forward && scope.convolutionBackwardWeights({ source, weights, destination }, window, forward);
  };
  const preferred = describe(slices.size, any)?.layout("diffWeights");
  const fits = preferred !== undefined && roundUp(scope.bytesOf(preferred)) * slices.count <= step.scratchBytes;
  const layout = fits ? preferred : plain;
  const partialBytes = roundUp(scope.bytesOf(layout));
  const primitive = perSize(slices, (n) => {
    const description = describe(n, layout);
    if (description === null) throw new Error("onednn: a slice of a weight's gradient has no implementation");
    return scope.primitive(description, [
      ["source", sourcePictures(scope, g, n)],
      ["diffDestination", resultPictures(scope, g, n)],
      ["diffWeights", layout],
    ]);
  });
  const direct = slices.count === 1 && scope.equal(layout, plain);
  const bytes = pictureBytes(g);
  const partials: KernelStage = {
    units: slices.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      for (let i = begin; i < end; i++) {
        const x = base + from[0] + i * slices.size * bytes.source;
        const dy = base + from[1] + i * slices.size * bytes.result;
        primitive(i, slices.count).run(x, dy, base + (direct ? to[0] : scratch + i * partialBytes));
      }
    },
  };
  const stages = [partials];
  if (slices.count > 1) stages.push(sumStage(slices.count, partialBytes));
  if (!direct) {
    stages.push(reorderStage(scope, layout, plain, (copy, { outputs: to, scratch }) => copy(base + scratch, base + to[0])));
  }
  return { stages, scratchBytes: 0, threadScratchBytes: 0 };
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
