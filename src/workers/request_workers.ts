/** Workers that answer requests: those that build batches, and those that measure images. */
import { listen, startWorker } from "#workers";
import { EngineError } from "../base/errors.ts";
import { type ErrorRecord, recordError, reviveError } from "./errors_across.ts";
import { Requests } from "./worker_messages.ts";
import type { TransferList, WorkerHandle, WorkerListeners, WorkerScript } from "./worker_port.ts";

/** What workers are sent: once what they all work on, then requests. */
type Sent<Given, Question> =
  | { readonly type: "given"; readonly given: Given }
  | { readonly type: "request"; readonly request: number; readonly question: Question };

/** What they answer. */
type Reply<Answer> =
  | { readonly request: number; readonly answer: Answer }
  | { readonly request: number; readonly error: ErrorRecord };

/** Which workers are started. */
export interface WorkersToStart<Given> {
  readonly count: number;
  readonly script: WorkerScript;
  /** What each of them is sent first. */
  readonly given: Given;
  /** Whom messages name. */
  readonly owner: string;
}

/** Workers that are asked round-robin. They hold the process only while an answer is waited for. */
export class RequestWorkers<Question, Answer> {
  readonly #workers: WorkerHandle[] = [];
  readonly #requests: Requests;
  readonly #owner: string;
  #next = 0;
  #failure: string | undefined;

  private constructor(owner: string) {
    this.#owner = owner;
    this.#requests = new Requests((keep) => {
      for (const worker of this.#workers) worker.keepAlive(keep);
    });
  }

  /** @throws what a worker that does not start throws; those started before it are stopped. */
  static async start<Given, Question, Answer>({
    count,
    script,
    given,
    owner,
  }: WorkersToStart<Given>): Promise<RequestWorkers<Question, Answer>> {
    const started = new RequestWorkers<Question, Answer>(owner);
    const listeners: WorkerListeners = {
      message: (message) => started.#receive(message as Reply<Answer>),
      failed: (reason) => started.#fail(`${owner}: a worker ended unexpectedly: ${reason}`),
    };
    try {
      for (let i = 0; i < count; i++) {
        const worker = await startWorker(script, listeners);
        worker.keepAlive(false);
        // Among those that are stopped even if it cannot be sent what it works on.
        started.#workers.push(worker);
        worker.post({ type: "given", given } satisfies Sent<Given, Question>);
      }
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /**
   * Asks the next worker.
   *
   * @param transfer - what of the question is handed over instead of copied.
   * @throws what answering it throws there; EngineError if the workers are gone.
   */
  ask(question: Question, transfer?: TransferList): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(new EngineError(this.#failure));
    const { id, answer } = this.#requests.open<Answer>();
    const worker = this.#workers[this.#next++ % this.#workers.length];
    worker.post({ type: "request", request: id, question } satisfies Sent<unknown, Question>, transfer);
    return answer;
  }

  /**
   * The answers to `count` questions, in their order. Each worker is asked `ahead` of them before they are needed; an answer
   * that was taken is not kept, since many would fill the memory.
   */
  *answers(count: number, question: (index: number) => Question, ahead: number): Generator<Promise<Answer>> {
    const asked: Promise<Answer>[] = [];
    for (let i = 0; i < count; i++) {
      while (asked.length < Math.min(count, i + this.#workers.length * ahead)) {
        const answer = this.ask(question(asked.length));
        // Asked for ahead: there may be no awaiting caller yet when it fails.
        answer.catch(() => {});
        asked.push(answer);
      }
      yield asked[i];
      delete asked[i];
    }
  }

  async stop(): Promise<void> {
    this.#fail(`${this.#owner}: its workers were stopped`);
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  #receive(reply: Reply<Answer>): void {
    if ("error" in reply) this.#requests.reject(reply.request, reviveError(reply.error));
    else this.#requests.resolve(reply.request, reply.answer);
  }

  #fail(reason: string): void {
    this.#failure ??= reason;
    this.#requests.rejectAll(this.#failure);
  }
}

/** An answer, and what of it is handed over instead of copied. */
export interface AnswerOfWorker<Answer> {
  readonly answer: Answer;
  readonly transfer: TransferList;
}

/**
 * The worker's side: answers requests one at a time, the first to come first.
 *
 * @param answer - gets what all workers were given, and the question.
 */
export function answerRequests<Given, Question, Answer>(
  answer: (given: Given, question: Question) => Promise<AnswerOfWorker<Answer>>,
): void {
  let given: Given;
  let working: Promise<void> = Promise.resolve();
  const answerOne = async (request: number, question: Question): Promise<void> => {
    try {
      const { answer: found, transfer } = await answer(given, question);
      port.post({ request, answer: found } satisfies Reply<Answer>, transfer);
    } catch (error) {
      port.post({ request, error: recordError(error) } satisfies Reply<Answer>);
    }
  };
  const port = listen((message) => {
    const sent = message as Sent<Given, Question>;
    if (sent.type === "given") given = sent.given;
    else working = working.then(() => answerOne(sent.request, sent.question));
  });
}
