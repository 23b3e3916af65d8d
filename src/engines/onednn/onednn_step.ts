/**
 * What the kernels of convolutions and matmuls are made from. In this order: a step, its slices and the choice among its
 * algorithms; scratch of one thread, and operands staged in it.
 */
import type { DType } from "../../base/dtype.ts";
import type { StepSpec } from "../contract/engine.ts";
import type { KernelPlan, KernelStage } from "../cpu/kernel.ts";
import { ALIGNMENT, aligned } from "../cpu/memory/memory_layout.ts";
import type { Descriptor, DnnlScope } from "./library/dnnl.ts";
import type { ForeignFunctions } from "./library/foreign_functions.ts";
import type { AlgorithmChooser } from "./tuning/autotuner.ts";
import type { BenchmarkMemory } from "./tuning/benchmark_memory.ts";

/** What convolutions and matmuls multiply; sums are taken in 32 bits with either. */
export type Precision = "float32" | "bfloat16";

/** A step that oneDNN computes, for which its kernels are to be made. */
export interface OnednnStep extends StepSpec {
  /** What the plan has set aside. */
  readonly scratchBytes: number;
  /** Of the engine. */
  readonly threads: number;
  /** Address of the engine's memory: kernels' addresses count from it. */
  readonly base: number;
  /** Whether its packed weights are kept from run to run. */
  readonly packed: boolean;
  /** Leaves nothing to other kernels that the library can do. */
  readonly everything: boolean;
  /** As in `StepPlan`. */
  readonly exact?: boolean | undefined;
  readonly chooser: AlgorithmChooser;
  readonly own: ThreadScratch;
  /** For benchmarks of kernels that reach into the engine's memory. */
  readonly benchmarkMemory: () => BenchmarkMemory;
}

/** Computes one slice of a step from addresses; `bytes` is what lies at each, for benchmarks. */
export interface SliceKernel {
  readonly bytes: readonly number[];
  /** How many slices of the other algorithms it computes at once; 1 if absent. */
  readonly slices?: number;
  /** Called before it is timed, if what a benchmark needs once is not a part of its run. */
  prepare?(): void;
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
export function fastest<
  W extends { readonly name: string },
  T extends { readonly kernel: SliceKernel | null },
>(
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

/** Scratch of one thread, outside of the engine's memory; all steps share it, one after the other. */
export class ThreadScratch {
  readonly #foreign: ForeignFunctions;
  #buffer = new ArrayBuffer(0);
  /** Of the buffer, and of the first aligned byte in it. */
  #start = 0;
  #address = 0;

  constructor(foreign: ForeignFunctions) {
    this.#foreign = foreign;
  }

  /** Makes sure that there are `bytes` bytes. */
  reserve(bytes: number): void {
    if (bytes + ALIGNMENT <= this.#buffer.byteLength) return;
    this.#buffer = new ArrayBuffer(bytes + ALIGNMENT);
    this.#start = this.#foreign.addressOf(new Uint8Array(this.#buffer));
    this.#address = aligned(this.#start);
  }

  /** Sets the first bytes to zero. */
  clear(bytes: number): void {
    new Uint8Array(this.#buffer, this.#address - this.#start, bytes).fill(0);
  }

  /** Where it lies now: it moves when more is reserved. */
  get address(): number {
    return this.#address;
  }
}

/** An operand as a kernel takes it, in place of one that is stored in another way. */
export interface StagingBuffer {
  /** Brings what is stored at `address` into the kernel's form and gives its address. */
  enter(address: number): number;
  /** Where the kernel is to leave what belongs to `address`. */
  place(address: number): number;
  /** Brings what the kernel left into the stored form at `address`. */
  leave(address: number): void;
}

/** Operands of one kernel that need another form, one behind the other in the thread's own scratch. */
export class StagingBuffers {
  readonly #scope: DnnlScope;
  readonly #own: ThreadScratch;
  #bytes = 0;

  constructor(scope: DnnlScope, own: ThreadScratch) {
    this.#scope = scope;
    this.#own = own;
  }

  /** An input; used as it lies if both forms are the same. */
  input(stored: Descriptor, wanted: Descriptor): StagingBuffer {
    if (this.#scope.equal(stored, wanted)) return AS_IT_LIES;
    const copy = copier(this.#scope, stored, wanted);
    const at = this.#reserve(wanted);
    return {
      ...AS_IT_LIES,
      enter: (address) => {
        const to = this.#own.address + at;
        copy(address, to);
        return to;
      },
    };
  }

  /** An output. */
  output(stored: Descriptor, made: Descriptor): StagingBuffer {
    if (this.#scope.equal(stored, made)) return AS_IT_LIES;
    const copy = copier(this.#scope, made, stored);
    const at = this.#reserve(made);
    return {
      ...AS_IT_LIES,
      place: () => this.#own.address + at,
      leave: (address) => copy(this.#own.address + at, address),
    };
  }

  #reserve(layout: Descriptor): number {
    const at = this.#bytes;
    this.#bytes += aligned(this.#scope.bytesOf(layout));
    this.#own.reserve(this.#bytes);
    return at;
  }
}

const AS_IT_LIES: StagingBuffer = {
  enter: (address) => address,
  place: (address) => address,
  leave: () => {},
};
