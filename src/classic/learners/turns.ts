/** Long computations on the main thread: they let events in between, and can be ended. */
import { TrainingError } from "../../base/errors.ts";
import type { FitWatch } from "./learner.ts";

/** How long events wait at most, in milliseconds, if nothing else holds the thread. */
const TURN_MS = 8;

/** Lets pending events run: timers, messages of workers, signals. */
export function letEventsRun(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate !== undefined) setImmediate(resolve);
    else {
      // A timer would wait 4 ms at least in a page.
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        channel.port1.close();
        resolve();
      };
      channel.port2.postMessage(null);
    }
  });
}

/** @throws TrainingError if the signal is aborted. */
export function checkAborted(caller: string, watch: FitWatch | undefined): void {
  if (watch?.signal?.aborted)
    throw new TrainingError(`${caller}: interrupted before the training was complete`);
}

/** Watches the time that a computation holds the thread. */
export class Turns {
  readonly #caller: string;
  readonly #watch: FitWatch | undefined;
  #since = performance.now();

  /** @throws TrainingError if the training is to end before it begins, however short it would be. */
  constructor(caller: string, watch?: FitWatch) {
    checkAborted(caller, watch);
    this.#caller = caller;
    this.#watch = watch;
  }

  /** Whether it is time for {@link rest}. */
  get isOver(): boolean {
    return performance.now() - this.#since > TURN_MS;
  }

  /** Lets events run. @throws TrainingError if the training is to end. */
  async rest(): Promise<void> {
    await letEventsRun();
    checkAborted(this.#caller, this.#watch);
    this.#since = performance.now();
  }

  /** {@link rest} if it is time. */
  async restIfOver(): Promise<void> {
    if (this.isOver) await this.rest();
  }
}

/** How often an interruption is looked for, in milliseconds. */
const LOOK_MS = 50;

/** A promise that rejects when the signal is aborted, for those who wait for workers. */
export function untilAborted(caller: string, watch: FitWatch | undefined) {
  let timer: ReturnType<typeof setInterval> | undefined;
  const promise = new Promise<never>((_, reject) => {
    if (watch?.signal === undefined || watch.signal === null) return;
    timer = setInterval(() => {
      if (watch.signal?.aborted)
        reject(new TrainingError(`${caller}: interrupted before the training was complete`));
    }, LOOK_MS);
  });
  promise.catch(() => {});
  return { promise, stop: () => clearInterval(timer) };
}
