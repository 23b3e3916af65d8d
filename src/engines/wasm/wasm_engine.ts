/**
 * The wasm engine: the CPU runtime with kernels written in AssemblyScript, SIMD and threads. It needs nothing
 * installed, in Node.js and in pages.
 */
import { LOADS_LATE } from "#kernel_bytes";
import { loadPlanners } from "#kernel_planners";
import { LATE_KERNELS } from "#late_kernels";
import { startWorker } from "#workers";
import type { WorkerScript } from "../../workers/worker_port.ts";
import { CpuEngine, type CpuEngineOptions } from "../cpu/cpu_engine.ts";
import type { CpuKernels } from "../cpu/cpu_kernels.ts";
import { loadKernels, loadLateKernels } from "./kernel_binary.ts";

const SCRIPT: WorkerScript = {
  url: () => new URL("./wasm_worker.js", import.meta.url),
  source: () => import("#worker_sources/wasm_worker"),
  later: LATE_KERNELS?.source,
};

export const WASM_KERNELS: CpuKernels = {
  name: "wasm",
  bfloat16: false,
  plan: () => null,
  async load(relaxed, shared) {
    const loaders = [loadKernels, ...(LOADS_LATE ? [] : [loadLateKernels])];
    const binaries = Promise.all(loaders.map((load) => load(relaxed, shared)));
    WASM_KERNELS.plan = (await loadPlanners()).planStep;
    return binaries;
  },
  loadLateBinary: LOADS_LATE ? loadLateKernels : undefined,
  startWorker: (listeners) => startWorker(SCRIPT, listeners),
};

/**
 * Runs programs in WebAssembly.
 *
 * @throws EngineError from `start` if the run-time has no SIMD or the kernels cannot be loaded; from `allocate` and
 * `compile` if the memory does not suffice.
 * @example
 * const engine = new WasmEngine({ threads: 2 });
 * await engine.start();
 */
export class WasmEngine extends CpuEngine {
  constructor(options: CpuEngineOptions = {}) {
    super(WASM_KERNELS, options);
  }
}
