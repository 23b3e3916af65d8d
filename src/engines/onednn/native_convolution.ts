/** conv2d with its channels last: act(x * w + b), the batch in slices. */

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
import type { ActivationName } from "./dnnl_constants.ts";
import {
  fastest,
  type NativeStep,
  type Precision,
  perSize,
  reorderStage,
  type SliceKernel,
  type Slices,
} from "./native_step.ts";

export function planConvolution(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  const g = lastGeometry("conv2d", attributes, inputs, outputs);
  if (g === null) return null;
  const slices = batchSlices(g);
  const key = convolutionKey("conv2d", g, slices.size);
  const chosen = fastest(step, key, (precision) => variant(scope, step, g, slices, precision));
  if (chosen === null) return null;
  const hasBias = inputs.length > 2;
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
        const [x, y] = [base + from[0] + i * sourceStep, base + to[0] + i * resultStep];
        kernelOf(i, slices.count).run(x, packed, y, ...(hasBias ? [base + from[2]] : []));
      }
    },
  };
  return { stages: [...packStage(scope, g, weights, base), compute], scratchBytes: 0, threadScratchBytes: 0 };
}

function variant(scope: DnnlScope, step: NativeStep, g: ConvGeometry, slices: Slices, precision: Precision) {
  const bias = step.inputs.length > 2 ? scope.descriptor([g.o * g.groups], "float32") : undefined;
  const describe = (n: number, weights: Descriptor) =>
    scope.convolutionForward(
      {
        source: pictures(scope, g, "source", n, precision),
        weights,
        bias,
        destination: pictures(scope, g, "result", n),
      },
      windowOf(g),
      step.attributes.activation as ActivationName | undefined,
    );
  const weights = chooseWeights(scope, step, g, precision, (layout) => describe(slices.size, layout));
  if (weights === null) return null;
  const kernelOf = perSize(slices, (n): SliceKernel => {
    const description = describe(n, weights.layout);
    if (description === null) throw new Error("onednn: a slice of a convolution has no implementation");
    const primitive = scope.primitive(description, [
      ["source", pictures(scope, g, "source", n, precision)],
      ["weights", weights.layout],
      ["destination", pictures(scope, g, "result", n)],
      ...(bias === undefined ? [] : ([["bias", bias]] as const)),
    ]);
    const source = converted(scope, step.own, g, "source", n, precision);
    const [x, y] = [pictureBytes(g, "source", n), pictureBytes(g, "result", n)];
    return {
      bytes: [x, scope.bytesOf(weights.layout), y, ...(bias === undefined ? [] : [g.o * g.groups * 4])],
      run: (from, ...rest) => primitive.run(source.at(from), ...rest),
    };
  });
  return { kernel: kernelOf(0, 2), kernelOf, weights };
}

/** The weight as a kernel takes it. */
export interface WeightLayout {
  readonly layout: Descriptor;
  /** Whether it has to be brought into that layout first. */
  readonly packed: boolean;
}

/** The layout of the weight that the library prefers, where it fits the scratch space; else as it is. */
export function chooseWeights(
  scope: DnnlScope,
  { scratchBytes }: NativeStep,
  g: ConvGeometry,
  precision: Precision,
  describe: (weights: Descriptor) => { layout(name: "weights"): Descriptor } | null,
): WeightLayout | null {
  const dims = weightDims(g);
  const plain = scope.descriptor(dims, "float32");
  const preferred = describe(scope.anyLayout(dims, precision))?.layout("weights");
  if (preferred !== undefined && scope.bytesOf(preferred) <= scratchBytes) {
    return { layout: preferred, packed: !scope.equal(preferred, plain) };
  }
  if (precision !== "float32" || describe(plain) === null) return null;
  return { layout: plain, packed: false };
}

/** Brings the weight, input 1, into its layout in the scratch space. */
export function packStage(
  scope: DnnlScope,
  g: ConvGeometry,
  { layout, packed }: WeightLayout,
  base: number,
): KernelStage[] {
  if (!packed) return [];
  const plain = scope.descriptor(weightDims(g), "float32");
  return [
    reorderStage(scope, plain, layout, (copy, { inputs, scratch }) => copy(base + inputs[1], base + scratch)),
  ];
}
