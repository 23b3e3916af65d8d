/**
 * What an engine gives the CPU runtime: its kernels. The runtime (`cpu_engine.ts`) has the memory, the worker pool,
 * the generated loops and the programs; the kernels say which steps they compute, and compute them.
 */
import type { WorkerHandle, WorkerListeners } from "../../workers/worker_port.ts";
import type { Autotuning, Program, StepPlan, StepSpec } from "../contract/engine.ts";
import type { KernelPlan } from "./kernel.ts";
import type { ProcessorControl } from "./threads/parallel_regions.ts";

/** The part on the main thread: decisions from shapes alone. */
export interface CpuKernels {
  /** Of the engine that computes with them. */
  readonly name: string;
  /** Its `receive` takes messages from the first worker's part. */
  readonly autotuning?: Autotuning & { receive(message: unknown): void };
  /** Whether they are faster on bfloat16 numbers than on float32 ones; asked when the workers are ready. */
  readonly bfloat16: boolean;
  /**
   * How they would compute a step, `exact` as in `StepPlan`; null if there is no kernel for it. Never asked for generated
   * loops. `load` brings it; before that there are no kernels.
   */
  plan(step: StepSpec, exact: boolean): StepPlan | null;
  /**
   * Loads what `plan` needs, and compiles the WebAssembly functions that stages are given as `exports`; `shared` for a
   * memory of several threads.
   */
  load(relaxed: boolean, shared: boolean): Promise<WebAssembly.Module[]>;
  /** Compiles those that only steps with `StepPlan.late` need; undefined if the others have them. */
  readonly loadLateBinary?: ((relaxed: boolean, shared: boolean) => Promise<WebAssembly.Module>) | undefined;
  /** Starts a worker whose module calls `serve` with the other part. */
  startWorker(listeners: WorkerListeners): Promise<WorkerHandle>;
  /**
   * Called once, before the workers are started.
   *
   * @param post - sends a message to the first worker's part, in order with programs.
   * @returns plain data that each worker's part is given.
   */
  open?(threads: number, post: (message: unknown) => void): unknown;
  /** A worker has ended by itself. */
  workerEnded?(worker: number): void;
  /** Resolves when the workers may be ended. */
  close?(): Promise<void>;
}

/** What a worker's part is opened with. */
export interface WorkerOpening {
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  readonly threads: number;
  /** What `CpuKernels.open` has returned. */
  readonly settings: unknown;
  /** Sends a message to the part on the main thread. */
  readonly post: (message: unknown) => void;
}

/** Opens the part inside a worker. */
export type OpenKernels = (opening: WorkerOpening) => WorkerKernels;

export interface WorkerKernels {
  /** What it adds to the engine's description, for people (a library and its version); null if nothing. */
  readonly description: string | null;
  /** Of this thread: where there is such a thing. */
  readonly processor?: ProcessorControl;
  /** Makes the kernels of a program: called on every worker alike. */
  prepare(program: Program): ProgramKernels;
  /** Takes a message from the part on the main thread. */
  receive?(message: unknown): void;
}

export interface ProgramKernels {
  /** The kernel of each step; null for a step that it has none for: generated loops, and what runs on the host. */
  readonly steps: readonly (KernelPlan | null)[];
  /** Frees what was made for the program. */
  release?(): void;
}
