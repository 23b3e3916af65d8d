/** GEMM in blocks of columns or of rows. */
import type { StepSpec } from "../contract/engine.ts";
import type { KernelPlan, KernelStage } from "../cpu/kernel.ts";
import { aligned } from "../cpu/memory/memory_layout.ts";
import type { DnnlScope } from "./library/dnnl.ts";
import { type ActivationName, ELEMENT_BYTES } from "./library/dnnl_constants.ts";
import {
  copier,
  cutSlices,
  elementOf,
  fastest,
  MOST_SLICES,
  type OnednnStep,
  type Precision,
  perSize,
  SLICE_OPERATIONS,
  type SliceKernel,
  type Slices,
  StagingBuffers,
} from "./onednn_step.ts";
import { takesElement } from "./supported_dtypes.ts";

const ACTIVATIONS: readonly unknown[] = [undefined, "relu", "relu6", "sigmoid", "tanh"];
/** Operations below which the call costs more than it saves. */
const FEW_OPERATIONS = 2e6;
/** Rows of which B is fetched from memory for few products, so that a block takes longer than its operations say. */
const FEW_ROWS = 4;
const FEW_ROWS_OPERATIONS = 1e6;
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
  const blocks = blocksOf(step);
  const hasBias = inputs.length > 2;
  const types = [...inputs.slice(0, 2), ...outputs].map(({ dtype }) => elementOf(dtype));
  const [aBytes, bBytes, cBytes] = types.map((type) => ELEMENT_BYTES[type]);
  const turned = `${ta ? " A transposed" : ""}${tb ? " B transposed" : ""}`;
  const key = `matmul ${types.join(" ")} ${m}x${k}x${n} ${blocks.size}${turned}${step.packed ? ", packed" : ""}`;
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
  const packing = packingOf(chosen.kernelOf, byColumns ? blocks.count : 1);
  if (packing !== null && packing.bytes > step.scratchBytes)
    return planMatmul(scope, { ...step, packed: false });
  const aStep = byColumns ? 0 : blocks.size * (ta ? 1 : k) * aBytes;
  const bStep = byColumns ? blocks.size * (tb ? k : 1) * bBytes : 0;
  const cStep = blocks.size * (byColumns ? 1 : n) * cBytes;
  const biasStep = byColumns && hasBias ? blocks.size * ELEMENT_BYTES[elementOf(inputs[2].dtype)] : 0;
  const pack: KernelStage = {
    units: packing?.places.length ?? 0,
    packs: true,
    run(_exports, { inputs: from, scratch }, begin, end) {
      for (let i = begin; i < end; i++) {
        const { pack } = chosen.kernelOf(i, blocks.count);
        pack?.copy(base + from[1] + i * bStep, base + scratch + (packing?.places[i] ?? 0));
      }
    },
  };
  const compute: KernelStage = {
    units: blocks.count,
    run(_exports, { inputs: from, outputs: to, scratch }, begin, end) {
      for (let i = begin; i < end; i++) {
        const b = packing === null ? from[1] + i * bStep : scratch + packing.places[byColumns ? i : 0];
        const [a, c] = [from[0] + i * aStep, to[0] + i * cStep];
        const rest = hasBias ? [base + from[2] + i * biasStep] : [];
        const kernel = chosen.kernelOf(i, blocks.count);
        (packing === null ? kernel : (kernel.pack as PackedBlock)).run(base + a, base + b, base + c, ...rest);
      }
    },
  };
  const stages = packing === null ? [compute] : [pack, compute];
  return { stages, scratchBytes: 0, threadScratchBytes: 0 };
}

/** Columns or rows, whichever there are more of. */
function blocksOf(step: StepSpec): Slices {
  const { m, k, n } = sizes(step);
  const worthIt = m <= FEW_ROWS ? FEW_ROWS_OPERATIONS : SLICE_OPERATIONS;
  const wanted = Math.min(MOST_SLICES, Math.floor((2 * m * k * n) / worthIt));
  return cutSlices(Math.max(n, m), wanted, GRAIN);
}

/** The most that B takes in the library's layout for bfloat16, where it is kept so; 0 where it is read as it lies. */
export function packedProductBytes(step: StepSpec): number {
  if (!takesMatmul(step) || !step.inputs.some(({ dtype }) => dtype === "bfloat16")) return 0;
  const { m, k, n } = sizes(step);
  const { count, size } = n >= m ? blocksOf(step) : { count: 1, size: n };
  return count * aligned(2 * (k + GRAIN) * (size + 2 * GRAIN));
}

/** A block's B in the library's layout: `copy` brings it there, `run` reads it there. */
interface PackedBlock {
  readonly bytes: number;
  copy(from: number, to: number): void;
  run(...addresses: number[]): void;
}

type BlockKernel = SliceKernel & { readonly pack: PackedBlock | null };

/** Where the packed B of each block lies; null if it is not kept packed. */
function packingOf(
  kernelOf: (index: number, count: number) => BlockKernel,
  count: number,
): { readonly places: readonly number[]; readonly bytes: number } | null {
  const places: number[] = [];
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const { pack } = kernelOf(i, count);
    if (pack === null) return null;
    places.push(bytes);
    bytes += aligned(pack.bytes);
  }
  return { places, bytes };
}

/** Products with a bfloat16 operand may also be widened to float32. */
function productWays(types: readonly Precision[]): { name: string; precision: Precision }[] {
  const precisions: Precision[] = types.includes("bfloat16") ? ["bfloat16", "float32"] : ["float32"];
  return precisions.map((precision) => ({ name: precision, precision }));
}

/** One block of the product. */
function blockKernel(
  scope: DnnlScope,
  { attributes, inputs, outputs, own, packed }: OnednnStep,
  [m, k, n]: readonly number[],
  aStrides: readonly number[],
  bStrides: readonly number[],
  cPitch: number,
  precision: Precision,
): BlockKernel {
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
  const bytes = [a, b, c, ...(row === undefined ? [] : [row])].map((layout) => scope.bytesOf(layout));
  const onPacked = (fromA: number, fromB: number, to: number, ...rest: number[]) => {
    const shift = added === undefined ? [] : [added.enter(rest[0])];
    primitive.run(left.enter(fromA), fromB, result.place(to), ...shift);
    result.leave(to);
  };
  if (!packed || precision !== "bfloat16" || scope.equal(b, weights))
    return { bytes, pack: null, run: (x, y, to, ...rest) => onPacked(x, right.enter(y), to, ...rest) };
  // In a benchmark B lies there already, too.
  const pack = { bytes: scope.bytesOf(weights), copy: copier(scope, b, weights), run: onPacked };
  return { bytes: [bytes[0], pack.bytes, ...bytes.slice(2)], pack, run: onPacked };
}
