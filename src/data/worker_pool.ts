import { isSharedArrayBuffer } from "../base/builtin_kinds.ts";
import { RequestWorkers } from "../workers/request_workers.ts";
import type { WorkerScript } from "../workers/worker_port.ts";
import type { ArrayBatch } from "./array_batch.ts";
import type { BatchContext, DatasetDescription } from "./batch_source.ts";
import type { BatchMixing } from "./transforms/mix_batch.ts";

/** What a loader asks a worker for: a batch, mixed if `mixing` says so. */
export interface BatchQuestion {
  readonly indices: Uint32Array;
  readonly context: BatchContext;
  readonly mixing: BatchMixing | null;
}

/** Workers that build batches. They share the data set's memory if the platform lets them. */
export class WorkerPool {
  readonly #workers: RequestWorkers<BatchQuestion, ArrayBatch[]>;

  private constructor(workers: RequestWorkers<BatchQuestion, ArrayBatch[]>) {
    this.#workers = workers;
  }

  /** Starts `count` workers on a data set. */
  static async start(count: number, description: DatasetDescription): Promise<WorkerPool> {
    shareMemory(description);
    return new WorkerPool(
      await RequestWorkers.start({ count, script: SCRIPT, given: description, owner: "DataLoader" }),
    );
  }

  /** A batch, from the next worker. */
  build(indices: Uint32Array, context: BatchContext, mixing: BatchMixing | null): Promise<ArrayBatch[]> {
    return this.#workers.ask({ indices, context, mixing });
  }

  stop(): Promise<void> {
    return this.#workers.stop();
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
