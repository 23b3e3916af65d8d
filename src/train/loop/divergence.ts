/** A training that has diverged: what is looked at, and what is said. */
import { isFloating } from "../../base/dtype.ts";
import { type Divergence, DivergenceError } from "../../base/errors.ts";
import type { Module } from "../../nn/index.ts";

/** Where it happened, and what a reader of the error wants to know. */
export interface Whereabouts extends Divergence {
  readonly lr: number;
  /** Steps before the last checkpoint; below 0 if there is none. */
  readonly checkpointStep: number;
}

/** The name of a weight that holds a NaN or an infinity; null if all are finite. */
export async function nonFiniteWeight(net: Module): Promise<string | null> {
  for (const [name, parameter] of net.namedParameters()) {
    if (!isFloating(parameter.dtype)) continue;
    const data = (await parameter.data()) as Float32Array;
    if (!data.every(Number.isFinite)) return name;
  }
  return null;
}

/** The error that ends such a training. */
export function divergenceError({ lr, checkpointStep, ...where }: Whereabouts): DivergenceError {
  const { epoch, step, weight } = where;
  const what =
    weight === null
      ? `the loss became NaN or infinite at step ${step}`
      : `the weights (${weight}) became NaN or infinite by step ${step}`;
  const kept =
    checkpointStep < 0
      ? ""
      : ` The last checkpoint from before it is kept (${checkpointStep === 0 ? "the start" : `step ${checkpointStep}`}).`;
  const cure = `.${kept} Try a smaller learning rate (it is ${lr}), or clip the gradients`;
  return new DivergenceError(`${what} (epoch ${epoch})`, { ...where, cure });
}
