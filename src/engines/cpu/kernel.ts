/**
 * What a kernel of a CPU engine is: a plan made from shapes alone, the same on every thread.
 *
 * A step runs as one or more *stages*, each after the one before. A stage is cut into `units` that can run
 * in any order on any thread; the result of a unit does not depend on how many threads there are, so one
 * machine gives the same bits with one thread or sixteen. Sums that cross units go through partial results
 * in `scratch`, which a later stage adds up in a fixed order.
 */
import type { StepPlan, StepSpec } from "../contract/engine.ts";

/** Byte addresses in the engine's memory, fixed for one run. All are multiples of 64. */
export interface KernelAddresses {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Shared by the threads of this step; `KernelPlan.scratchBytes` long; not zeroed. */
  readonly scratch: number;
  /** This thread's own; `KernelPlan.threadScratchBytes` long; not zeroed. */
  readonly threadScratch: number;
}

export interface KernelStage {
  readonly units: number;
  /** Whether it only brings weights into the scratch space, in the layout that later stages read; absent if not. */
  readonly packs?: boolean;
  /** Runs units begin (inclusive) to end (exclusive) on this thread. `exports` are the kernel binary's functions. */
  run(exports: KernelExports, addresses: KernelAddresses, begin: number, end: number): void;
}

export interface KernelPlan {
  readonly stages: readonly KernelStage[];
  /** Floats in a row that it gives to `biasActivation` each time, without a bias; absent if it activates in another way. */
  readonly activates?: number;
  readonly scratchBytes: number;
  readonly threadScratchBytes: number;
  /** As in `StepPlan`. */
  readonly packsWeights?: boolean;
  readonly late?: boolean;
}

/** Functions of the compiled AssemblyScript binaries; arguments are numbers: addresses, sizes, and 1 or 0 for true or false. */
export type KernelExports = Readonly<Record<string, (...args: number[]) => number>>;

/** The functions of binaries that import one memory. */
export function kernelExports(
  binaries: readonly WebAssembly.Module[],
  memory: WebAssembly.Memory,
): KernelExports {
  const imports = { env: { memory, abort: kernelAbort } };
  return Object.assign({}, ...binaries.map((binary) => new WebAssembly.Instance(binary, imports).exports));
}

function kernelAbort(): never {
  throw new Error("a kernel stopped");
}

/**
 * Makes the plan of one op at one set of shapes; `null` if this kernel does not cover it. `exact`: without algorithms that
 * round more than plain sums do; false by default.
 */
export type KernelPlanner = (step: StepSpec, exact?: boolean) => KernelPlan | null;

/** What the compiler is told of a step that has a kernel. */
export function stepPlanOf({
  scratchBytes,
  threadScratchBytes,
  packsWeights,
  late,
}: Omit<KernelPlan, "stages">): StepPlan {
  const plan = { place: "device", scratchBytes, threadScratchBytes, layout: "asGiven" } as const;
  return { ...plan, ...(packsWeights === true && { packsWeights }), ...(late === true && { late }) };
}
