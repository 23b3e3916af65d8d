/** GEMM in blocks of columns or of rows. */
import type { StepSpec } from "../contract/engine.ts";
import type { KernelPlan } from "../cpu/kernel.ts";
import type { DnnlScope } from "./library/dnnl.ts";
import { type ActivationName, ELEMENT_BYTES } from "./library/dnnl_constants.ts";
import {
  cutSlices,
  elementOf,
  fastest,
  MOST_SLICES,
  type OnednnStep,
  type Precision,
  perSize,
  SLICE_OPERATIONS,
  type SliceKernel,
  StagingBuffers,
} from "./onednn_step.ts";
import { takesElement } from "./supported_dtypes.ts";

const ACTIVATIONS: readonly unknown[] = [undefined, "relu", "relu6", "sigmoid", "tanh"];
/** Operations below which the call costs more than it saves. */
const FEW_OPERATIONS = 2e6;
/** Columns of a block: whole vectors, whole panels of the library's kernels. */
const GRAIN = 64;

export function takesMatmul(step: StepSpec, everything = false): boolean {
  const { op, attributes, inputs, outputs } = step;
  if (op !== "matmul" || outputs[0].shape.length !== 2 || !ACTIVATIONS.includes(attributes.activation))
    return false;
  if (![...inputs, ...outputs].every(takesElement)) return false;
  const { m, k, n } = sizes(step);
  return m * k * n > 0 && (everything || 2 * m * k * n >= FEW_OPERATIONS);
}

function sizes({ attributes, inputs, outputs }: StepSpec) {
  const [m, n] = outputs[0].shape;
  return { m, n, k: inputs[0].shape[attributes.transposeA === true ? 0 : 1] };
}

export function planMatmul(scope: DnnlScope, step: OnednnStep): KernelPlan | null {
  const { attributes, inputs, outputs, base } = step;
  if (!takesMatmul(step, step.everything)) return null;
  const { m, k, n } = sizes(step);
  const [ta, tb] = [attributes.transposeA === true, attributes.transposeB === true];
  const byColumns = n >= m;
  const wanted = Math.min(MOST_SLICES, Math.floor((2 * m * k * n) / SLICE_OPERATIONS));
  const blocks = cutSlices(byColumns ? n : m, wanted, GRAIN);
  const hasBias = inputs.length > 2;
  const types = [...inputs.slice(0, 2), ...outputs].map(({ dtype }) => elementOf(dtype));
  const [aBytes, bBytes, cBytes] = types.map((type) => ELEMENT_BYTES[type]);
  const key = `matmul ${types.join(" ")} ${m}x${k}x${n} ${blocks.size}${ta ? " A transposed" : ""}${tb ? " B transposed" : ""}`;
  const chosen = fastest(step, key, productWays(types), ({ precision }) => {
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
  const aStep = byColumns ? 0 : blocks.size * (ta ? 1 : k) * aBytes;
  const bStep = byColumns ? blocks.size * (tb ? k : 1) * bBytes : 0;
  const cStep = blocks.size * (byColumns ? 1 : n) * cBytes;
  const biasStep = byColumns && hasBias ? blocks.size * ELEMENT_BYTES[elementOf(inputs[2].dtype)] : 0;
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

/** Products with a bfloat16 operand may also be widened to float32. */
function productWays(types: readonly Precision[]): { name: string; precision: Precision }[] {
  const precisions: Precision[] = types.includes("bfloat16") ? ["bfloat16", "float32"] : ["float32"];
  return precisions.map((precision) => ({ name: precision, precision }));
}

/** One block of the product. */
function blockKernel(
  scope: DnnlScope,
  { attributes, inputs, outputs, own }: OnednnStep,
  [m, k, n]: readonly number[],
  aStrides: readonly number[],
  bStrides: readonly number[],
  cPitch: number,
  precision: Precision,
): SliceKernel {
  const [aType, bType, biasType] = inputs.map(({ dtype }) => elementOf(dtype));
  const a = scope.descriptor([m, k], aType, [...aStrides]);
  const b = scope.descriptor([k, n], bType, [...bStrides]);
  const c = scope.descriptor([m, n], elementOf(outputs[0].dtype), [cPitch, 1]);
  const row = biasType === undefined ? undefined : scope.descriptor([1, n], biasType);
  // Products of 32-bit floats take their operands as they lie; others in the order of their own choice.
  const asItIs = precision === "float32" && aType === precision && bType === precision;
  const source =
    asItIs || (aType === precision && aStrides[1] === 1) ? a : scope.descriptor([m, k], precision);
  const wanted = asItIs ? b : scope.anyLayout([k, n], precision);
  // Products of 32-bit floats have results and biases of 32 bits.
  const wide = precision === "float32";
  const destination =
    wide && elementOf(outputs[0].dtype) !== precision ? scope.descriptor([m, n], precision) : c;
  const bias = row !== undefined && wide ? scope.descriptor([1, n], precision) : row;
  const activation = attributes.activation as ActivationName | undefined;
  const description = scope.matmul({ source, weights: wanted, bias, destination }, activation);
  if (description === null) throw new Error("onednn: a matmul has no implementation");
  const weights = asItIs ? b : description.layout("weights");
  const primitive = scope.primitive(description, [
    ["source", source],
    ["weights", weights],
    ["destination", destination],
    ...(bias === undefined ? [] : ([["bias", bias]] as const)),
  ]);
  const staging = new StagingBuffers(scope, own);
  const [left, right, result] = [
    staging.input(a, source),
    staging.input(b, weights),
    staging.output(c, destination),
  ];
  const added = row === undefined || bias === undefined ? undefined : staging.input(row, bias);
  return {
    bytes: [a, b, c, ...(row === undefined ? [] : [row])].map((layout) => scope.bytesOf(layout)),
    run(fromA, fromB, to, ...rest) {
      const shift = added === undefined ? [] : [added.enter(rest[0])];
      primitive.run(left.enter(fromA), right.enter(fromB), result.place(to), ...shift);
      result.leave(to);
    },
  };
}
