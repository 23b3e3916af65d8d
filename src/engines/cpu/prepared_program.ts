/**
 * A program made ready on one thread. All threads walk the same list of stages; each stage's units are divided
 * among them while it runs, and barriers stand wherever one thread may need what another has written.
 */

import { isError } from "../../base/builtin_kinds.ts";
import type { TypedArray } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import type { Program, ProgramStep, StepTiming } from "../contract/engine.ts";
import { PARTLY_WRITTEN, wroteBefore } from "../contract/failed_writes.ts";
import type { CommitPlan } from "../contract/run_program.ts";
import { aliasRoots, boundValues, planCommits, valueBytes } from "../contract/run_program.ts";
import { callReference } from "../reference/reference_step.ts";
import type { ProgramKernels, WorkerKernels } from "./cpu_kernels.ts";
import type { CompileMessage, CpuRunAnswer, RunMessage } from "./cpu_messages.ts";
import type { KernelExports, KernelStage } from "./kernel.ts";
import { fusedImports, fusedKernel } from "./loops/fused_module.ts";
import type { MemoryViews } from "./memory/memory_views.ts";
import type { ThreadBarrier } from "./threads/thread_barrier.ts";
import type { WorkShares } from "./threads/work_shares.ts";

/** What a worker has, whatever the program. */
export interface WorkerContext {
  readonly views: MemoryViews;
  /** The kernel binary's functions. */
  readonly exports: KernelExports;
  readonly kernels: WorkerKernels;
  readonly barrier: ThreadBarrier;
  readonly shares: WorkShares;
  readonly thread: number;
  readonly threads: number;
}

/** Addresses that are filled in before a run. */
interface StepAddresses {
  readonly inputs: number[];
  readonly outputs: number[];
  scratch: number;
  threadScratch: number;
}

interface PreparedStage {
  /** Every thread has its part; otherwise the first thread runs the stage alone. */
  readonly divided: boolean;
  readonly units: number;
  readonly run: KernelStage["run"];
}

interface PreparedStep {
  readonly step: ProgramStep;
  readonly addresses: StepAddresses;
  readonly stages: readonly PreparedStage[];
}

/** Who wrote last: the first thread alone, all threads, or none since the last barrier. */
type Writers = "first" | "all" | "none";

export class PreparedProgram {
  readonly #context: WorkerContext;
  readonly #program: Program;
  readonly #roots: readonly number[];
  readonly #inputs: readonly number[];
  readonly #commits: readonly CommitPlan[];
  readonly #kernels: ProgramKernels;
  readonly #steps: readonly PreparedStep[];
  /** Byte address of every value in this run. */
  readonly #at: Float64Array;
  #writers: Writers = "none";
  #failure: unknown;
  #failedStep = 0;

