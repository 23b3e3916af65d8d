/**
 * The onednn engine: the CPU runtime with convolutions and matmuls computed by oneDNN, everything else by the
 * wasm kernels.
 *
 * Each worker calls the library on its own share of a step (a slice of the batch, a block of columns), with one
 * thread inside the library: no second pool of threads, no barriers but the engine's own, and a step's slices
 * depend on its shapes alone, so the same bits come out with any number of threads.
 */
import { startWorker } from "#workers";
import { ArgumentError } from "../../base/errors.ts";
import { loadedModule } from "../../base/open_files.ts";
import type { WorkerHandle, WorkerListeners, WorkerScript } from "../../workers/worker_port.ts";
import { CpuEngine } from "../cpu/cpu_engine.ts";
import type { CpuKernels } from "../cpu/cpu_kernels.ts";
import { WASM_KERNELS } from "../wasm/wasm_engine.ts";
import { loadKoffi } from "./library/foreign_functions.ts";
import { dnnlFacts } from "./library/load_dnnl.ts";
import type { OnednnSettings } from "./onednn_worker_kernels.ts";
import { ShutdownGuard } from "./shutdown_lock.ts";
import { EngineAlgorithms, sharedAnswers } from "./tuning/autotuner.ts";

export interface OnednnEngineOptions {
  /** How many threads; by default as many as there are processors. */
  readonly threads?: number;
  /** Bytes that buffers and programs may take at most; by default 4 GiB. */
  readonly memoryLimit?: number;
  /** Gives the library every step that it can compute, also where another kernel is faster: for tests. */
  readonly everything?: boolean;
  /** Chooses algorithms by a fixed rule, not by measuring. */
  readonly reproducible?: boolean;
  /** Becomes the wasm engine where the library cannot be used, instead of failing. */
  readonly orWasm?: boolean;
  /** Leaves out algorithms that round more than plain sums do. */
  readonly exactConvolutions?: boolean;
  /** Refused if true. */
  readonly portable?: boolean;
}

/**
 * Runs programs with oneDNN.
 *
 * @throws EngineError from `start` if koffi or the library is missing, or cannot be used; it says why.
 * @example
 * const engine = new OnednnEngine({ threads: 2 });
 * await engine.start();
 */
export class OnednnEngine extends CpuEngine {
  constructor(options: OnednnEngineOptions = {}) {
    const { everything = wantsEverything(), reproducible = false, orWasm = false, ...rest } = options;
    if (options.portable === true) {
      throw new ArgumentError(
        "onednn: the library's bits depend on the processor; `portable` is for the wasm engine: " +
          'useEngine("wasm", { portable: true })',
      );
    }
    const kernels = new OnednnKernels(everything, reproducible);
    super(kernels, { ...rest, portable: false }, orWasm ? WASM_KERNELS : null);
  }
}

/** CONVOYANT_ONEDNN=everything, for finding out which kernel is at fault. */
function wantsEverything(): boolean {
  const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
  return process?.env.CONVOYANT_ONEDNN === "everything";
}

const SCRIPT: WorkerScript = {
  url: () => new URL("./onednn_worker.js", import.meta.url),
  source: () => import("#worker_sources/onednn_worker"),
};

/** oneDNN's kernels, and the wasm kernels for what it leaves to them. */
class OnednnKernels implements CpuKernels {
  readonly name = "onednn";
  readonly autotuning: EngineAlgorithms;
  readonly #everything: boolean;
  plan: CpuKernels["plan"] = () => null;
  #guard: ShutdownGuard | undefined;

  constructor(everything: boolean, reproducible: boolean) {
    this.#everything = everything;
    this.autotuning = new EngineAlgorithms(reproducible);
  }

  get bfloat16(): boolean {
    return dnnlFacts()?.fastBfloat16 === true;
  }

  async load(relaxed: boolean, shared: boolean): Promise<WebAssembly.Module[]> {
    const binaries = WASM_KERNELS.load(relaxed, shared);
    binaries.catch(() => {});
    const { onednnPlan } = await loadedModule(import("./onednn_plans.ts"));
    this.plan = onednnPlan(this.#everything, this.autotuning);
    return binaries;
  }

  async startWorker(listeners: WorkerListeners): Promise<WorkerHandle> {
    // Loaded here first: two workers that load it at the same moment can crash the process.
    loadKoffi();
    return startWorker(SCRIPT, listeners);
  }

  open(threads: number, post: (message: unknown) => void): OnednnSettings {
    this.#guard = new ShutdownGuard(threads);
    this.autotuning.post = post;
    const { reproducible } = this.autotuning;
    const lock = this.#guard.words;
    return { everything: this.#everything, reproducible, answers: sharedAnswers(), lock };
  }

  workerEnded(worker: number): void {
    this.#guard?.forget(worker);
  }

  async close(): Promise<void> {
    await this.#guard?.close();
  }
}
