import { startWorker } from "#workers";
import type { WorkerHandle, WorkerListeners, WorkerScript } from "../../workers/worker_port.ts";

const SCRIPT: WorkerScript = {
  url: () => new URL("./wasm_worker.js", import.meta.url),
  source: () => import("#worker_sources/wasm_worker"),
};

/** Starts a worker of the wasm engine. */
export function startWasmWorker(listeners: WorkerListeners): Promise<WorkerHandle> {
  return startWorker(SCRIPT, listeners);
}
