/** The gradient of a channels-last convolution by its input, the batch in slices. */
import type { KernelPlan, KernelStage } from "../wasm/kernel.ts";
import { pictureBytes, resultPictures, sourcePictures, weightDims, windowOf } from "./convolution_layouts.ts";
import { batchSlices, lastGeometry } from "./convolution_shapes.ts";
import type { Descriptor, DnnlScope } from "./dnnl.ts";
import { chooseWeights, packStage } from "./native_convolution.ts";
import { type NativeStep, perSize } from "./native_step.ts";

export function planInputGradient(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  const g = lastGeometry("conv2dInputGradient", attributes, inputs, outputs);
  if (g === null) return null;
  const slices = batchSlices(g);
  const dims = weightDims(g);
  const plain = scope.descriptor(dims, "float32");
  const window = windowOf(g);
  const describe = (n: number, weights: Descriptor) => {
    const [source, destination] = [sourcePictures(scope, g, n), resultPictures(scope, g, n)];
    const any = scope.anyLayout(dims, "float32");
    const forward = scope.convolutionForward({ source, weights: any, destination }, window);
    return forward && scope.convolutionBackwardData({ source, weights, destination }, window, forward);
  };
  const layout = chooseWeights(scope, step, plain, dims, (weights) => describe(slices.size, weights));
  if (layout === null) return null;
  const primitive = perSize(slices, (n) => {
    const description = describe(n, layout);
    if (description === null) throw new Error("onednn: a slice of a gradient has no implementation");
    return scope.primitive(description, [
      ["diffDestination", resultPictures(scope, g, n)],
      ["weights", layout],
      ["diffSource", sourcePictures(scope, g, n)],
    ]);
  });
  const bytes = pictureBytes(g);
  const packed = !scope.equal(layout, plain);
  const compute: KernelStage = {
    units: slices.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      const weights = base + (packed ? scratch : from[1]);
      for (let i = begin; i < end; i++) {
        const dy = base + from[0] + i * slices.size * bytes.result;
        const dx = base + to[0] + i * slices.size * bytes.source;
        primitive(i, slices.count).run(dy, weights, dx);
      }
    },
  };
  return { stages: [...packStage(scope, plain, layout, base, packed), compute], scratchBytes: 0, threadScratchBytes: 0 };
}
