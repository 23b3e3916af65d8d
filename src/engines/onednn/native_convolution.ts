/** conv2d with its channels last: act(x * w + b), the batch in slices. */
import type { KernelPlan, KernelStage } from "../wasm/kernel.ts";
import { pictureBytes, resultPictures, sourcePictures, weightDims, windowOf } from "./convolution_layouts.ts";
import { batchSlices, lastGeometry } from "./convolution_shapes.ts";
import type { Descriptor, DnnlScope } from "./dnnl.ts";
import type { ActivationName } from "./dnnl_constants.ts";
import { type NativeStep, perSize, reorderStage } from "./native_step.ts";

export function planConvolution(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  const g = lastGeometry("conv2d", attributes, inputs, outputs);
  if (g === null) return null;
  const slices = batchSlices(g);
  const activation = attributes.activation as ActivationName | undefined;
  const plain = scope.descriptor(weightDims(g), "float32");
  const bias = inputs.length > 2 ? scope.descriptor([g.o * g.groups], "float32") : undefined;
  const window = windowOf(g);
  const describe = (n: number, weights: Descriptor) =>
    scope.convolutionForward(
      { source: sourcePictures(scope, g, n), weights, bias, destination: resultPictures(scope, g, n) },
      window,
      activation,
    );
  const layout = chooseWeights(scope, step, plain, weightDims(g), (weights) => describe(slices.size, weights));
  if (layout === null) return null;
  const primitive = perSize(slices, (n) => {
    const description = describe(n, layout);
    if (description === null) throw new Error("onednn: a slice of a convolution has no implementation");
    return scope.primitive(description, [
      ["source", sourcePictures(scope, g, n)],
      ["weights", layout],
      ["destination", resultPictures(scope, g, n)],
      ...(bias === undefined ? [] : ([["bias", bias]] as const)),
    ]);
  });
  const bytes = pictureBytes(g);
  const packed = !scope.equal(layout, plain);
  const compute: KernelStage = {
    units: slices.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      const weights = base + (packed ? scratch : from[1]);
      for (let i = begin; i < end; i++) {
        const x = base + from[0] + i * slices.size * bytes.source;
        const y = base + to[0] + i * slices.size * bytes.result;
        primitive(i, slices.count).run(x, weights, y, ...(bias === undefined ? [] : [base + from[2]]));
      }
    },
  };
  return { stages: [...packStage(scope, plain, layout, base, packed), compute], scratchBytes: 0, threadScratchBytes: 0 };
}

/** The layout of the weight that the library prefers, where it fits the scratch space; else as it is. */
export function chooseWeights(
  scope: DnnlScope,
  { scratchBytes }: NativeStep,
  plain: Descriptor,
  dims: readonly number[],
  describe: (weights: Descriptor) => { layout(name: "weights"): Descriptor } | null,
): Descriptor | null {
  const preferred = describe(scope.anyLayout(dims, "float32"))?.layout("weights");
  if (preferred !== undefined && scope.bytesOf(preferred) <= scratchBytes) return preferred;
  return describe(plain) === null ? null : plain;
}

/** Brings the weight, input 1, into its layout in the scratch space. */
export function packStage(
  scope: DnnlScope,
  plain: Descriptor,
  layout: Descriptor,
  base: number,
  packed: boolean,
): KernelStage[] {
  if (!packed) return [];
  return [
    reorderStage(scope, plain, layout, (copy, { inputs, scratch }) => copy(base + inputs[1], base + scratch)),
  ];
}
