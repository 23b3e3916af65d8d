/** The gradient of a channels-last convolution by its input, the batch in slices. */

import type { KernelPlan, KernelStage } from "../wasm/kernel.ts";
import type { ConvGeometry } from "../wasm/kernels/conv_geometry.ts";
import { convolutionKey, pictureBytes, pictures, weightDims, windowOf } from "./convolution_layouts.ts";
import { batchSlices, lastGeometry } from "./convolution_shapes.ts";
import type { Descriptor, DnnlScope } from "./dnnl.ts";
import { chooseWeights, packStage } from "./native_convolution.ts";
import {
  elementOf,
  fastest,
  type NativeStep,
  type Precision,
  perSize,
  precisionsFor,
  type SliceKernel,
  type Slices,
} from "./native_step.ts";
import { Stands } from "./own_scratch.ts";

export function planInputGradient(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  const g = lastGeometry("conv2dInputGradient", attributes, inputs, outputs);
  if (g === null) return null;
  const slices = batchSlices(g);
  const stored = elementOf(inputs[0].dtype);
  const key = convolutionKey("conv2dInputGradient", g, slices.size, stored);
  const chosen = fastest(step, key, precisionsFor(stored), (precision) =>
    variant(scope, step, g, slices, precision),
  );
  if (chosen === null) return null;
  const sourceStep = pictureBytes(g, "source", stored, slices.size);
  const resultStep = pictureBytes(g, "result", stored, slices.size);
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
  return { stages: [...packStage(scope, weights, base), compute], scratchBytes: 0, threadScratchBytes: 0 };
}

function variant(scope: DnnlScope, step: NativeStep, g: ConvGeometry, slices: Slices, precision: Precision) {
  const window = windowOf(g);
  const stored = elementOf(step.inputs[0].dtype);
  const describe = (n: number, weights: Descriptor) => {
    const source = pictures(scope, g, "source", n, precision);
    const destination = pictures(scope, g, "result", n, precision);
    const any = scope.anyLayout(weightDims(g), precision);
    const forward = scope.convolutionForward({ source, weights: any, destination }, window);
    return forward && scope.convolutionBackwardData({ source, weights, destination }, window, forward);
  };
  const weights = chooseWeights(scope, step, g, precision, (layout) => describe(slices.size, layout));
  if (weights === null) return null;
  const kernelOf = perSize(slices, (n): SliceKernel => {
    const description = describe(n, weights.layout);
    if (description === null) throw new Error("onednn: a slice of a gradient has no implementation");
    const [source, destination] = [
      pictures(scope, g, "source", n, precision),
      pictures(scope, g, "result", n, precision),
    ];
    const primitive = scope.primitive(description, [
      ["diffDestination", destination],
      ["weights", weights.layout],
      ["diffSource", source],
    ]);
    const stands = new Stands(scope, step.own);
    const from = stands.input(pictures(scope, g, "result", n, stored), destination);
    const to = stands.output(pictures(scope, g, "source", n, stored), source);
    return {
      bytes: [
        pictureBytes(g, "result", stored, n),
        scope.bytesOf(weights.layout),
        pictureBytes(g, "source", stored, n),
      ],
      run(dy, weight, dx) {
        primitive.run(from.enter(dy), weight, to.place(dx));
        to.leave(dx);
      },
    };
  });
  return { kernel: kernelOf(0, 2), kernelOf, weights };
}
