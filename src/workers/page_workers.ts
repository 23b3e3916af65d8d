/** Workers of a page (`#workers`; Node.js has `node_workers.ts`). */
import type { WorkerHandle, WorkerListeners, WorkerPort, WorkerScript } from "./worker_port.ts";

/**
 * Starts a script as a worker: from its text, which every bundler carries along. If the page's content security policy
 * forbids scripts from text inside of workers, with what the script would load later; if it forbids workers from text,
 * from its file, which has all in it.
 */
export async function startWorker(script: WorkerScript, listeners: WorkerListeners): Promise<WorkerHandle> {
  if (typeof Worker === "undefined") return startHere(script, listeners);
  const { source, later } = script;
  const worker = await fromText(source)
    .catch((error) => (later === undefined ? Promise.reject(error) : fromText(later, source)))
    .catch(() => fromFile(script));
  worker.onmessage = (event) => listeners.message(event.data);
  worker.onerror = (event) => listeners.failed(event.message || "the worker's script could not be loaded");
  worker.onmessageerror = () => listeners.failed("a message could not be read");
  return {
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    keepAlive: () => {},
    stop: async () => worker.terminate(),
  };
}

async function fromText(...sources: WorkerScript["source"][]): Promise<Worker> {
  const texts = await Promise.all(sources.map(async (source) => (await source()).default));
  const url = URL.createObjectURL(new Blob(texts, { type: "text/javascript" }));
  try {
    return await ready(new Worker(url));
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function fromFile(script: WorkerScript): Promise<Worker> {
  const url = script.url();
  try {
    return await ready(new Worker(url));
  } catch (error) {
    throw new Error(
      `the worker's script cannot be loaded: ${(error as Error).message}. The page's content security policy has to ` +
        `allow workers from blob: or from ${url.href} (\`worker-src\`)`,
    );
  }
}

/** Resolves when the script listens: it says so with its first message. */
function ready(worker: Worker): Promise<Worker> {
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      reject(new Error(event.message || "it was not found, or is not allowed here"));
    };
  });
}

/** What the code that runs in this thread in place of a worker receives by. */
let receiveHere: ((message: unknown) => void) | undefined;
let postHere: WorkerPort["post"] = () => {};
let isUsedHere = false;

/**
 * Runs a script's code in this thread, in a runtime without workers (Cloudflare Workers and the like). Messages arrive
 * in later tasks of the microtask queue, in order, as those of a worker do.
 */
async function startHere(script: WorkerScript, listeners: WorkerListeners): Promise<WorkerHandle> {
  if (script.here === undefined)
    throw new Error('this runtime has no workers; use the engine "reference", which runs without them');
  if (isUsedHere)
    throw new Error("this runtime has no workers, so one engine runs at a time; `await stopEngine()` first");
  isUsedHere = true;
  await script.here();
  let isStopped = false;
  postHere = (message) => queueMicrotask(() => isStopped || listeners.message(message));
  return {
    post: (message) => queueMicrotask(() => isStopped || receiveHere?.(message)),
    keepAlive: () => {},
    stop: async () => {
      isStopped = true;
      isUsedHere = false;
    },
  };
}

/** Inside a worker: says that it is ready, then passes every message to `receive`, in order. */
export function listen(receive: (message: unknown) => void): WorkerPort {
  if (isUsedHere) {
    receiveHere = receive;
    // The module is loaded once, and serves one engine after the other.
    return { post: (message) => postHere(message) };
  }
  const scope = globalThis as unknown as {
    onmessage: ((event: MessageEvent) => void) | null;
    postMessage(message: unknown, transfer: Transferable[]): void;
  };
  scope.onmessage = (event) => receive(event.data);
  scope.postMessage("ready", []);
  return { post: (message, transfer) => scope.postMessage(message, transfer ?? []) };
}
