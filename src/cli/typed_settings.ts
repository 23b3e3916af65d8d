/** Settings of a training as they are typed. */
import { precisionNamed } from "../experiments/available_precision.ts";
import { schedulerFrom } from "../experiments/scheduler_text.ts";
import type { GivenSettings } from "../experiments/training_config.ts";

/** A scheduler is typed as text. */
export type TypedSettings = Omit<GivenSettings, "scheduler"> & { readonly scheduler?: string };

export function typedSettings({ scheduler, ...given }: TypedSettings): GivenSettings {
  if (given.precision !== undefined) precisionNamed(given.precision);
  return { ...given, ...(scheduler !== undefined && { scheduler: schedulerFrom(scheduler) }) };
}
