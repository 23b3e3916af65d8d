/** Running times. */
import { callable } from "../base/params/callable.ts";

/** See {@link Timer}. */
export class TimerObject {
  readonly times: number[] = [];
  #since = 0;

  constructor() {
    this.start();
  }

  /** Starts the clock. */
  start(): void {
    this.#since = performance.now();
  }

  /** Stops the clock, notes the time since `start` and returns it. */
  stop(): number {
    const seconds = (performance.now() - this.#since) / 1000;
    this.times.push(seconds);
    return seconds;
  }

  /** Mean of all times; NaN of none. */
  avg(): number {
    return this.sum() / this.times.length;
  }

  /** Sum of all times. */
  sum(): number {
    return this.times.reduce((total, time) => total + time, 0);
  }

  /** Sums of the times up to each. */
  cumsum(): number[] {
    let total = 0;
    return this.times.map((time) => {
      total += time;
      return total;
    });
  }
}

/**
 * Records running times, in seconds.
 *
 * Operations only record what is to be computed: read a value (`await loss.item()`) before you stop the clock.
 *
 * Source: "Dive into Deep Learning", section 3.1.2, `Timer`.
 *
 * @example
 * ```ts
 * const timer = book.Timer();
 * await x.sum().item();
 * console.log(`${timer.stop().toFixed(5)} s`);
 * ```
 */
export const Timer = callable("Timer", TimerObject);
export type Timer = TimerObject;
