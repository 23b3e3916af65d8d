/** What the onednn engine adds to a worker: the library, and kernels made from its primitives. */
import type { Program } from "../contract/engine.ts";
import { specOf } from "../contract/run_program.ts";
import type { ProgramKernels, WorkerKernels, WorkerOpening } from "../cpu/cpu_kernels.ts";
import type { KernelExports, KernelPlan } from "../cpu/kernel.ts";
import { activationCode } from "../cpu/shapes/activation.ts";
import type { ProcessorControl } from "../cpu/threads/parallel_regions.ts";
import { planKernel } from "../wasm/kernels/registry.ts";
import { planConvolution, planWeightGradient } from "./convolution/onednn_convolution.ts";
import type { Dnnl } from "./library/dnnl.ts";
import { DnnlScope } from "./library/dnnl.ts";
import type { ActivationName } from "./library/dnnl_constants.ts";
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
      if (native !== null) return native;
      const plan = planKernel(spec, step.plan.exact);
      return plan && withLibraryActivation(scope, { ...spec, base: this.#base }, plan);
    });
  }
}

/** Take long enough to be worth a call of the library; the others are an instruction or two. */
const WORTH_A_CALL: readonly unknown[] = ["sigmoid", "tanh"];
/** Floats: below, the call takes longer than it saves. */
const LEAST = 512;

/**
 * The plan of a kernel of wasm with the library's activation in place of the function that it calls for it: the library's
 * vectors have 8 or 16 numbers, wasm's 4. As it is if it calls none, or if the activation is quick. LeNet's first convolution
 * of 256 images with its sigmoid, one thread of AVX-512: 3.9 to 3.3 ms (Node.js 20), 3.3 to 2.8 ms (24).
 */
export function withLibraryActivation(
  scope: DnnlScope,
  { attributes, base }: Pick<OnednnStep, "attributes" | "base">,
  plan: KernelPlan,
): KernelPlan {
  const { activates = 0 } = plan;
  if (activates < LEAST || !WORTH_A_CALL.includes(attributes.activation)) return plan;
  const values = scope.descriptor([activates], "float32");
  const description = scope.activation(values, attributes.activation as ActivationName);
  if (description === null) return plan;
  const primitive = scope.primitive(description, [
    ["source", values],
    ["destination", values],
  ]);
  const own = activationCode(attributes);
  const withOwn = (exports: KernelExports): KernelExports => ({
    ...exports,
    biasActivation(address, rowBytes, rows, count, bias, activation) {
      if (rows !== 1 || count !== activates || bias !== 0 || activation !== own)
        return exports.biasActivation(address, rowBytes, rows, count, bias, activation);
      primitive.run(base + address, base + address);
      return 0;
    },
  });
  let known: KernelExports | null = null;
  let made: KernelExports | null = null;
  const stages = plan.stages.map((stage) => ({
    ...stage,
    run(...[exports, ...rest]: Parameters<typeof stage.run>) {
      if (made === null || known !== exports) [known, made] = [exports, withOwn(exports)];
      stage.run(made, ...rest);
    },
  }));
  return { ...plan, stages };
}
