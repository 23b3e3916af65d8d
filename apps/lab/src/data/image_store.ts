/** Own images as the page works with them: decoding and storage happen in a worker. */
import { LabError, type Problem } from "../worker/problem.ts";
import type { ShownImage } from "../worker/protocol.ts";

/** A file that was refused. */
export interface RefusedFile {
  readonly name: string;
  readonly problem: Problem;
}

/** What became of files that were added. */
export interface AddedImages {
  readonly added: number;
  readonly refused: readonly RefusedFile[];
  /** Whether it was cancelled, or the storage became full: what was added before stays. */
  readonly stopped: Problem | "cancelled" | null;
}

export interface OwnImage {
  readonly id: number;
  readonly name: string;
  readonly image: ShownImage;
}

/** What the worker of own images can do. */
export interface ImageCalls {
  add: {
    input: { readonly className: string; readonly files: readonly (Blob | ImageData)[] };
    output: AddedImages;
  };
  counts: { input: null; output: readonly { readonly className: string; readonly count: number }[] };
  list: {
    input: { readonly className: string; readonly from: number; readonly count: number };
    output: readonly OwnImage[];
  };
  remove: { input: { readonly ids: readonly number[] }; output: null };
  /** To null: removes the class's images. */
  rename: { input: { readonly className: string; readonly to: string | null }; output: null };
  clear: { input: null; output: null };
}

export type ToImageWorker =
  | {
      [K in keyof ImageCalls]: {
        readonly type: "call";
        readonly id: number;
        readonly name: K;
        readonly input: ImageCalls[K]["input"];
      };
    }[keyof ImageCalls]
  | { readonly type: "cancel"; readonly id: number };

export type FromImageWorker =
  | { readonly type: "result"; readonly id: number; readonly output: unknown }
  | { readonly type: "failed"; readonly id: number; readonly problem: Problem }
  | { readonly type: "progress"; readonly id: number; readonly done: number; readonly of: number };

export interface AddOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, of: number) => void;
}

/** Own images. Calls reject with a LabError. */
export interface ImageStore {
  /** Adds files to a class, thousands at once; `signal` cancels, and what was added until then stays. */
  add(className: string, files: readonly (Blob | ImageData)[], options?: AddOptions): Promise<AddedImages>;
  counts(): Promise<ImageCalls["counts"]["output"]>;
  list(className: string, from: number, count: number): Promise<readonly OwnImage[]>;
  remove(ids: readonly number[]): Promise<void>;
  /** To null: removes the class's images. */
  rename(className: string, to: string | null): Promise<void>;
  clear(): Promise<void>;
  close(): void;
}

export function createImageStore(): ImageStore {
  return new WorkerImageStore();
}

interface Waiting {
  readonly resolve: (output: never) => void;
  readonly reject: (error: LabError) => void;
  readonly onProgress: AddOptions["onProgress"];
}

class WorkerImageStore implements ImageStore {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #id = 0;

  add(className: string, files: readonly (Blob | ImageData)[], { signal, onProgress }: AddOptions = {}) {
    const promise = this.#call("add", { className, files }, onProgress);
    const id = this.#id;
    const cancel = () => this.#worker?.postMessage({ type: "cancel", id } satisfies ToImageWorker);
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel);
    return promise.finally(() => signal?.removeEventListener("abort", cancel));
  }

  counts() {
    return this.#call("counts", null);
  }

  list(className: string, from: number, count: number) {
    return this.#call("list", { className, from, count });
  }

  async remove(ids: readonly number[]): Promise<void> {
    await this.#call("remove", { ids });
  }

  async rename(className: string, to: string | null): Promise<void> {
    await this.#call("rename", { className, to });
  }

  async clear(): Promise<void> {
    await this.#call("clear", null);
  }

  close(): void {
    this.#end(new LabError("worker lost", "the image store was closed"));
  }

  #begin(): Worker {
    const worker = new Worker(new URL("../entries/image_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FromImageWorker>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new LabError("worker lost", `the worker that reads images ended: ${event.message}`));
    };
    return worker;
  }

  #call<K extends keyof ImageCalls>(
    name: K,
    input: ImageCalls[K]["input"],
    onProgress?: AddOptions["onProgress"],
  ): Promise<ImageCalls[K]["output"]> {
    this.#worker ??= this.#begin();
    const id = ++this.#id;
    this.#worker.postMessage({ type: "call", id, name, input } as ToImageWorker);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, onProgress }));
  }

  #receive(message: FromImageWorker): void {
    const waiting = this.#waiting.get(message.id);
    if (message.type === "progress") {
      waiting?.onProgress?.(message.done, message.of);
      return;
    }
    this.#waiting.delete(message.id);
    if (message.type === "result") waiting?.resolve(message.output as never);
    else waiting?.reject(new LabError(message.problem.kind, message.problem.message, message.problem.facts));
  }

  #end(problem: LabError): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) reject(problem);
    this.#waiting.clear();
  }
}
