/** The product of two matrices, in blocks of columns or of rows. */
import type { Attributes, TensorSpec } from "../engine.ts";
import type { KernelPlan } from "../wasm/kernel.ts";
import type { DnnlScope } from "./dnnl.ts";
import type { ActivationName } from "./dnnl_constants.ts";
import {
  copier,
  cutSlices,
  fastest,
  MOST_SLICES,
  type NativeStep,
  type Precision,
  perSize,
  SLICE_OPERATIONS,
  type SliceKernel,
} from "./native_step.ts";

type Specs = readonly TensorSpec[];

const ACTIVATIONS: readonly unknown[] = [undefined, "relu", "sigmoid", "tanh"];
/** Operations below which the call costs more than it saves. */
const FEW_OPERATIONS = 2e6;
/** Columns of a block: whole vectors, whole panels of the library's kernels. */
const GRAIN = 64;

export function takesMatmul(
  op: string,
  attributes: Attributes,
  inputs: Specs,
  outputs: Specs,
  everything = false,
): boolean {
  if (op !== "matmul" || outputs[0].shape.length !== 2 || !ACTIVATIONS.includes(attributes.activation))
    return false;
  if ([...inputs, ...outputs].some(({ dtype }) => dtype !== "float32")) return false;
  const { m, k, n } = sizes(attributes, inputs, outputs);
  return m * k * n > 0 && (everything || 2 * m * k * n >= FEW_OPERATIONS);
}

function sizes(attributes: Attributes, inputs: Specs, outputs: Specs) {
  const [m, n] = outputs[0].shape;
  return { m, n, k: inputs[0].shape[attributes.transposeA === true ? 0 : 1] };
}

export function planMatmul(scope: DnnlScope, step: NativeStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  if (!takesMatmul("matmul", attributes, inputs, outputs, step.everything)) return null;
  const { m, k, n } = sizes(attributes, inputs, outputs);
  const [ta, tb] = [attributes.transposeA === true, attributes.transposeB === true];
  const byColumns = n >= m;
  const wanted = Math.min(MOST_SLICES, Math.floor((2 * m * k * n) / SLICE_OPERATIONS));
  const blocks = cutSlices(byColumns ? n : m, wanted, GRAIN);
  const hasBias = inputs.length > 2;
  const key = `matmul ${m}x${k}x${n} ${blocks.size}${ta ? " A transposed" : ""}${tb ? " B transposed" : ""}`;
  const chosen = fastest(step, key, (precision) => {
    const kernelOf = perSize(blocks, (size) =>
      blockKernel(
        scope,
        step,
        byColumns ? [m, k, size] : [size, k, n],
        ta ? [1, m] : [k, 1],
        tb ? [1, k] : [n, 1],
        n,
        precision,
      ),
    );
    return { kernelOf, kernel: kernelOf(0, 2) };
  });
  if (chosen === null) return null;
  const aStep = byColumns ? 0 : blocks.size * (ta ? 1 : k) * 4;
  const bStep = byColumns ? blocks.size * (tb ? k : 1) * 4 : 0;
  const cStep = blocks.size * (byColumns ? 1 : n) * 4;
  const biasStep = byColumns ? blocks.size * 4 : 0;
  return {
    stages: [
      {
        units: blocks.count,
        run(_exports, { inputs: from, outputs: to }, begin, end) {
          for (let i = begin; i < end; i++) {
            const [a, b, c] = [from[0] + i * aStep, from[1] + i * bStep, to[0] + i * cStep];
            const rest = hasBias ? [base + from[2] + i * biasStep] : [];
            chosen.kernelOf(i, blocks.count).run(base + a, base + b, base + c, ...rest);
          }
        },
      },
    ],
    scratchBytes: 0,
    threadScratchBytes: 0,
  };
}

/** One block of the product. */
function blockKernel(
  scope: DnnlScope,
  { attributes, inputs, own }: NativeStep,
  [m, k, n]: readonly number[],
  aStrides: readonly number[],
  bStrides: readonly number[],
  cPitch: number,
  precision: Precision,
): SliceKernel {
  const a = scope.descriptor([m, k], "float32", [...aStrides]);
  const b = scope.descriptor([k, n], "float32", [...bStrides]);
  const destination = scope.descriptor([m, n], "float32", [cPitch, 1]);
  const bias = inputs.length > 2 ? scope.descriptor([1, n], "float32") : undefined;
  const rounded = precision === "bfloat16";
  const source = rounded ? scope.descriptor([m, k], precision) : a;
  const activation = attributes.activation as ActivationName | undefined;
  const operands = { source, weights: rounded ? scope.anyLayout([k, n], precision) : b, bias, destination };
  const description = scope.matmul(operands, activation);
  if (description === null) throw new Error("onednn: a matrix product has no implementation");
  const weights = rounded ? description.layout("weights") : b;
  const primitive = scope.primitive(description, [
    ["source", source],
    ["weights", weights],
    ["destination", destination],
    ...(bias === undefined ? [] : ([["bias", bias]] as const)),
  ]);
  const bytes = [a, b, destination, ...(bias === undefined ? [] : [bias])].map((layout) =>
    scope.bytesOf(layout),
  );
  if (!rounded) return { bytes, run: (...addresses) => primitive.run(...addresses) };
  const [copyA, copyB] = [copier(scope, a, source), copier(scope, b, weights)];
  const offset = Math.ceil(scope.bytesOf(source) / 64) * 64;
  own.reserve(offset + scope.bytesOf(weights));
  return {
    bytes,
    run(fromA, fromB, ...rest) {
      copyA(fromA, own.address);
      copyB(fromB, own.address + offset);
      primitive.run(own.address, own.address + offset, ...rest);
    },
  };
}
