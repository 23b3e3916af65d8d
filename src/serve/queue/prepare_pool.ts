/** Workers that prepare images: one image at a time each, so that none waits behind one that takes long. */
import { isArrayBuffer } from "../../base/builtin_kinds.ts";
import { EngineError, FileError } from "../../base/errors.ts";
import type { ArrayBatch } from "../../data/array_batch.ts";
import { RequestWorkers } from "../../workers/request_workers.ts";
import type { WorkerScript } from "../../workers/worker_port.ts";
import { Refusal } from "../http/exchange.ts";
import { type ImageToPrepare, type Preparation, type PreparedImage, prepareImage } from "./prepare_image.ts";

export interface PreparePoolSettings {
  /** How many workers; 0: the thread that asks does it. */
  readonly workers: number;
  /** Milliseconds after which a worker is given up. */
  readonly timeout: number;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly preparation: Preparation;
  /** Whether it may start now. */
  mayStart(): boolean;
  resolve(prepared: PreparedImage): void;
  reject(reason: unknown): void;
}

type Worker = RequestWorkers<ImageToPrepare, PreparedImage>;

const SCRIPT: WorkerScript = {
  url: () => new URL("./prepare_worker.js", import.meta.url),
  source: () => import("#worker_sources/prepare_worker"),
};

/** Prepared images whose memory is kept at most, to be used again. */
const MOST_ROOMS = 32;

const ONE_PIXEL = Buffer.from("P2 1 1 1 0");

export class PreparePool {
  readonly #settings: PreparePoolSettings;
  /** Those without work. */
  #idle: (Worker | null)[];
  readonly #all = new Set<Worker>();
  #waiting: Waiting[] = [];
  readonly #rooms: ArrayBuffer[] = [];
  #closed = false;

  constructor(settings: PreparePoolSettings) {
    this.#settings = settings;
    // A place without a worker gets one with its first image.
    this.#idle = Array.from({ length: Math.max(1, settings.workers) }, () => null);
  }

  /**
   * Prepares an image. While `mayStart` says no, it waits, until `poke` is called.
   *
   * @param signal - takes it out of the queue.
   * @throws FileError if it cannot be decoded, Refusal if that takes too long; the signal's reason.
   */
  prepare(
    bytes: Uint8Array,
    preparation: Preparation,
    { signal, mayStart }: { signal: AbortSignal; mayStart(): boolean },
  ): Promise<PreparedImage> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const entry: Waiting = { bytes, preparation, mayStart, resolve, reject };
      const leave = () => {
        this.#waiting = this.#waiting.filter((one) => one !== entry);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(entry);
      this.poke();
    });
  }

  /** Gives waiting images to workers that are free. */
  poke(): void {
    while (this.#idle.length > 0 && !this.#closed) {
      const at = this.#waiting.findIndex((entry) => entry.mayStart());
      if (at < 0) return;
      const [entry] = this.#waiting.splice(at, 1);
      void this.#work(this.#idle.pop() ?? null, entry);
    }
  }

  /**
   * The memory of a prepared image that is no longer needed goes to a worker with a later one. Left to the garbage collector,
   * which counts what comes from other threads, half a megabyte a request made it search all of the heap up to four times a
   * second: of EfficientNet-Lite0's twelve milliseconds a request, on two processors, one.
   */
  giveBack({ data: { buffer, byteLength } }: ArrayBatch): void {
    const isWhole = isArrayBuffer(buffer) && buffer.byteLength === byteLength;
    if (isWhole && this.#settings.workers > 0 && this.#rooms.length < MOST_ROOMS) this.#rooms.push(buffer);
  }

  /** Starts all workers before the first image comes. */
  async warmUp(): Promise<void> {
    if (this.#settings.workers === 0) return;
    const places = this.#idle.splice(0);
    this.#idle.push(...(await Promise.all(places.map((place) => place ?? this.#start()))));
    this.poke();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const reason = new EngineError("serve: the server was closed");
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    await Promise.all([...this.#all].map((worker) => worker.stop()));
  }

  async #work(place: Worker | null, { bytes, preparation, resolve, reject }: Waiting): Promise<void> {
    let worker = place;
    try {
      if (this.#settings.workers > 0) worker ??= await this.#start();
      resolve(await this.#ask(worker, { bytes, preparation }));
    } catch (error) {
      reject(error);
      // It was stopped, or has ended by itself: the next image gets another.
      if (worker !== null && !(error instanceof FileError)) {
        this.#all.delete(worker);
        void worker.stop();
        worker = null;
      }
    }
    this.#idle.push(worker);
    this.poke();
  }

  async #ask(worker: Worker | null, question: ImageToPrepare): Promise<PreparedImage> {
    if (worker === null) return prepareImage(question);
    const { timeout } = this.#settings;
    const bytes = ownBytes(question.bytes);
    const room = question.preparation.before === null ? undefined : this.#rooms.pop();
    const handed = [bytes.buffer as ArrayBuffer, ...(room === undefined ? [] : [room])];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooLong(timeout)), timeout);
    });
    try {
      return await Promise.race([worker.ask({ ...question, bytes, room }, handed), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #start(): Promise<Worker> {
    const worker: Worker = await RequestWorkers.start({
      count: 1,
      script: SCRIPT,
      given: null,
      owner: "serve",
    });
    this.#all.add(worker);
    // It has started when it has answered; images that follow are timed without that.
    await worker.ask({ bytes: ONE_PIXEL, preparation: { decode: {}, before: null } });
    return worker;
  }
}

/** The bytes with a buffer of their own, which can be handed over. */
const ownBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

function tooLong(milliseconds: number): Refusal {
  return new Refusal(
    422,
    "not_predicted",
    `decoding the image took longer than ${milliseconds / 1000} s; send a smaller one, or a JPEG that is not progressive`,
  );
}
