/**
 * The requests that an engine has sent to its workers and that have not been answered: one promise each, and
 * the worker kept alive (so the process does not end under an awaited run) while there are any.
 */
import { EngineError } from "../base/errors.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: Error): void;
}

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