  /** @throws where the generated module or a plan is faulty: the same on every thread. */
  constructor(context: WorkerContext, message: CompileMessage) {
    const program = message.source;
    this.#context = context;
    this.#program = program;
    this.#roots = aliasRoots(program);
    this.#inputs = boundValues(program, "input");
    this.#commits = planCommits(program, this.#roots);
    this.#at = new Float64Array(program.values.length);
    this.#kernels = context.kernels.prepare(program);
    const generated = message.generated && instantiate(message.generated, context.views.memory);
    this.#steps = program.steps.map((step, i) => {
      const fused = message.fused[i];
      const plan =
        fused !== undefined && generated !== undefined
          ? fusedKernel(fused, generated)
          : step.plan.place === "host"
            ? null
            : this.#kernels.steps[i];
      const addresses = {
        inputs: step.inputs.map(() => 0),
        outputs: step.outputs.map(() => 0),
        scratch: 0,
        threadScratch: 0,
      };
      const stages =
        plan === null ? [this.#referenceStage(step)] : plan.stages.map((stage) => this.#divide(stage));
      return { step, addresses, stages };
    });
  }

  release(): void {
    this.#kernels.release?.();
  }

  get source(): Program {
    return this.#program;
  }

  /**
   * Runs the program. The first thread gets the answer; throws on the thread whose kernel threw.
   *
   * @param skipped - said by the first thread: all walk from barrier to barrier, and nothing is computed.
   */
  run(message: RunMessage, skipped: boolean): CpuRunAnswer | undefined {
    const { thread, barrier } = this.#context;
    this.#failure = undefined;
    this.#writers = "first";
    this.#bind(message);
    if (thread === 0) {
      barrier.failed = skipped;
      message.inputs.forEach((_, i) => {
        const id = this.#inputs[i];
        this.#context.views.bytes(this.#at[id], message.inputs[i].byteLength).set(message.inputs[i]);
      });
    }
    const timings = message.profile ? this.#walkTimed() : this.#walk();
    this.#meet("first");
    if (this.#failure !== undefined) throw this.#told(this.#failure);
    if (thread !== 0 || barrier.failed) return undefined;
    const answer = { outputs: this.#takeOutputs(message.keepAt), timings };
    this.#commit();
    return answer;
  }

  /** The error, with a word on what the run had changed in place before it. */
  #told(failure: unknown): unknown {
    if (isError(failure) && wroteBefore(this.#program, this.#failedStep)) failure.message += PARTLY_WRITTEN;
    return failure;
  }

  #walk(): undefined {
    for (const step of this.#steps) this.#runStep(step);
  }

  #walkTimed(): StepTiming[] {
    return this.#steps.map((step, i) => {
      const started = performance.now();
      this.#runStep(step);
      if (this.#writers === "all") this.#synchronise();
      return { step: i, milliseconds: performance.now() - started };
    });
  }

  #runStep({ step, addresses, stages }: PreparedStep): void {
    const { barrier, exports, shares, thread } = this.#context;
    for (const stage of stages) {
      this.#meet(stage.divided ? "all" : "first");
      this.#writers = stage.divided ? "all" : "first";
      if (stage.divided) shares.start(stage.units);
      else if (thread !== 0 || stage.units === 0) continue;
      try {
        if (!stage.divided && !barrier.failed) stage.run(exports, addresses, 0, stage.units);
        while (stage.divided && !barrier.failed && shares.next()) {
          stage.run(exports, addresses, shares.begin, shares.end);
        }
      } catch (error) {
        this.#failure ??= error;
        this.#failedStep = this.#program.steps.indexOf(step);
        barrier.failed = true;
      }
    }
  }

  /** Waits for the other threads, unless what comes next is safe without. */
  #meet(next: "first" | "all"): void {
    if (this.#writers === "none" || (this.#writers === "first" && next === "first")) return;
    this.#synchronise();
  }

  #synchronise(): void {
    this.#context.barrier.wait();
    this.#writers = "none";
  }

  #divide(stage: KernelStage): PreparedStage {
    return {
      divided: this.#context.threads > 1 && stage.units > 1,
      units: stage.units,
      run: (exports, addresses, begin, end) => stage.run(exports, addresses, begin, end),
    };
  }

  #referenceStage(step: ProgramStep): PreparedStage {
    const tensor = (id: number) => {
      const { dtype, shape } = this.#program.values[id];
      return { data: this.#context.views.array(dtype, this.#at[id], numel(shape)), shape, dtype };
    };
    const run = () => callReference(step, step.inputs.map(tensor), step.outputs.map(tensor));
    return { divided: false, units: 1, run };
  }

  /** Works out where every value lies in this run. */
  #bind(message: RunMessage): void {
    const { values } = this.#program;
    const at = this.#at;
    for (let id = 0; id < values.length; id++) {
      const { kind, index, offset } = values[this.#roots[id]];
      if (kind === "state") at[id] = message.states[index];
      else if (kind === "input" && message.inputsAt !== null) at[id] = message.inputsAt[index];
      else at[id] = message.arena + offset;
    }
    const own = message.threadScratch + this.#context.thread * message.threadScratchBytes;
    for (const { step, addresses } of this.#steps) {
      for (let i = 0; i < step.inputs.length; i++) addresses.inputs[i] = at[step.inputs[i]];
      for (let i = 0; i < step.outputs.length; i++) addresses.outputs[i] = at[step.outputs[i]];
      addresses.scratch = message.arena + step.scratch.offset;
      addresses.threadScratch = own;
    }
  }

  /** Copies of the outputs that do not stay in a buffer. */
  #takeOutputs(keepAt: RunMessage["keepAt"]): TypedArray[] {
    const { views } = this.#context;
    const copies: TypedArray[] = [];
    this.#program.outputs.forEach((id, i) => {
      const value = this.#program.values[id];
      const address = keepAt[i];
      if (address === null) copies.push(views.array(value.dtype, this.#at[id], numel(value.shape)).slice());
      else views.bytes(address, valueBytes(value)).set(views.bytes(this.#at[id], valueBytes(value)));
    });
    return copies;
  }

  #commit(): void {
    const { views } = this.#context;
    const bytes = (id: number) => views.bytes(this.#at[id], valueBytes(this.#program.values[id]));
    const early = this.#commits.map(({ from, early }) => (early ? bytes(from).slice() : undefined));
    this.#commits.forEach(({ from, to }, i) => bytes(to).set(early[i] ?? bytes(from)));
  }
}

function instantiate(bytes: Uint8Array<ArrayBuffer>, memory: WebAssembly.Memory): KernelExports {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), fusedImports(memory));
  return instance.exports as unknown as KernelExports;
}
