/**
 * Workers, the same for Node.js (`worker_threads`) and for browsers (`Worker`): how an engine starts one, and
 * how the code inside it receives its messages.
 */

/** What either kind of message port takes as a list of things to hand over instead of copying. */
export type TransferList = ArrayBuffer[];

/** A worker, seen from the thread that started it. */
export interface WorkerHandle {
  post(message: unknown, transfer?: TransferList): void;
  /** Whether this worker keeps the process alive (Node.js; a page stays open by itself). */
  keepAlive(keep: boolean): void;
  stop(): Promise<void>;
}

export interface WorkerListeners {
  message(message: unknown): void;
  /** The worker is gone, or threw outside any request. */
  failed(reason: string): void;
}

/** The port inside a worker. */
export interface WorkerPort {
  post(message: unknown, transfer?: TransferList): void;
}

/** Whether this is Node.js (or a runtime that offers its modules), not a browser. */
export function inNode(): boolean {
  const host = globalThis as { process?: { versions?: { node?: string }; type?: string } };
  return typeof host.process?.versions?.node === "string" && host.process.type !== "renderer";
}

/**
 * The URL of a module beside `base`, with the extension that `base` itself has: `.ts` where Node.js strips the
 * types, `.js` in the built package.
 */
export function siblingModule(name: string, base: string): URL {
  const extension = /\.ts(\?|$)/.test(base) ? ".ts" : ".js";
  return new URL(`./${name}${extension}`, base);
}

/** Starts a module as a worker in Node.js. */
export async function startNodeWorker(url: URL, listeners: WorkerListeners): Promise<WorkerHandle> {
  const { Worker: NodeWorker } = await import("node:worker_threads");
  const worker = new NodeWorker(url, { execArgv: [], stdin: false });
  let stopping = false;
  worker.on("message", (message) => listeners.message(message));
  worker.on("error", (error: Error) => listeners.failed(`${error.name}: ${error.message}`));
  worker.on("messageerror", (error) => listeners.failed(error.message));
  worker.on("exit", (code) => {
    if (!stopping) listeners.failed(`the worker ended with code ${code}`);
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    keepAlive: (keep) => (keep ? worker.ref() : worker.unref()),
    stop: async () => {
      stopping = true;
      await worker.terminate();
    },
  };
}

/** Wraps a browser's worker. Made by the caller, so that bundlers see its `new Worker(new URL(...))`. */
export function adoptBrowserWorker(worker: Worker, listeners: WorkerListeners): WorkerHandle {
  worker.onmessage = (event) => listeners.message(event.data);
  worker.onerror = (event) => listeners.failed(event.message || "the worker's script could not be loaded");
  worker.onmessageerror = () => listeners.failed("a message could not be read");
  return {
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    keepAlive: () => {},
    stop: async () => worker.terminate(),
  };
}

/** Inside a worker: passes every message to `receive`, in order. */
export function listen(receive: (message: unknown, port: WorkerPort) => void): void {
  if (!inNode()) {
    const scope = globalThis as unknown as {
      onmessage: ((event: MessageEvent) => void) | null;
      postMessage(message: unknown, transfer: Transferable[]): void;
    };
    const port: WorkerPort = { post: (message, transfer) => scope.postMessage(message, transfer ?? []) };
    scope.onmessage = (event) => receive(event.data, port);
    return;
  }
  void import("node:worker_threads").then(({ parentPort }) => {
    if (parentPort === null) throw new Error("this module runs as a worker only");
    const inner = parentPort;
    const port: WorkerPort = { post: (message, transfer) => inner.postMessage(message, transfer) };
    inner.on("message", (message) => receive(message, port));
  });
}
