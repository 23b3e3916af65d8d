/** conv2d with its channels last: act(x * w + b), the batch in slices. */

import type { KernelPlan, KernelStage } from "../wasm/kernel.ts";
import type { ConvGeometry } from "../wasm/kernels/conv_geometry.ts";
import { convolutionKey, pictureBytes, pictures, weightDims, windowOf } from "./convolution_layouts.ts";
import { batchSlices, lastGeometry } from "./convolution_shapes.ts";
import type { Descriptor, DnnlScope } from "./dnnl.ts";
import type { ActivationName } from "./dnnl_constants.ts";
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

export function planConvolution(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  const g = lastGeometry("conv2d", attributes, inputs, outputs);
  if (g === null) return null;
  const slices = batchSlices(g);
  const stored = elementOf(inputs[0].dtype);
  const key = convolutionKey("conv2d", g, slices.size, stored);
  const chosen = fastest(step, key, precisionsFor(stored), (precision) =>
    variant(scope, step, g, slices, precision),
  );
  if (chosen === null) return null;
  const hasBias = inputs.length > 2;
  const sourceStep = pictureBytes(g, "source", stored, slices.size);
  const resultStep = pictureBytes(g, "result", stored, slices.size);
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
  return { stages: [...packStage(scope, weights, base), compute], scratchBytes: 0, threadScratchBytes: 0 };
}

function variant(scope: DnnlScope, step: NativeStep, g: ConvGeometry, slices: Slices, precision: Precision) {
  const [x, , b] = step.inputs;
  const stored = elementOf(x.dtype);
  const bias = b === undefined ? undefined : scope.descriptor([g.o * g.groups], elementOf(b.dtype));
  const describe = (n: number, weights: Descriptor) =>
    scope.convolutionForward(
      {
        source: pictures(scope, g, "source", n, precision),
        weights,
        bias,
        destination: pictures(scope, g, "result", n, precision),
      },
      windowOf(g),
      step.attributes.activation as ActivationName | undefined,
    );
  const weights = chooseWeights(scope, step, g, precision, (layout) => describe(slices.size, layout));
  if (weights === null) return null;
  const kernelOf = perSize(slices, (n): SliceKernel => {
    const description = describe(n, weights.layout);
    if (description === null) throw new Error("onednn: a slice of a convolution has no implementation");
    const [source, destination] = [
      pictures(scope, g, "source", n, precision),
      pictures(scope, g, "result", n, precision),
    ];
    const primitive = scope.primitive(description, [
      ["source", source],
      ["weights", weights.layout],
      ["destination", destination],
      ...(bias === undefined ? [] : ([["bias", bias]] as const)),
    ]);
    const stands = new Stands(scope, step.own);
    const from = stands.input(pictures(scope, g, "source", n, stored), source);
    const to = stands.output(pictures(scope, g, "result", n, stored), destination);
    const bytes = [
      pictureBytes(g, "source", stored, n),
      scope.bytesOf(weights.layout),
      pictureBytes(g, "result", stored, n),
    ];
    return {
      bytes: bias === undefined ? bytes : [...bytes, scope.bytesOf(bias)],
      run(source, weight, result, ...rest) {
        primitive.run(from.enter(source), weight, to.place(result), ...rest);
        to.leave(result);
      },
    };
  });
  return { kernel: kernelOf(0, 2), kernelOf, weights };
}

/** The weight as a kernel takes it. */
export interface WeightLayout {
  readonly layout: Descriptor;
  /** How the program holds it. */
  readonly plain: Descriptor;
  /** Whether it has to be brought into that layout first. */
  readonly packed: boolean;
}

/** The layout of the weight, input 1, that the library prefers, where it fits the scratch space; else as it is. */
export function chooseWeights(
  scope: DnnlScope,
  { scratchBytes, inputs }: NativeStep,
  g: ConvGeometry,
  precision: Precision,
  describe: (weights: Descriptor) => { layout(name: "weights"): Descriptor } | null,
): WeightLayout | null {
  const dims = weightDims(g);
  const plain = scope.descriptor(dims, elementOf(inputs[1].dtype));
  const preferred = describe(scope.anyLayout(dims, precision))?.layout("weights");
  if (preferred !== undefined && scope.bytesOf(preferred) <= scratchBytes) {
    return { layout: preferred, plain, packed: !scope.equal(preferred, plain) };
  }
  if (elementOf(inputs[1].dtype) !== precision || describe(plain) === null) return null;
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
