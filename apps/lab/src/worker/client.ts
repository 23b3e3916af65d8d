/** The page's side of the workers: calls as promises, what happens as events. */
import { checkBlocks, sourceBlocks } from "../experiment/check.ts";
import { classCountOf, type Experiment, inputShapeOf, type NetworkSource } from "../experiment/experiment.ts";
import { takeFirstWorker } from "./first_worker.ts";
import { LabError } from "./problem.ts";
import { type CallName, type Calls, type EventName, type Events, IMAGE_CALLS } from "./protocol.ts";
import { watchWorker } from "./watch_worker.ts";
import { WorkerCalls } from "./worker_calls.ts";

type Listener<K extends EventName> = (event: Events[K]) => void;

/** What `createTrainer` takes. */
export interface TrainerOptions {
  /** Where the Lab's files lie: the folder of the page. */
  readonly base: string;
  /** By default as many as there are processors, if the page is cross-origin isolated. */
  readonly threads?: number | null;
  /** Seconds after which code of the person's own that does not end is stopped. @default 5 */
  readonly answerSeconds?: number;
}

/** The Lab's workers. Calls reject with a {@link LabError}. */
export interface Trainer {
  call<K extends CallName>(
    name: K,
    ...input: Calls[K]["input"] extends null ? [] : [Calls[K]["input"]]
  ): Promise<Calls[K]["output"]>;
  /** Returns what ends the listening. */
  on<K extends EventName>(name: K, listener: Listener<K>): () => void;
  /** Ends the workers. */
  close(): void;
}

/**
 * Starts the training worker. When it is lost the page is told ("worker lost"), and the next `prepare` begins in a new one.
 * Own images and code that is checked have workers of their own, which start when they are first needed.
 */
export function createTrainer(options: TrainerOptions): Trainer {
  return new WorkerTrainer(options);
}

/**
 * A network that is drawn is made, and the engine that trains would compute its initial values with the next step: those of
 * one with more parameters are made where no training waits for them.
 */
const MOST_DRAWN = 5e6;

/** After which a training worker that runs no code counts as lost. */
const SILENT_SECONDS = 60;

class WorkerTrainer implements Trainer {
  readonly #options: Required<TrainerOptions>;
  readonly #listeners = new Map<EventName, Set<Listener<EventName>>>();
  readonly #training: WorkerCalls;
  readonly #code: WorkerCalls;
  readonly #images: WorkerCalls;
  /** The file that was opened last, until an experiment is prepared. */
  #opened: Calls["open"]["input"] | null = null;
  #opening: Promise<unknown> = Promise.resolve();
  /** That was prepared last. */
  #experiment: Experiment | null = null;
  #isClosed = false;
  /** Ends the watch over the training worker. */
  #unwatch: () => void = () => {};
  /** Whether the training worker is the one that can run code, which is larger. */
  #runsCode = false;

