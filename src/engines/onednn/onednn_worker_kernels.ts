/** What the onednn engine adds to a worker: the library, and kernels made from its primitives. */
import type { Program } from "../contract/engine.ts";
import { specOf } from "../contract/run_program.ts";
import type { ProgramKernels, WorkerKernels, WorkerOpening } from "../cpu/cpu_kernels.ts";
import type { KernelPlan } from "../cpu/kernel.ts";
import type { ProcessorControl } from "../cpu/threads/parallel_regions.ts";
import { planKernel } from "../wasm/kernels/registry.ts";
import { planConvolution, planWeightGradient } from "./convolution/onednn_convolution.ts";
import type { Dnnl } from "./library/dnnl.ts";
import { DnnlScope } from "./library/dnnl.ts";
import { loadDnnl } from "./library/load_dnnl.ts";
import { planMatmul } from "./onednn_matmul.ts";
import { type OnednnStep, ThreadScratch } from "./onednn_step.ts";
import type { ShutdownLock } from "./shutdown_lock.ts";
import { Autotuner, type AutotuningNote, type AutotuningOrder } from "./tuning/autotuner.ts";
import { type BenchmarkMemory, openBenchmarkMemory } from "./tuning/benchmark_memory.ts";

type OnednnPlanner = (scope: DnnlScope, step: OnednnStep) => KernelPlan | null;

export const PLANNERS: Readonly<Record<string, OnednnPlanner>> = {
  conv2d: planConvolution,
  conv2dInputGradient: planConvolution,
  conv2dWeightGradient: planWeightGradient,
  matmul: planMatmul,
};

/** What the engine sends its workers. */
export interface OnednnSettings {
  /** Gives the library every step that it can compute. */
  readonly everything: boolean;
  /** Chooses by a fixed rule. */
  readonly reproducible: boolean;
  /** Where the workers agree on algorithms. */
  readonly answers: SharedArrayBuffer | undefined;
  /** Keeps workers from being ended while they make or free native kernels (see `ShutdownLock`). */
  readonly lock: SharedArrayBuffer;
}

export class OnednnWorkerKernels implements WorkerKernels {
  readonly description: string;
  readonly processor: ProcessorControl;
  readonly #dnnl: Dnnl;
  /** Where the engine's memory lies: a fixed place, since memories that are shared are reserved whole. */
  readonly #base: number;
  readonly #threads: number;
  readonly #everything: boolean;
  readonly #chooser: Autotuner;
  readonly #own: ThreadScratch;
  readonly #lock: ShutdownLock;

  /** @param lock - inside which this is called. */
  constructor(
    { memory, thread, threads, post }: WorkerOpening,
    settings: OnednnSettings,
    lock: ShutdownLock,
  ) {
    const { dnnl, path } = loadDnnl();
    this.#dnnl = dnnl;
    this.processor = dnnl.foreign.processor;
    this.#base = dnnl.foreign.addressOf(new Uint8Array(memory.buffer));
    this.#threads = threads;
    this.#everything = settings.everything;
    this.#chooser = new Autotuner(settings.answers, thread === 0, dnnl, {
      reproducible: settings.reproducible,
      onChosen: (work, chosen) => post({ work, chosen } satisfies AutotuningNote),
      onProblem: (problem) => post({ problem } satisfies AutotuningNote),
    });
    this.#own = new ThreadScratch(dnnl.foreign);
    this.#lock = lock;
    this.description = `oneDNN ${dnnl.description}, ${path}`;
  }

  receive(message: unknown): void {
    const { adopt, measures } = message as AutotuningOrder;
    this.#chooser.adopt(adopt, measures);
  }

  /** The library's kernel of each step, or else that of the wasm kernels. */
  prepare(program: Program): ProgramKernels {
    const scope = new DnnlScope(this.#dnnl);
    const steps = this.#lock.inside(() => this.#kernelsOf(program, scope));
    return { steps, release: () => this.#lock.insideIfOpen(() => scope.destroy()) };
  }

  #kernelsOf(program: Program, scope: DnnlScope): (KernelPlan | null)[] {
    let benchmarkMemory: BenchmarkMemory | undefined;
    const shared = {
      base: this.#base,
      threads: this.#threads,
      everything: this.#everything,
      chooser: this.#chooser,
      own: this.#own,
      benchmarkMemory: () => {
        benchmarkMemory ??= openBenchmarkMemory(this.#dnnl.foreign);
        return benchmarkMemory;
      },
    };
    return program.steps.map((step) => {
      if (step.plan.place === "host") return null;
      const spec = specOf(program.values, step.op, step);
      const native = Object.hasOwn(PLANNERS, step.op)
        ? PLANNERS[step.op](scope, {
            ...spec,
            ...shared,
            scratchBytes: step.scratch.bytes,
            packed: step.scratch.packed === true && step.scratch.asUnpacked !== true,
            exact: step.plan.exact,
          })
        : null;
      return native ?? planKernel(spec, step.plan.exact);
    });
  }
}
