/** Sums over several variables. */

import { ArgumentError } from "../base/errors.ts";
import { callable } from "../base/params/callable.ts";

/** See {@link Accumulator}. */
export class AccumulatorObject {
  [index: number]: number;
  /** How many variables there are. */
  readonly length: number;

  /** @param n - how many variables. */
  constructor(n: number) {
    if (!Number.isInteger(n) || n < 1) {
      throw new ArgumentError(
        `Accumulator: expected the number of variables to be an integer of at least 1, got ${n}`,
      );
    }
    this.length = n;
    this.reset();
  }

  /**
   * Adds a number to each variable.
   *
   * @throws ArgumentError if there is not one number for each.
   */
  add(...values: number[]): void {
    if (values.length !== this.length) {
      throw new ArgumentError(`Accumulator.add: expected ${this.length} numbers, got ${values.length}`);
    }
    for (const value of values as unknown[]) {
      if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") continue;
      throw new ArgumentError(
        "Accumulator.add: expected numbers; read a tensor first (await x.item()), and await what returns a promise",
      );
    }
    values.forEach((value, i) => {
      this[i] += Number(value);
    });
  }

  /** Sets all variables to 0. */
  reset(): void {
    for (let i = 0; i < this.length; i++) this[i] = 0;
  }
}

/**
 * Adds up several numbers side by side: `metric[0]`, `metric[1]`, ...
 *
 * Source: "Dive into Deep Learning", section 3.6.5, `Accumulator`.
 *
 * @example
 * ```ts
 * const metric = book.Accumulator(2);
 * metric.add(3, 4);
 * metric.add(1, 4);
 * console.log(metric[0] / metric[1]);
 * ```
 */
export const Accumulator = callable("Accumulator", AccumulatorObject);
export type Accumulator = AccumulatorObject;
