import type { DType } from "../../base/dtype.ts";
import type { StepSpec } from "../contract/engine.ts";
import type { KernelPlan, KernelStage } from "../cpu/kernel.ts";
import type { Descriptor, DnnlScope } from "./library/dnnl.ts";
import type { ThreadScratch } from "./thread_scratch.ts";
import type { AlgorithmChooser } from "./tuning/autotuner.ts";
import type { BenchmarkMemory } from "./tuning/benchmark_memory.ts";

/** What convolutions and matmuls multiply; sums are taken in 32 bits with either. */
export type Precision = "float32" | "bfloat16";

/** A step that oneDNN computes, for which its kernels are to be made. */
export interface OnednnStep extends StepSpec {
  /** What the plan has set aside. */
  readonly scratchBytes: number;
  /** Address of the engine's memory: kernels' addresses count from it. */
  readonly base: number;
  /** Leaves nothing to other kernels that the library can do. */
  readonly everything: boolean;
  readonly chooser: AlgorithmChooser;
  readonly own: ThreadScratch;
  /** For benchmarks of kernels that reach into the engine's memory. */
  readonly benchmarkMemory: () => BenchmarkMemory;
}

/** Computes one slice of a step from addresses; `bytes` is what lies at each, for benchmarks. */
export interface SliceKernel {
  readonly bytes: readonly number[];
  run(...addresses: number[]): void;
}

/** A step with one of its algorithms: a slice of it, to be benchmarked, and the whole. */
export interface Variant {
  readonly kernel: SliceKernel;
  readonly plan: KernelPlan;
}

/** A batch cut into slices: all of `size` but perhaps the last. */
export interface Slices {
  readonly count: number;
  readonly size: number;
  /** Size of the last. */
  readonly last: number;
}

/** Cuts `total` into at most `wanted` slices whose size is a multiple of `grain`. */
export function cutSlices(total: number, wanted: number, grain = 1): Slices {
  const size = Math.min(total, Math.ceil(total / Math.max(1, wanted) / grain) * grain);
  const count = Math.ceil(total / size);
  return { count, size, last: total - (count - 1) * size };
}

/** Operations below which a slice is not worth a call of its own. */
export const SLICE_OPERATIONS = 4e6;
/** As many threads as a step can keep busy. */
export const MOST_SLICES = 16;

/** Makes something for the full size and, if it differs, for the last. */
export function perSize<T>(
  { size, last }: Slices,
  make: (size: number) => T,
): (index: number, count: number) => T {
  const full = make(size);
  const rest = last === size ? full : make(last);
  return (index, count) => (index === count - 1 ? rest : full);
}

/** The element type of a step's operand. */
export function elementOf(dtype: DType): Precision {
  return dtype === "bfloat16" ? "bfloat16" : "float32";
}

/** Copies between two layouts or element types. */
export function copier(
  scope: DnnlScope,
  source: Descriptor,
  destination: Descriptor,
): (from: number, to: number) => void {
  const description = scope.reorder(source, destination);
  if (description === null) throw new Error("onednn: a layout cannot be changed");
  const primitive = scope.primitive(description, [
    ["source", source],
    ["destination", destination],
  ]);
  return (from, to) => primitive.run(from, to);
}

/** A stage of one unit that copies between layouts. */
export function reorderStage(
  scope: DnnlScope,
  source: Descriptor,
  destination: Descriptor,
  run: (copy: (from: number, to: number) => void, addresses: Parameters<KernelStage["run"]>[1]) => void,
): KernelStage {
  const copy = copier(scope, source, destination);
  return { units: 1, run: (_exports, addresses) => run(copy, addresses) };
}

/**
 * Makes the fastest of the available variants, as measured once on a machine. If it is
 * known already, no other is made.
 *
 * @param key Names the work: op, sizes.
 * @param algorithms The algorithms to benchmark; `make` gives null if the library does not have one.
 * @param preferred Position of the one that the fixed rule takes.
 */
export function fastest<W extends { readonly name: string }, T extends { readonly kernel: SliceKernel }>(
  { chooser }: OnednnStep,
  key: string,
  algorithms: readonly W[],
  make: (algorithm: W) => T | null,
  preferred = 0,
): T | null {
  if (algorithms.length === 1) return make(algorithms[0]);
  const made: (T | null)[] = [];
  const variant = (i: number): T | null => {
    made[i] ??= make(algorithms[i]);
    return made[i];
  };
  const names = algorithms.map(({ name }) => name);
  const chosen = chooser.choose(key, names, (i) => variant(i)?.kernel ?? null, preferred);
  if (chosen < 0) return null;
  // The autotuning cache may have been edited: any other algorithm is better than none.
  return variant(chosen) ?? algorithms.map((_, i) => variant(i)).find((other) => other !== null) ?? null;
}
