/**
 * Which algorithm computes a convolution that is cut into blocks, and into how many (`convolution_blocks.ts`). In this
 * order: both choices; whether two numbers of blocks give the same bits.
 */
import { bytesOf } from "../../../base/dtype.ts";
import { numel } from "../../../base/shape.ts";
import type { TensorSpec } from "../../contract/engine.ts";
import type { KernelExports, KernelPlan } from "../../cpu/kernel.ts";
import { ALIGNMENT, aligned } from "../../cpu/memory/memory_layout.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { DnnlScope } from "../library/dnnl.ts";
import { fastest, type OnednnStep, type SliceKernel, type Variant } from "../onednn_step.ts";
import { blockVariant } from "./block_convolution.ts";
import { type Algorithm, candidateAlgorithms, preferredAlgorithm } from "./convolution_algorithms.ts";
import type { Block, Cuts } from "./convolution_blocks.ts";

/**
 * Chooses the algorithm that is the fastest on the finest blocks, so that engines of any number of threads choose the same,
 * and then the number of blocks: few if that is as fast, and the results have the same bits.
 *
 * @param work - as in `fastest`.
 */
export function planBlocks(
  scope: DnnlScope,
  step: OnednnStep,
  work: string,
  g: ConvGeometry,
  { fewest, finest }: Cuts,
  winograd: () => Variant | null,
): KernelPlan | null {
  const algorithms = candidateAlgorithms(step, g);
  const formOf = (algorithm: Algorithm, blocks: readonly Block[]) =>
    new Form(algorithm, () =>
      algorithm.form === "winograd" ? winograd() : blockVariant(scope, step, g, blocks, algorithm),
    );
  const preferred = preferredAlgorithm(algorithms, g);
  const chosen = fastest(step, work, algorithms, (algorithm) => formOf(algorithm, finest), preferred);
  if (chosen === null) return null;
  const { algorithm } = chosen;
  if (algorithm.form === "winograd" || fewest.length === finest.length) return chosen.plan;
  const fewer = formOf(algorithm, fewest);
  fewer.suits = () => haveSameBits(scope, step, fewer, chosen);
  const numbers = [
    { name: "few blocks", form: fewer },
    { name: "many blocks", form: chosen },
  ];
  const key = `${work}, ${algorithm.name}, ${fewest.length} blocks of ${finest.length}`;
  return (fastest(step, key, numbers, ({ form }) => form) ?? chosen).plan;
}

/** Makes its primitives when it is asked for them: what was chosen earlier is not measured, and what is not chosen not made. */
class Form {
  readonly algorithm: Algorithm;
  /** Asked before it is measured. */
  suits: () => boolean = () => true;
  readonly #make: () => Variant | null;
  #made: Variant | null | undefined;

  constructor(algorithm: Algorithm, make: () => Variant | null) {
    this.algorithm = algorithm;
    this.#make = make;
  }

  get kernel(): SliceKernel | null {
    return this.suits() ? (this.#variant?.kernel ?? null) : null;
  }

  get plan(): KernelPlan | null {
    return this.#variant?.plan ?? null;
  }

  get #variant(): Variant | null {
    if (this.#made === undefined) this.#made = this.#make();
    return this.#made;
  }
}

/** Whether both compute the same from noise: a sum in another order ends in other bits in some of its numbers. */
function haveSameBits(scope: DnnlScope, step: OnednnStep, a: Form, b: Form): boolean {
  const inputs = step.inputs.map(noise);
  const [first, second] = [a, b].map(({ plan }) => plan && resultOf(scope, step, plan, inputs));
  return first !== null && second !== null && first.every((byte, i) => byte === second[i]);
}

/** Numbers from -1 to 1; of weights and bias, too: sums of them rarely reach the end of a relu6. */
function noise({ shape, dtype }: TensorSpec): Uint8Array {
  const values = Float32Array.from({ length: numel(shape) }, (_, i) => Math.sin(i * i * 0.7 + i));
  if (dtype !== "bfloat16") return new Uint8Array(values.buffer);
  // The upper half of each.
  return new Uint8Array(values.buffer).filter((_, i) => i % 4 > 1);
}

function resultOf(
  { dnnl }: DnnlScope,
  { outputs: [output], scratchBytes, base }: OnednnStep,
  { stages }: KernelPlan,
  inputs: readonly Uint8Array[],
): Uint8Array {
  const resultBytes = numel(output.shape) * bytesOf(output.dtype);
  const sizes = [...inputs.map(({ length }) => length), resultBytes, scratchBytes];
  // Named until the end: only native code reads and writes them, of which V8 does not know.
  const memory = sizes.map((bytes) => new Uint8Array(new ArrayBuffer(bytes + ALIGNMENT)));
  const starts = memory.map((array) => dnnl.foreign.addressOf(array));
  const operands = memory.map((array, i) => array.subarray(aligned(starts[i]) - starts[i]));
  for (const [i, input] of inputs.entries()) operands[i].set(input);
  const addresses = starts.map((start) => aligned(start) - base);
  const last = inputs.length;
  const places = {
    inputs: addresses.slice(0, last),
    outputs: [addresses[last]],
    scratch: addresses[last + 1],
  };
  // The library's kernels need none of the binary's functions.
  for (const { run, units } of stages) run({} as KernelExports, { ...places, threadScratch: 0 }, 0, units);
  return operands[last].slice(0, resultBytes);
}
