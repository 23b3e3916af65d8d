/**
 * A convolution of some images, or of a block of one, as a kernel of the library. In this order: what the library is told;
 * the kernel; the layout of the weight.
 */
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { Descriptor, DnnlScope, PrimitiveDescription } from "../library/dnnl.ts";
import type { ActivationName, ArgumentName } from "../library/dnnl_constants.ts";
import { elementOf, type OnednnStep, type SliceKernel, StagingBuffers } from "../onednn_step.ts";
import {
  type Algorithm,
  describeGradient,
  type Image,
  imageBytes,
  pixelRows,
  storedImages,
  wantedImages,
  weightDims,
  windowOf,
} from "./convolution_algorithms.ts";
import type { BlockGeometry } from "./convolution_blocks.ts";

/** What is read, and what is written. */
export function directionOf({ op }: OnednnStep): readonly [from: Image, to: Image] {
  return op === "conv2d" ? ["source", "result"] : ["result", "source"];
}

/** Images as an argument of the library, with the layouts that they have in the program and in it. */
interface Operand {
  readonly name: ArgumentName;
  readonly stored: Descriptor;
  readonly wanted: Descriptor;
}

interface Described {
  readonly description: PrimitiveDescription;
  readonly from: Operand;
  readonly to: Operand;
  readonly bias: Descriptor | undefined;
}

/** The library's description of `n` images; null if it has no implementation. */
export function describeSlice(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry | BlockGeometry,
  n: number,
  algorithm: Algorithm,
  weights: Descriptor,
): Described | null {
  if (algorithm.form === "gemm") return describeProduct(scope, step, g, n, algorithm, weights);
  const [x, , b] = step.inputs;
  const [from, to] = directionOf(step).map((which) => storedImages(scope, g, which, n, elementOf(x.dtype)));
  if (step.op !== "conv2d") {
    const description = describeGradient(scope, g, n, algorithm, weights, (...given) =>
      scope.convolutionBackwardData(...given),
    );
    return (
      description && {
        description,
        bias: undefined,
        from: { name: "diffDestination", stored: from, wanted: description.layout("diffDestination") },
        to: { name: "diffSource", stored: to, wanted: description.layout("diffSource") },
      }
    );
  }
  const bias = b === undefined ? undefined : scope.descriptor([g.o * g.groups], elementOf(b.dtype));
  const activation = step.attributes.activation as ActivationName | undefined;
  const source = wantedImages(scope, g, "source", n, algorithm);
  const destination = wantedImages(scope, g, "result", n, algorithm);
  const operands = { source, weights, bias, destination };
  const description = scope.convolutionForward(operands, windowOf(g), activation);
  return (
    description && {
      description,
      bias,
      from: { name: "source", stored: from, wanted: description.layout("source") },
      to: { name: "destination", stored: to, wanted: description.layout("destination") },
    }
  );
}

/** y = act(x w + b) or dx = dy w, a row for each pixel. */
function describeProduct(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry,
  n: number,
  { precision }: Algorithm,
  weights: Descriptor,
): Described | null {
  const b = step.inputs[2];
  const bias = b === undefined ? undefined : scope.descriptor([1, g.o], elementOf(b.dtype));
  const [source, destination] = directionOf(step).map((which) => pixelRows(scope, g, which, n, precision));
  const activation = step.attributes.activation as ActivationName | undefined;
  const description = scope.matmul({ source, weights, bias, destination }, activation);
  return (
    description && {
      description,
      bias,
      from: { name: "source", stored: source, wanted: source },
      to: { name: "destination", stored: destination, wanted: destination },
    }
  );
}

export function kernelFrom(
  scope: DnnlScope,
  step: OnednnStep,
  g: ConvGeometry | BlockGeometry,
  n: number,
  { description, from, to, bias }: Described,
  weights: Descriptor,
): SliceKernel {
  const stored = elementOf(step.inputs[0].dtype);
  const primitive = scope.primitive(description, [
    [from.name, from.wanted],
    ["weights", weights],
    [to.name, to.wanted],
    ...(bias === undefined ? [] : ([["bias", bias]] as const)),
  ]);
  const staging = new StagingBuffers(scope, step.own);
  const read = staging.input(from.stored, from.wanted);
  const written = staging.output(to.stored, to.wanted);
  const [fromBytes, toBytes] = directionOf(step).map((which) => imageBytes(g, which, stored, n));
  const bytes = [fromBytes, scope.bytesOf(weights), toBytes];
  return {
    bytes: bias === undefined ? bytes : [...bytes, scope.bytesOf(bias)],
    run(x, weight, y, ...rest) {
      primitive.run(read.enter(x), weight, written.place(y), ...rest);
      written.leave(y);
    },
  };
}

/** The weight as a kernel takes it. */
export interface WeightLayout {
  readonly layout: Descriptor;
  /** How the program holds it. */
  readonly plain: Descriptor;
  /** Whether it has to be brought into that layout first. */
  readonly packed: boolean;
}

/** The layout of the weight, input 1, that the library prefers, if it fits the scratch space; else as it is. */
export function chooseWeights(
  scope: DnnlScope,
  { op, scratchBytes, inputs }: OnednnStep,
  g: ConvGeometry,
  { precision, form }: Algorithm,
  describe: (weights: Descriptor) => { layout(name: "weights"): Descriptor } | null,
): WeightLayout | null {
  const stored = elementOf(inputs[1].dtype);
  // As a product, the convolution takes the weight [O, C] as [C, O].
  const transposed = op === "conv2d" && form === "gemm";
  const product = transposed ? [g.c, g.o] : [g.o, g.c];
  const dims = form === "gemm" ? product : weightDims(g);
  const plain = scope.descriptor(dims, stored, transposed ? [1, g.c] : undefined);
  const preferred = describe(scope.anyLayout(dims, precision))?.layout("weights");
  if (preferred !== undefined && scope.bytesOf(preferred) <= scratchBytes) {
    return { layout: preferred, plain, packed: !scope.equal(preferred, plain) };
  }
  if (stored !== precision || describe(plain) === null) return null;
  return { layout: plain, plain, packed: false };
}
