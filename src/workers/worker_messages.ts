/** Messages to workers: the workers of an engine, each with what is sent to it, and the requests that wait for answers. */
import { EngineError } from "../base/errors.ts";
import type { ErrorRecord } from "./errors_across.ts";
import type { TransferList, WorkerHandle, WorkerListeners } from "./worker_port.ts";

export type SpawnWorker = (listeners: WorkerListeners) => Promise<WorkerHandle>;

/** A message for a worker that has not been sent. */
export interface WaitingMessage {
  readonly worker: number;
  readonly message: unknown;
  readonly transfer: TransferList | undefined;
}

/**
 * The workers of one engine. Messages may be posted while the workers are still starting; they are kept and
 * sent in order.
 */
export class EngineWorkerPool {
  #workers: WorkerHandle[] | undefined;
  #waiting: WaitingMessage[];
  #starting: Promise<unknown> = Promise.resolve();
  #opened = false;
  #keep = false;
  #stopped = false;

  /** @param waiting - messages that are to be sent first. */
  constructor(waiting: WaitingMessage[] = []) {
    this.#waiting = waiting;
  }

  /** Starts `count` workers. @throws EngineError if the pool was stopped in the meantime. */
  start(
    count: number,
    spawn: SpawnWorker,
    receive: (message: unknown, worker: number) => void,
    failed: (reason: string, worker: number) => void,
  ): Promise<void> {
    const spawning = Array.from({ length: count }, (_, worker) =>
      spawn({
        message: (message) => receive(message, worker),
        failed: (reason) => failed(reason, worker),
      }),
    );
    const starting = this.#adopt(spawning);
    this.#starting = starting.catch(() => {});
    return starting;
  }

  async #adopt(spawning: readonly Promise<WorkerHandle>[]): Promise<void> {
    const spawned = await Promise.allSettled(spawning);
    const workers = spawned.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const problem = spawned.find((each) => each.status === "rejected");
    if (problem !== undefined || this.#stopped) {
      await Promise.all(workers.map((worker) => worker.stop()));
      throw problem?.reason ?? new EngineError("the engine was stopped while it started");
    }
    this.#workers = workers;
    this.keepAlive(this.#keep);
  }

  /** Keeps what is posted from here on, until `open`. */
  close(): void {
    this.#opened = false;
  }

  /** Sends each worker a message before all that is kept. */
  introduce(first: (worker: number) => unknown): void {
    (this.#workers ?? []).forEach((worker, i) => worker.post(first(i)));
  }

  /** Sends what has been posted in the meantime; from here on messages go out at once. */
  open(): void {
    const workers = this.#workers ?? [];
    this.#opened = true;
    for (const { worker, message, transfer } of this.takeWaiting()) workers[worker]?.post(message, transfer);
  }

  /** Takes what has been posted and not sent: for another pool. */
  takeWaiting(): WaitingMessage[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  post(worker: number, message: unknown, transfer?: TransferList): void {
    if (!this.#opened || this.#workers === undefined) this.#waiting.push({ worker, message, transfer });
    else this.#workers[worker].post(message, transfer);
  }

  /** Whether the workers keep the process alive. */
  keepAlive(keep: boolean): void {
    this.#keep = keep;
    for (const worker of this.#workers ?? []) worker.keepAlive(keep);
  }

  /** Ends the workers, also those that are still starting; resolves when none is left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting = [];
    await this.#starting;
    const workers = this.#workers ?? [];
    this.#workers = undefined;
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: Error): void;
}

/** Answers to requests; each is answered once. */
export type RequestAnswer =
  | { readonly request: number; readonly value: unknown }
  | { readonly request: number; readonly error: ErrorRecord }
  /** It depends on this run, which failed. A run that failed on another worker depends on itself. */
  | { readonly request: number; readonly failedRun: number };

/**
 * The requests to workers that have not been answered: one promise each, and the workers kept alive (so the process does
 * not end under an awaited run) while there are any.
 */
export class Requests {
  #next = 1;
  readonly #waiting = new Map<number, Waiting>();
  /** The last request that failed by itself; failures come in the order of the requests. */
  lastFailure = 0;
  readonly #keepAlive: (keep: boolean) => void;

  constructor(keepAlive: (keep: boolean) => void) {
    this.#keepAlive = keepAlive;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** A number for a new request, and the promise of its answer. */
  open<T>(): { id: number; answer: Promise<T> } {
    const id = this.#next++;
    if (this.#waiting.size === 0) this.#keepAlive(true);
    const answer = new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
    return { id, answer };
  }

  resolve(id: number, value: unknown): void {
    this.#take(id)?.resolve(value);
  }

  /** @returns whether the request was open. */
  reject(id: number, reason: Error): boolean {
    const waiting = this.#take(id);
    waiting?.reject(reason);
    return waiting !== undefined;
  }

  has(id: number): boolean {
    return this.#waiting.has(id);
  }

  /** A request that failed by itself. */
  fail(id: number, reason: Error): void {
    this.lastFailure = id;
    this.reject(id, reason);
  }

  /** A request that depends on one that failed. */
  failWithAnother(id: number): void {
    this.reject(id, new EngineError("this depends on the result of a run that failed"));
  }

  rejectAll(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, new EngineError(reason));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#keepAlive(false);
    return waiting;
  }
}
