/**
 * Workers, the same for Node.js and for pages: what an engine and a data loader know of the ones they start. How they
 * are started is the platform's `#workers` (`node_workers.ts`, `page_workers.ts`).
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
  readonly message: (message: unknown) => void;
  /** The worker is gone, or threw outside any request. */
  readonly failed: (reason: string) => void;
}

/** The port inside a worker. */
export interface WorkerPort {
  post(message: unknown, transfer?: TransferList): void;
}

/** Where a worker's code is. A bundler may have moved its file, or left it behind; the text travels with the code. */
export interface WorkerScript {
  /** The file, which is whole in itself. Throws in a bundle whose modules have no address. */
  url(): URL;
  /** The same as text, loaded when it is needed. */
  source(): Promise<{ readonly default: string }>;
  /** What the script loads later, as text: it runs before the script where that can load nothing. */
  later?(): Promise<{ readonly default: string }>;
  /** The module itself, for a runtime without workers; undefined if the code is of no use without threads. */
  here?(): Promise<unknown>;
}

/** Whether this is Node.js (or a runtime that offers its modules), not a browser. */
export function inNode(): boolean {
  const host = globalThis as { process?: { versions?: { node?: string }; type?: string } };
  return typeof host.process?.versions?.node === "string" && host.process.type !== "renderer";
}
