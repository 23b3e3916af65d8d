/** The page's side of the training worker: calls as promises, what happens as events. */
import type { Experiment } from "../experiment/experiment.ts";
import { LabError, type Problem } from "./problem.ts";
import type { CallName, Calls, EventName, Events, FromWorker, ToWorker } from "./protocol.ts";

type Listener<K extends EventName> = (event: Events[K]) => void;

/** What `createTrainer` takes. */
export interface TrainerOptions {
  /** Where the Lab's files lie: the folder of the page. */
  readonly base: string;
  /** By default as many as there are processors, if the page is cross-origin isolated. */
  readonly threads?: number | null;
  /** Seconds after which a worker that runs code of the person's own and does not answer is stopped. @default 10 */
  readonly answerSeconds?: number;
}

/** A training worker, started. Calls reject with a {@link LabError}. */
export interface Trainer {
  call<K extends CallName>(
    name: K,
    ...input: Calls[K]["input"] extends null ? [] : [Calls[K]["input"]]
  ): Promise<Calls[K]["output"]>;
  /** Returns what ends the listening. */
  on<K extends EventName>(name: K, listener: Listener<K>): () => void;
  /** Ends the worker. */
  close(): void;
}

/**
 * Starts the training worker. It is started again when it was lost: the next `prepare` then begins in a new one, and the page
 * is told ("worker lost").
 */
export function createTrainer(options: TrainerOptions): Trainer {
  return new WorkerTrainer(options);
}

interface Waiting {
  readonly resolve: (output: never) => void;
  readonly reject: (error: LabError) => void;
}

const PING_MILLISECONDS = 2000;

class WorkerTrainer implements Trainer {
  readonly #options: TrainerOptions;
  readonly #listeners = new Map<EventName, Set<Listener<EventName>>>();
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #id = 0;
  /** Whether the worker runs code that may never end. */
  #runsCode = false;
  #lastAnswer = 0;
  #pings: ReturnType<typeof setInterval> | undefined;

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#begin();
  }

  call<K extends CallName>(
    name: K,
    ...[input]: Calls[K]["input"] extends null ? [] : [Calls[K]["input"]]
  ): Promise<Calls[K]["output"]> {
    if (this.#worker === null) this.#begin();
    if (name === "prepare") this.#watch((input as { readonly experiment: Experiment }).experiment);
    return this.#send(name, (input ?? null) as Calls[K]["input"]);
  }

  on<K extends EventName>(name: K, listener: Listener<K>): () => void {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all);
    all.add(listener as Listener<EventName>);
    return () => void all.delete(listener as Listener<EventName>);
  }

  close(): void {
    this.#end(new LabError("worker lost", "the trainer was closed"));
  }

  #begin(): void {
    const worker = new Worker(new URL("./training_worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(`the training worker ended: ${event.message || "its script could not be loaded"}`);
    };
    worker.onmessageerror = () => this.#lose("a message of the training worker could not be read");
    const { base, threads = null } = this.#options;
    this.#send("start", { base, threads }).catch((problem: LabError) => this.#tell("problem", problem));
  }

  #send<K extends CallName>(name: K, input: Calls[K]["input"]): Promise<Calls[K]["output"]> {
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker?.postMessage({ type: "call", id, name, input } as ToWorker);
    });
  }

  #receive(message: FromWorker): void {
    this.#lastAnswer = performance.now();
    if (message.type === "event") {
      this.#tell(message.name, message.event);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === "result") waiting?.resolve(message.output as never);
    else waiting?.reject(errorOf(message.problem));
  }

  #tell(name: EventName, event: Events[EventName]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(event);
  }

  /** Asks a worker that runs a person's code again and again whether it is alive. */
  #watch({ networks }: Experiment): void {
    this.#runsCode = networks.some(({ kind }) => kind === "code");
    clearInterval(this.#pings);
    if (!this.#runsCode) return;
    const { answerSeconds = 10 } = this.#options;
    this.#lastAnswer = performance.now();
    this.#pings = setInterval(() => {
      if (performance.now() - this.#lastAnswer <= answerSeconds * 1000) {
        this.#send("ping", null).catch(() => {});
        return;
      }
      const problem = new LabError(
        "code never ends",
        `the network's code has not ended for ${answerSeconds} seconds and was stopped`,
        { seconds: answerSeconds },
      );
      this.#end(problem);
      this.#tell("problem", problem);
      this.#tell("state", { state: "failed", step: 0, epoch: 0 });
    }, PING_MILLISECONDS);
  }

  #lose(message: string): void {
    const problem = new LabError("worker lost", message);
    this.#end(problem);
    this.#tell("problem", problem);
    this.#tell("state", { state: "failed", step: 0, epoch: 0 });
  }

  #end(problem: LabError): void {
    clearInterval(this.#pings);
    this.#worker?.terminate();
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) reject(problem);
    this.#waiting.clear();
  }
}

const errorOf = ({ kind, message, facts }: Problem): LabError => new LabError(kind, message, facts);
