/** One worker and the calls that it has not answered yet. */
import { LabError, type Problem } from "./problem.ts";
import type { CallName, Calls, EventName, Events, FromWorker, ToWorker } from "./protocol.ts";

export type TellEvent = <K extends EventName>(name: K, event: Events[K]) => void;

interface Waiting {
  readonly resolve: (output: never) => void;
  readonly reject: (error: LabError) => void;
}

/** Starts its worker at the first call, and again after it was lost. */
export class WorkerCalls {
  readonly #start: () => Worker;
  readonly #tell: TellEvent;
  readonly #lost: (problem: LabError) => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #id = 0;

  /** @param lost - called when the worker has ended by itself; its calls have been rejected. */
  constructor(start: () => Worker, tell: TellEvent, lost: (problem: LabError) => void = () => {}) {
    this.#start = start;
    this.#tell = tell;
    this.#lost = lost;
  }

  get isRunning(): boolean {
    return this.#worker !== null;
  }

  call<K extends CallName>(name: K, input: Calls[K]["input"]): Promise<Calls[K]["output"]> {
    this.#worker ??= this.#begin();
    const id = ++this.#id;
    const answer = new Promise<Calls[K]["output"]>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#worker.postMessage({ type: "call", id, name, input } as ToWorker);
    return answer;
  }

  /** Ends the worker; calls that wait are rejected. */
  end(problem: LabError): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) reject(problem);
    this.#waiting.clear();
  }

  #begin(): Worker {
    const worker = this.#start();
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(`the worker ended: ${event.message || "its script could not be loaded"}`);
    };
    worker.onmessageerror = () => this.#lose("a message of the worker could not be read");
    return worker;
  }

  #lose(message: string): void {
    const problem = new LabError("worker lost", message);
    this.end(problem);
    this.#lost(problem);
  }

  #receive(message: FromWorker): void {
    if (message.type === "event") {
      (this.#tell as (name: EventName, event: unknown) => void)(message.name, message.event);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === "result") waiting?.resolve(message.output as never);
    else waiting?.reject(errorOf(message.problem));
  }
}

const errorOf = ({ kind, message, facts }: Problem): LabError => new LabError(kind, message, facts);
