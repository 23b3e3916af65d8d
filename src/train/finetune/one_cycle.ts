/** The one-cycle schedule of a fine-tuning. */
import type { Optimizer } from "../../optim/optimizer.ts";
import { OneCycleLR } from "../../optim/schedulers/one_cycle.ts";
import type { FitOptions } from "../loop/fit_options.ts";

/** Below this a cycle has no rise and fall. */
const FEWEST_STEPS = 4;

/**
 * Options of `fit` for one cycle over all steps. The rise takes at least two steps, and not all of them; so short a
 * training that this cannot be, and one whose number of steps is not known, keeps its rates.
 *
 * @param rates - the highest of each group.
 */
export function oneCycle(
  optimizer: Optimizer,
  rates: readonly number[],
  epochs: number,
  stepsPerEpoch: number | null,
  { pctStart, div }: { readonly pctStart: number; readonly div: number },
): Pick<FitOptions, "scheduler" | "schedulerStep"> {
  const totalSteps = epochs * (stepsPerEpoch ?? 0);
  if (totalSteps < FEWEST_STEPS) return {};
  const rise = Math.min(totalSteps - 1, Math.max(2, Math.round(pctStart * totalSteps)));
  return {
    scheduler: OneCycleLR(optimizer, rates, { totalSteps, pctStart: rise / totalSteps, divFactor: div }),
    schedulerStep: "step",
  };
}
