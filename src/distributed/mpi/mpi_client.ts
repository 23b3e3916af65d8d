/** The MPI thread, seen from the main one: requests and their answers, and what is done when the world has failed. */
import { startWorker } from "#workers";
import { DistributedError } from "../../base/errors.ts";
import { processRuns } from "../../base/running_process.ts";
import { loadKoffi } from "../../engines/onednn/library/foreign_functions.ts";
import { CollectiveChannel } from "../../workers/collective_channel.ts";
import { reviveError } from "../../workers/errors_across.ts";
import { Requests } from "../../workers/worker_messages.ts";
import type { WorkerHandle, WorkerScript } from "../../workers/worker_port.ts";
import type { RankPlace } from "./health.ts";
import { type LastWords, prepareLastWords } from "./last_words.ts";
import type { Launcher } from "./launcher.ts";
import type { Collective, FromMpi, StartedWorld, ToMpi, Transfer } from "./mpi_messages.ts";

const SCRIPT: WorkerScript = {
  url: () => new URL("./mpi_worker.js", import.meta.url),
  source: () => import("#worker_sources/mpi_worker"),
};

/** Milliseconds between two signs of life of the main thread. */
const TICK_MS = 500;
/** Milliseconds in which a process is to end by itself when the world has failed. */
const GRACE_MS = 5000;
/** Seconds in which all ranks have ended when one has missed another. */
const END_SECONDS = 5;

export class MpiClient {
  readonly channel = new CollectiveChannel();
  readonly #requests = new Requests((keep) => this.#worker?.keepAlive(keep));
  #worker: WorkerHandle | null = null;
  #ticking: NodeJS.Timeout | undefined;
  #failure: DistributedError | null = null;
  #ended = false;
  #places: readonly RankPlace[] = [];
  #lastWords: LastWords | null = null;
  /** Told once when the world has failed. */
  onFailed: ((error: DistributedError) => void) | null = null;

  /** @throws DistributedError if MPI is missing, of another vendor than the launcher, or does not start. */
  async start(launcher: Launcher | null, patience: number): Promise<StartedWorld> {
    // Loaded here first: two workers that load it at the same moment can crash the process.
    loadKoffi();
    this.#worker = await startWorker(SCRIPT, {
      message: (message) => this.#receive(message as FromMpi),
      failed: (reason) => {
        if (!this.#ended) this.#fail(`the thread that calls MPI has ended: ${reason}`);
      },
    });
    this.#ticking = setInterval(() => this.channel.tick(), TICK_MS);
    this.#ticking.unref();
    const start = { type: "start", channel: this.channel.buffer, launcher, patience } as const;
    try {
      const world = await this.#ask<StartedWorld>((request) => ({ ...start, request }));
      this.#places = world.places;
      this.#lastWords = prepareLastWords(world.places, world.rank, patience + END_SECONDS);
      return world;
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  /** Why nothing can be done any more; null if all is well. */
  get failure(): DistributedError | null {
    return this.#failure;
  }

  /** Has all ranks do something together; each asks for the same things in the same order. */
  async collective(collective: Collective): Promise<void> {
    this.requireSound();
    await this.#ask((request) => ({ type: "collective", request, collective }));
  }

  /** @throws DistributedError if a rank was lost. */
  requireSound(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#ended) throw new DistributedError("the world is finalized; no rank can be reached any more");
  }

  /** The engine's memory, in which the channel's orders lie. */
  useMemory(memory: SharedArrayBuffer): void {
    this.#post({ type: "memory", memory });
  }

  /** Has sums over the ranks be noted from here on. */
  recordTransfers(): void {
    this.#post({ type: "record" });
  }

  /** The sums that were noted. */
  transfers(): Promise<Transfer[]> {
    this.requireSound();
    return this.#ask((request) => ({ type: "recorded", request }));
  }

  /** Tells the other ranks why this one ends. */
  leave(reason: string): void {
    this.#lastWords?.leaveUnsaid();
    if (this.#failure === null && !this.#ended) this.#post({ type: "leave", reason });
  }

  /** Waits for all ranks and ends MPI. */
  async finalize(): Promise<void> {
    if (this.#ended || this.#failure !== null) return;
    await this.#ask((request) => ({ type: "finalize", request }));
    this.#lastWords?.leaveUnsaid();
    await this.#end();
  }

  /** This process ends without a word to the others, who see for themselves. */
  abandon(): void {
    this.#lastWords?.leaveUnsaid();
    this.#ended = true;
  }

  get isOver(): boolean {
    return this.#ended || this.#failure !== null;
  }

  /** A sentence on a rank of this machine whose process is gone; null if there is none. */
  lostNow(ownRank: number): string | null {
    const own = this.#places[ownRank];
    const rank = this.#places.findIndex(
      ({ host, pid }, i) => i !== ownRank && host === own.host && !processRuns(pid),
    );
    if (rank < 0) return null;
    return `rank ${rank} (process ${this.#places[rank].pid} on ${own.host}) was lost: its process has ended`;
  }

  async #end(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#ticking);
    await this.#worker?.stop();
  }

  #ask<T>(message: (request: number) => ToMpi): Promise<T> {
    const { id, answer } = this.#requests.open<T>();
    this.#post(message(id));
    return answer;
  }

  #post(message: ToMpi): void {
    this.#worker?.post(message);
    this.channel.ring();
  }

  #receive(message: FromMpi): void {
    if ("failed" in message) this.#fail(message.failed);
    else if ("error" in message)
      this.#requests.reject(message.request, this.#failure ?? reviveError(message.error));
    else this.#requests.resolve(message.request, message.value);
  }

  #fail(reason: string): void {
    if (this.#failure !== null) return;
    const error = new DistributedError(reason);
    // It happened elsewhere: where it was received says nothing.
    error.stack = `${error.name}: ${reason}`;
    this.#failure = error;
    this.#lastWords?.leaveUnsaid();
    clearInterval(this.#ticking);
    this.onFailed?.(error);
    // A program that waits for nothing that fails would go on alone.
    setTimeout(() => endProcess(error), GRACE_MS).unref();
  }
}

/** Ends this process as one whose world has failed. */
export function endProcess(error: Error): never {
  process.getBuiltinModule("node:fs").writeSync(2, `${error.name}: ${error.message}\n`);
  process.exit(1);
}