  constructor({ base, threads = null, answerSeconds = 5 }: TrainerOptions) {
    this.#options = { base, threads, answerSeconds };
    const tell = <K extends EventName>(name: K, event: Events[K]) => this.#tell(name, event);
    this.#training = new WorkerCalls(
      () =>
        this.#runsCode
          ? new Worker(new URL("../entries/code_training_worker.ts", import.meta.url), { type: "module" })
          : (takeFirstWorker() ??
            new Worker(new URL("../entries/training_worker.ts", import.meta.url), { type: "module" })),
      tell,
      (problem) => this.#failed(problem),
    );
    this.#code = new WorkerCalls(
      () => new Worker(new URL("../entries/code_worker.ts", import.meta.url), { type: "module" }),
      tell,
    );
    this.#images = new WorkerCalls(
      () => new Worker(new URL("../entries/image_worker.ts", import.meta.url), { type: "module" }),
      tell,
    );
    this.#start().catch((problem: LabError) => tell("problem", problem));
  }

  call<K extends CallName>(
    name: K,
    ...[given]: Calls[K]["input"] extends null ? [] : [Calls[K]["input"]]
  ): Promise<Calls[K]["output"]> {
    const input = (given ?? null) as Calls[K]["input"];
    if ((IMAGE_CALLS as readonly string[]).includes(name)) return this.#images.call(name, input);
    if (name === "check" || name === "python") return this.#limited(name, input);
    if (name !== "draw") return this.#train(name, input);
    const { network, shape, classes } = input as Calls["draw"]["input"];
    if (network.kind === "code") return this.#limited(name, input);
    const { parameters } = checkBlocks(sourceBlocks(network, classes) ?? [], shape, classes);
    return parameters > MOST_DRAWN ? this.#code.call(name, input) : this.#train(name, input);
  }

  on<K extends EventName>(name: K, listener: Listener<K>): () => void {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all);
    all.add(listener as Listener<EventName>);
    return () => void all.delete(listener as Listener<EventName>);
  }

  close(): void {
    this.#isClosed = true;
    this.#unwatch();
    const problem = new LabError("worker lost", "the trainer was closed");
    for (const worker of [this.#training, this.#code, this.#images]) worker.end(problem);
  }

  #start() {
    const { base, threads } = this.#options;
    return this.#training.call("start", { base, threads });
  }

  async #train<K extends CallName>(name: K, input: Calls[K]["input"]): Promise<Calls[K]["output"]> {
    if (this.#isClosed) throw new LabError("worker lost", "the trainer was closed");
    if (name === "prepare") this.#chooseWorker((input as Calls["prepare"]["input"]).experiment);
    if (!this.#training.isRunning) this.#startAgain();
    const networks = networksOf(name, input);
    if (name === "open") this.#opened = input as Calls["open"]["input"];
    if (name === "prepare") this.#experiment = (input as Calls["prepare"]["input"]).experiment;
    if (networks !== null) await this.#tryAll(networks, this.#experiment);
    if (name === "prepare") await this.#opening;
    // A worker that was lost meanwhile has been told of already.
    if (!this.#training.isRunning) throw new LabError("worker lost", "the training worker has ended");
    const answer = await this.#training.call(name, input);
    // What it brought is in the networks now.
    if (name === "prepare") this.#opened = null;
    return answer;
  }

  /** What was opened for the next preparation is opened there, too: its weights were in the worker before. */
  #startAgain(): void {
    this.#start().catch(() => {});
    if (this.#opened !== null) this.#opening = this.#training.call("open", this.#opened).catch(() => {});
  }

  /** The first experiment with code ends the worker that cannot run it. */
  #chooseWorker({ networks }: Experiment): void {
    if (this.#runsCode || !networks.some(({ kind }) => kind === "code")) return;
    this.#runsCode = true;
    this.#training.end(new LabError("worker lost", "another worker has taken the training over"));
  }

  /** Code is tried where it can be stopped without loss, before the training worker runs it. */
  async #tryAll(networks: readonly NetworkSource[], experiment: Experiment | null): Promise<void> {
    const code = networks.filter((network) => network.kind === "code");
    this.#watch(code.length > 0);
    if (experiment === null) return;
    for (const network of code)
      await this.#limited("check", {
        network,
        shape: inputShapeOf(experiment, network),
        classes: classCountOf(experiment),
      });
  }

  /** Runs a person's code in a worker that is ended if it takes too long. */
  async #limited<K extends CallName>(name: K, input: Calls[K]["input"]): Promise<Calls[K]["output"]> {
    const { answerSeconds } = this.#options;
    // Once it answers, the library is loaded.
    if (!this.#code.isRunning) await this.#code.call("ping", null);
    const timer = setTimeout(() => this.#code.end(neverEnds(answerSeconds)), answerSeconds * 1000);
    try {
      return await this.#code.call(name, input);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A worker that runs a person's code is given less time to answer. */
  #watch(runsCode: boolean): void {
    this.#unwatch();
    // Loading data takes longer than a step.
    const seconds = runsCode ? 2 * this.#options.answerSeconds : SILENT_SECONDS;
    this.#unwatch = watchWorker(this.#training, seconds * 1000, () => {
      const problem = runsCode
        ? neverEnds(seconds)
        : new LabError("worker lost", `the training worker has not answered for ${seconds} seconds`);
      this.#training.end(problem);
      this.#failed(problem);
    });
  }

  #failed(problem: LabError): void {
    this.#unwatch();
    this.#tell("problem", problem);
    this.#tell("state", { state: "failed", step: 0, epoch: 0 });
  }

  #tell(name: EventName, event: Events[EventName]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(event);
  }
}

const neverEnds = (seconds: number): LabError =>
  new LabError("code never ends", `the network's code has not ended for ${seconds} seconds and was stopped`, {
    seconds,
  });

/** The networks that a call brings; null for one that brings none. */
function networksOf(name: CallName, input: unknown): readonly NetworkSource[] | null {
  if (name === "prepare") return (input as Calls["prepare"]["input"]).experiment.networks;
  if (name === "set") return (input as Calls["set"]["input"]).networks ?? null;
  return null;
}
