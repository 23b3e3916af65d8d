/** Runs whole plans, ours or the wasm engine's, on memory of their own: to see which takes less time. */
import { bytesOf } from "../../../base/dtype.ts";
import { numel } from "../../../base/shape.ts";
import type { TensorSpec } from "../../contract/engine.ts";
import {
  type KernelAddresses,
  type KernelExports,
  type KernelPlan,
  kernelExports,
} from "../../cpu/kernel.ts";
import { simdSupport } from "../../cpu/loops/simd_support.ts";
import { aligned } from "../../cpu/memory/memory_layout.ts";
import { loadKernelsNow } from "../../wasm/kernels_now.ts";
import type { ForeignFunctions } from "../library/foreign_functions.ts";

const PAGE = 65536;

export class BenchmarkMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: KernelExports;
  readonly #warm = new Set<string>();
  /** Where the memory lies for native code. */
  readonly base: number;

  /** @param shared Whether the kernels were compiled for a memory that threads share. */
  constructor(kernels: readonly WebAssembly.Module[], shared: boolean, foreign: ForeignFunctions) {
    // A shared memory never moves; the other one is made as long as it will ever be.
    this.#memory = shared
      ? new WebAssembly.Memory({ initial: 2, maximum: MOST_PAGES, shared: true })
      : new WebAssembly.Memory({ initial: MOST_PAGES, maximum: MOST_PAGES });
    if (shared) this.#memory.grow(MOST_PAGES - 2);
    this.#exports = kernelExports(kernels, this.#memory);
    this.base = foreign.addressOf(new Uint8Array(this.#memory.buffer));
  }

  /** Runs it until its kernels are compiled well; not again where they are those of `kernels` of before. */
  warm(run: () => void, kernels: string): () => void {
    const until = performance.now() + WARM_MILLISECONDS;
    while (!this.#warm.has(kernels) && performance.now() < until) run();
    this.#warm.add(kernels);
    return run;
  }

  /** Whether operands of these sizes have room, with scratch. */
  static holds(operands: readonly TensorSpec[], scratchBytes: number): boolean {
    const bytes = operands.reduce((total, spec) => total + aligned(sizeOf(spec)), scratchBytes);
    return bytes < (MOST_PAGES - RESERVED_PAGES) * PAGE;
  }

  /** A run of all stages on this thread. */
  runOf(
    plan: KernelPlan,
    inputs: readonly TensorSpec[],
    outputs: readonly TensorSpec[],
    scratchBytes = 0,
  ): () => void {
    const { exports, addresses } = this.place(plan, inputs, outputs, scratchBytes);
    return () => {
      for (const stage of plan.stages) stage.run(exports, addresses, 0, stage.units);
    };
  }

  /** Room for operands, with halves in all of them, and for scratch. */
  place(
    plan: Pick<KernelPlan, "scratchBytes" | "threadScratchBytes">,
    inputs: readonly TensorSpec[],
    outputs: readonly TensorSpec[],
    scratchBytes = 0,
  ): { exports: KernelExports; addresses: KernelAddresses } {
    let next = RESERVED_PAGES * PAGE;
    const place = (bytes: number) => {
      const at = next;
      next += aligned(bytes);
      return at;
    };
    const addresses = {
      inputs: inputs.map((spec) => place(sizeOf(spec))),
      outputs: outputs.map((spec) => place(sizeOf(spec))),
      scratch: place(Math.max(scratchBytes, plan.scratchBytes)),
      threadScratch: place(plan.threadScratchBytes),
    };
    new Float32Array(this.#memory.buffer, RESERVED_PAGES * PAGE, (next - RESERVED_PAGES * PAGE) / 4).fill(
      0.5,
    );
    return { exports: this.#exports, addresses };
  }
}

/** With the kernels that suit this machine, for the thread that calls. */
export function openBenchmarkMemory(foreign: ForeignFunctions): BenchmarkMemory {
  return new BenchmarkMemory(loadKernelsNow(simdSupport().relaxed), false, foreign);
}

/** WebAssembly is compiled by the baseline tier first and optimised a little later, in the background: what is hot by then. */
const WARM_MILLISECONDS = 40;

/** 192 MiB, of which the system gives what is used. */
const MOST_PAGES = 3072;
/** The kernels' own constants. */
const RESERVED_PAGES = 2;

function sizeOf({ shape, dtype }: TensorSpec): number {
  return numel(shape) * bytesOf(dtype);
}
