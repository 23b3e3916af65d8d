import { startWorker } from "#workers";
import { isSharedArrayBuffer } from "../base/builtin_kinds.ts";
import { EngineError } from "../base/errors.ts";
import { reviveError } from "../workers/errors_across.ts";
import { Requests } from "../workers/worker_messages.ts";
import type { WorkerHandle, WorkerListeners, WorkerScript } from "../workers/worker_port.ts";
import type { ArrayBatch } from "./array_batch.ts";
import type { BatchContext, DatasetDescription } from "./batch_source.ts";
import type { LoaderReply, LoaderRequest } from "./loader_messages.ts";
import type { BatchMixing } from "./transforms/mix_batch.ts";

/**
 * Workers that build batches. They share the data set's memory if the platform lets them, and hold the
 * process only while a batch is asked for.
 */
export class WorkerPool {
  readonly #workers: WorkerHandle[];
  readonly #requests: Requests;
  #next = 0;
  #failure: string | undefined;

  private constructor(workers: WorkerHandle[], requests: Requests) {
    this.#workers = workers;
    this.#requests = requests;
  }

  /** Starts `count` workers on a data set. */
  static async start(count: number, description: DatasetDescription): Promise<WorkerPool> {
    shareMemory(description);
    const workers: WorkerHandle[] = [];
    const requests = new Requests((keep) => {
      for (const worker of workers) worker.keepAlive(keep);
    });
    const pool = new WorkerPool(workers, requests);
    const listeners: WorkerListeners = {
      message: (message) => pool.#receive(message as LoaderReply),
      failed: (reason) => pool.#fail(`DataLoader: a worker ended unexpectedly: ${reason}`),
    };
    for (let i = 0; i < count; i++) {
      const worker = await startWorker(SCRIPT, listeners);
      worker.keepAlive(false);
      worker.post({ type: "dataset", description } satisfies LoaderRequest);
      workers.push(worker);
    }
    return pool;
  }

  /** Asks the next worker, round-robin, for a batch, mixed if `mixing` says so. */
  build(indices: Uint32Array, context: BatchContext, mixing: BatchMixing | null): Promise<ArrayBatch[]> {
    if (this.#failure !== undefined) return Promise.reject(new EngineError(this.#failure));
    const { id, answer } = this.#requests.open<ArrayBatch[]>();
    const worker = this.#workers[this.#next++ % this.#workers.length];
    worker.post({ type: "batch", request: id, indices, context, mixing } satisfies LoaderRequest);
    return answer;
  }

  async stop(): Promise<void> {
    this.#fail("DataLoader: its workers were stopped");
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  #receive(reply: LoaderReply): void {
    if ("error" in reply) this.#requests.reject(reply.request, reviveError(reply.error));
    else this.#requests.resolve(reply.request, reply.batch);
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    this.#requests.rejectAll(this.#failure);
  }
}

const SCRIPT: WorkerScript = {
  url: () => new URL("./loader_worker.js", import.meta.url),
  source: () => import("#worker_sources/loader_worker"),
};

/** Moves a data set's arrays into memory that workers can see, so that it exists once. */
function shareMemory(description: DatasetDescription): void {
  if (typeof SharedArrayBuffer === "undefined") return;
  if (description.kind === "subset") shareMemory(description.of);
  else if (description.kind === "concat") for (const part of description.parts) shareMemory(part);
  else if (description.kind === "images") share(description.labels);
  else for (const array of description.arrays) share(array);
}

function share(array: ArrayBatch): void {
  if (isSharedArrayBuffer(array.data.buffer)) return;
  const shared = new SharedArrayBuffer(array.data.byteLength);
  const { constructor } = array.data;
  const copy = new (constructor as new (buffer: SharedArrayBuffer) => typeof array.data)(shared);
  copy.set(array.data);
  array.data = copy;
}
