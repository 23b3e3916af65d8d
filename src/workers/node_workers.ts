/** Workers of Node.js (`#workers`; a page has `page_workers.ts`). */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isTooManyFiles, TOO_MANY_FILES } from "../base/open_files.ts";
import type { WorkerHandle, WorkerListeners, WorkerPort, WorkerScript } from "./worker_port.ts";

/** Loaded when there are workers, and not with the package: it takes milliseconds. */
const threads = () => process.getBuiltinModule("node:worker_threads");

/** Starts a script as a worker: its file if it is there, else its text (in a bundle). */
export async function startWorker(script: WorkerScript, listeners: WorkerListeners): Promise<WorkerHandle> {
  const { Worker } = threads();
  const file = fileOf(script);
  const options = { execArgv: [], stdin: false };
  const worker =
    file !== null
      ? new Worker(file, options)
      : new Worker((await script.source()).default, { ...options, eval: true });
  let ended = false;
  // What comes first says why; the exit that follows does not.
  const fail = (reason: string) => {
    if (!ended) listeners.failed(reason);
    ended = true;
  };
  worker.on("message", listeners.message);
  worker.on("error", (error: Error) => {
    fail(`${error.name}: ${error.message}${isTooManyFiles(error) ? `; ${TOO_MANY_FILES}` : ""}`);
  });
  worker.on("messageerror", (error) => listeners.failed(error.message));
  worker.on("exit", (code) => fail(`the worker ended with code ${code}`));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    keepAlive: (keep) => (keep ? worker.ref() : worker.unref()),
    stop: async () => {
      ended = true;
      await worker.terminate();
    },
  };
}

function fileOf(script: WorkerScript): URL | null {
  try {
    const url = script.url();
    return url.protocol === "file:" && existsSync(fileURLToPath(url)) ? url : null;
  } catch {
    return null;
  }
}

/** Inside a worker: passes every message from here on to `receive`, in order. */
export function listen(receive: (message: unknown) => void): WorkerPort {
  const inner = threads().parentPort;
  if (inner === null) throw new Error("this module runs as a worker only");
  inner.on("message", receive);
  return { post: (message, transfer) => inner.postMessage(message, transfer) };
}
