/** The gradient of a channels-last convolution by its input, the batch in slices. */

import type { KernelPlan, KernelStage } from "../wasm/kernel.ts";
import type { ConvGeometry } from "../wasm/kernels/conv_geometry.ts";
import {
  converted,
  convolutionKey,
  pictureBytes,
  pictures,
  weightDims,
  windowOf,
} from "./convolution_layouts.ts";
import { batchSlices, lastGeometry } from "./convolution_shapes.ts";
import type { Descriptor, DnnlScope } from "./dnnl.ts";
import { chooseWeights, packStage } from "./native_convolution.ts";
import {
  fastest,
  type NativeStep,
  type Precision,
  perSize,
  type SliceKernel,
  type Slices,
} from "./native_step.ts";

export function planInputGradient(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  const g = lastGeometry("conv2dInputGradient", attributes, inputs, outputs);
  if (g === null) return null;
  const slices = batchSlices(g);
  const key = convolutionKey("conv2dInputGradient", g, slices.size);
  const chosen = fastest(step, key, (precision) => variant(scope, step, g, slices, precision));
  if (chosen === null) return null;
  const [sourceStep, resultStep] = [
    pictureBytes(g, "source", slices.size),
    pictureBytes(g, "result", slices.size),
  ];
  const { kernelOf, weights } = chosen;
  const compute: KernelStage = {
    units: slices.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      const packed = base + (weights.packed ? scratch : from[1]);
      for (let i = begin; i < end; i++) {
        kernelOf(i, slices.count).run(base + from[0] + i * resultStep, packed, base + to[0] + i * sourceStep);
      }
    },
  };
  return { stages: [...packStage(scope, g, weights, base), compute], scratchBytes: 0, threadScratchBytes: 0 };
}

function variant(scope: DnnlScope, step: NativeStep, g: ConvGeometry, slices: Slices, precision: Precision) {
  const window = windowOf(g);
  const describe = (n: number, weights: Descriptor) => {
    const picture = (which: "source" | "result", p: Precision) => pictures(scope, g, which, n, p);
    const forward = scope.convolutionForward(
      {
        source: picture("source", precision),
        weights: scope.anyLayout(weightDims(g), precision),
        destination: picture("result", precision),
      },
      window,
    );
    const own = { source: picture("source", "float32"), weights, destination: picture("result", precision) };
    return forward && scope.convolutionBackwardData(own, window, forward);
  };
  const weights = chooseWeights(scope, step, g, precision, (layout) => describe(slices.size, layout));
  if (weights === null) return null;
  const kernelOf = perSize(slices, (n): SliceKernel => {
    const description = describe(n, weights.layout);
    if (description === null) throw new Error("onednn: a slice of a gradient has no implementation");
    const primitive = scope.primitive(description, [
      ["diffDestination", pictures(scope, g, "result", n, precision)],
      ["weights", weights.layout],
      ["diffSource", pictures(scope, g, "source", n)],
    ]);
    const result = converted(scope, step.own, g, "result", n, precision);
    return {
      bytes: [pictureBytes(g, "result", n), scope.bytesOf(weights.layout), pictureBytes(g, "source", n)],
      run: (dy, ...rest) => primitive.run(result.at(dy), ...rest),
    };
  });
  return { kernel: kernelOf(0, 2), kernelOf, weights };
}
