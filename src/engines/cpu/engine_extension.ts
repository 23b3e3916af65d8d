/**
 * How another engine builds on the wasm engine: same memory, workers and generated loops, with kernels of its own
 * for some steps.
 */

import type { WorkerHandle, WorkerListeners } from "../../workers/worker_port.ts";
import type { Autotuning, Program, ProgramStep, StepPlan, StepSpec } from "../contract/engine.ts";
import type { KernelPlan } from "./kernel.ts";

/** The part that the thread with the books knows: decisions from shapes alone. */
export interface EngineExtension {
  readonly name: string;
  /** Where it cannot start, the wasm engine goes on without it. */
  readonly optional?: boolean;
  /** Plain data that each worker is told. */
  readonly settings: unknown;
  /** Starts a worker whose module calls `serve` with the other part. */
  startWorker(listeners: WorkerListeners): Promise<WorkerHandle>;
  /** How the extension would compute a step; null if it has no kernel for it. */
  plan(step: StepSpec): StepPlan | null;
  readonly autotuning?: Autotuning;
  /** Gives the extension a way to send its part in the first worker what it likes, in order with programs. */
  connect?(post: (order: unknown) => void): void;
  /** Takes what a worker's part says. */
  receive?(note: unknown): void;
  /** Whether it is faster on bfloat16 numbers than on float32 ones. */
  bfloat16?(): boolean;
}

/** The part inside a worker. */
export interface WorkerExtension {
  /** For people: library and version. */
  readonly description: string;
  /** Called for each program, on every worker alike. */
  prepare(program: Program): ProgramExtension;
  /** Takes what the engine's part sends. */
  receive?(order: unknown): void;
}

export interface ProgramExtension {
  /** Kernels for a step, with `exports` ignored; null where the wasm engine's are to be used. */
  plan(step: ProgramStep): KernelPlan | null;
  /** Every step has been planned. */
  ready(): void;
  /** Frees what was made for the program. */
  release(): void;
}
