/** What the onednn engine adds to a worker: the library, and kernels made from its primitives. */
import type { Program, ProgramStep } from "../contract/engine.ts";
import { specOf } from "../contract/run_program.ts";
import type { ProgramExtension, WorkerExtension } from "../cpu/engine_extension.ts";
import type { KernelPlan } from "../cpu/kernel.ts";
import { planConvolution } from "./convolution/native_convolution.ts";
import { planInputGradient } from "./convolution/native_input_gradient.ts";
import { planWeightGradient } from "./convolution/native_weight_gradient.ts";
import type { Dnnl } from "./library/dnnl.ts";
import { DnnlScope } from "./library/dnnl.ts";
import { loadDnnl } from "./library/load_dnnl.ts";
import { planMatmul } from "./native_matmul.ts";
import type { NativeStep } from "./native_step.ts";
import { ThreadScratch } from "./thread_scratch.ts";
import { Chooser } from "./tuning/choices.ts";
import type { ChoiceNote, ChoiceOrder } from "./tuning/engine_choices.ts";
import { openTrialMemory, type TrialMemory } from "./tuning/trial_memory.ts";

type NativePlanner = (scope: DnnlScope, step: NativeStep) => KernelPlan | null;

export const PLANNERS: Readonly<Record<string, NativePlanner>> = {
  conv2d: planConvolution,
  conv2dInputGradient: planInputGradient,
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
  readonly choices: SharedArrayBuffer | undefined;
}

export class OnednnWorker implements WorkerExtension {
  readonly description: string;
  readonly #dnnl: Dnnl;
  /** Where the engine's memory lies: a fixed place, since memories that are shared are reserved whole. */
  readonly #base: number;
  readonly #everything: boolean;
  readonly #chooser: Chooser;
  readonly #own: ThreadScratch;

  /** @param say - sends a note to the engine. */
  constructor(
    memory: WebAssembly.Memory,
    settings: OnednnSettings,
    thread: number,
    say: (note: ChoiceNote) => void,
  ) {
    const { dnnl, path } = loadDnnl();
    this.#dnnl = dnnl;
    this.#base = dnnl.foreign.addressOf(new Uint8Array(memory.buffer));
    this.#everything = settings.everything;
    this.#chooser = new Chooser(settings.choices, thread === 0, dnnl, {
      reproducible: settings.reproducible,
      onChoice: (work, chosen) => say({ work, chosen }),
      onProblem: (problem) => say({ problem }),
    });
    this.#own = new ThreadScratch(dnnl.foreign);
    this.description = `oneDNN ${dnnl.description}, ${path}`;
  }

  receive(order: unknown): void {
    this.#chooser.adopt((order as ChoiceOrder).adopt);
  }

  prepare(program: Program): ProgramExtension {
    const scope = new DnnlScope(this.#dnnl);
    let trials: TrialMemory | undefined;
    const shared = {
      base: this.#base,
      everything: this.#everything,
      chooser: this.#chooser,
      own: this.#own,
      trialMemory: () => {
        trials ??= openTrialMemory(this.#dnnl.foreign);
        return trials;
      },
    };
    const plan = (step: ProgramStep) => {
      if (!Object.hasOwn(PLANNERS, step.op)) return null;
      const given = specOf(program.values, step.op, step);
      return PLANNERS[step.op](scope, { ...given, ...shared, scratchBytes: step.scratch.bytes });
    };
    const ready = () => {
      trials = undefined;
    };
    return { plan, ready, release: () => scope.destroy() };
  }
}
